"""A period written in any form an office uses comes back as the same period; one that could mean two is refused."""

import calendar
import datetime as dt
from pathlib import Path

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Frequency
from pipelines.process.periods import LANGUAGES, month_names, read_period

from .tidying import contract, harmonised, said, tidy

YEARS = st.integers(1800, 2199)
MONTHS = st.integers(1, 12)
QUARTERS = st.integers(1, 4)
ROMAN = ["I", "II", "III", "IV"]


@pytest.mark.parametrize(
    ("text", "frequency", "period"),
    [
        ("2024", "A", "2024"),
        ("2024.0", "A", "2024"),
        ("2024 год", "A", "2024"),
        ("за январь - декабрь 2016 года", "A", "2016"),
        ("01.01.2024", "A", "2024"),
        ("2024-12-31", "A", "2024"),
        ("2024 р.", "A", "2024"),
        ("2024 ж.", "A", "2024"),
        ("2024-ci il", "A", "2024"),
        ("2024-nji ýyl", "A", "2024"),
        ("соли 2024", "A", "2024"),
        ("2024 წ.", "A", "2024"),
        ("на 1 января 2024 г.", "A", "2024"),
        ("на 01.01.2024", "A", "2024"),
        ("2024-S2", "S", "2024-S2"),
        ("I полугодие 2024 г.", "S", "2024-S1"),
        ("январь-июнь 2024", "S", "2024-S1"),
        ("Q1 2024", "Q", "2024-Q1"),
        ("2024Q1", "Q", "2024-Q1"),
        ("2024_1Q", "Q", "2024-Q1"),
        ("3Q2024", "Q", "2024-Q3"),
        ("I кв. 2024", "Q", "2024-Q1"),
        ("1-й квартал 2024 г.", "Q", "2024-Q1"),
        ("IV kvartal 2024", "Q", "2024-Q4"),
        ("Ç3 2024", "Q", "2024-Q3"),
        ("IV rüb 2024", "Q", "2024-Q4"),
        ("trim. II 2024", "Q", "2024-Q2"),
        ("2. tromjesečje 2024.", "Q", "2024-Q2"),
        ("2023 | II", "Q", "2023-Q2"),
        ("TM1 2024", "Q", "2024-Q1"),
        ("1 чверть 2024 р.", "Q", "2024-Q1"),
        ("семоҳаи 2 2024", "Q", "2024-Q2"),
        ("2024-03", "M", "2024-03"),
        ("2024M03", "M", "2024-03"),
        ("202403", "M", "2024-03"),
        ("2024 жылғы наурыз", "M", "2024-03"),
        ("март 2024-ж.", "M", "2024-03"),
        ("2024 год | март", "M", "2024-03"),
        ("03/2024", "M", "2024-03"),
        ("март 2024", "M", "2024-03"),
        ("марта 2024 года", "M", "2024-03"),
        ("mart 2024", "M", "2024-03"),
        ("MAYIS 2024", "M", "2024-05"),
        ("2024-03-01T00:00:00", "M", "2024-03"),
        ("2024-W05", "W", "2024-W05"),
        ("W05 2024", "W", "2024-W05"),
        ("15.03.2024", "D", "2024-03-15"),
        ("15.03.2024 г.", "D", "2024-03-15"),
        ("15.03.2024թ.", "D", "2024-03-15"),
        ("20240315", "D", "2024-03-15"),
        ("15 марта 2024 г.", "D", "2024-03-15"),
        ("15 березня 2024 р.", "D", "2024-03-15"),
        ("March 15, 2024", "D", "2024-03-15"),
        ("13/03/2024", "D", "2024-03-13"),
    ],
)
def test_forms_offices_use(text: str, frequency: Frequency, period: str) -> None:
    assert read_period(text, frequency) == period


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("03/04/2024", "D"),  # April or March
        ("27/03/25", "D"),  # which century
        ("2024-03-15", "M"),  # a day inside the month
        ("2024.1", "M"),  # January, or October that lost its zero
        ("20221", "A"),  # 2022 with a footnote
        ("2022¹", "A"),
        ("2023/24", "A"),  # which of the two
        ("2024 2025", "A"),
        ("I 2024", "M"),  # January, or a quarter
        ("202413", "M"),
        ("20122024", "D"),  # 20 December, written the other way round
        ("15 марта 2024", "M"),  # a day inside the month
        ("2024 p", "A"),  # a Latin letter is a flag
        ("2024", "Q"),
        ("март 2024", "Q"),
        ("2024-13", "M"),
        ("30.02.2024", "D"),
        ("2023-W53", "W"),
        ("Q5 2024", "Q"),
        ("", "A"),
    ],
)
def test_what_is_not_one_period_is_none(text: str, frequency: Frequency) -> None:
    assert read_period(text, frequency) is None


