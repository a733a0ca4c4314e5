"""Workbooks as offices lay them out: what stands above, beside, between and below the figures is understood or told."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.collect.table import Unreadable
from tests.collect.reading import Cells, read_all, read_one, source

Rows = list[list[Any]]
FILES = Path(__file__).parent / "files"
YEARS = {"values": [{"header": "{time_period}"}]}


def write(folder: Path, sheets: dict[str, Rows], hidden: tuple[str, ...] = (), merged: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def read_sheet(folder: Path, rows: Rows, table: dict[str, Any], merged: tuple[str, ...] = ()) -> tuple[Any, Cells]:
    return read_one(write(folder, {"Sheet": rows}, merged=merged), source("excel", table=YEARS | table))


def test_a_merged_parent_covers_exactly_its_columns(tmp_path: Path) -> None:
    """A parent that ran on to the next text would make `total` a kind of visa."""
    rows: Rows = [
        ["Region", "Visas", None, "Total"],
        [None, "work", "study", None],
        ["Chui", 1, 2, 3],
    ]
    table = {"header_rows": [1, 2], "values": [{"header": "Visas*"}]}
    raw, _ = read_sheet(tmp_path, rows, table, ("A1:A2", "B1:C1", "D1:D2"))
    assert raw.header == ["Region", "Visas | work", "Visas | study", "Total"]


def test_a_cell_merged_over_many_header_rows_is_named_once(tmp_path: Path) -> None:
    rows: Rows = [["Region", "Registered", None], [None, "of these:", None], [None, "a", "b"], ["Chui", 1, 2]]
    table = {"header_rows": [1, 2, 3], "values": [{"header": "Registered*"}]}
    raw, _ = read_sheet(tmp_path, rows, table, ("A1:A3", "B1:C1", "B2:C2"))
    assert raw.header == ["Region", "Registered | of these: | a", "Registered | of these: | b"]


def test_the_header_is_found_by_its_text(tmp_path: Path) -> None:
    rows: Rows = [["Title"], ["note of this year"], ["Items ", 2020, 2021], ["Chui", 1, 2]]
    raw, cells = read_sheet(tmp_path, rows, {"starts_at": "items"})
    assert (raw.header, cells) == (["Items", "2020", "2021"], [["Chui", "1", "2", 4]])


def test_cells_keep_their_places_in_a_sheet_that_begins_further_in(tmp_path: Path) -> None:
    """A contract names cells and columns by their letters, a problem its row, as the spreadsheet shows them."""
    rows: Rows = [[], [], [None, None, "2020"], [], [None, "Items", "Value"], [None, "Chui", 1], [None, "Naryn", 2]]
    table = {"header_rows": [5], "cells": {"time_period": "C3"}, "values": [{"header": "Value"}]}
    raw, cells = read_sheet(tmp_path, rows, table)
    assert (raw.header, raw.cells) == (["", "Items", "Value"], {"time_period": "2020"})
    assert cells == [["", "Chui", "1", 6], ["", "Naryn", "2", 7]]


def test_a_header_text_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="sheet “Sheet”, column “Code”: expected a cell with this text"):
        read_sheet(tmp_path, [["Items", 2020], ["Chui", 1]], {"starts_at": "Code"})


@pytest.mark.parametrize(("ends", "note"), [([""], "*by the ministry"), (["*by*", "Note*"], "*by the ministry")])
def test_rows_end_where_the_contract_says_and_the_notes_are_told(tmp_path: Path, ends: list[str], note: str) -> None:
    """A footnote read as a row would be a region nobody knows; one cut silently could change the figures' meaning."""
    rows: Rows = [["Items", 2020], ["Chui", 1], [], [note], ["Source: census"]]
    rows = rows if "" in ends else [rows[0], rows[1], *rows[3:]]
    raw, cells = read_sheet(tmp_path, rows, {"ends_at": ends})
    assert cells == [["Chui", "1", 2]]
    assert [str(p) for p in raw.problems] == [
        f"sheet “Sheet”, row {5 - len(ends)}: found “*by the ministry”; expected a row of the table. "
        "1 more row with text follows. The table ends above it: not read."
    ]


