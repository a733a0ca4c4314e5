"""Spreadsheets (xlsx, xls, ods), read whole with calamine: values as they are stored, every row numbered."""

import datetime as dt
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipelines.collect.body import Body, shape
from pipelines.collect.header import Range, filled, joined, unmarked
from pipelines.collect.read import RawTable, Unreadable, table_of
from pipelines.contract import PERIOD_IN_NAME, Source, Table, template
from pipelines.delivery import Problem

Cell = str | float | int | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(path: Path, source: Source, table: Table, contracts: Path) -> Iterator[RawTable]:
    """Read the sheets a table of the contract stands on, one after the other.

    Raises:
        Unreadable: not a workbook, no such sheet, or no header where the contract says it is.
    """
    book = _book(path)
    found, hidden = _sheets(book, table.sheet)
    for name, said in found:
        sheet = _sheet(book, name)
        rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        raw = _table(name, rows, sheet.merged_cell_ranges or [], table)
        raw.cells = said | {column: _at(rows, address) for column, address in table.cells.items()}
        raw.problems += hidden
        hidden = []
        yield raw


def _table(name: str, rows: list[list[str]], merged: Iterable[Range], table: Table) -> RawTable:
    numbers = _header_rows(name, rows, table)
    within = [m for m in (_within(m, numbers) for m in merged) if m]
    marked = [unmarked(row) for row in filled([rows[n - 1] for n in numbers], within)]
    header = joined([row for row, _ in marked])
    body = Body(header, list(enumerate(rows[numbers[-1] :], start=numbers[-1] + 1)), name)
    places = shape(body, table)
    marks = {i: mark for _, found in marked for i, mark in found.items()}
    return RawTable(
        header=body.header,
        rows=table_of([cells for _, cells in body.rows], [number for number, _ in body.rows], len(body.header)),
        sheet=name,
        marks={places.index(i): mark for i, mark in marks.items() if i in places},
        left_out=body.left_out,
        problems=body.problems,
    )


def _header_rows(name: str, rows: list[list[str]], table: Table) -> list[int]:
    """The numbers of the header rows, from the text that marks the first of them if the contract names one."""
    start = 0
    if table.header_at:
        wanted = table.header_at.casefold()
        found = (i for i, row in enumerate(rows) if any(" ".join(c.split()).casefold() == wanted for c in row))
        start = next(found, -1)
        if start < 0:
            raise _no_header(name, None, f"a header row with a cell “{table.header_at}”", "`header_at`")
    numbers = [start + n for n in sorted(table.header_rows)]
    last = numbers[-1]
    if len(rows) < last or not any(cell.strip() for cell in rows[last - 1]):
        raise _no_header(name, last, "a header row there", "`header_rows`")
    return numbers


def _no_header(sheet: str, row: int | None, expected: str, key: str) -> Unreadable:
    remedy = f"Send the sheet with its header, or set {key} in the contract."
    return Unreadable(Problem(kind="header", sheet=sheet, row=row, expected=expected, remedy=remedy))


def _within(merged: Range, numbers: list[int]) -> Range | None:
    """The part of a merged cell that lies in the header, its rows counted there; its text stands in the first."""
    (top, left), (bottom, right) = merged
    depths = [depth for depth, number in enumerate(numbers) if top < number <= bottom + 1]
    return ((depths[0], left), (depths[-1], right)) if depths and numbers[depths[0]] == top + 1 else None


def _book(path: Path) -> CalamineWorkbook:
    """A workbook of whichever kind its content is: an old one may well be named .xlsx."""
    try:
        return CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))
    except (CalamineError, OSError) as error:
        raise _damaged(error) from error


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except CalamineError as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> Unreadable:
    return Unreadable(
        Problem(
            kind="format",
            expected="an Excel or OpenDocument workbook",
            remedy=f"Open it in Excel and save it again as .xlsx, without a password ({error}).",
        )
    )


def _sheets(book: CalamineWorkbook, wanted: str | None) -> tuple[list[tuple[str, dict[str, str]]], list[Problem]]:
    """The sheets of a name with what their names say (the first to be seen when none is asked for), blanks around it
    not counting; and those that are not read because they are hidden and no contract names them.
    """
    names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
    pattern = template((wanted or "*").strip(), PERIOD_IN_NAME)
    matches = {name: match for name in names if (match := pattern.fullmatch(name.strip()))}
    seen = [name for name in matches if name not in hidden or name.strip() == (wanted or "").strip()]
    if not seen:
        raise Unreadable(
            Problem(
                kind="header",
                sheet=wanted or "",
                expected=f"a sheet of this name; there are: {', '.join(names)}" if wanted else "a sheet to be seen",
                remedy="Send the workbook with that sheet, or correct `sheet` in the contract.",
            )
        )
    kept = seen if wanted else seen[:1]
    problems = [
        Problem(
            kind="hidden",
            sheet=name,
            expected="no hidden sheet",
            remedy="It was not read; a contract that names it reads it.",
        )
        for name in matches
        if name not in seen
    ]
    return [(name, matches[name].groupdict()) for name in kept], problems


def _text(cell: Cell) -> str:
    """A cell as a person would type it; `repr` of a float is the shortest text that gives it back."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _at(rows: list[list[str]], address: str) -> str:
    row, column = coordinate_to_tuple(address)
    return rows[row - 1][column - 1].strip() if row <= len(rows) and column <= len(rows[row - 1]) else ""
