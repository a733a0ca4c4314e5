"""Corrections of the office: applied where they were made for, and never anywhere else."""

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.contract import Contract
from tests.process.test_quirks import contract, harmonised, tidy

MADE = {"reason": "letter o typed for zero", "reported_to": "Border police", "by": "Ana", "date": dt.date(2026, 2, 1)}
FILE = "area,year,value\nMDA,2019,1\nMDA,2020,3oo\n"


def corrected(**said: object) -> Contract:
    correction = {"file": "*.csv", "where": {"area": "MDA", "year": "2020"}} | MADE | said
    return Contract.model_validate(contract().model_dump(exclude_defaults=True) | {"corrections": [correction]})


def test_a_cell_is_corrected_and_the_books_say_so(tmp_path: Path) -> None:
    result = harmonised(FILE, tmp_path, corrected(column="value", old="3oo", new="300"))
    assert tidy(result)[1] == ("MDA", "2020", 300.0, "A")
    assert [str(p) for p in result.problems] == [
        "row 3, column “value”: found “3oo”; expected “300”, as it was loaded: letter o typed for zero "
        "(Ana, 2026-02-01; reported to Border police)"
    ]
    assert result.counts == {"corrected": 1}


def test_a_correction_the_sender_has_made_needless_changes_nothing_and_says_so(tmp_path: Path) -> None:
    result = harmonised(FILE.replace("3oo", "310"), tmp_path, corrected(column="value", old="3oo", new="300"))
    assert tidy(result)[1] == ("MDA", "2020", 310.0, "A")
    assert [str(p) for p in result.problems] == [
        "row 3, column “value”: found “310”; expected “3oo”, which a correction of 2026-02-01 replaces by “300”. "
        "Nothing was changed. If the sender has mended the file, take the correction out of the contract."
    ]


def test_a_correction_that_meets_no_row_is_reported(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2019,1\n", tmp_path, corrected(column="value", old="3oo", new="300"))
    assert [p.kind for p in result.problems] == ["correction"]
    assert "a row where “area” is “MDA” and “year” is “2020”" in str(result.problems[0])


def test_a_row_is_discarded_and_counted(tmp_path: Path) -> None:
    result = harmonised(FILE, tmp_path, corrected())
    assert tidy(result) == [("MDA", "2019", 1.0, "A")]
    assert (result.rows_read, result.rows_discarded, result.rows_left_out) == (2, 1, 0)
    assert result.counts == {"discarded": 1}


def test_a_correction_without_its_cell_is_refused() -> None:
    with pytest.raises(ValidationError, match="`new` needs the `column`"):
        corrected(new="300")
