"""What housekeeping may take away, what it must leave, and what it must not disturb."""

import os
import sqlite3
import time
from contextlib import closing

import pytest

from tests.faults.office import Contents, Office, flows

DELIVERIES = int(os.environ.get("MIGSTAT_FAULT_DELIVERIES", "300"))
UPKEEP_EVERY = 50
SNAPSHOTS = "SELECT snapshot_id FROM ducklake_snapshots('lake') ORDER BY snapshot_id"


def age(office: Office, days: int) -> None:
    """Make the warehouse and its files look as if this many days had gone by."""
    with closing(sqlite3.connect(office.settings.lake / "catalogue.sqlite")) as con, con:
        for table, column in {
            "ducklake_snapshot": "snapshot_time",
            "ducklake_files_scheduled_for_deletion": "schedule_start",
        }.items():
            con.execute(
                f"UPDATE {table} SET {column} = strftime('%Y-%m-%d %H:%M:%f', substr({column}, 1, 23), ?) || '+00'",
                [f"-{days} days"],
            )
    past = time.time() - days * 86_400
    for file in (office.settings.lake / "data").rglob("*.parquet"):
        os.utime(file, (past, min(past, file.stat().st_mtime)))


def data_files(office: Office) -> int:
    return len(list((office.settings.lake / "data").rglob("*.parquet")))


@pytest.fixture
def history(office: Office) -> tuple[Office, dict[int, Contents]]:
    """Three vintages, the second of them released, and a refusal; with what each snapshot holds."""
    for name, years, shift in (("first", [2019, 2020], 0), ("second", [2020, 2021], 7), ("third", [2019, 2021], 9)):
        office.deliver(f"{name}.csv", flows(years, shift))
        office.done("chain")
        if name == "second":
            office.done("release", "2026-Q1")
    office.deliver("broken.csv", flows([2019]).replace("300", "3oo"))
    office.done("chain")
    snapshots = [row[0] for row in office.ask(SNAPSHOTS)]
    return office, {s: office.contents(as_of=str(s)) for s in snapshots}


def test_snapshots_of_the_books_go_and_vintages_stay(history: tuple[Office, dict[int, Contents]]) -> None:
    """If it failed, refusals would crowd the vintages, or tidying up would change what was published."""
    office, held = history
    age(office, 2)
    done = office.done("housekeep")
    left = [row[0] for row in office.ask(SNAPSHOTS)]
    gone = set(held) - set(left)
    assert done["snapshots let go"] == len(gone) > 0
    latest = max(held)
    for snapshot in gone:
        before = max((s for s in held if s < snapshot), default=snapshot)
        for table in ("core.flows", "indicators.observations"):
            assert held[snapshot][table] == held[before][table], f"snapshot {snapshot} was a vintage"
    for snapshot in set(held) - gone:
        assert office.contents(as_of=str(snapshot)) == held[snapshot]
    assert office.contents() == held[latest]
    vintages = {str(held[s]["core.flows"]) for s in held}
    assert {str(office.contents(as_of=str(s))["core.flows"]) for s in left} == vintages


def test_a_named_release_stays_readable_when_its_time_is_over(history: tuple[Office, dict[int, Contents]]) -> None:
    """If it failed, a release would become unreadable the day its snapshot passes retention."""
    office, held = history
    (released,) = office.ask("SELECT snapshot_id FROM ops.releases")[0]
    age(office, 400)
    office.done("housekeep")
    left = {row[0] for row in office.ask(SNAPSHOTS)}
    assert released in left
    assert len(left & set(held)) < len(held)
