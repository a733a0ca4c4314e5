"""Spreadsheets (xlsx, xls, ods), read whole with calamine: values as they are stored, every row numbered."""

import datetime as dt
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.collect.read import RawTable, Unreadable, flatten_header, table_of
from pipelines.contract import Source, Table
from pipelines.delivery import Problem

Cell = str | float | int | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(path: Path, source: Source, table: Table, contracts: Path) -> RawTable:
    """Read one sheet by contract.

    Raises:
        Unreadable: not a workbook, no such sheet, or no header where the contract says it is.
    """
    name, rows = _sheet(path, table.sheet)
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
        cells={column: _at(rows, address) for column, address in table.cells.items()},
    )


def _sheet(path: Path, wanted: str | None) -> tuple[str, list[list[str]]]:
    """A sheet by name (the first when none is named) as text; blanks around a sheet's name do not count."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = {name.strip(): name for name in book.sheet_names}
        name = names[wanted.strip()] if wanted else book.sheet_names[0]
        cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except KeyError as error:
        raise Unreadable(
            Problem(
                kind="header",
                sheet=wanted or "",
                expected=f"a sheet of this name among: {', '.join(names)}",
                remedy="Send the workbook with that sheet, or correct `sheet` in the contract.",
            )
        ) from error
    except (CalamineError, OSError) as error:
        raise Unreadable(
            Problem(
                kind="format",
                expected="an Excel or OpenDocument workbook",
                remedy=f"Open it in Excel and save it again as .xlsx, without a password ({error}).",
            )
        ) from error
    return name, [[_text(cell) for cell in row] for row in cells]


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
