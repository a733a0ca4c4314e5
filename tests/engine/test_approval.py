"""A running engine: deliveries judged by a person in Airflow's own API and in a real browser; a busy database."""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from engine.api import Api
from engine.environment import USER, airflow_home, password
from engine.services import Engine
from pipelines.settings import ROOT, Settings
from pipelines.store.lake import connect
from tests.store.test_held import BOOKS, CONTRACT

WITHIN = 120
READING = 2  # seconds; an answer before Airflow's scheduler has seen that the task waits is lost
TOGETHER = 4
BUSY = 8  # seconds; SQLite's clients give up after five unless told otherwise
CHROMIUM = shutil.which("chromium")
DECISIONS = "SELECT status, observed FROM ops.validations WHERE check_id = 'approval'"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Api, str]]:
    """A running engine whose one dataset holds deliveries that have a warning; and the address of its web UI."""
    folder = tmp_path_factory.mktemp("office")
    contracts = folder / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT.format(rules="on_warning: hold"), encoding="utf-8")
    settings = Settings(home=folder / "home", contracts=contracts)
    engine = Engine(settings)
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("MIGSTAT_CONTRACTS", str(contracts))
            environment.setenv("MIGSTAT_SETTLE_SECONDS", "0")
            engine.start()
        engine.wait_healthy()
        api = Api(engine.url, password(settings))
        until(lambda: {"ingest_flows", "approval"} <= api.dag_ids())
        yield settings, api, engine.url
    finally:
        engine.stop()


def until(question: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not come about in time")


def deliver(settings: Settings, api: Api, name: str, most: int) -> tuple[str, dict[str, Any]]:
    """Let the engine ingest a file with a warning; gives the run, and what it asks a person."""
    inbox = settings.inbox / "flows"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_text(f"area,year,arrivals\nMDA,2019,1\nKGZ,2019,{most}\n", encoding="utf-8")
    run = api.trigger("ingest_flows")

    def asked() -> Any:
        found = api.client.get("/dags/approval/dagRuns/~/hitlDetails", params={"response_received": False})
        return [one for one in found.json().get("hitl_details", []) if name in one["body"]]

    question = until(asked)[0]
    time.sleep(READING)
    return run, question


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
        if os.environ.get("MIGSTAT_WRITE_SCREENSHOTS"):
            page.screenshot(path=ROOT / "docs" / "approval.png")
        page.get_by_role("button", name="Reject").click()
        until(lambda: ("rejected", 2, 0, 2, 0) in books(settings, BOOKS))
        browser.close()
    assert any(seen.endswith(": counted twice)") and status == "fail" for status, seen in books(settings, DECISIONS))


def test_a_run_is_started_once_although_the_database_is_busy(office: tuple[Settings, Api, str]) -> None:
    """If it failed, the first job on a slow machine would end with an error of the server."""
    settings, api, _ = office
    held = threading.Event()

    def hold() -> None:
        con = sqlite3.connect(airflow_home(settings) / "airflow.db", timeout=60, isolation_level=None)
        con.execute("BEGIN IMMEDIATE")
        held.set()
        time.sleep(BUSY)
        con.execute("ROLLBACK")
        con.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    run = api.trigger("ingest_flows")
    thread.join()
    assert runs(api).count(run) == 1


def test_people_who_start_jobs_at_once_do_not_stop_each_other(office: tuple[Settings, Api, str]) -> None:
    """If it failed, the API server would wait for itself, and a task or a person would give up on it."""
    _, api, _ = office
    with ThreadPoolExecutor(TOGETHER) as people:
        started = list(people.map(api.trigger, ["ingest_flows"] * TOGETHER))
    assert [runs(api).count(run) for run in started] == [1] * TOGETHER


def runs(api: Api) -> list[str]:
    found = api.client.get("/dags/ingest_flows/dagRuns", params={"limit": 500}).json()["dag_runs"]
    return [one["dag_run_id"] for one in found]
