"""Workbooks as offices lay them out, each quirk through a contract: nothing is lost unseen, nothing is invented."""

from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from ruamel.yaml import YAML

from pipelines.settings import ROOT

from .tidying import excel, harmonised_book, said, tidy, workbook

RAISED = InlineFont(vertAlign="superscript")
LONG = {"columns": {"ref_area": "area", "time_period": "year"}, "values": [{"header": "value"}]}
WIDE = {"columns": {"ref_area": "area"}, "values": [{"header": "{time_period}"}]}


def test_raised_footnote_in_a_header_is_not_the_year_20221(tmp_path: Path) -> None:
    book = workbook({"S": [["area", 2021, "x", 2023], ["MDA", 1, 2, 3]]})
    book["S"]["C1"] = CellRichText("2022", TextBlock(RAISED, "1"))
    result = harmonised_book(book, tmp_path, excel([WIDE]))
    assert sorted(tidy(result, "time_period, obs_value, note")) == [
        ("2021", 1.0, None),
        ("2022", 2.0, "¹"),
        ("2023", 3.0, None),
    ]


def test_raised_footnote_in_a_value_is_no_digit(tmp_path: Path) -> None:
    book = workbook({"S": [["area", "year", "value"], ["MDA", 2020, "x"], ["MDA", 2021, 5]]})
    book["S"]["C2"] = CellRichText("123", TextBlock(RAISED, "4)"))
    result = harmonised_book(book, tmp_path, excel([LONG]))
    assert said(result)[0].startswith("sheet “S”, row 2, column “value”: found “123⁴⁾”; expected a number")
    again = harmonised_book(book, tmp_path, excel([LONG], flags={"1)": "A"}))
    assert tidy(again, "obs_value, note") == [(123.0, "⁴⁾"), (5.0, None)]


def test_five_digits_that_continue_the_years_are_a_year_with_its_footnote(tmp_path: Path) -> None:
    """What is left of 2022¹ where the font is lost."""
    book = workbook({"S": [["area", "2021", "20221", "2023"], ["MDA", 1, 2, 3]]})
    result = harmonised_book(book, tmp_path, excel([WIDE]))
    assert sorted(tidy(result, "time_period, obs_value, note"))[1] == ("2022", 2.0, "¹")


@pytest.mark.parametrize("header", ["20221", "2022 p", "2022¹ᵃ"])
def test_a_column_that_begins_like_a_period_is_never_left_out_unseen(tmp_path: Path, header: str) -> None:
    book = workbook({"S": [["area", "2015", header, "2030"], ["MDA", 1, 2, 3]]})
    result = harmonised_book(book, tmp_path, excel([WIDE]))
    assert said(result) == [
        f"sheet “S”, column “header”: found “{header}”; expected a year such as 2024. "
        "If it is a footnote or a flag, list the mark under `flags` in the contract."
    ]


def test_error_cells_are_problems_not_missing_values(tmp_path: Path) -> None:
    book = workbook({"S": [["area", "year", "value"], ["MDA", 2020, "#REF!"], ["MDA", 2021, 5]]})
    book["S"]["C2"].data_type = "e"
    result = harmonised_book(book, tmp_path, excel([LONG]))
    assert said(result)[0].startswith("sheet “S”, row 2, column “value”: found “#REF!”; expected a number")


def test_hidden_rows_columns_and_sheets_are_read_and_named(tmp_path: Path) -> None:
    rows = [["area", "year", "value"], ["MDA", 2020, 1], ["MDA", 2021, 2]]
    book = workbook({"2020": rows, "draft": rows})
    book["2020"].row_dimensions[3].hidden = True
    book["2020"].column_dimensions["B"].hidden = True
    book["draft"].sheet_state = "hidden"
    result = harmonised_book(book, tmp_path, excel([LONG]))
    assert [row[2] for row in tidy(result)] == [1.0, 2.0]
    assert [text.split(". ")[0] for text in said(result)] == [
        "sheet “draft”: expected no hidden sheet; it was not read",
        "sheet “2020”: found “3”; expected no hidden rows; they were read like the others",
        "sheet “2020”: found “B”; expected no hidden columns; they were read like the others",
    ]
    assert result.laid_out


