"""The DAGs as Airflow reads them: one per contract, no import error, assets wired, retries where they help."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.environment import environment
from pipelines.contract import load_contracts
from pipelines.settings import ROOT, Settings

DESCRIBE = """
import json
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
bag = DagBag("dags")
with _airflow_parsing_context_manager(dag_id="ingest_gdp", task_id="delivery.process"):
    alone = list(DagBag("dags/ingest.py").dags)
described = {
    dag_id: {
        "tasks": {
            task.task_id: {
                "retries": task.retries,
                "outlets": [getattr(outlet, "uri", outlet.name) for outlet in task.outlets],
                "after": sorted(task.upstream_task_ids),
            }
            for task in dag.tasks
        },
        "schedule": type(dag.timetable).__name__,
        "catchup": dag.catchup,
        "runs": dag.max_active_runs,
        "doc": dag.doc_md,
    }
    for dag_id, dag in bag.dags.items()
}
print("DESCRIBED" + json.dumps({"errors": bag.import_errors, "dags": described, "alone": alone}))
"""

COLLECT = """
from airflow.dag_processing.dagbag import DagBag
for dag_id, dag in DagBag("dags/ingest.py").dags.items():
    try:
        dag.get_task("collect").python_callable()
    except Exception as error:
        print(f"{dag_id}: {type(error).__name__}: {error}")
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DagBag, read by Airflow in a process and home of its own."""
    settings = Settings(home=tmp_path_factory.mktemp("dags"))
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE],
        cwd=ROOT,
        env=environment(settings, 0),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "DESCRIBED" in done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.rpartition("DESCRIBED")[2].splitlines()[0])
    return found


def test_every_dag_file_can_be_read(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}


def test_one_dag_for_each_contract_and_the_common_ones(bag: dict[str, Any]) -> None:
    contracts = load_contracts(Settings().contracts)
    assert set(bag["dags"]) == {f"ingest_{name}" for name in contracts} | {
        "indicators",
        "housekeeping",
        "approval",
        "reminders",
    }


def test_a_task_waits_for_its_own_contract_only(bag: dict[str, Any]) -> None:
    """Reading them all would take longer than to start its checks."""
    assert bag["alone"] == ["ingest_gdp"]


def test_ingest_collects_then_processes_then_stores(bag: dict[str, Any]) -> None:
    for name in load_contracts(Settings().contracts):
        tasks = bag["dags"][f"ingest_{name}"]["tasks"]
        assert set(tasks) == {"collect", "delivery.process", "delivery.store"}
        assert tasks["delivery.store"]["after"] == ["delivery.process"]
        assert f"migstat://core/{name}" in tasks["delivery.store"]["outlets"]


def test_retries_only_where_a_retry_can_help(bag: dict[str, Any]) -> None:
    """A file that is wrong stays wrong; a busy catalogue or a full disk may pass."""
    for dag_id, described in bag["dags"].items():
        if dag_id.startswith("ingest_"):
            assert described["tasks"]["delivery.process"]["retries"] == 0
            assert described["tasks"]["collect"]["retries"] > 0
            assert described["tasks"]["delivery.store"]["retries"] > 0


def test_no_dag_catches_up_or_overlaps_itself(bag: dict[str, Any]) -> None:
    """But one delivery that waits for a person does not keep the next from waiting beside it."""
    for dag_id, described in bag["dags"].items():
        assert described["catchup"] is False
        assert (described["runs"] == 1) == (dag_id != "approval")
        assert described["doc"]


def test_indicators_follow_the_assets(bag: dict[str, Any]) -> None:
    assert bag["dags"]["indicators"]["schedule"] == "AssetTriggeredTimetable"


def test_dag_files_hold_no_heavy_import() -> None:
    for file in Path(ROOT, "dags").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        top = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in top if "great_expectations" in line or "pandas" in line], file


def test_fetching_is_tried_again_only_if_that_may_help(tmp_path: Path) -> None:
    """A server that is away may be back; a key that is not there stays away, and a retry only delays the message."""
    contract = (ROOT / "expectations" / "unemployment.yaml").read_text(encoding="utf-8")
    address = re.search(r"url: (\S+)", contract)
    assert address
    away = contract.replace(address[1], "http://127.0.0.1:9/data")
    no_key = away.replace("dataset: unemployment", "dataset: closed").replace(
        "    query: {", "    query: {key: '{secret}', "
    )
    no_key = no_key.replace("    format: csv", "    secret: MIGSTAT_NO_SUCH_KEY\n    format: csv")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "unemployment.yaml").write_text(away, encoding="utf-8")
    (tmp_path / "contracts" / "closed.yaml").write_text(no_key, encoding="utf-8")
    settings = Settings(home=tmp_path / "home")
    told = {"MIGSTAT_CONTRACTS": str(tmp_path / "contracts"), "MIGSTAT_FETCH": "true", "MIGSTAT_FETCH_ATTEMPTS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", COLLECT],
        cwd=ROOT,
        env=environment(settings, 0) | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ingest_unemployment: Unavailable" in done.stdout, done.stderr
    assert "ingest_closed: AirflowFailException" in done.stdout
    assert "Put it into the environment variable MIGSTAT_NO_SUCH_KEY" in done.stdout
