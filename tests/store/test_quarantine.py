"""Held rows that a person releases, corrects or discards: what is loaded, what is refused, what the books say."""

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.store.held import Verdict, Which, held_rows
from pipelines.store.lake import connect
from pipelines.store.quarantine import discard, release
from tests.store.test_held import BOOKS, LOADED, deliver, office

ANA = Verdict(by="Ana", reason="the crossing confirmed it", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
ROWS = [
    "MDA,2019,1",
    "MDA,2020,-2",
    "XXQ,2019,3",
    "KGZ,2019,many",
    "KGZ,2020,5",
    "ARM,2019,6",
    "ARM,2019,7",
    "SRB,2019,8",
]
KEPT = [*ROWS, "SRB,2020,9", "SRB,2021,10"]
DECISIONS = "SELECT source_row, decision, changes, decided_by, reason FROM ops.decisions ORDER BY ALL"


@pytest.fixture
def loaded(tmp_path: Path) -> tuple[Settings, str]:
    settings = office(tmp_path, "mostly: 0.5")
    return settings, deliver(settings, tmp_path, *KEPT)


def books(settings: Settings) -> tuple[object, ...]:
    with connect(settings) as con:
        found = con.execute(BOOKS).fetchall()
    assert len(found) == 1
    _, read, rows_loaded, quarantined, discarded = found[0]
    assert read == rows_loaded + quarantined + discarded
    return found[0]


def values(settings: Settings) -> set[tuple[object, ...]]:
    with connect(settings) as con:
        return set(con.execute(LOADED).fetchall())


def test_a_row_is_released_as_it_is_by_a_person(loaded: tuple[Settings, str]) -> None:
    settings, delivery = loaded
    assert books(settings) == ("loaded", 10, 5, 5, 0)
    release(Which(delivery, row=3), {}, ANA, settings)
    assert ("MDA", "2020", -2.0) in values(settings)
    assert books(settings) == ("loaded", 10, 6, 4, 0)
    with connect(settings) as con:
        assert con.execute(DECISIONS).fetchall() == [(3, "released", "", "Ana", "the crossing confirmed it")]
        told = con.execute("SELECT note, source_row, delivery_id FROM core.flows WHERE obs_value = -2").fetchall()
        assert told == [("released by Ana on 2026-01-02: the crossing confirmed it", 3, delivery)]
        status = con.execute("SELECT status FROM ops.quarantine WHERE source_row = 3").fetchall()
        assert status == [("released",)]
    with pytest.raises(LookupError, match="held: row 4, row 5, row 7, row 8"):
        release(Which(delivery, row=3), {}, ANA, settings)


def test_a_row_is_corrected_and_released(loaded: tuple[Settings, str]) -> None:
    settings, delivery = loaded
    release(Which(delivery, row=5), {"obs_value": "40"}, ANA, settings)
    release(Which(delivery, row=4), {"ref_area": "GEO"}, ANA, settings)
    assert {("KGZ", "2019", 40.0), ("GEO", "2019", 3.0)} <= values(settings)
    assert books(settings) == ("loaded", 10, 7, 3, 0)
    with connect(settings) as con:
        told = con.execute("SELECT ref_area_m49, note FROM core.flows WHERE obs_value IN (3, 40) ORDER BY 1").fetchall()
        assert told == [
            ("268", "ref_area was “XXQ”; corrected by Ana on 2026-01-02: the crossing confirmed it"),
            ("417", "obs_value was “many”; corrected by Ana on 2026-01-02: the crossing confirmed it"),
        ]
        assert [json.loads(row[2]) for row in con.execute(DECISIONS).fetchall()] == [
            {"ref_area": "GEO"},
            {"obs_value": "40"},
        ]


@pytest.mark.parametrize(
    ("which", "changes", "message"),
    [
        ({"row": 5}, {}, "column “arrivals” could not be read (“many”); say what it is with --set"),
        ({"row": 5}, {"obs_value": "some"}, "obs_value: found “some”; expected a number"),
        ({"row": 5}, {"ref_area": "MDA"}, "row 5: obs_value has no value"),
        ({"row": 4}, {"ref_area": "Narnia"}, "ref_area: found “Narnia”; expected a code of `ref_area`"),
        ({"row": 4}, {"ref_area": "MDA"}, "row 4: its key (ref_area, time_period) is loaded already, with 1.0"),
        ({"row": 5}, {"obs_value": "-40"}, "the corrected row still breaks a check: A number of arrivals is not neg"),
        ({"row": 5}, {"arrivals": "40"}, "arrivals: expected one of obs_value, obs_status, ref_area, time_period"),
        ({"row": 5}, {"obs_status": "fine"}, "obs_status: found “fine”; expected one of A, B"),
        ({"where": {"ref_area": "ARM"}}, {}, "row 8: another of these rows has the same key"),
        ({}, {"obs_value": "4"}, "a correction is for one row, and 5 are meant: row 3, row 4, row 5, row 7, row 8"),
    ],
)
def test_what_cannot_be_loaded_is_refused_and_nothing_changes(
    loaded: tuple[Settings, str], which: dict[str, object], changes: dict[str, str], message: str
) -> None:
    settings, delivery = loaded
    before = values(settings)
    with pytest.raises(ValueError) as refused:
        release(Which(delivery, **which), changes, ANA, settings)  # type: ignore[arg-type]
    assert message in str(refused.value)
    assert values(settings) == before
    assert books(settings) == ("loaded", 10, 5, 5, 0)


def test_a_suppressed_value_is_no_missing_one(loaded: tuple[Settings, str]) -> None:
    settings, delivery = loaded
    release(Which(delivery, row=5), {"obs_status": "Q"}, ANA, settings)
    assert ("KGZ", "2019", None) in values(settings)


def test_discarded_rows_stay_in_the_books(loaded: tuple[Settings, str]) -> None:
    settings, delivery = loaded
    discard(Which(delivery, where={"ref_area": "ARM"}), ANA, settings)
    assert books(settings) == ("loaded", 10, 5, 3, 2)
    assert [one.row for one in held_rows(Which(delivery), settings)] == [3, 4, 5]
    with connect(settings) as con:
        assert [row[:2] for row in con.execute(DECISIONS).fetchall()] == [(7, "discarded"), (8, "discarded")]


def test_a_row_of_a_period_delivered_again_since_is_not_released(loaded: tuple[Settings, str], tmp_path: Path) -> None:
    settings, delivery = loaded
    deliver(settings, tmp_path, "MDA,2020,12")
    with pytest.raises(ValueError, match="row 3: its time_period was delivered again since, in “arrivals"):
        release(Which(delivery, row=3), {}, ANA, settings)


def test_the_commands_say_what_is_held_and_what_was_done(
    loaded: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, delivery = loaded
    monkeypatch.setenv("MIGSTAT_HOME", str(settings.home))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(settings.contracts))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["quarantine", arguments[0], delivery, *arguments[1:]])
        return result.exit_code, result.output

    code, listed = run("list")
    assert code == 0
    assert "row 3: A number of arrivals is not negative." in listed
    assert "obs_value=-2" in listed
    said = ("--by", "Ana", "--reason", "asked the crossing")
    assert run("release", "--row", "5", "--set", "obs_value", *said) == (
        1,
        "migstat: found “obs_value”; expected column=value, e.g. sex=F\n",
    )
    assert run("release", "--row", "5", "--set", "obs_value=40", *said)[1].startswith("Held rows loaded: 1.")
    assert run("release", "--row", "3", "--by", "Ana", "--reason", " ")[0] == 1
    assert run("discard", *said) == (0, "Held rows discarded: 4.\n")
    assert run("list") == (0, "No such row is held back.\n")
    assert books(settings) == ("loaded", 10, 6, 0, 4)