def test_two_tables_in_one_sheet_are_two_tables_of_the_contract(tmp_path: Path) -> None:
    rows: Rows = [["Items", 2020], ["Chui", 1], [], ["Items", 2021], ["Naryn", 2]]
    tables = [YEARS | {"header_rows": [1], "ends_at": [""]}, YEARS | {"header_rows": [4]}]
    found = read_all(write(tmp_path, {"S": rows}), source("excel", tables=tables))
    assert [cells for _, cells in found] == [[["Chui", "1", 2]], [["Naryn", "2", 5]]]


@pytest.mark.parametrize("numbering", [[None, 1, 2, 3], ["А", 1, 2, 3], [1, 2, 3, 4]])
def test_a_row_that_numbers_the_columns_is_no_observation(tmp_path: Path, numbering: list[Any]) -> None:
    rows: Rows = [["Region", 2019, 2020, 2021], numbering, ["Chui", 1, 2, 3], ["Naryn", 1, 2, 3]]
    raw, cells = read_sheet(tmp_path, rows, {})
    assert [row[0] for row in cells] == ["Chui", "Naryn"]
    assert [(p.kind, p.row, raw.left_out) for p in raw.problems] == [("no row", 2, 1)]


@pytest.mark.parametrize("figures", [[1, 2, 3], [1, 2, 4], [2, 3, 4], [1, 2, None]])
def test_figures_that_only_resemble_a_numbering_are_kept(tmp_path: Path, figures: list[Any]) -> None:
    raw, cells = read_sheet(tmp_path, [["Region", 2019, 2020, 2021], ["Chui", *figures]], {})
    assert [row[0] for row in cells] == ["Chui"]
    assert not raw.problems


def test_a_column_without_a_header_is_refused_unless_the_contract_says_what_it_is(tmp_path: Path) -> None:
    """The unlabelled sum of unlike things beside a ministry's table is no further year, and not cut silently either."""
    rows: Rows = [["Region", None, 2020], ["Chui", "KG-C", 1, 99]]
    raw, _ = read_sheet(tmp_path, rows, {"columns": {"note": "column B"}})
    assert [str(p) for p in raw.problems] == [
        "sheet “Sheet”, row 2, column “D”: found “99”; expected a header above it, or nothing. "
        "Name it in the contract, as `column D`, or list its letter in `ignore_columns`."
    ]
    raw, _ = read_sheet(tmp_path, rows, {"columns": {"note": "column B"}, "ignore_columns": ["D"]})
    assert not raw.problems


def test_heading_rows_say_what_the_rows_below_are(tmp_path: Path) -> None:
    """`Men` below `By sex`; a heading taken as a row would be a group without any figure."""
    rows: Rows = [["Items", 2020], ["All", 3], ["By sex"], ["Men", 1], ["Women", "-"], ["By age "], ["0-4", 3]]
    raw, cells = read_sheet(tmp_path, rows, {"context": {"Group": {"header": "Items"}}})
    assert raw.header == ["Items", "2020", "Group"]
    assert [[row[0], row[2], row[3]] for row in cells] == [
        ["All", "", 2],
        ["Men", "By sex", 4],
        ["Women", "By sex", 5],
        ["0-4", "By age", 7],
    ]
    assert [(p.row, p.value) for p in raw.problems] == [(3, "By sex"), (6, "By age")]
    assert raw.left_out == 2


def test_indented_labels_belong_to_the_region_above(tmp_path: Path) -> None:
    rows: Rows = [["Items", 2020]]
    for region in ("Kyrgyz Republic ", "Chui oblast"):
        rows += [[region, 3], ["  men", 1], ["  women", 2]]
    _, cells = read_sheet(tmp_path, rows, {"context": {"Area": {"header": "Items", "indent": 1}}})
    assert [(row[0], row[2]) for row in cells] == [
        (label, region) for region in ("Kyrgyz Republic", "Chui oblast") for label in (region, "men", "women")
    ]


def test_a_hidden_sheet_is_read_only_if_named_and_told_otherwise(tmp_path: Path) -> None:
    """Last year's sheet, hidden and forgotten, is not delivered a second time."""
    sheets: dict[str, Rows] = {name: [["Items", "Value"], ["Chui", int(name)]] for name in ("2019", "2020")}
    book = write(tmp_path, sheets, hidden=("2019",))
    ((raw, cells),) = read_all(book, source("excel", "Value", {"sheet": "{time_period}"}))
    assert (raw.sheet, cells) == ("2020", [["Chui", "2020", 2]])
    assert [str(p) for p in raw.problems] == [
        "sheet “2019”: expected no hidden sheet; it was not read. "
        "Look whether what it holds is meant to be sent, and show it or take it out."
    ]
    assert read_one(book, source("excel", "Value"))[0].sheet == "2020"
    assert read_one(book, source("excel", "Value", {"sheet": "2019"}))[0].sheet == "2019"


