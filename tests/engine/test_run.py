"""The main job end to end: real scheduler, real warehouse, the samples; then again; then interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psutil
import pytest

from pipelines.settings import ROOT, Settings
from pipelines.store.lake import LAKE, connect


def launch(home: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "MIGSTAT_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "engine.run"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_takes_interrupts,
    )


def _takes_interrupts() -> None:
    """As in a terminal: what a shell starts in the background ignores Ctrl-C, and so does all it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process that belongs to a home: by its environment, or by a file of the home it holds open.

    The API server writes its own title over its environment; its log gives it away.
    """
    return [p for p in psutil.process_iter() if p.pid != os.getpid() and belongs_to(p, home)]


def belongs_to(process: psutil.Process, home: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        files = [file.path for file in process.open_files()]
        return process.environ().get("AIRFLOW_HOME") == str(home / "airflow") or any(
            Path(path).is_relative_to(home) for path in files
        )
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """Home, exit code and output of a first `make run`."""
    home = tmp_path_factory.mktemp("run") / "home"
    process = launch(home)
    output, _ = process.communicate(timeout=420)
    return home, process.returncode, output


@pytest.fixture
def warehouse(first: tuple[Path, int, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Settings(home=first[0])) as con:
        yield con


def test_the_job_succeeds_and_leaves_nothing_running(first: tuple[Path, int, str]) -> None:
    home, code, output = first
    assert code == 0, output
    assert processes_of(home) == []


def test_it_says_what_was_accepted_what_was_rejected_and_why(first: tuple[Path, int, str]) -> None:
    output = first[2]
    for text in (
        "Rejected: broken_wpp2024_sample.csv",
        "not so: The population on 31 December is the population on 1 January of the next year.",
        "Rejected: MDA/indicator_10-7-1.csv",
        "Indicators, latest value (period)",
        "46.93 (2024)",
        "Validation reports:",
        "migstat sql",
    ):
        assert text in output, output


def test_every_delivery_has_its_outcome_and_its_report(warehouse: duckdb.DuckDBPyConnection) -> None:
    samples = [f for f in (ROOT / "samples" / "inbox").rglob("*") if f.is_file()]
    found = warehouse.execute(
        "SELECT state, report, rows_read, rows_loaded, rows_quarantined, rows_discarded FROM ops.deliveries"
    ).fetchall()
    assert sorted(row[0] for row in found) == ["loaded"] * (len(samples) - 2) + ["rejected"] * 2
    for _, report, read, loaded, quarantined, discarded in found:
        assert read == loaded + quarantined + discarded
        assert "Expectation" in Path(report).read_text(encoding="utf-8")
    assert warehouse.execute("SELECT count(*) FROM ops.validations WHERE status = 'did not run'").fetchall() == [(0,)]


def test_each_delivery_is_one_commit_that_says_what_it_is(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        f"""SELECT commit_message, commit_extra_info ->> 'sha256', commit_extra_info ->> 'run_id'
            FROM ducklake_snapshots('{LAKE}') WHERE commit_extra_info ->> 'delivery_id' IS NOT NULL"""
    ).fetchall()
    assert len(found) == len([f for f in (ROOT / "samples" / "inbox").rglob("*") if f.is_file()])
    assert all(len(sha) == 64 and run for _, sha, run in found)


def test_indicators_were_computed_after_the_asset_events(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("SELECT DISTINCT indicator FROM indicators.observations").fetchall()
    assert {row[0] for row in found} >= {"10.7.4", "17.3.2", "migrant_share", "balancing_residual"}


def test_a_second_run_changes_nothing(first: tuple[Path, int, str]) -> None:
    home = first[0]
    before = contents(home)
    process = launch(home)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "deliveries were known already: nothing has changed" in output
    assert contents(home) == before
    assert processes_of(home) == []


def contents(home: Path) -> list[tuple[object, ...]]:
    """Snapshots of the warehouse: none is added when nothing changes."""
    with connect(Settings(home=home)) as con:
        return con.execute(f"SELECT snapshot_id, commit_message FROM ducklake_snapshots('{LAKE}')").fetchall()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_it_stops_every_process(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, and a launcher killed outright."""
    home = tmp_path / "home"
    process = launch(home)
    deadline = time.monotonic() + 90
    while len(processes_of(home)) < 4 and time.monotonic() < deadline:
        time.sleep(0.3)
    assert len(processes_of(home)) >= 4
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    deadline = time.monotonic() + 30
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert processes_of(home) == []


def test_up_leaves_it_running_and_down_stops_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {**os.environ, "MIGSTAT_HOME": str(home)}

    def command(name: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "engine.up", name]
        return subprocess.run(arguments, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=180)

    try:
        up = command("up")
        assert up.returncode == 0, up.stderr
        assert "http://127.0.0.1:" in up.stdout
        assert "password:" in up.stdout
        assert "running already" in command("up").stdout
    finally:
        down = command("down")
    assert (down.returncode, down.stdout) == (0, "Airflow is stopped.\n")
    assert processes_of(home) == []
    assert command("down").stdout == "Airflow was not running.\n"
