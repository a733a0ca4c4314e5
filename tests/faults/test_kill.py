"""kill -9 at the worst moments of every step; a rerun must end where an undisturbed run ends."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.office import Contents, Office, Workers, flows

COMMIT = {"call": "sql", "match": "^COMMIT"}
DISTURBED = [
    # moment, number of the chain it happens in (1: the first ever; 2: a correction, a repetition and a refusal)
    ("collect: raw bytes kept, no receipt", 2, {"call": "os:replace", "match": r"receipts", "when": "before"}),
    ("collect: half of the raw bytes", 2, {"call": "shutil:copyfileobj", "when": "before"}),
    ("collect: receipt, no pending mark", 2, {"call": "os:replace", "match": r"receipts", "when": "after"}),
    ("collect: pending, still in the inbox", 2, {"call": "os:unlink", "match": r"inbox", "when": "before"}),
    ("process: harmonising", 2, {"call": "sql", "match": r"^COPY .* TO ", "when": "during", "delay": 0.002}),
    ("process: harmonised", 2, {"call": "sql", "match": r"^COPY .* TO ", "when": "after"}),
    (
        "process: validating",
        2,
        {"call": "great_expectations:ValidationDefinition.run", "when": "during", "delay": 0.05},
    ),
    ("process: validated, no outcome", 2, {"call": "os:replace", "match": r"outcome\.json", "when": "before"}),
    (
        "process: outcome of the second delivery",
        2,
        {"call": "os:replace", "match": r"outcome", "when": "after", "count": 2},
    ),
    ("store: catalogue being made", 1, {"call": "sql", "match": r"^ATTACH", "when": "during", "delay": 0.003}),
    ("store: catalogue made", 1, {"call": "sql", "match": r"^ATTACH", "when": "after"}),
    ("store: reference data", 1, COMMIT | {"when": "before"}),
    ("store: first commit", 1, COMMIT | {"when": "before", "count": 2}),
    ("store: old rows taken out", 2, {"call": "sql", "match": r"^DELETE FROM core", "when": "after"}),
    ("store: file placed", 2, {"call": "os:link", "when": "after"}),
    ("store: file registered", 2, {"call": "sql", "match": "ducklake_add_data_files", "when": "after"}),
    ("store: before COMMIT", 2, COMMIT | {"when": "before"}),
    ("store: 1 ms into COMMIT", 2, COMMIT | {"when": "during", "delay": 0.001}),
    ("store: 4 ms into COMMIT", 2, COMMIT | {"when": "during", "delay": 0.004}),
    ("store: 8 ms into COMMIT", 2, COMMIT | {"when": "during", "delay": 0.008}),
    ("store: after COMMIT", 2, COMMIT | {"when": "after"}),
    ("store: refusal, after COMMIT", 2, COMMIT | {"when": "after", "count": 2}),
    ("store: staged files half gone", 2, {"call": "shutil:rmtree", "match": "staging", "when": "before", "count": 2}),
    ("compute: before COMMIT", 2, COMMIT | {"when": "before", "count": 3}),
    ("compute: after COMMIT", 2, COMMIT | {"when": "after", "count": 3}),
    ("housekeeping: inlined rows flushed", 2, {"call": "sql", "match": "flush_inlined", "when": "after"}),
    ("housekeeping: rewriting", 2, {"call": "sql", "match": "rewrite_data", "when": "during", "delay": 0.004}),
    ("housekeeping: merging", 2, {"call": "sql", "match": "merge_adjacent", "when": "during", "delay": 0.004}),
    ("housekeeping: before files are removed", 2, {"call": "sql", "match": "cleanup_old", "when": "before"}),
]


def first(office: Office) -> None:
    office.deliver("first.csv", flows([2019, 2020]))


def second(office: Office) -> None:
    office.deliver("correction.csv", flows([2020, 2021], shift=7))
    office.deliver("first-again.csv", flows([2019, 2020]))
    office.deliver("broken.csv", flows([2019, 2022]).replace("300", "3oo"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> tuple[Path, list[Contents]]:
    """The home after the first chain, kept aside, and what the warehouse holds before, between and after two chains."""
    office = Office(tmp_path_factory.mktemp("undisturbed"), workers)
    states = [office.contents()]
    for deliver in (first, second):
        deliver(office)
        office.done("chain")
        states.append(office.contents())
        if len(states) == 2:
            shutil.copytree(office.settings.home, office.folder / "kept", symlinks=True)
    assert office.commits() == sorted(set(office.commits()), key=office.commits().index)
    assert [row[6] for row in states[2]["ops.deliveries"]].count("rejected") <= 1
    return office.folder, states


@pytest.mark.parametrize(("chain", "moment"), [m[1:] for m in DISTURBED], ids=[m[0] for m in DISTURBED])
def test_killed_and_run_again(
    chain: int, moment: dict[str, Any], undisturbed: tuple[Path, list[Contents]], workers: Workers
) -> None:
    """If it failed, a power cut or an out-of-memory kill would lose, double or half-load a delivery."""
    folder, states = undisturbed
    office = Office(folder, workers)
    shutil.rmtree(office.settings.home)
    if chain == 1:
        office.inbox.mkdir(parents=True)
    else:
        shutil.copytree(folder / "kept", office.settings.home, symlinks=True)
    (first, second)[chain - 1](office)

    killed = office.run("chain", moment=moment)
    assert killed.status == -signal.SIGKILL, f"it was not killed at the moment named: {killed.said}"
    seen = office.contents()
    for year in {row[1] for row in seen["core.flows"]}:
        rows = [row for row in seen["core.flows"] if row[1] == year]
        assert (len(rows), sum(row[4] for row in rows), len({row[-3] for row in rows})) == (4, 1000, 1)
    booked = {row[0] for row in seen["ops.deliveries"]}
    assert {row[-3] for row in seen["core.flows"]} <= booked
    assert {row[0] for row in seen["ops.validations"]} == booked
    assert office.raw_bytes_are_whole()

    office.done("chain")
    assert office.contents() == states[chain]
    assert len(office.commits()) == len(states[chain]["ops.deliveries"])
    assert office.raw_bytes_are_whole()
    assert office.left_over() == []


def test_interrupted_right_after_commit(office: Office) -> None:
    """If it failed, stopping a task in the instant after its commit would take committed Parquet away for good."""
    office.deliver("first.csv", flows([2019, 2020]))
    office.run("chain", moment=COMMIT | {"when": "after", "count": 2, "signal": "INT"})
    assert len(office.ask("SELECT * FROM core.flows")) == 8
    office.done("chain")
    assert len(office.ask("SELECT * FROM core.flows")) == 8
