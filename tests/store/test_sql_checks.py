"""The checks of `warehouse/checks/`: each catches what it is for, names the place, and is silent otherwise."""

import math
from pathlib import Path

import pytest

from pipelines.contract import load_contracts
from pipelines.delivery import Outcome
from pipelines.process.checks import load_checks
from pipelines.settings import ROOT, Settings
from tests.conftest import ingest

CONTRACT = """\
dataset: flows
title: Arrivals
description: Arrivals by country and sex.
provider: Border police
licence: official
frequency: A
columns:
  ref_area: {{type: area, key: true, description: Country.}}
  time_period: {{type: period, key: true, description: Year.}}
  sex: {{type: code, codelist: sex, key: true, description: Sex.}}
sources:
  - file: "*.csv"
    format: csv
    tables:
      - columns: {{ref_area: area, time_period: year, sex: sex}}
        values: [{{header: arrivals}}]
expectations:
  - type: unexpected_rows_expectation
    kwargs: {{unexpected_rows_query: "SELECT * FROM {call} /* {{batch}} */"}}
    severity: warning
    notes: The check is met.
"""
STEADY = {2005 + i: round(1000 * 1.03**i * (1 + 0.02 * math.sin(i))) for i in range(15)}
CASES = {
    "revisions": (
        "revisions(0.1, 5)",
        {2019: 3 * STEADY[2019]},
        "row 16",
        f"about {STEADY[2019]}, as it was published before",
    ),
    "vanished": (
        "vanished()",
        {2019: None},
        "row 16",
        f"a value for MDA, 2019, _T; {STEADY[2019]} was published before",
    ),
    "new_series": ("new_series()", {}, "row 2", "one of the series published before; MDA, M is new"),
    "outliers": ("outliers(8)", {2012: 90_000}, "row 9", "grown as usual"),
    "gaps": ("gaps()", {2012: None}, "row 9", "the period after 2011 in the series MDA, _T"),
    "stale": ("stale(1)", {}, "row 16", "or later"),
    "jumps": ("jumps(10, 100)", {2012: 1}, "row 9", "near the value before"),
    "early": ("early(1990)", {}, "row 2", "a year from 1990 on"),
    "absent": ("absent()", {}, "row 2", "rows of 2012, which the last delivery of this table held"),
    "sex_parts": ("sex_parts(1)", {2019: 3000}, "row 3", "men and women together, 2000"),
}


def deliver(folder: Path, call: str, rows: list[tuple[int, str, float]], name: str) -> Outcome:
    contracts = folder / "contracts"
    contracts.mkdir(exist_ok=True)
    (contracts / "flows.yaml").write_text(CONTRACT.format(call=call), encoding="utf-8")
    file = folder / f"{name}.csv"
    lines = [f"MDA,{year},{sex},{'' if value is None else value}\n" for year, sex, value in rows]
    file.write_text("area,year,sex,arrivals\n" + "".join(lines), encoding="utf-8")
    return ingest(file, "flows", Settings(home=folder / "home", contracts=contracts))


def test_every_check_has_a_case() -> None:
    assert {check.name for check in load_checks(Settings().checks)} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_it_catches_what_it_is_for_and_nothing_else(tmp_path: Path, name: str) -> None:
    call, damage, place, expected = CASES[name]
    good: list[tuple[int, str, float]] = [(year, "_T", value) for year, value in STEADY.items()]
    bad = [(year, sex, damage.get(year, value)) for year, sex, value in good]
    if name in ("vanished", "gaps"):
        bad = [(year, "M" if value is None else sex, 1 if value is None else value) for year, sex, value in bad]
    if name == "gaps":
        bad = [row for row in bad if row[1] == "_T"]
    if name == "early":
        bad = [(1899 if year == 2005 else year, sex, value) for year, sex, value in good]
    if name == "absent":
        bad = [row for row in good if row[0] != 2012]
    if name == "new_series":
        bad = [(year, "M", value) for year, _, value in good]
    if name == "sex_parts":
        good = [(2019, "M", 1000), (2019, "_T", 2000), (2019, "F", 1000)]
        bad = [(2019, "M", 1000), (2019, "_T", 3000), (2019, "F", 1000)]
    quiet = call.replace("stale(1)", "stale(100)")
    first = deliver(tmp_path, quiet, good, "first")
    again = deliver(tmp_path, quiet, [*good, (2020, good[-1][1], 1.03 * good[-1][2])], "again")
    assert {first.checks[-1].status, again.checks[-1].status} <= {"pass", "no data"}
    assert again.checks[-1].status == "pass"
    found = deliver(tmp_path, call, bad, "bad").checks[-1]
    assert found.status == "fail"
    assert place in str(found.places[0])
    assert expected in str(found.places[0])


def test_the_documentation_names_every_check() -> None:
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    for check in load_checks(Settings().checks):
        assert f"| `{check.name}({', '.join(check.arguments)})` |" in text


def test_the_shipped_contracts_hold_at_least_forty_checks_that_say_what_they_expect() -> None:
    notes = [e.notes for c in load_contracts(Settings().contracts).values() for e in c.expectations]
    assert len(notes) >= 40
    assert all(len(note.split()) >= 4 and note.endswith((".", ")")) for note in notes)
