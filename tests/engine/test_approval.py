"""A delivery with a warning, held and then approved through Airflow's own API, by a person with a login."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Api
from engine.environment import password
from engine.services import Engine
from pipelines.settings import Settings
from pipelines.store.lake import connect
from tests.store.test_held import BOOKS, CONTRACT

WITHIN = 120
DECISIONS = "SELECT status, observed FROM ops.validations WHERE check_id = 'approval'"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Settings, Api]]:
    """A running engine whose one dataset holds deliveries that have a warning."""
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT.format(rules="on_warning: hold"), encoding="utf-8")
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(contracts))
    monkeypatch.setenv("MIGSTAT_SETTLE_SECONDS", "0")
    settings = Settings(home=tmp_path / "home")
    inbox = settings.inbox / "flows"
    inbox.mkdir(parents=True)
    (inbox / "arrivals.csv").write_text("area,year,arrivals\nMDA,2019,1\nKGZ,2019,3000\n", encoding="utf-8")
    engine = Engine(settings)
    try:
        engine.start()
        engine.wait_healthy()
        api = Api(engine.url, password(settings))
        until(lambda: {"ingest_flows", "approval"} <= api.dag_ids())
        yield settings, api
    finally:
        engine.stop()


def until(question: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not come about in time")


def books(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as con:
        return con.execute(query).fetchall()


def test_a_held_delivery_is_approved_in_airflow(office: tuple[Settings, Api]) -> None:
    """If it failed, a delivery that needs judgement would be loaded unseen, or never."""
    settings, api = office
    api.trigger("ingest_flows")
    details = "/dags/approval/dagRuns/~/hitlDetails"
    waiting = until(lambda: api.client.get(details).json().get("hitl_details"))
    assert books(settings, BOOKS) == [("held", 2, 0, 2, 0)]
    assert "More than a thousand arrivals were never counted." in waiting[0]["body"]
    one = waiting[0]["task_instance"]
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
