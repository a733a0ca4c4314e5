"""Spreadsheets (xlsx, xls, ods), read whole with calamine: values as they are stored, every row numbered."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.collect.read import RawTable, Unreadable, flatten_header, table_of
from pipelines.contract import PERIOD_IN_NAME, Source, Table, template
from pipelines.delivery import Problem

Cell = str | float | int | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(path: Path, source: Source, table: Table, contracts: Path) -> Iterator[RawTable]:
    """Read the sheets a table of the contract stands on, one after the other.

    Raises:
        Unreadable: not a workbook, no such sheet, or no header where the contract says it is.
    """
    book = _book(path)
    for name, said in _sheets(book.sheet_names, table.sheet):
        rows = [[_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        yield _table(name, rows, table, said)


def _table(name: str, rows: list[list[str]], table: Table, said: dict[str, str]) -> RawTable:
    last = max(table.header_rows)
    if len(rows) < last or not any(rows[last - 1]):
        raise Unreadable(
            Problem(
                kind="header",
                sheet=name,
                row=last,
                expected="a header row there",
                remedy="Send the sheet with its header, or set `header_rows` in the contract.",
            )
        )
    header = flatten_header([rows[n - 1] for n in table.header_rows])
    body = rows[last:]
    return RawTable(
        header=header,
        rows=table_of(body, list(range(last + 1, last + 1 + len(body))), len(header)),
        sheet=name,
        cells=said | {column: _at(rows, address) for column, address in table.cells.items()},
    )


def _book(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise Unreadable(
            Problem(
                kind="format",
                expected="an Excel or OpenDocument workbook",
                remedy=f"Open it in Excel and save it again as .xlsx, without a password ({error}).",
            )
        ) from error


def _sheets(names: list[str], wanted: str | None) -> list[tuple[str, dict[str, str]]]:
    """The sheets of a name with what their names say (the first when none is asked for); blanks around do not count."""
    if wanted is None:
        return [(names[0], {})]
    pattern = template(wanted.strip(), PERIOD_IN_NAME)
    matches = [(name, pattern.fullmatch(name.strip())) for name in names]
    found = [(name, match.groupdict()) for name, match in matches if match]
    if not found:
        raise Unreadable(
            Problem(
                kind="header",
                sheet=wanted,
                expected=f"a sheet of this name; there are: {', '.join(names)}",
                remedy="Send the workbook with that sheet, or correct `sheet` in the contract.",
            )
        )
    return found


def _text(cell: Cell) -> str:
    """A cell as a person would type it; `repr` of a float is the shortest text that gives it back."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell).strip()


def _at(rows: list[list[str]], address: str) -> str:
    row, column = coordinate_to_tuple(address)
    return rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[row - 1]) else ""
