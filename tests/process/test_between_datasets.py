"""Checks of the shipped contracts that compare one dataset with another."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.contract import load_contract
from pipelines.settings import ROOT

Rows = list[dict[str, Any]]
FLOWS: Rows = [
    {"time_period": str(year), "direction": direction, "obs_value": value, "criterion": "CPR", "duration": "M12"}
    for year in range(2015, 2020)
    for direction, value in (("IMMIGRATION", 5000.0), ("EMIGRATION", 3000.0))
]
# 2 000 more who came than left, in thousands and without a rounding.
POPULATION: Rows = [
    {"time_period": str(year), "series": series, "obs_value": value, "unit_mult": 3}
    for year in range(2015, 2020)
    for series, value in (("POP_JAN1", 1000.0), ("POP_DEC31", 1003.0), ("BIRTHS", 11.0), ("DEATHS", 10.0))
]
SHORT: Rows = [row for row in POPULATION if row["series"] != "BIRTHS"]


def stocks(later: float) -> Rows:
    return [
        {"time_period": "2015", "series": "MIGRANT_STOCK", "obs_value": 60_000.0},
        {"time_period": "2019", "series": "MIGRANT_STOCK", "obs_value": later},
    ]


def asked(dataset: str, word: str, **tables: Rows) -> Rows:
    """What the check of a contract that says a word finds in the delivery, beside what is stored."""
    contract = load_contract(ROOT / "expectations" / f"{dataset}.yaml")
    (query,) = [
        str(e.kwargs["unexpected_rows_query"])
        for e in contract.expectations
        if "unexpected_rows_query" in e.kwargs and word in e.notes
    ]
    with duckdb.connect() as con:
        for name, rows in tables.items():
            every = {"ref_area": "MDA", "counterpart_area": "_T", "sex": "_T", "age": "_T", "source_sheet": ""}
            whole = [every | {"unit_mult": 0, "source_row": n} | row for n, row in enumerate(rows, 1)]
            con.register("rows", pa.Table.from_pylist(whole))
            con.execute(f"CREATE TABLE {name} AS FROM rows")
        return con.execute(query.format(batch="delivery")).to_arrow_table().to_pylist()


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (60_000, []),
        (85_000, []),  # all who came, over five years, stayed
        (85_001, [("2019", -5000.0, 85_000.0)]),
        (0, []),
    ],
)
def test_the_stock_of_migrants_is_consistent_with_the_flows(later: float, told: list[tuple[str, float, float]]) -> None:
    found = asked(
        "migrant_stock",
        "stock rises",
        delivery=stocks(later),
        stored_migration_flows=FLOWS,
        stored_population=POPULATION,
    )
    assert [(row["time_period"], row["least"], row["most"]) for row in found] == told


def test_a_stock_between_dates_without_all_flows_is_not_judged() -> None:
    some = [row for row in FLOWS if row["time_period"] != "2017"]
    found = asked(
        "migrant_stock", "stock rises", delivery=stocks(9e6), stored_migration_flows=some, stored_population=POPULATION
    )
    assert found == []


def test_net_flows_are_those_of_the_balancing_equation() -> None:
    assert asked("migration_flows", "balancing", delivery=FLOWS, stored_population=POPULATION) == []
    wrong = [
        row | {"obs_value": row["obs_value"] * (10 if row["direction"] == "IMMIGRATION" else 1)} for row in FLOWS[:2]
    ]
    (place,) = asked("migration_flows", "balancing", delivery=wrong, stored_population=POPULATION)
    assert (place["time_period"], place["obs_value"], place["balance"]) == ("2015", 47_000, 2000)
    assert asked("migration_flows", "balancing", delivery=wrong, stored_population=SHORT) == []


def test_what_the_other_country_reports_is_beside_it() -> None:
    here = {"time_period": "2019", "direction": "IMMIGRATION", "counterpart_area": "ROU"}
    there = {"time_period": "2019", "direction": "EMIGRATION", "ref_area": "ROU", "counterpart_area": "MDA"}
    stored = [there | {"obs_value": 900.0}]
    assert asked("migration_flows", "mirror", delivery=[here | {"obs_value": 300.0}], stored=stored) == []
    (place,) = asked("migration_flows", "mirror", delivery=[here | {"obs_value": 299.0}], stored=stored)
    assert (place["source_row"], place["obs_value"]) == (1, 299)


def test_a_published_figure_is_held_against_the_computed_one_of_its_concept_and_unit() -> None:
    """Or a figure that arrives after indicators were computed would stand beside another one unseen."""
    figure = {"indicator": "17.3.2", "series": "BX_TRF_PWKR", "time_period": "2019", "unit_measure": "PT"}
    stored = [figure | {"concept": "global", "breakdown": "_T", "obs_value": 25.0}]

    def told(**said: Any) -> list[int]:
        published = figure | {"concept": "global", "breakdown": "FREQ=A; NATURE=G", "obs_value": 28.8} | said
        found = asked("sdg_published", "computed here", delivery=[published], stored_observations=stored)
        return [row["computed"] for row in found]

    assert told() == [25]
    assert told(obs_value=26.2) == []
    assert told(concept="national_proxy") == told(unit_measure="PER_1000") == told(breakdown="REGION=KG05") == []
