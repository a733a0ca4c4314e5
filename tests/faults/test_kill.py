"""kill -9 at the worst moments of every step; a rerun must end where an undisturbed run ends."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.office import Contents, Office, Workers, flows

COMMIT = {"call": "sql", "match": "^COMMIT"}
COPY = {"call": "sql", "match": r"(?s)^COPY .* TO "}
VALIDATION = {"call": "great_expectations:ValidationDefinition.run"}

DELIVERY = -3  # place of delivery_id in a row of core

# What is delivered, and the moment at which the whole chain is killed then; `count`: not at the first such call.
DISTURBED: dict[str, tuple[str, dict[str, Any]]] = {
    "collect: raw bytes copied, not in their place": ("correction", {"call": "shutil:copystat", "when": "before"}),
    "collect: raw bytes kept, no receipt": (
        "correction",
        {"call": "os:replace", "match": "receipts", "when": "before"},
    ),
    "collect: receipt, no pending mark": ("correction", {"call": "os:replace", "match": "receipts", "when": "after"}),
    "collect: pending, still in the inbox": ("correction", {"call": "os:unlink", "match": "inbox", "when": "before"}),
    "process: harmonising": ("correction", COPY | {"when": "during", "delay": 0.002}),
    "process: harmonised": ("correction", COPY | {"when": "after"}),
    "process: validating": ("correction", VALIDATION | {"when": "during", "delay": 0.05}),
    "process: no outcome yet": ("correction", {"call": "os:replace", "match": "outcome", "when": "before"}),
    "process: outcome of a refusal": ("refusal", {"call": "os:replace", "match": "outcome", "when": "after"}),
    "store: catalogue being made": ("first", {"call": "sql", "match": "^ATTACH", "when": "during", "delay": 0.003}),
    "store: catalogue made, not in its place": ("first", {"call": "os:replace", "match": "sqlite", "when": "before"}),
    "store: catalogue in its place": ("first", {"call": "os:replace", "match": "sqlite", "when": "after"}),
    "store: reference data, before COMMIT": ("first", COMMIT | {"when": "before"}),
    "store: first delivery, before COMMIT": ("first", COMMIT | {"when": "before", "count": 2}),
    "store: old rows taken out": ("correction", {"call": "sql", "match": "^DELETE FROM core", "when": "after"}),
    "store: file placed": ("correction", {"call": "os:link", "when": "after"}),
    "store: before COMMIT": ("correction", COMMIT | {"when": "before"}),
    "store: 1 ms into COMMIT": ("correction", COMMIT | {"when": "during", "delay": 0.001}),
    "store: 5 ms into COMMIT": ("correction", COMMIT | {"when": "during", "delay": 0.005}),
    "store: after COMMIT": ("correction", COMMIT | {"when": "after"}),
    "store: refusal, after COMMIT": ("refusal", COMMIT | {"when": "after"}),
    "store: books done, staged files still there": (
        "correction",
        {"call": "os:unlink", "match": "pending", "when": "after"},
    ),
    "compute: before COMMIT": ("correction", COMMIT | {"when": "before", "count": 2}),
    "compute: after COMMIT": ("correction", COMMIT | {"when": "after", "count": 2}),
    "housekeeping: rewriting": ("correction", {"call": "sql", "match": "rewrite_", "when": "during", "delay": 0.004}),
    "housekeeping: merging": ("correction", {"call": "sql", "match": "merge_adj", "when": "during", "delay": 0.004}),
    "housekeeping: before files are removed": ("correction", {"call": "sql", "match": "cleanup", "when": "before"}),
}


def deliver(what: str, office: Office) -> None:
    """The first delivery; a correction of it with a repetition of its bytes; or one that is refused."""
    if what == "first":
        office.deliver("first.csv", flows([2019, 2020]))
    elif what == "correction":
        office.deliver("correction.csv", flows([2020, 2021], shift=7))
        office.deliver("first-again.csv", flows([2019, 2020]))
    else:
        office.deliver("broken.csv", flows([2019, 2022]).replace("300", "3oo"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> tuple[Path, dict[str, Contents]]:
    """A folder with the home after the first delivery kept aside, and what the warehouse holds after each."""
    office = Office(tmp_path_factory.mktemp("undisturbed"), workers)
    ended = {}
    for what in ("first", "correction", "refusal"):
        deliver(what, office)
        office.done("chain")
        ended[what] = office.contents()
        if what == "first":
            shutil.copytree(office.settings.home, office.folder / "kept")
        else:
            shutil.rmtree(office.settings.home)
            shutil.copytree(office.folder / "kept", office.settings.home)
    return office.folder, ended


@pytest.mark.parametrize("moment", DISTURBED)
def test_killed_and_run_again(moment: str, undisturbed: tuple[Path, dict[str, Contents]], workers: Workers) -> None:
    """If it failed, a power cut or an out-of-memory kill would lose, double or half-load a delivery."""
    (what, failpoint), (folder, ended) = DISTURBED[moment], undisturbed
    shutil.rmtree(folder / "home")
    if what != "first":
        shutil.copytree(folder / "kept", folder / "home")
    office = Office(folder, workers)
    deliver(what, office)

    killed = office.run("chain", moment=failpoint)
    assert killed.status == -signal.SIGKILL, f"it was not killed at the moment named: {killed.said}"
    seen = office.contents()
    by_year: dict[str, list[tuple[Any, ...]]] = {}
    for row in seen["core.flows"]:
        by_year.setdefault(row[1], []).append(row)
    for rows in by_year.values():
        assert (len(rows), sum(row[4] for row in rows), len({row[DELIVERY] for row in rows})) == (4, 1000, 1)
    booked = {row[0] for row in seen["ops.deliveries"]}
    assert {row[DELIVERY] for row in seen["core.flows"]} <= booked
    assert {row[0] for row in seen["ops.validations"]} == booked
    assert office.raw_bytes_are_whole()

    office.done("chain")
    assert office.contents() == ended[what]
    assert sorted(office.commits()) == sorted(row[0] for row in ended[what]["ops.deliveries"])
    assert office.raw_bytes_are_whole()
    assert office.left_over() == []


def test_interrupted_right_after_commit(office: Office) -> None:
    """If it failed, stopping a task in the instant after its commit would take committed Parquet away for good."""
    office.deliver("first.csv", flows([2019, 2020]))
    office.run("chain", moment=COMMIT | {"when": "after", "count": 2, "signal": "INT"})
    assert len(office.ask("SELECT * FROM core.flows")) == 8
    office.done("chain")
    assert len(office.ask("SELECT * FROM core.flows")) == 8
