"""Airflow's database has one writer: who comes while it is busy waits."""

import sqlite3
import threading
import time

from engine.api import Api
from engine.environment import airflow_home
from pipelines.settings import Settings

BUSY = 8  # seconds; SQLite's clients give up after five unless told otherwise


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
    found = api.client.get("/dags/ingest_flows/dagRuns", params={"limit": 500}).json()["dag_runs"]
    assert [one["dag_run_id"] for one in found].count(run) == 1
