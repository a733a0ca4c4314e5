"""Deliveries with a warning, judged by a person with a login: in Airflow's own API, and in a real browser."""

import shutil
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from engine.api import Api
from engine.environment import USER, password
from pipelines.settings import Settings
from pipelines.store.lake import connect
from tests.engine.office import until
from tests.store.test_held import BOOKS

CHROMIUM = shutil.which("chromium")
DECISIONS = "SELECT status, observed FROM ops.validations WHERE check_id = 'approval'"


def deliver(settings: Settings, api: Api, name: str, most: int) -> tuple[str, dict[str, Any]]:
    """Let the engine ingest a file with a warning; gives the run, and what it asks a person."""
    inbox = settings.inbox / "flows"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_text(f"area,year,arrivals\nMDA,2019,1\nKGZ,2019,{most}\n", encoding="utf-8")
    run = api.trigger("ingest_flows")

    def asked() -> Any:
        found = api.client.get("/dags/approval/dagRuns/~/hitlDetails", params={"response_received": False})
        return [one for one in found.json().get("hitl_details", []) if name in one["body"]]

    return run, until(asked)[0]


def books(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as con:
        return con.execute(query).fetchall()


def test_a_held_delivery_is_approved_through_the_api(office: tuple[Settings, Api, str]) -> None:
    """If it failed, a delivery that needs judgement would be loaded unseen, or never."""
    settings, api, _ = office
    _, asked = deliver(settings, api, "first.csv", 3000)
    assert books(settings, BOOKS) == [("held", 2, 0, 2, 0)]
    assert "More than a thousand arrivals were never counted." in asked["body"]
    one = asked["task_instance"]
    answer = api.client.patch(
        f"/dags/approval/dagRuns/{one['dag_run_id']}/taskInstances/{one['task_id']}/{one['map_index']}/hitlDetails",
        json={"chosen_options": ["Approve"], "params_input": {"reason": "a new crossing"}},
    )
    assert answer.is_success, answer.text
    until(lambda: books(settings, BOOKS) == [("loaded", 2, 2, 0, 0)])
    ((status, observed),) = books(settings, DECISIONS)
    assert status == "pass"
    assert observed.startswith("(approved by admin on ")
    assert observed.endswith(": a new crossing)")
    until(
        lambda: api.client.get("/assets/events", params={"name_pattern": "migstat_flows"}).json()["total_entries"] > 1
    )


def test_reports_are_behind_the_login(office: tuple[Settings, Api, str]) -> None:
    """If it failed, anyone in the building could read figures before they are released."""
    _, api, url = office
    reports = f"{url}/migstat/reports/"
    assert httpx.get(reports).status_code == httpx.codes.UNAUTHORIZED
    assert httpx.get(reports, cookies={"_token": "forged"}).is_error
    assert "Deliveries and their validation" in api.client.get(reports).text
    secret = f"{reports}..%2f..%2fairflow%2fpasswords.json"
    assert api.client.get(secret).status_code == httpx.codes.NOT_FOUND


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_person_looks_at_the_report_and_rejects_in_the_browser(office: tuple[Settings, Api, str]) -> None:
    settings, api, url = office
    run, asked = deliver(settings, api, "second.csv", 5000)
    one = asked["task_instance"]
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", password(settings))
        page.press("input[name=password]", "Enter")
        page.get_by_text("Validation", exact=True).click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("link", name="second.csv")).to_be_visible(timeout=30_000)
        page.goto(f"{url}/dags/ingest_flows/runs/{run}/tasks/delivery.process/mapped/0")
        page.get_by_text("Validation report", exact=True).click()
        expect(page.frame_locator("iframe").locator("#findings")).to_contain_text("second.csv", timeout=30_000)
        place = f"{url}/dags/approval/runs/{one['dag_run_id']}/tasks/{one['task_id']}/mapped/{one['map_index']}"
        page.goto(f"{place}/required_actions")
        page.locator('input[name="element_reason"]').fill("counted twice")
        page.get_by_role("button", name="Reject").click()
        until(lambda: ("rejected", 2, 0, 2, 0) in books(settings, BOOKS))
        browser.close()
    assert any(seen.endswith(": counted twice)") and status == "fail" for status, seen in books(settings, DECISIONS))
