"""The checks of `warehouse/checks/`: each catches what it is for, names the place, and is silent otherwise."""

import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.contract import Contract, Expectation, load_contract, load_contracts
from pipelines.language import say
from pipelines.process.checks import define, load_checks
from pipelines.process.codelists import rows as code_list
from pipelines.settings import ROOT, Settings
from tests.conftest import ingest

CONTRACT = """\
dataset: flows
title: Arrivals
description: Arrivals by country, origin, sex and age.
provider: Border police
licence: official
frequency: A
replaces: [ref_area, time_period]
columns:
  ref_area: {{type: area, key: true, description: Country.}}
  time_period: {{type: period, key: true, description: Year.}}
  sex: {{type: code, codelist: sex, key: true, description: Sex.}}
  counterpart_area: {{type: area, key: true, description: Origin.}}
  age: {{type: age, key: true, description: Age.}}
set: {{counterpart_area: _T, age: _T}}
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
Row = dict[str, Any]
STEADY = {2005 + i: round(1000 * 1.03**i * (1 + 0.02 * math.sin(i))) for i in range(15)}
SERIES: list[Row] = [{"time_period": str(year), "obs_value": float(value)} for year, value in STEADY.items()]


def by(column: str, **values: float | None) -> list[Row]:
    return [{"time_period": "2019", column: code, "obs_value": value} for code, value in values.items()]


def changed(year: int, value: float | None = None, **columns: Any) -> list[Row]:
    """The steady series with another figure or another word in one year."""
    said = columns if value is None else {"obs_value": value, **columns}
    return [row | said if row["time_period"] == str(year) else row for row in SERIES]


def without(year: int) -> list[Row]:
    return [row for row in SERIES if row["time_period"] != str(year)]


SHIFTED = [row | {"obs_value": row["obs_value"] * (1 if row["time_period"] < "2013" else 4)} for row in SERIES]
SEXES = by("sex", M=1000, _T=2000, F=1000)
AGES = by("age", Y_LT5=1, Y5T14=2, Y0T14=3, Y15T64=4, Y_GE65=5, _U=1, _T=13)
ORIGINS = by("counterpart_area", MDA=1, KGZ=2, UNK=3, **{"150": 3, "900": 6})
# What is quiet, what is not, in which row of the delivery, and what is expected there.
CASES: dict[str, tuple[str, list[Row], list[Row], int, str]] = {
    "revisions": (
        "revisions(0.1, 5)",
        SERIES,
        changed(2019, 9e4),
        15,
        f"about {STEADY[2019]}.0, as it was published before",
    ),
    "vanished": (
        "vanished()",
        SERIES,
        changed(2019, sex="M"),
        15,
        f"a value for MDA, 2019, _T, _T, _T; {STEADY[2019]}.0 was published before",
    ),
    "new_series": (
        "new_series()",
        SERIES,
        [row | {"sex": "M"} for row in SERIES],
        1,
        "one of the series published before; MDA, M, _T, _T is new",
    ),
    "outliers": ("outliers(8)", SERIES, changed(2012, 9e4), 8, "about 1221.2, the value before ("),
    "breaks": ("breaks(8)", changed(2012, 9e4), SHIFTED, 9, "the level of "),
    "gaps": ("gaps()", SERIES, without(2012), 8, "the period after 2011 in the series MDA, _T, _T, _T"),
    "stale": ("stale(years)", SERIES, SERIES, 15, "or later"),
    "jumps": ("jumps(10, 100)", SERIES, changed(2012, 1), 8, "near the value before, "),
    "early": ("early(1990)", SERIES, changed(2005, time_period="1899"), 1, "a year from 1990 on"),
    "absent": ("absent()", SERIES, without(2012), 1, "rows of 2012, which the last delivery of this table held"),
    "sex_parts": ("sex_parts(1)", SEXES, by("sex", M=1000, _T=3000, F=1000), 2, "men and women together, 2000"),
    "age_parts": ("age_parts(0)", AGES, [*AGES[:-1], *by("age", _T=14)], 7, "all ages together, 13"),
    "origin_parts": (
        "origin_parts(0)",
        ORIGINS,
        [*ORIGINS[:-1], *by("counterpart_area", **{"900": 7})],
        5,
        "the countries together, 6",
    ),
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    path = tmp_path_factory.mktemp("contracts") / "flows.yaml"
    path.write_text(CONTRACT.format(call="gaps()"), encoding="utf-8")
    return load_contract(path)


def found(contract: Contract, call: str, rows: list[Row]) -> list[tuple[int, str]]:
    """The row and the words of each place a check finds; stored are the steady series of the delivery `first`."""
    query = {"unexpected_rows_query": f"SELECT * FROM {call} /* {{batch}} */"}
    expectation = Expectation(type="unexpected_rows_expectation", kwargs=query, severity="warning", notes="It is met.")
    with duckdb.connect() as con:
        for table, delivery, held in (("delivery", "second", rows), ("stored", "first", SERIES)):
            every = {"ref_area": "MDA", "sex": "_T", "age": "_T", "counterpart_area": "_T", "obs_status": "A"}
            whole = [every | row | {"source_row": n, "delivery_id": delivery} for n, row in enumerate(held, 1)]
            con.register("coming", pa.Table.from_pylist(whole))
            con.execute(f"CREATE TABLE {table} AS SELECT *, '' AS source_sheet, 0 AS unit_mult FROM coming")
        con.register("area_rows", pa.Table.from_pylist(list(code_list(Settings().reference, "areas"))))
        con.execute("CREATE TABLE areas AS FROM area_rows")
        define(con, load_checks(Settings().checks), contract, [expectation])
        places = con.execute(f"FROM {call}").to_arrow_table().to_pylist()
    return [(place["source_row"], say(place["expected"], **place)) for place in places]


def test_every_check_has_a_case() -> None:
    assert {check.name for check in load_checks(Settings().checks)} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_it_catches_what_it_is_for_and_nothing_else(contract: Contract, name: str) -> None:
    call, good, bad, row, expected = CASES[name]
    assert found(contract, call.replace("years", "100"), good) == []
    places = found(contract, call.replace("years", "1"), bad)
    assert places[0][0] == row
    assert expected in places[0][1]
    assert len(places) == 1 or name in ("outliers", "jumps"), places  # there and back again


def test_a_marked_break_is_none(contract: Contract) -> None:
    marked = [row | {"obs_status": "B"} if row["time_period"] == "2013" else row for row in SHIFTED]
    assert found(contract, "breaks(8)", marked) == []


def test_parts_of_a_part_are_not_added_up(contract: Contract) -> None:
    """Groups that do not cover all ages, and countries that are only some of those there are."""
    assert found(contract, "age_parts(0)", by("age", Y15T24=1, Y25T64=2, _T=10)) == []
    assert found(contract, "origin_parts(0)", by("counterpart_area", MDA=1, KGZ=2, _T=10)) == []
    too_many = by("counterpart_area", MDA=7, KGZ=4, _T=10)
    assert found(contract, "origin_parts(0)", too_many) == [(3, "at least the countries together, 11")]


def test_a_check_speaks_in_the_report_of_a_delivery(tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT.format(call="revisions(0.1, 5)"), encoding="utf-8")
    settings = Settings(home=tmp_path / "home", contracts=contracts)
    file = tmp_path / "arrivals.csv"
    statuses = []
    for figure in (1000, 3000):
        file.write_text(f"area,year,sex,arrivals\nMDA,2018,_T,5\nMDA,2019,_T,{figure}\n", encoding="utf-8")
        check = ingest(file, "flows", settings).checks[-1]
        statuses.append(check.status)
    assert statuses == ["no data", "fail"]
    assert str(check.places[0]).startswith(
        "row 3, column “arrivals”: found “3000”; expected about 1000, as it was published before (MDA, 2019)."
    )


def test_the_documentation_names_every_check() -> None:
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    for check in load_checks(Settings().checks):
        assert f"| `{check.name}({', '.join(check.arguments)})` |" in text


def test_the_shipped_contracts_hold_at_least_forty_checks_that_say_what_they_expect() -> None:
    notes = [e.notes for c in load_contracts(Settings().contracts).values() for e in c.expectations]
    assert len(notes) >= 40
    assert all(len(note.split()) >= 4 and note.endswith((".", ")")) for note in notes)
