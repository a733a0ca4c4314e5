"""What stands in a value cell: numbers grouped in every way, marks in their place, flags and footnotes beside them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.process.flags import read_status, split_label

from .tidying import contract, harmonised, said, tidy

MARKS = {"": "O", "..": "L", ".": "M", ":": "O", "…": "O", "-": "M", "–": "M", "(*)": "Q", "x": "Q", "n/a": "O"}


def values(cells: list[str], tmp_path: Path, **options: object) -> list[tuple[object, ...]]:
    rows = "".join(f'MDA;{2000 + i};"{cell}"\n' for i, cell in enumerate(cells))
    described = contract(delimiter=";", **options)
    return tidy(harmonised("area;year;value\n" + rows, tmp_path, described), "obs_value, obs_status, note")


@pytest.mark.parametrize("mark", [" ", "\u00a0", "\u202f", "'", "’", "."])
def test_thousands_are_strict_groups_of_three(tmp_path: Path, mark: str) -> None:
    """Read as 123, a 1.23 with a wrong decimal mark would be a hundredfold error."""
    cells = [f"1{mark}234{mark}567,5", f"12{mark}345", "1234", f"1{mark}23", f"1234{mark}567", f"1{mark}2345", "-1,5"]
    found = values(cells, tmp_path, decimal=",", thousands=mark)
    assert [row[0] for row in found] == [1234567.5, 12345, 1234, None, None, None, -1.5]


def test_comma_thousands(tmp_path: Path) -> None:
    found = values(["1,234,567.5", "12,34", "1,5", "0.5"], tmp_path, thousands=",")
    assert [row[0] for row in found] == [1234567.5, None, None, 0.5]


def test_two_marks_in_one_number_are_no_number(tmp_path: Path) -> None:
    found = values(["1 234\u00a0567", "1 234 567"], tmp_path, thousands=" \u00a0")
    assert [row[0] for row in found] == [None, 1234567]


@pytest.mark.parametrize(("decimal", "cell"), [(",", "1.5"), (".", "1,5")])
def test_a_swapped_decimal_mark_is_refused(tmp_path: Path, decimal: str, cell: str) -> None:
    described = contract(delimiter=";", decimal=decimal)
    result = harmonised(f"area;year;value\nMDA;2020;{cell}\nMDA;2021;7\n", tmp_path, described)
    assert said(result) == [
        f"row 2, column “value”: found “{cell}”; expected a number with “{decimal}” as decimal mark, "
        "or a mark for missing: an empty cell. "
        "Correct the cell, or say in the contract how the sender writes it."
    ]


def test_long_minus(tmp_path: Path) -> None:
    assert [row[0] for row in values(["−12", "\u00a07\u00a0"], tmp_path)] == [-12, 7]


def test_different_marks_are_kept_apart(tmp_path: Path) -> None:
    found = values(list(MARKS), tmp_path, missing=MARKS)
    assert [row[:2] for row in found] == [(None, status) for status in MARKS.values()]


def test_flags_of_eurostat(tmp_path: Path) -> None:
    flags = {"b": "B", "c": "Q", "e": "E", "p": "P", "u": "U", "d": "D"}
    cells = ["-27007 e", ": ", ": c", "43110 b", "5 bep", "7", "8 z", ": e"]
    found = values(cells, tmp_path, missing={":": "O", "": "O"}, flags=flags)
    assert found == [
        (-27007.0, "E", "e"),
        (None, "O", None),
        (None, "Q", "c"),
        (43110.0, "B", "b"),
        (5.0, "B", "bep"),
        (7.0, "A", None),
        (None, "A", None),
        (None, "O", "e"),
    ]


def test_value_in_brackets_is_a_value_with_a_flag(tmp_path: Path) -> None:
    found = values(["(18,7)", "(*)", "18,7"], tmp_path, decimal=",", flags={"()": "U"}, missing={"(*)": "Q"})
    assert found == [(18.7, "U", "()"), (None, "Q", None), (18.7, "A", None)]


def test_brackets_mean_nothing_unless_the_contract_says_so(tmp_path: Path) -> None:
    assert [row[0] for row in values(["(18)", "18"], tmp_path)] == [None, 18]


def test_footnote_marks_become_the_note_and_never_a_digit(tmp_path: Path) -> None:
    flags = {"1)": "A", "¹": "A", "*": "P"}
    found = values(["123 1)", "123¹", "123*", "123 12)", "1231)", "123¹⁾"], tmp_path, flags=flags)
    assert found == [
        (123.0, "A", "1)"),
        (123.0, "A", "¹"),
        (123.0, "P", "*"),
        (123.0, "A", "12)"),
        (None, "A", None),
        (123.0, "A", "¹⁾"),
    ]


def test_footnote_marks_beside_labels_and_in_headers(tmp_path: Path) -> None:
    described = contract(
        flags={"1)": "A", "*": "P"},
        tables=[{"columns": {"ref_area": "area"}, "values": [{"header": "{time_period}"}]}],
    )
    result = harmonised("area,2022,2023*\nMDA 1),1,2\nALB,3,4\n", tmp_path, described)
    assert sorted(tidy(result, "ref_area, time_period, obs_value, obs_status, note")) == [
        ("ALB", "2022", 3.0, "A", None),
        ("ALB", "2023", 4.0, "P", "*"),
        ("MDA", "2022", 1.0, "A", "1)"),
        ("MDA", "2023", 2.0, "P", "1); *"),
    ]


def test_a_column_of_flags_is_read_by_the_same_words(tmp_path: Path) -> None:
    table = {
        "columns": {"ref_area": "area", "time_period": "year", "obs_status": "flag"},
        "values": [{"header": "value"}],
    }
    described = contract(tables=[table], flags={"b": "B", "e": "E", "c": "Q"})
    text = "area,year,value,flag\nMDA,2020,1,be\nMDA,2021,2,E\nMDA,2022,,c\nMDA,2023,3,\nMDA,2024,4,?\n"
    result = harmonised(text, tmp_path, described)
    assert [row[3] for row in tidy(result)] == ["B", "E", "Q", "A", "A"]
    assert said(result) == [
        "row 6, column “flag”: found “?”; expected a status of CL_OBS_STATUS or one of the `flags`. "
        "Correct it, or add what the sender writes to `codes` in the contract."
    ]


def test_status_words_of_the_contract_come_first() -> None:
    assert read_status("b", {"b": "B"}, {"b": "E"}) == "E"
    assert read_status("Z", {}, {}) is None


def test_letters_are_part_of_a_label() -> None:
    assert split_label("Chile", {"e": "E"}) == ("Chile", "")
    assert split_label("Албания 1)", {"1)": "A"}) == ("Албания", "1)")
    assert split_label("2022 1)", {"1)": "A"}) == ("2022", "1)")


@settings(max_examples=40)
@given(
    value=st.integers(-(10**15), 10**15),
    mark=st.sampled_from(["", " ", "\u00a0", "\u202f", "'"]),
    flag=st.sampled_from(["", " e", "e", " bep", " 1)", "¹"]),
    digits=st.integers(0, 999),
)
def test_any_number_comes_back_with_its_flag(
    tmp_path_factory: pytest.TempPathFactory, value: int, mark: str, flag: str, digits: int
) -> None:
    cell = f"{value:,}".replace(",", mark) + f",{digits:03}{flag}"
    flags = {"b": "B", "e": "E", "p": "P", "1)": "A", "¹": "A"}
    folder = tmp_path_factory.mktemp("number")
    found = values([cell], folder, decimal=",", thousands=mark, flags=flags)
    assert found[0][0] == float(f"{value}.{digits:03}")
    assert (found[0][2] or "") == flag.strip()