def test_the_contract_says_what_an_ambiguous_form_means() -> None:
    assert read_period("03/04/2024", "D", dates="dmy") == "2024-04-03"
    assert read_period("03/04/2024", "D", dates="mdy") == "2024-03-04"
    assert read_period("2023/24", "A", fiscal_year="start") == "2023"
    assert read_period("2023-2024", "A", fiscal_year="end") == "2024"
    assert read_period("2023/25", "A", fiscal_year="end") is None


def test_no_name_of_a_month_means_two() -> None:
    """Were a word March in one language and May in another, reading it would be a guess."""
    for language in LANGUAGES.split():
        for month, name in Locale.parse(language).months["format"]["wide"].items():
            assert month_names()[name.casefold().replace("ı", "i").replace("\u0307", "")] == month, (language, name)


@given(YEARS, MONTHS, st.sampled_from(LANGUAGES.split()), st.sampled_from(["wide", "abbreviated"]), st.booleans())
def test_months_in_every_language_come_back(year: int, month: int, language: str, width: str, last: bool) -> None:
    name = Locale.parse(language).months["format"][width][month]
    for written in (name, name.upper(), name.capitalize()):
        text = f"{written} {year}" if last else f"{year} {written}"
        assert read_period(text, "M") == f"{year}-{month:02}"


@given(YEARS, QUARTERS, st.sampled_from(LANGUAGES.split()), st.sampled_from(["wide", "abbreviated"]))
def test_quarters_in_every_language_come_back(year: int, quarter: int, language: str, width: str) -> None:
    name = Locale.parse(language).quarters["format"][width][quarter]
    assert read_period(f"{name} {year}", "Q") == f"{year}-Q{quarter}"


@given(
    YEARS, QUARTERS, st.sampled_from(["{r} кв. {y}", "{q} кв. {y} г.", "{y}-Q{q}", "Q{q}/{y}", "{y} г. {r} квартал"])
)
def test_quarters_in_numbers_come_back(year: int, quarter: int, form: str) -> None:
    written = form.format(y=year, q=quarter, r=ROMAN[quarter - 1])
    assert read_period(written, "Q") == f"{year}-Q{quarter}"


@given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
def test_dates_come_back_and_stand_for_what_they_begin_or_end(day: dt.date) -> None:
    for written in (f"{day:%d.%m.%Y}", day.isoformat(), f"{day:%Y/%m/%d}", f"{day.isoformat()}T00:00:00"):
        assert read_period(written, "D") == day.isoformat()
        edge = day.day in (1, calendar.monthrange(day.year, day.month)[1])
        assert read_period(written, "M") == (f"{day:%Y-%m}" if edge else None)


@given(st.text(max_size=12), st.sampled_from(["A", "S", "Q", "M", "W", "D"]))
def test_any_text_is_a_period_in_its_one_form_or_none(text: str, frequency: Frequency) -> None:
    found = read_period(text, frequency)
    assert found is None or read_period(found, frequency) == found


def test_a_contract_reads_them_and_refuses_the_rest_by_row(tmp_path: Path) -> None:
    described = contract().model_copy(update={"frequency": "M"})
    text = "area,year,value\nMDA,март 2024,1\nMDA,mart 2025,2\nMDA,03/04/2024,3\n"
    result = harmonised(text, tmp_path, described)
    assert [row[1] for row in tidy(result)] == ["2024-03", "2025-03", None]
    assert said(result) == [
        "row 4, column “year”: found “03/04/2024”; expected a month such as 2024-03. "
        "Correct the cell, or say in the contract how the sender writes it."
    ]