def test_the_first_sheet_shown_is_meant_where_none_is_named(tmp_path: Path) -> None:
    book = workbook(
        {"old": [["area", "year", "value"], ["MDA", 2020, 9]], "new": [["area", "year", "value"], ["MDA", 2020, 1]]}
    )
    book["old"].sheet_state = "hidden"
    book.active = 1
    assert [row[2] for row in tidy(harmonised_book(book, tmp_path, excel([LONG])))] == [1.0]


def test_one_sheet_per_year(tmp_path: Path) -> None:
    table = {"sheet": "Год {time_period}", "columns": {"ref_area": "area"}, "values": [{"header": "value"}]}
    sheets = {f"Год {year}": [["area", "value"], ["MDA", year]] for year in (2019, 2020)}
    result = harmonised_book(workbook(sheets | {"Примечания": [["text"]]}), tmp_path, excel([table]))
    assert sorted(tidy(result)) == [("MDA", "2019", 2019.0, "A"), ("MDA", "2020", 2020.0, "A")]


def test_a_sheet_whose_name_is_no_period_is_said_so(tmp_path: Path) -> None:
    table = {"sheet": "{time_period}", "columns": {"ref_area": "area"}, "values": [{"header": "value"}]}
    result = harmonised_book(workbook({"2019-13": [["area", "value"], ["MDA", 1]]}), tmp_path, excel([table]))
    assert said(result) == ["sheet “2019-13”, column “time_period”: found “2019-13”; expected a year such as 2024"]


def test_blocks_repeated_down_a_sheet_are_one_table(tmp_path: Path) -> None:
    """As Nomis and many ministries print it: a title row, a header, the rows, a blank line, and so on."""
    rows: list[list[object]] = [["Preamble"], []]
    for sex, value in (("All persons", 3), ("Males", 1), ("Females", 2)):
        rows += [[f"sex: {sex}"], [], ["area", "value"], ["MDA", value], [], ["Disclosure note"]]
    table = {
        "starts_at": "sex: {sex}",
        "header_rows": [3],
        "ends_at": [""],
        "columns": {"ref_area": "area"},
        "values": [{"header": "value"}],
        "set": {"time_period": "2020"},
    }
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table], {"sex": 1}))
    assert tidy(result, "sex, obs_value, source_row") == [
        ("All persons", 3.0, 6),
        ("Males", 1.0, 12),
        ("Females", 2.0, 18),
    ]


def test_two_tables_in_one_sheet_with_notes_between(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["T1"],
        ["area", 2020],
        ["MDA", 1],
        ["* note"],
        [],
        ["T2"],
        ["area", 2020],
        ["ALB", 2],
        ["Source: x"],
    ]
    tables = [
        {**WIDE, "starts_at": "T1", "header_rows": [2], "ends_at": ["* note"]},
        {**WIDE, "starts_at": "T2", "header_rows": [2], "ends_at": ["Source:*"]},
    ]
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel(tables))
    assert tidy(result, "ref_area, obs_value") == [("MDA", 1.0), ("ALB", 2.0)]


def test_figures_below_the_end_are_not_lost_unseen(tmp_path: Path) -> None:
    rows = [["area", "year", "value"], ["MDA", 2020, 1], [], ["ALB", 2020, 2]]
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([{**LONG, "ends_at": [""]}]))
    assert said(result) == [
        "sheet “S”, row 4, column “value”: found “2”; expected no figure below the end of the table. "
        "Take blank rows out of the table, or correct `ends_at` in the contract."
    ]


def test_a_start_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = harmonised_book(workbook({"S": [["a"], ["b"]]}), tmp_path, excel([{**LONG, "starts_at": "Table 3"}]))
    assert said(result) == [
        "sheet “S”, column “Table 3”: expected a cell with this text, at which the table starts. "
        "Send the file with it, or correct `starts_at` in the contract."
    ]


def test_label_cells_left_empty_or_merged_take_what_stands_above(tmp_path: Path) -> None:
    rows = [["area", "year", "value"], ["MDA", 2020, 1], [None, 2021, 2], ["ALB", 2020, 3], [None, 2021, 4]]
    table = {**LONG, "columns": {"ref_area": {"header": "area", "above": [""]}, "time_period": "year"}}
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table]))
    assert [row[0] for row in tidy(result)] == ["MDA", "MDA", "ALB", "ALB"]
    first = harmonised_book(workbook({"S": [rows[0], rows[2]]}), tmp_path, excel([table]))
    assert tidy(first, "ref_area") == [(None,)], "nothing above: nothing is invented"


