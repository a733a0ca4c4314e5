"""The rows below a header: where they end, which of them are no observations, and what they have from rows above."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from openpyxl.utils.cell import get_column_letter

from pipelines.contract import PERIOD_IN_NAME, Context, Table, template
from pipelines.delivery import Problem

LEAST_NUMBERED = 3
SHOWN = 120

Row = tuple[int, list[str]]


@dataclass
class Body:
    """The rows of a table with their numbers in the sheet, under `header`; what was left out is told in `problems`."""

    header: list[str]
    rows: list[Row]
    sheet: str = ""
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)

    def tell(self, kind: str, row: int, value: str, expected: str, remedy: str = "") -> None:
        """Note a row, or rows, that are read as something else than observations."""
        self.problems.append(
            Problem(kind=kind, sheet=self.sheet, row=row, value=value[:SHOWN], expected=expected, remedy=remedy)
        )


def shape(body: Body, table: Table) -> list[int]:
    """Shape the rows by contract: ended, without blank, numbering and heading rows, with the columns context gives.

    Returns:
        The places in the sheet of the columns that are kept.
    """
    _end(body, table.until)
    _without_numbering(body)
    places = _name_columns(body, table)
    values = _value_columns(body.header, table)
    for name in table.fill_down:
        _fill_down(body, name)
    for name, context in table.context.items():
        _add_context(body, name, context, values)
    if any(context.of_headings for context in table.context.values()):
        _without_headings(body, values)
    body.rows = [(number, [cell.strip() for cell in cells]) for number, cells in body.rows]
    return places


def _end(body: Body, until: list[str]) -> None:
    """Cut the rows at the first that ends them; what follows is told: a note may say how to read the figures."""
    width = len(body.header)
    rows = [(number, (cells + [""] * width)[: max(width, len(cells))]) for number, cells in body.rows]
    ends = (i for i, (_, cells) in enumerate(rows) if _ends(_first(cells), until))
    end = next(ends, len(rows))
    after = [(number, _first(cells)) for number, cells in rows[end:] if _first(cells)]
    if after:
        number, text = after[0]
        more = f" ({len(after) - 1} more rows with text follow)" if len(after) > 1 else ""
        body.tell("no row", number, text, f"nothing below the table{more}", "`until` ends it there: not read.")
    kept = [(number, cells) for number, cells in rows[:end] if _first(cells)]
    body.left_out += len(rows) - len(kept)
    body.rows = kept


def _ends(text: str, until: list[str]) -> bool:
    return any(text.startswith(beginning) if beginning else not text for beginning in until)


def _first(cells: Iterable[str]) -> str:
    """The first text of a row."""
    return next((cell.strip() for cell in cells if cell.strip()), "")


def _without_numbering(body: Body) -> None:
    """Leave out a first row that numbers the columns 1, 2, 3 ... (after labels, or letters, of the first ones)."""
    if not body.rows:
        return
    number, cells = body.rows[0]
    numbered = [cell.strip() for cell in cells]
    start = numbered.index("1") if "1" in numbered else len(numbered)
    numbers = [cell for cell in numbered[start:] if cell]
    if len(numbers) < LEAST_NUMBERED or numbers != [str(i + 1) for i in range(len(numbers))]:
        return
    if any(re.search(r"\d", cell) for cell in numbered[:start]):
        return
    body.tell("no row", number, " ".join(filter(None, numbered)), "observations", "It numbers the columns: left out.")
    body.rows = body.rows[1:]
    body.left_out += 1


def _name_columns(body: Body, table: Table) -> list[int]:
    """Name columns without a header by their letter, as in `[B]`; leave out those the contract ignores.

    One that holds something and that the contract does not mention is refused: it may be a total, or a lost header.
    """
    named = {f.header for f in table.fields().values()} | {*table.fill_down, *table.leave_out}
    named |= {context.header for context in table.context.values()}
    named |= {value.header for value in table.values}
    width = max([len(body.header), *(len(cells) for _, cells in body.rows)])
    header = body.header + [""] * (width - len(body.header))
    kept = []
    for i, name in enumerate(header):
        letter = get_column_letter(i + 1)
        if name:
            kept.append(i)
        elif f"[{letter}]" in named:
            header[i] = f"[{letter}]"
            kept.append(i)
        elif letter not in table.ignore_columns:
            _refuse_unnamed(body, i, letter)
    body.header = [header[i] for i in kept]
    body.rows = [(number, [cells[i] if i < len(cells) else "" for i in kept]) for number, cells in body.rows]
    return kept


def _refuse_unnamed(body: Body, i: int, letter: str) -> None:
    for number, cells in body.rows:
        if i < len(cells) and cells[i].strip():
            body.problems.append(
                Problem(
                    kind="shape",
                    sheet=body.sheet,
                    row=number,
                    column=letter,
                    value=cells[i].strip()[:SHOWN],
                    expected="no value in a column that has no header",
                    remedy=f"Give it a header, or name it “[{letter}]” or list it in `ignore_columns` in the contract.",
                )
            )
            return


def _value_columns(header: list[str], table: Table) -> list[int]:
    patterns = [template(value.header, PERIOD_IN_NAME) for value in table.values]
    return [i for i, name in enumerate(header) if any(pattern.fullmatch(name) for pattern in patterns)]


def _place(body: Body, name: str) -> int | None:
    """Where a column stands; that one is missing is said when the columns are mapped."""
    return body.header.index(name) if name in body.header else None


def _fill_down(body: Body, name: str) -> None:
    place, above = _place(body, name), ""
    if place is None:
        return
    for _, cells in body.rows:
        above = cells[place] if cells[place].strip() else above
        cells[place] = above


def _add_context(body: Body, name: str, context: Context, values: list[int]) -> None:
    place = _place(body, context.header)
    if place is None:
        return
    for (_, cells), label in zip(body.rows, list(_labels(body, place, context, values)), strict=True):
        cells.append(label)
    body.header.append(name)


def _labels(body: Body, place: int, context: Context, values: list[int]) -> Iterator[str]:
    """For each row the last label that counts, its own among them."""
    only, unless = ([template(text, ".+?") for text in texts] for texts in (context.only, context.unless))
    last = ""
    for _, cells in body.rows:
        label = cells[place].strip()
        if context.of_headings:
            counts = _is_heading(cells, values)
        elif context.indent is not None:
            counts = len(cells[place]) - len(cells[place].lstrip()) <= context.indent
        else:
            counts = not only or any(pattern.fullmatch(label) for pattern in only)
            counts = counts and not any(pattern.fullmatch(label) for pattern in unless)
        last = label if label and counts else last
        yield last


def _is_heading(cells: list[str], values: list[int]) -> bool:
    """A row with a label and no figures."""
    return not any(cells[i].strip() for i in values)


def _without_headings(body: Body, values: list[int]) -> None:
    headings = [(number, cells) for number, cells in body.rows if _is_heading(cells, values)]
    for number, cells in headings:
        body.tell("no row", number, _first(cells), "figures", "It is read as a heading of the rows below.")
    body.rows = [row for row in body.rows if row not in headings]
    body.left_out += len(headings)
