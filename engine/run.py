"""`make run`: the whole job once, through the real engine, and what came of it."""

import datetime as dt
import shutil
import signal
import time
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from engine.api import FINISHED, Api
from engine.environment import password
from engine.services import Engine, EngineError
from pipelines.contract import load_contracts
from pipelines.disseminate.summary import summary
from pipelines.settings import ROOT, Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, exists

SAMPLES = ROOT / "samples" / "inbox"
POLL_SECONDS = 0.7
DAGS_WITHIN = 90.0
DONE_WITHIN = 900.0
INDICATORS = "indicators"

console = Console(soft_wrap=True)


class JobFailed(Exception):
    """The engine worked but the job did not succeed; the message names the task."""


def run(settings: Settings) -> int:
    """Start the engine, ingest the samples, compute the indicators, stop the engine, and report.

    Returns:
        0 when every step succeeded (a refused delivery is a step that did its work), else 1.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    engine = Engine(settings)
    took: dict[str, float] = {}
    started = time.monotonic()
    known = _recorded(settings)
    failure = ""
    try:
        placed = place_samples(settings)
        console.print(f"Placed {placed} sample deliveries in {settings.inbox}")
        console.print("Starting Airflow ...")
        engine.start()
        engine.wait_healthy()
        api = Api(engine.url, password(settings))
        wait_for_dags(engine, api, settings)
        took["starting Airflow"] = time.monotonic() - started
        console.print(f"Airflow is up after {took['starting Airflow']:.0f} s. Running the ingests ...")
        working = time.monotonic()
        follow(engine, api, settings)
        took["ingests and indicators"] = time.monotonic() - working
    except httpx.HTTPError as error:
        failure = f"Airflow's API failed: {error}; its logs are below {settings.home / 'airflow' / 'logs'}"
    except (EngineError, JobFailed, OSError) as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "Interrupted."
    finally:
        stopping = time.monotonic()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        engine.stop()
        took["stopping"] = time.monotonic() - stopping
    if failure:
        console.print(failure, style="red", markup=False, highlight=False)
        return 1
    report(settings, known, took)
    return 0


def place_samples(settings: Settings) -> int:
    """Copy the sample deliveries into the inbox, each whole and with its own time of change."""
    files = [path for path in sorted(SAMPLES.rglob("*")) if path.is_file()]
    for file in files:
        target = settings.inbox / file.relative_to(SAMPLES)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copy2(file, part)
        part.replace(target)
    return len(files)


def wait_for_dags(engine: Engine, api: Api, settings: Settings) -> None:
    """Return once the DAG of every contract is there.

    Raises:
        EngineError: a DAG file cannot be read, or the DAGs were not there in time.
    """
    wanted = {f"ingest_{name}" for name in load_contracts(settings.contracts)} | {INDICATORS}
    deadline = time.monotonic() + DAGS_WITHIN
    while time.monotonic() < deadline:
        engine.check_alive()
        if errors := api.import_errors():
            raise EngineError("\n".join(errors))
        if wanted <= api.dag_ids():
            return
        time.sleep(POLL_SECONDS)
    raise EngineError(f"DAGs not found within {DAGS_WITHIN:.0f} s: {', '.join(sorted(wanted - api.dag_ids()))}")


def follow(engine: Engine, api: Api, settings: Settings) -> None:
    """Start the ingests that have an inbox, show each run as it ends, and return when no asset event is left to act on.

    Raises:
        JobFailed: a task failed for another reason than a refused delivery.
    """
    began = dt.datetime.now(dt.UTC)
    clock = time.monotonic()
    for name in load_contracts(settings.contracts):
        if (settings.inbox / name).is_dir():  # what is only fetched waits for its schedule
            api.trigger(f"ingest_{name}")
    shown: set[str] = set()
    while time.monotonic() - clock < DONE_WITHIN:
        engine.check_alive()
        waiting = api.waiting_for(INDICATORS)
        runs = api.runs(began)
        for one in runs:
            if one["state"] in FINISHED and one["dag_run_id"] + one["dag_id"] not in shown:
                shown.add(one["dag_run_id"] + one["dag_id"])
                _show(api, one, settings, time.monotonic() - clock)
        if runs and not waiting and all(one["state"] in FINISHED for one in runs):
            return
        time.sleep(POLL_SECONDS)
    raise JobFailed(f"not done within {DONE_WITHIN:.0f} s")


def report(settings: Settings, known: set[str], took: dict[str, float]) -> None:
    """The tables, and what was already there."""
    now = _recorded(settings)
    if known and now == known:
        console.print(f"All {len(known)} deliveries were known already: nothing has changed.", style="bold")
    console.print(summary(settings))
    console.print("Where the time went: " + ", ".join(f"{what} {seconds:.0f} s" for what, seconds in took.items()))


def _show(api: Api, one: dict[str, str], settings: Settings, seconds: float) -> None:
    """One line per ended run; a failed task that is not a recorded refusal fails the job."""
    dag_id, run_id = one["dag_id"], one["dag_run_id"]
    tasks = api.tasks(dag_id, run_id)
    failed = [task for task in tasks if task["state"] == "failed"]
    loaded, rejected = _outcomes(settings, run_id)
    if dag_id == INDICATORS:
        said = "computed" if one["state"] == "success" else "failed"
    else:
        said = f"{loaded} loaded, {rejected} rejected" if loaded or rejected else "nothing new"
    console.print(f"  {seconds:5.0f} s  {dag_id:24} {said}", highlight=False)
    if len(failed) != rejected or (one["state"] == "failed" and not rejected):
        names = ", ".join(sorted({task["task_id"] for task in tasks if task["state"] not in ("success", "skipped")}))
        raise JobFailed(
            f"{dag_id}: the tasks {names} failed; their logs are below {settings.home / 'airflow' / 'logs'}"
        )


def _outcomes(settings: Settings, run_id: str) -> tuple[int, int]:
    """How many deliveries a run has loaded and rejected, from the warehouse's books."""
    found = dict(
        _books(settings, "SELECT state, count(*) FROM ops.deliveries WHERE run_id = ? GROUP BY state", [run_id])
    )
    return found.get("loaded", 0), found.get("rejected", 0)


def _recorded(settings: Settings) -> set[str]:
    """The deliveries in the books, each with when it was recorded."""
    found = _books(settings, "SELECT delivery_id || ' ' || CAST(recorded_at AS VARCHAR), 1 FROM ops.deliveries", [])
    return {name for name, _ in found}


def _books(settings: Settings, query: str, parameters: list[str]) -> list[tuple[str, int]]:
    if not has_warehouse(settings):
        return []
    with connect(settings) as con:
        return con.execute(query, parameters).fetchall() if exists(con, "ops", "deliveries") else []


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Entry point of `python -m engine.run`."""
    settings = Settings()
    Path(settings.home).mkdir(parents=True, exist_ok=True)
    return run(settings)


if __name__ == "__main__":
    raise SystemExit(main())