def test_context_in_the_row_above(tmp_path: Path) -> None:
    """Bare labels men and women under each area; an unknown label is still a problem."""
    rows = [["Items", "value"], ["Moldova", 3], ["men", 1], ["women ", 2], ["Albania", 7], ["men", 4], ["childen", 9]]
    table = {
        "columns": {
            "ref_area": {"header": "Items", "scheme": "name", "above": ["men", "women"]},
            "sex": {"header": "Items", "codes": {"men": "M", "women": "F", "*": "_T"}},
        },
        "values": [{"header": "value"}],
        "set": {"time_period": "2020"},
    }
    codes = {"Moldova": "MDA", "Albania": "ALB"}
    table["columns"]["ref_area"]["codes"] = codes  # type: ignore[index]
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table], {"sex": 1}))
    assert [row[:2] for row in tidy(result, "ref_area, sex")] == [
        ("MDA", "_T"),
        ("MDA", "M"),
        ("MDA", "F"),
        ("ALB", "_T"),
        ("ALB", "M"),
        (None, "_T"),
    ]
    assert [(p.row, p.value) for p in result.problems] == [(7, "childen")]


def test_section_rows_give_their_name_to_the_rows_below(tmp_path: Path) -> None:
    rows = [
        ["Items", "value"],
        ["All", 3],
        ["По полу", None],
        ["Men", 1],
        ["Women", 2],
        ["По возрасту", None],
        ["0-14", 3],
    ]
    table = {
        "columns": {
            "section": {
                "header": "Items",
                "codes": {"All": "_T", "По полу": "sex", "По возрасту": "age"},
                "above": ["*"],
            },
            "item": "Items",
        },
        "leave_out": {"Items": ["По полу", "По возрасту"]},
        "values": [{"header": "value"}],
        "set": {"time_period": "2020", "ref_area": "MDA"},
    }
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table], {"section": 1, "item": 1}))
    assert tidy(result, "section, item, obs_value") == [
        ("_T", "All", 3.0),
        ("sex", "Men", 1.0),
        ("sex", "Women", 2.0),
        ("age", "0-14", 3.0),
    ]
    assert result.rows_left_out == 2


def test_words_of_headers_broken_by_hyphens_and_lines(tmp_path: Path) -> None:
    rows = [["area", "year", "Снято с миграцион-\nного  учета"], ["MDA", 2020, 1]]
    table = {**LONG, "values": [{"header": "Снято с миграционного учета"}]}
    assert tidy(harmonised_book(workbook({"S": rows}), tmp_path, excel([table])), "obs_value") == [(1.0,)]


def test_merged_header_does_not_name_the_column_beside_it(tmp_path: Path) -> None:
    """The ministry's 19th column: sums of unlike things under no header at all."""
    rows = [["area", "Visas", None, "Permits", None], [None, "2020", "2021", None, None], ["MDA", 1, 2, 3, 99]]
    book = workbook({"S": rows})
    book["S"].merge_cells("B1:C1")
    book["S"].merge_cells("D1:D2")
    table = {
        "header_rows": [1, 2],
        "columns": {"ref_area": "area"},
        "values": [{"header": "Visas | {time_period}"}, {"header": "Permits", "set": {"time_period": "2022"}}],
    }
    result = harmonised_book(book, tmp_path, excel([table]))
    assert sorted(tidy(result, "time_period, obs_value")) == [("2020", 1.0), ("2021", 2.0), ("2022", 3.0)]
    assert said(result) == [
        "sheet “S”, row 3, column “E”: found “99”; expected a header above it, or nothing. "
        "Name it in the contract, as `column E`, or list its letter in `ignore_columns`."
    ]


def test_a_column_without_a_header_is_named_by_its_letter(tmp_path: Path) -> None:
    rows = [[None, "year", "value"], ["код", 1, 2], ["MDA", 2020, 1]]
    table = {**LONG, "columns": {"ref_area": "column A", "time_period": "year"}, "leave_out": {"column A": ["код"]}}
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table]))
    assert tidy(result) == [("MDA", "2020", 1.0, "A")]
    assert said(result) == []


