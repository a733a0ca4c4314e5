"""What housekeeping may take away, what it must leave, and what it must not disturb."""

import os
import sqlite3
import time
from contextlib import closing

import duckdb
import pytest

from pipelines.store.lake import connect
from tests.faults.office import DATASET, Contents, Office, flows

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


def test_releases_stay_when_their_time_is_over(history: tuple[Office, dict[int, Contents]]) -> None:
    """If it failed, a release would become unreadable, or the warehouse would grow for ever."""
    office, held = history
    (released,) = office.ask("SELECT snapshot_id FROM ops.releases")[0]
    orphan = office.settings.lake / "data" / "core" / DATASET / "left-by-a-kill.parquet"
    orphan.write_bytes(b"half a file")
    age(office, 400)
    office.done("housekeep")
    age(office, 3)
    assert office.done("housekeep")["files removed"] > 0
    assert not orphan.exists()
    left = [row[0] for row in office.ask(SNAPSHOTS)]
    kept = (held[released]["core.flows"], held[max(held)]["core.flows"])
    assert all(office.contents(as_of=str(snapshot))["core.flows"] in kept for snapshot in left)
    assert office.contents(as_of=str(released)) == held[released]
    assert office.contents() == held[max(held)]
    with pytest.raises(duckdb.Error, match="snapshot"):
        office.contents(as_of=str(min(held) + 2))
    few = data_files(office)
    for _ in range(2):
        age(office, 3)
        office.done("housekeep")
    assert data_files(office) <= few
    assert office.contents(as_of=str(released)) == held[released]


def test_vintage_counts_from_the_day_it_was_replaced(history: tuple[Office, dict[int, Contents]]) -> None:
    """If it failed, figures that stood for two years would become unreadable the night after their correction."""
    office, held = history
    age(office, 700)
    office.deliver("fourth.csv", flows([2019, 2020, 2021], shift=11))
    office.done("chain")
    age(office, 2)
    office.done("housekeep")
    left = [row[0] for row in office.ask(SNAPSHOTS)]
    standing = held[max(held)]["core.flows"]
    assert [s for s in left if office.contents(as_of=str(s))["core.flows"] == standing], "it is gone"
    age(office, 364)
    office.done("housekeep")
    left = [row[0] for row in office.ask(SNAPSHOTS)]
    assert not [s for s in left if office.contents(as_of=str(s))["core.flows"] == standing], "it has outlived its time"


def test_reader_in_the_middle_is_not_disturbed(history: tuple[Office, dict[int, Contents]]) -> None:
    """If it failed, a long query would break, or change its mind half-way, every night at three o'clock."""
    office, held = history
    age(office, 400)
    totals = "SELECT time_period, sum(obs_value), count(*) FROM core.flows GROUP BY time_period ORDER BY ALL"
    books = "SELECT delivery_id, check_id, status FROM ops.validations ORDER BY ALL"
    with connect(office.settings) as con, connect(office.settings, as_of=str(max(held))) as past:
        con.execute("BEGIN")
        before = [con.execute(q).fetchall() for q in (totals, books)]
        then = [past.execute(q).fetchall() for q in (totals, books)]
        streamed = past.execute("SELECT n, obs_value FROM core.flows, range(100_000) AS t(n)")
        rows, added = 0, 0.0
        for number in range(1_000_000):
            batch = streamed.fetchmany(100_000)
            rows, added = rows + len(batch), added + sum(row[1] for row in batch)
            if number == 0:
                office.deliver("fourth.csv", flows([2019, 2020, 2021, 2022], shift=11))
                office.done("chain")
                office.done("housekeep")
            if not batch:
                break
        assert [con.execute(q).fetchall() for q in (totals, books)] == before
        assert (rows, added) == (then[0][0][2] * len(then[0]) * 100_000, sum(t[1] for t in then[0]) * 100_000)
        assert past.execute("SELECT 1").fetchall() == [(1,)]
    assert [row[:2] for row in office.ask(totals)] == [(str(y), 1000) for y in (2019, 2020, 2021, 2022)]
