"""Editions: a source that renames its columns is still read, and a new layout is refused with the row to be added."""

from pathlib import Path

import duckdb
import pytest

from pipelines.collect.land import land
from pipelines.contract import ContractError, load_contract
from pipelines.delivery import Outcome
from pipelines.process.harmonised import staged
from pipelines.process.run import process
from pipelines.settings import Settings

CONTRACT = """\
dataset: permits
title: Residence permits
description: Permits by citizenship.
provider: Ministry of the Interior
licence: open
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  time_period: {type: period, key: true, description: Year.}
  counterpart_area: {type: area, key: true, description: Citizenship.}
set: {ref_area: GEO, unit_measure: PERMITS}
sources:
  - file: "permits_{time_period}.csv"
    format: csv
    tables:
      - columns: {counterpart_area: {scheme: name}}
        values: [{header: Persons}]
        editions:
          "2019": {counterpart_area: Citizenship, obs_value: Persons}
          "2022": {counterpart_area: Country of citizenship, obs_value: Number of persons}
"""
ROW = "Armenia,7,x\n"


def read(
    header: str, settings: Settings, contract: str = CONTRACT, name: str = "permits_2024.csv"
) -> tuple[Outcome, list[tuple[object, ...]]]:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "permits.yaml").write_text(contract, encoding="utf-8")
    file = settings.home / name
    file.write_text(f"{header}\n{ROW}", encoding="utf-8")
    settings = settings.model_copy(update={"contracts": settings.home})
    receipt = land(file, load_contract(settings.home / "permits.yaml"), settings, Path(name))
    outcome = process(receipt.delivery_id, settings)
    files = sorted((settings.staging / outcome.delivery_id).glob("*.parquet"))
    query = f"SELECT counterpart_area, obs_value, vintage FROM {staged(files)}" if files else ""
    return outcome, duckdb.sql(query).fetchall() if query else []


@pytest.mark.parametrize("header", ["Citizenship,Persons,Note", "Country of citizenship,Number of persons,Remark"])
def test_the_edition_is_told_by_its_headers(settings: Settings, header: str) -> None:
    outcome, rows = read(header, settings)
    assert outcome.state == "accepted"
    assert [row[:2] for row in rows] == [("ARM", 7.0)]


def test_a_new_layout_is_refused_with_the_row_to_be_added(settings: Settings) -> None:
    outcome, _ = read("Land of citizenship,Number of persons,Note", settings)
    assert outcome.state == "rejected"
    assert str(outcome.problems[0]) == (
        "expected the headers of an edition the contract knows (2019, 2022). If this is a new one, look this row over "
        'and add it to `editions`: "2024": {counterpart_area: "Land of citizenship", obs_value: "Number of persons"}'
    )


def test_the_proposed_row_makes_the_file_readable(settings: Settings) -> None:
    header = "Land of citizenship,Number of persons,Note"
    row = str(read(header, settings)[0].problems[0]).split("`editions`: ")[1]
    _, rows = read(
        header, settings.model_copy(update={"home": settings.home / "again"}), f"{CONTRACT}          {row}\n"
    )
    assert [row[:2] for row in rows] == [("ARM", 7.0)]


def test_a_file_that_fits_two_editions_is_not_guessed(settings: Settings) -> None:
    header = "Citizenship,Persons,Country of citizenship,Number of persons"
    outcome, _ = read(header, settings)
    assert "the headers of one edition, not of 2019 and 2022" in str(outcome.problems[0])


def test_the_name_of_the_file_may_say_the_edition(settings: Settings) -> None:
    """It decides, and stays with the rows as their vintage; one the contract does not know is refused."""
    contract = CONTRACT.replace("permits_{time_period}.csv", "permits_{time_period}_ed{edition}.csv")
    header = "Citizenship,Persons,Note"
    assert read(header, settings, contract, "permits_2024_ed2019.csv")[1] == [("ARM", 7.0, "2019")]
    outcome, _ = read(header, settings, contract, "permits_2024_ed2023.csv")
    assert 'add it to `editions`: "2023": {' in str(outcome.problems[0])


def test_columns_the_contract_does_not_name_are_told(settings: Settings) -> None:
    """A new column of the source is not lost without a word."""
    outcome, _ = read("Citizenship,Persons,Reason", settings)
    check = next(check for check in outcome.checks if check.check_id == "further_columns")
    assert (check.severity, check.status) == ("info", "fail")
    assert [place.value for place in check.places] == ["Reason"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"2019": {counterpart_area',
            '"2019": {citizenship',
            "names a column that is not among `columns`: `citizenship`",
        ),
        ("[{header: Persons}]", "[{header: A}, {header: B}]", "needs exactly one entry in `values`"),
    ],
)
def test_editions_name_what_there_is(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "permits.yaml").write_text(CONTRACT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError, match=message):
        load_contract(tmp_path / "permits.yaml")