def test_two_columns_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    rows = [["area", "area", "year", "value"], ["MDA", "ALB", 2020, 1]]
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([LONG]))
    assert said(result) == [
        "sheet “S”, column “area”: expected one column of this name; A, B have it. "
        "Send it with headers that differ, or name the column in the contract as `column A`."
    ]


def test_numbers_typed_as_text_with_a_decimal_comma_beside_real_numbers(tmp_path: Path) -> None:
    rows = [["area", 2019, 2020, 2021, 2022], ["MDA", 0.381, "15,5", "1\u00a0280,6", "1.5"]]
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([WIDE], decimal=",", thousands="\u00a0"))
    assert dict(tidy(result, "time_period, obs_value")) == {"2019": 0.381, "2020": 15.5, "2021": 1280.6, "2022": None}


def test_dates_in_cells_are_periods(tmp_path: Path) -> None:
    import datetime as dt

    rows = [["area", "year", "value"], ["MDA", dt.date(2020, 1, 1), 1], ["MDA", dt.datetime(2021, 12, 31), 2]]
    assert [row[1] for row in tidy(harmonised_book(workbook({"S": rows}), tmp_path, excel([LONG])))] == ["2020", "2021"]


def test_years_and_sexes_as_columns(tmp_path: Path) -> None:
    rows = [[None, "2020", None, "2021", None], ["area", "M", "F", "M", "F"], ["MDA", 1, 2, 3, 4]]
    table = {"header_rows": [1, 2], "columns": {"ref_area": "area"}, "values": [{"header": "{time_period} | {sex}"}]}
    result = harmonised_book(workbook({"S": rows}), tmp_path, excel([table], {"sex": 1}))
    assert sorted(tidy(result, "time_period, sex, obs_value")) == [
        ("2020", "F", 2.0),
        ("2020", "M", 1.0),
        ("2021", "F", 4.0),
        ("2021", "M", 3.0),
    ]


def test_formulas_count_by_what_they_show(tmp_path: Path) -> None:
    """A formula nobody has calculated shows nothing: it is neither missing nor zero, and the cell is named."""
    book: openpyxl.Workbook = workbook({"S": [["area", "year", "value"], ["MDA", 2020, "=1+1"], ["MDA", 2021, 5]]})
    result = harmonised_book(book, tmp_path, excel([LONG]))
    assert [(p.row, p.column, p.value) for p in result.problems] == [(2, "value", "=1+1")]


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    chapter = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8").split("## Workbooks")[1]
    example = YAML(typ="safe").load(chapter.split("```yaml")[1].split("```")[0])
    rows: list[list[object]] = [
        ["Visas of the year"],
        ["Items", None, "Visas", None, *[None] * 14, None],
        [None, None, "work", "study"],
        ["code of column", None, 1, 2],
        ["Chui oblast", "all posts", 3, "(4,5)", *[None] * 14, 7.5],
        ["men", None, 1, "-"],
        ["By kind"],
        ["Osh oblast", None, 8, 9],
        ["Source: a register"],
        ["Kept since 1999"],
    ]
    columns = dict.fromkeys(("breakdown", "region", "sex", "purpose"), 1)
    told = {key: value for key, value in example.items() if key not in ("format", "tables")}
    described = excel([example["tables"][0] | {"set": {"ref_area": "KGZ"}}], columns, **told)
    book = workbook({"2020": rows})
    for cells in ("A2:A3", "C2:D2"):
        book["2020"].merge_cells(cells)
    result = harmonised_book(book, tmp_path, described)
    assert tidy(result, "time_period, breakdown, region, sex, purpose, obs_value, obs_status, note") == [
        ("2020", "_T", "Chui oblast", "_T", "work", 3.0, "A", "all posts"),
        ("2020", "_T", "Chui oblast", "_T", "study", 4.5, "U", "all posts; ()"),
        ("2020", "_T", "Chui oblast", "M", "work", 1.0, "A", None),
        ("2020", "_T", "Chui oblast", "M", "study", None, "M", None),
        ("2020", "By kind", "Osh oblast", "_T", "work", 8.0, "A", None),
        ("2020", "By kind", "Osh oblast", "_T", "study", 9.0, "A", None),
    ]
    assert [(p.kind, p.row, p.value) for p in result.problems] == [
        ("no row", 7, "By kind"),
        ("no row", 9, "Source: a register"),
    ]


