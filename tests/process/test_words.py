"""A file in the office's own words becomes codes; a word that is not known is named with the nearest."""

from pathlib import Path

import duckdb
import pytest

from pipelines.collect.land import land
from pipelines.contract import load_contract
from pipelines.delivery import Outcome
from pipelines.process.codelists import lookup, rows
from pipelines.process.harmonised import staged
from pipelines.process.run import process
from pipelines.settings import Settings

CONTRACT = """\
dataset: residents
title: Foreign residents
description: Foreign residents by citizenship, sex and age.
provider: Ministry of the Interior
licence: official open data
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  counterpart_area: {type: area, key: true, description: Citizenship.}
  sex: {type: code, codelist: sex, key: true, description: Sex.}
  age: {type: age, key: true, description: Age group.}
  time_period: {type: period, key: true, description: Year.}
set: {ref_area: KAZ, unit_measure: PS}
sources:
  - file: "residents_{time_period}.csv"
    format: csv
    tables:
      - columns:
          counterpart_area: {header: Гражданство, scheme: name}
          sex: {header: Пол, scheme: name}
          age: Возраст
        values: [{header: Человек}]
"""
HEADER = "Гражданство,Пол,Возраст,Человек\n"


def read(body: str, settings: Settings) -> tuple[Outcome, list[tuple[object, ...]]]:
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "residents.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    file = settings.home / "residents_2024.csv"
    file.write_text(HEADER + body, encoding="utf-8")
    settings = settings.model_copy(update={"contracts": settings.home})
    outcome = process(land(file, load_contract(path), settings, Path(file.name)).delivery_id, settings)
    files = sorted((settings.staging / outcome.delivery_id).glob("*.parquet"))
    if outcome.state != "accepted":
        return outcome, []
    query = f"SELECT counterpart_area, sex, age, obs_value FROM {staged(files)} ORDER BY source_row"
    return outcome, duckdb.sql(query).fetchall()


def test_a_file_in_the_offices_words(settings: Settings) -> None:
    """Former names, ages in words and sex in Russian: what an office really sends."""
    body = "Молдавия,мужчины,0-4 лет,1\nКиргизия¹,Женщины,65 лет и старше,2\nЛица без гражданства,оба пола,Всего,3\n"
    assert read(body, settings)[1] == [
        ("MDA", "M", "Y0T4", 1.0),
        ("KGZ", "F", "Y_GE65", 2.0),
        ("XXA", "_T", "_T", 3.0),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Молдовия,мужчины,20,1", "found “Молдовия”; expected the name of an area. The closest are: Молдавия (MDA)"),
        (
            "Корея,мужчины,20,1",
            "found “Корея”; expected the name of an area. It is a name of KOR and of PRK: say under",
        ),
        ("Куба,мужчины,старше 65,1", "found “старше 65”; expected an age or age group such as 20, 15-64, 65+"),
        ("Куба,мужчина?,20,1", "found “мужчина?”; expected a code of `sex`"),
    ],
    ids=["unknown name", "name of two areas", "unclear age", "unknown word"],
)
def test_a_word_that_is_not_known_is_named(settings: Settings, line: str, message: str) -> None:
    outcome, _ = read(line + "\n", settings)
    assert outcome.state == "rejected"
    assert message in "\n".join(str(place) for check in outcome.checks for place in check.places)


def test_no_word_stands_for_two_codes() -> None:
    """The second would silently take the place of the first."""
    reference = Settings().reference
    for codelist in (f.stem for f in reference.glob("*.csv")):
        listed = rows(reference, codelist)
        if "names" in listed[0]:
            words = [w.strip().lower() for row in listed for w in {row["name"], *row["names"].split("|")} if w.strip()]
            assert len(words) == len(set(words)), codelist
            known = lookup(reference, codelist, "name")
            codes = {row["code"].lower(): row["code"] for row in listed}
            assert set(words) | set(codes) == set(known)
            assert {code: known[code] for code in codes} == codes, "no word is the code of something else"


@pytest.mark.parametrize(
    ("codelist", "scheme", "text", "code"),
    [
        ("permit_reason", "name", "Трудовая деятельность", "EMP"),
        ("permit_reason", "eurostat", "TOTAL", "_T"),
        ("duration", "eurostat", "M6-11", "M6T11"),
        ("migrant_criterion", "name", "Гражданство", "CTZ"),
        ("isced11", "eurostat", "ED5-8", "ISCED11_5T8"),
        ("isced11", "name", "ISCED 3", "ISCED11_3"),
        ("isco08", "ilostat", "OCU_ISCO08_9", "ISCO08_9"),
        ("isic4", "code", "F", "F"),
        ("sex", "name", "қыз", None),
        ("sex", "name", "T", "_T"),
        ("sex", "name", "M", "M"),
    ],
)
def test_code_lists_of_migration_statistics(codelist: str, scheme: str, text: str, code: str | None) -> None:
    assert lookup(Settings().reference, codelist, scheme).get(text.lower()) == code


@pytest.mark.parametrize(("codelist", "codes"), [("isced11", 14), ("isco08", 12), ("isic4", 23), ("permit_reason", 5)])
def test_code_lists_are_whole(codelist: str, codes: int) -> None:
    listed = [row["code"] for row in rows(Settings().reference, codelist)]
    assert len(listed) == len(set(listed)) == codes
