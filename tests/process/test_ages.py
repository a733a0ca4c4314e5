"""Ages: whatever the office's way of writing a group, the code says the same years; what is unclear is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.process.ages import age_of

AGES = st.integers(0, 120)
WRITTEN = {
    "Y15T64": ["Y15T64", "15-64", "15–64", "15 — 64 лет", "от 15 до 64", "от 15 до 64 лет", "15 to 64", "from 15 to 64",
               "Y15-64", "15-64 years", "15 - 64 ani", "15-64 yaş", "od 15 do 64", "aged 15-64", "с 15 до 64 лет",
               "15-64 ёш", "de 15 à 64 ans", "De 15 a 64 años", "15_64", "15-64Y", "AGE_YTHADULT_Y15-64",
               "15 - 64 g."],
    "Y_GE65": ["Y_GE65", "65+", "65 +", "65 and over", "65 years and over", "65 лет и старше", "65 и более лет", "≥65",
               "65 și peste", "65 e lart", "65 ve üzeri", "65 i više", "65 и повеќе", "65 yaş və yuxarı",
               "65 или више години", "65 y.o. and over", "AGE_YTHADULT_YGE65"],
    "Y_LT5": ["Y_LT5", "under 5", "<5", "до 5 лет", "less than 5 years", "Under 5 years", "моложе 5 лет", "sub 5 ani"],
    "Y0T4": ["0-4 лет", "0–4", "00-04", "Y0T4", "0 to 4 years"],
    "Y20": ["20", "Y20", "20 лет", "20 years", "20 година", "age 20"],
    "Y1": ["1 год", "1 year"],
    "_T": ["_T", "Total", "ВСЕГО", "all ages", "TOTAL", "Cəmi", "AGE_AGGREGATE_TOTAL"],
    "_U": ["_U", "UNK", "неизвестно", "Not stated"],
}  # fmt: skip
REFUSED = [
    "", "over 65", "старше 65", "up to 5", "64-15", "15-15", "151", "0-400", "15-64-70", "children", "5.5", "under 0",
    "65-", "-5", "15/64", "Jan-64", "2024", "15 64",
]  # fmt: skip


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in WRITTEN.items() for text in texts])
def test_what_offices_write(code: str, text: str) -> None:
    assert age_of(text) == code
    assert age_of(f"  {text.upper()} ") == code


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_unclear_is_not_guessed(text: str) -> None:
    assert age_of(text) is None


@given(
    AGES, AGES, st.sampled_from(["{}-{}", "{} – {} лет", "from {} to {}", "от {} до {}", "Y{}T{}", "{} to {} years"])
)
def test_a_group_keeps_its_bounds(first: int, last: int, form: str) -> None:
    assert age_of(form.format(first, last)) == (f"Y{first}T{last}" if first < last else None)


@given(AGES, st.sampled_from(["{}+", "{} and over", "{} лет и старше", "Y_GE{}", "{} ani și peste"]))
def test_an_open_group_keeps_its_bound(age: int, form: str) -> None:
    assert age_of(form.format(age)) == f"Y_GE{age}"


@given(st.text(max_size=30))
def test_a_code_is_read_as_itself_and_no_text_breaks_it(text: str) -> None:
    code = age_of(text)
    assert code is None or age_of(code) == code
