"""The same bytes, other bytes of the same periods, and a refusal after an acceptance."""

import datetime as dt
import time

from tests.faults.office import Office, flows

VALUES = "SELECT time_period, ref_area, obs_value FROM core.flows ORDER BY ALL"


def test_same_bytes_under_another_name_are_one_delivery(office: Office) -> None:
    """If it failed, a file sent twice would be counted twice, or a second run would rewrite history."""
    office.deliver("first.csv", flows([2019, 2020]))
    office.done("chain")
    before, commits = office.contents(), office.commits()
    office.deliver("sent-again.csv", flows([2019, 2020]))
    assert office.done("chain") == {"loaded": [], "rejected": [], "computed": []}
    assert office.contents() == before
    assert office.commits() == commits
    assert len(list((office.settings.landing / "receipts").iterdir())) == 1
    assert office.left_over() == []


def test_redelivery_replaces_its_periods_and_the_old_vintage_stays(office: Office) -> None:
    """If it failed, a correction would add to the wrong figures, or the published figures could not be shown again."""
    office.deliver("first.csv", flows([2019, 2020]))
    office.done("chain")
    published = office.ask(VALUES)
    snapshot = office.ask("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")[0][0]
    time.sleep(0.01)
    moment = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    office.deliver("correction.csv", flows([2020, 2021], shift=7))
    office.done("chain")
    now = office.ask(VALUES)
    assert [row for row in now if row[0] == "2019"] == [row for row in published if row[0] == "2019"]
    assert [row[2] for row in now if row[0] == "2020"] == [107, 193, 314, 386]
    assert len(now) == 12
    assert office.ask("SELECT time_period, obs_value FROM indicators.observations ORDER BY ALL") == [
        ("2019", 1000),
        ("2020", 1000),
        ("2021", 1000),
    ]
    assert office.ask(VALUES, as_of=str(snapshot)) == published
    assert office.ask(VALUES, as_of=moment.isoformat()) == published
    assert office.ask(VALUES, as_of=dt.datetime.now(dt.UTC).isoformat()) == now


def test_rejected_redelivery_changes_nothing_loaded(office: Office) -> None:
    """If it failed, one wrong cell in a correction would take published figures away."""
    office.deliver("first.csv", flows([2019, 2020]))
    office.done("chain")
    before = office.contents()
    office.deliver("correction.csv", flows([2020, 2021], shift=7).replace("193", "19e3x"))
    assert len(office.done("chain")["rejected"]) == 1
    after = office.contents()
    for table in ("core.flows", "indicators.observations", "ops.computations"):
        assert after[table] == before[table]
    states = office.ask("SELECT file_name, state, rows_loaded, rows_quarantined FROM ops.deliveries ORDER BY ALL")
    assert states == [("correction.csv", "rejected", 0, 8), ("first.csv", "loaded", 8, 0)]
    assert office.left_over() == []


def test_correction_that_waits_beside_what_it_corrects_wins(office: Office) -> None:
    """If it failed, the order of two files in the inbox would be left to their digests, and an old figure could win."""
    for shift in range(1, 7):
        office.deliver(f"edition-{10 - shift}.csv", flows([2020], shift=shift))
    office.done("chain")
    assert [row[2] for row in office.ask(VALUES)] == [106, 194, 312, 388]