NAMES = ("office", "table", "text", "style")
UNSEEN = ["found “5”; expected no hidden rows", "found “C”; expected no hidden columns"]
ROWS = [["Chui", "1.5", "2", "#DIV/0!", 4], ["Naryn", "3", "4", "12³⁾", 5]]


def test_an_old_workbook_tells_what_a_newer_one_does() -> None:
    """Raised footnotes, errors, hidden and merged parts of a BIFF file; its last figure is no 123."""
    table = {"sheet": "Лист 1", "header_rows": [2, 3], "values": [{"header": "Visas | *"}]}
    raw, cells = read_one(FILES / "quirks.xls", source("excel", table=table))
    assert raw.header == ["Region", "Visas | 2021", "Visas | 2022¹", "Visas | 2023"]
    assert cells == ROWS
    told = [str(p).split("; they")[0].removeprefix("sheet “Лист 1 ”: ") for p in raw.problems]
    assert told[1:] == UNSEEN
    assert "sheet “old”: expected no hidden sheet; it was not read" in told[0]


def test_an_open_document_tells_what_others_do(tmp_path: Path) -> None:
    cells = [
        '<table:table-row><table:table-cell table:number-rows-spanned="2" office:value-type="string"><text:p>Region'
        '</text:p></table:table-cell><table:table-cell table:number-columns-spanned="3" office:value-type="string">'
        '<text:p>Visas</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="2"/>',
        "<table:table-row><table:covered-table-cell/>" + number(2021) + raised("2022", "1") + number(2023),
        "<table:table-row>" + text("Chui") + number(1.5) + number(2) + '<table:table-cell table:formula="of:=1/0" '
        'office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p>'
        "</table:table-cell>",
        '<table:table-row table:visibility="collapse">' + text("Naryn") + text("3") + number(4) + raised("12", "3)"),
    ]
    path = open_document(tmp_path, "</table:table-row>".join(cells) + "</table:table-row>")
    table = {"header_rows": [3, 4], "values": [{"header": "Visas | *"}]}
    raw, found = read_one(path, source("excel", table=table))
    assert raw.header == ["Region", "Visas | 2021", "Visas | 2022¹", "Visas | 2023"]
    assert [row[:4] for row in found] == [row[:4] for row in ROWS]
    assert [row[4] for row in found] == [5, 6]
    assert [str(p).split("; they")[0].removeprefix("sheet “S”: ") for p in raw.problems] == [
        "found “6”; expected no hidden rows",
        "found “C”; expected no hidden columns",
    ]


def text(written: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{written}</text:p></table:table-cell>'


def number(value: float) -> str:
    return text(str(value)).replace('"string"', f'"float" office:value="{value}"')


def raised(written: str, mark: str) -> str:
    return text(f'{written}<text:span text:style-name="T1">{mark}</text:span>')


def open_document(folder: Path, rows: str) -> Path:
    """An .ods with two blank rows before some others, and its third column hidden."""
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in NAMES)
    content = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-content {spaces} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:automatic-styles><style:style style:name="T1" style:family="text"><style:text-properties
 style:text-position="super 58%"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="S"><table:table-column table:number-columns-repeated="2"/>
<table:table-column table:visibility="collapse"/><table:table-column/>
<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="4"/></table:table-row>
{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""
    path = folder / "book.ods"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr("content.xml", content)
    return path


def test_dates_times_and_truths_are_text_as_a_person_reads_it(tmp_path: Path) -> None:
    """A date is ISO whatever its format shows; a percentage is the number that is stored."""
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Day", "Done", "Share", "Code", "Value"])
    book.worksheets[0].append([dt.date(2024, 2, 1), True, 0.25, "007", 1e6])
    book.worksheets[0]["A2"].number_format = "mm/dd/yy"
    book.worksheets[0]["C2"].number_format = "0%"
    book.save(path)
    assert read_one(path, source("excel", "Value"))[1] == [["2024-02-01", "True", "0.25", "007", "1000000", 2]]
