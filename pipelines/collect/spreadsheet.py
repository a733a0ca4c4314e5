"""Spreadsheets (xlsx, xls, ods), read whole with calamine: values as they are stored, every row numbered.

What calamine does not tell (raised footnotes, error cells, what is hidden) comes from `unseen`.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipelines.collect import extent, unseen
from pipelines.collect.body import Body, Row, observations
from pipelines.collect.header import Range, filled, joined
from pipelines.collect.layout import Place, first_text, places
from pipelines.collect.table import RawTable, Unreadable, letter_of, surplus, surplus_problem, table_of
from pipelines.delivery import Problem
from pipelines.language import say, say_n
from pipelines.source import PERIOD_IN_NAME, Source, Table, template

Cell = str | float | int | bool | dt.time | dt.date | dt.datetime | dt.timedelta

FIGURE = re.compile(r"[-+−]?\d[\d\s.,]*")
SHOWN_PLACES = 8


def read(path: Path, source: Source, table: Table, contracts: Path) -> Iterator[RawTable]:
    """Read every place of a table: on each sheet the contract means, as often as it starts there.

    Raises:
        Unreadable: not a workbook, no such sheet, or no header where the contract says it is.
    """
    telling = extent.check(path, unseen.TELLING)
    book = _book(path)
    found, problems = _sheets(book, table.sheet)
    aside, odd = _unseen(path, telling, [name for name, _ in found])
    problems += odd
    alone = [other.sheet for other in source.tables].count(table.sheet) == 1
    for name, said in found:
        sheet = _sheet(book, name)
        rows = _texts(sheet, source.decimal)
        beside = aside.get(name, unseen.Unseen())
        for (row, column), text in beside.texts.items():
            if row < len(rows) and column < len(rows[row]):
                rows[row] = (*rows[row][:column], text, *rows[row][column + 1 :])
        problems += _hidden(name, beside)
        try:
            for place in places(rows, table):
                raw = _table(name, rows, place, table, sheet.merged_cell_ranges or [])
                raw.cells = said | raw.cells
                raw.problems += problems
                if alone:
                    raw.problems += _below(rows, place, table, raw) or _notes(name, rows, place)
                problems = []
                yield raw
        except Unreadable as error:
            error.problem.sheet = name
            raise


def shown_sheets(path: Path) -> Iterator[tuple[str, list[Sequence[str]]]]:
    """The name and the cells of every sheet that is not hidden.

    Raises:
        Unreadable: not a workbook.
    """
    extent.check(path)
    book = _book(path)
    for known in book.sheets_metadata:
        if known.typ == SheetTypeEnum.WorkSheet and known.visible == SheetVisibleEnum.Visible:
            yield known.name, _texts(_sheet(book, known.name), ".")


def _table(name: str, rows: list[Sequence[str]], place: Place, table: Table, merged: Iterable[Range]) -> RawTable:
    within = [part for part in (_within(cell, place.header) for cell in merged) if part]
    header = joined(filled([rows[i] for i in place.header], within))
    numbered = [(i + 1, rows[i]) for i in place.body]
    unnamed = _surplus(name, numbered, header, table)
    body = observations(Body(name, header, numbered), table)
    cells = [cells for _, cells in body.rows]
    if any(context.indent is not None for context in table.context.values()):
        cells = [[cell.strip() for cell in row] for row in cells]
    return RawTable(
        header=body.header,
        rows=table_of(cells, [number for number, _ in body.rows], len(body.header)),
        sheet=name,
        cells=place.said | {column: _at(rows, address) for column, address in table.cells.items()},
        left_out=body.left_out,
        problems=unnamed + body.problems,
    )


def _within(merged: Range, header: list[int]) -> Range | None:
    """The part of a merged cell that lies in the header, its rows counted there; its text stands in the first."""
    (top, left), (bottom, right) = merged
    depths = [depth for depth, row in enumerate(header) if top <= row <= bottom]
    return ((depths[0], left), (depths[-1], right)) if depths and header[depths[0]] == top else None


def _book(path: Path) -> CalamineWorkbook:
    """A workbook of whichever kind its content is: an old one may well be named .xlsx."""
    try:
        return CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))
    except (CalamineError, OSError) as error:
        raise _damaged(error) from error


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        sheet = book.get_sheet_by_name(name)
    except CalamineError as error:
        raise _damaged(error) from error
    extent.check_cells(sheet.total_height, sheet.total_width, name)
    return sheet


def _damaged(error: Exception) -> Unreadable:
    return Unreadable(
        Problem(
            kind="format",
            expected=say("an Excel or OpenDocument workbook"),
            remedy=say("Open it in Excel and save it again as .xlsx, without a password ({error}).", error=error),
        )
    )


def _sheets(book: CalamineWorkbook, wanted: str | None) -> tuple[list[tuple[str, dict[str, str]]], list[Problem]]:
    """The sheets of a name, blanks around it not counting, with what their names say; the first one shown if none is
    asked for. A hidden sheet is read only where the contract writes its whole name; each is told.
    """
    names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
    named = (wanted or "*").strip()
    pattern = template(named, PERIOD_IN_NAME)
    matches = {name: match for name in names if (match := pattern.fullmatch(name.strip()))}
    read = [name for name in matches if name not in hidden or name.strip() == named]
    if not read:
        raise Unreadable(
            Problem(
                kind="header",
                sheet=wanted or "",
                expected=say("a sheet of this name; there are: {names}", names=", ".join(names))
                if wanted
                else say("a sheet that is shown"),
                remedy=say("Send the workbook with that sheet, or correct `sheet` in the contract."),
            )
        )
    problems = [
        Problem(
            kind="hidden",
            sheet=name,
            expected=say("no hidden sheet; it was read" if name in read else "no hidden sheet; it was not read"),
            remedy=say("Look whether what it holds is meant to be sent, and show it or take it out."),
        )
        for name in names
        if name in hidden
    ]
    return [(name, matches[name].groupdict()) for name in (read if wanted else read[:1])], problems


def _unseen(path: Path, telling: set[str], names: list[str]) -> tuple[dict[str, unseen.Unseen], list[Problem]]:
    """The unseen side of some sheets; a file too odd for it is read all the same, and said to be so."""
    try:
        aside = unseen.of(path, telling)
        return {name: aside.sheet(name) for name in names} if aside else {}, []
    except Exception as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return {}, [
            Problem(
                kind="hidden",
                expected=say("a workbook in which raised footnotes, error cells and hidden rows can be told"),
                remedy=say("Open it in Excel and save it again as .xlsx ({detail}).", detail=detail),
            )
        ]


def _hidden(sheet: str, beside: unseen.Unseen) -> list[Problem]:
    """Hidden rows and columns are read like the others, and named."""
    found = {
        say("no hidden rows; they were read like the others"): [str(row + 1) for row in beside.rows],
        say("no hidden columns; they were read like the others"): [letter_of(column) for column in beside.columns],
    }
    return [
        Problem(
            kind="hidden",
            sheet=sheet,
            value=", ".join(places[:SHOWN_PLACES]) + (", ..." if len(places) > SHOWN_PLACES else ""),
            expected=expected,
            remedy=say("Look whether they are meant to be sent, and show them or take them out."),
        )
        for expected, places in found.items()
        if places
    ]


def _surplus(sheet: str, rows: list[Row], header: list[str], table: Table) -> list[Problem]:
    found = []
    for column in surplus(header, table):
        first = next(((number, cells[column]) for number, cells in rows if cells[column].strip()), None)
        if first:
            found.append(surplus_problem(column, first[0], first[1].strip(), sheet))
    return found


def _notes(sheet: str, rows: list[Sequence[str]], place: Place) -> list[Problem]:
    """What stands below the table may say how to read its figures."""
    texts = [(i + 1, text) for i in range(place.body.stop, place.limit) if (text := first_text(rows[i]))]
    if not texts:
        return []
    more, remedy = len(texts) - 1, say("The table ends above it: not read.")
    if more:
        follow = say_n("{n} more row with text follows.", "{n} more rows with text follow.", more)
        remedy = f"{follow} {remedy}"
    return [
        Problem(
            kind="no row",
            sheet=sheet,
            row=texts[0][0],
            value=texts[0][1],
            expected=say("a row of the table"),
            remedy=remedy,
        )
    ]


def _below(rows: list[Sequence[str]], place: Place, table: Table, raw: RawTable) -> list[Problem]:
    """Figures below the row that ends the only table of a sheet would be lost unseen."""
    columns = [i for i, name in enumerate(raw.header) if table.is_value(name)]
    for i in range(place.body.stop, place.limit):
        for column in columns:
            if column < len(rows[i]) and FIGURE.fullmatch(rows[i][column].strip()):
                return [
                    Problem(
                        kind="shape",
                        sheet=raw.sheet,
                        row=i + 1,
                        column=raw.header[column],
                        value=rows[i][column],
                        expected=say("no figure below the end of the table"),
                        remedy=say("Take blank rows out of the table, or correct `ends_at` in the contract."),
                    )
                ]
    return []


def _texts(sheet: CalamineSheet, decimal: str) -> list[Sequence[str]]:
    """A sheet as text, from its cell A1 on: a cell as a person would type it.

    The rows are tuples, of which the garbage collector takes no account once it has seen that they hold text.
    """

    def text(cell: Cell) -> str:
        if isinstance(cell, str):
            return cell.rstrip()  # blanks before a label may say how far it is indented
        if isinstance(cell, float):
            found = repr(cell).removesuffix(".0")  # the shortest text that gives it back
            return found if decimal == "." else found.replace(".", decimal)
        return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)

    blank = [""] * (sheet.start or (0, 0))[1]  # calamine leaves out the columns before the first used one, not the rows
    return [(*blank, *map(text, row)) for row in sheet.iter_rows()]


def _at(rows: list[Sequence[str]], address: str) -> str:
    row, column = coordinate_to_tuple(address)
    return rows[row - 1][column - 1].strip() if row <= len(rows) and column <= len(rows[row - 1]) else ""