def test_a_matrix_of_origins_and_destinations(tmp_path: Path) -> None:
    """As the ONS prints it: names broken over two rows, a row of codes, `-` on the diagonal, the total named apart."""
    rows: list[list[object]] = [
        ["Moves within a year"],
        ["ORIGIN --------->", None, None, "Yorkshire and", None],
        ["DESTINATION", None, None, "The Humber", "London"],
        ["Code", "Name", "All", "E12000003", "E12000007"],
        ["E12000003", "Yorkshire and The Humber", 5, "-", 5],
        ["E12000007", "London", 4, 4, "-"],
    ]
    table = {
        "starts_at": "Code",
        "columns": {"destination": "Code", "note": "Name"},
        "values": [{"header": "All", "set": {"origin": "_T"}}, {"header": "{origin}"}],
        "set": {"time_period": "2018", "ref_area": "GBR"},
    }
    described = excel([table], {"origin": 1, "destination": 1}, missing={"-": "M"})
    result = harmonised_book(workbook({"2018": rows}), tmp_path, described)
    assert tidy(result, "origin, destination, obs_value, note") == [
        ("_T", "E12000003", 5.0, "Yorkshire and The Humber"),
        ("E12000003", "E12000003", None, "Yorkshire and The Humber"),
        ("E12000007", "E12000003", 5.0, "Yorkshire and The Humber"),
        ("_T", "E12000007", 4.0, "London"),
        ("E12000003", "E12000007", 4.0, "London"),
        ("E12000007", "E12000007", None, "London"),
    ]


def test_a_title_that_is_a_broken_formula(tmp_path: Path) -> None:
    """As in the ministry's second sheet: blanks behind the sheet's name and the labels, 0 for a title with the year."""
    rows = [[0], ["Страна", "Въехало"], ["Молдова  ", 5.0], ["  Грузия", 0]]
    table = {
        "sheet": "САЙТ (2-РД)",
        "starts_at": "Страна",
        "columns": {"ref_area": {"header": "Страна", "scheme": "name"}},
        "values": [{"header": "Въехало"}],
        "set": {"time_period": "2016"},
    }
    result = harmonised_book(workbook({"САЙТ (2-РД) ": rows}), tmp_path, excel([table]))
    assert tidy(result) == [("MDA", "2016", 5.0, "A"), ("GEO", "2016", 0.0, "A")]


def test_codes_glued_to_names_and_periods_left_blank(tmp_path: Path) -> None:
    """As KOSIS prints it: `Y1970 1970` in one file, in the other the period only in the first row it is for."""
    rows = [["Origin", "Period", "Persons"], ["11 Seoul", "Y1970 1970", 5], ["26 Busan", None, "-"]]
    period = {"header": "Period", "above": [""], "codes": {"Y1970 1970": "1970"}}
    table = {"columns": {"origin": "Origin", "time_period": period}, "values": [{"header": "Persons"}]}
    described = excel([{**table, "set": {"ref_area": "KOR"}}], {"origin": 1}, missing={"-": "M"})
    result = harmonised_book(workbook({"Data": rows, "Meta Data": [["see"]]}), tmp_path, described)
    assert tidy(result, "origin, time_period, obs_value, obs_status") == [
        ("11 Seoul", "1970", 5.0, "A"),
        ("26 Busan", "1970", None, "M"),
    ]


def test_headings_of_a_matrix_are_rows_without_figures(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Name", "North", "South"], ["Men"], ["North", 0, 1], ["Women"], ["North", 0, 2]]
    table = {
        "context": {"Heading": {"header": "Name"}},
        "columns": {"sex": "Heading", "origin": "Name"},
        "values": [{"header": "{destination}"}],
        "set": {"time_period": "2018", "ref_area": "GBR"},
    }
    described = excel([table], {"sex": 1, "origin": 1, "destination": 1})
    result = harmonised_book(workbook({"S": rows}), tmp_path, described)
    assert tidy(result, "sex, origin, destination, obs_value") == [
        ("Men", "North", "North", 0.0),
        ("Men", "North", "South", 1.0),
        ("Women", "North", "North", 0.0),
        ("Women", "North", "South", 2.0),
    ]
