"""The rows below a header that are no observations, and what the others have from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import PERIOD_IN_NAME, Context, Table, template

LEAST_NUMBERED = 3
SHOWN = 120

Row = tuple[int, Sequence[str]]


@dataclass
class Body:
    """The rows of a table with their numbers in the sheet, under `header`; what is left out is told in `problems`."""

    sheet: str
    header: list[str]
    rows: list[Row]
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)

    def tell(self, row: int, value: str, expected: str, remedy: str) -> None:
        """Note a row that is read as something else than an observation."""
        self.problems.append(
            Problem(kind="no row", sheet=self.sheet, row=row, value=value[:SHOWN], expected=expected, remedy=remedy)
        )


def observations(body: Body, table: Table) -> Body:
    """The same rows without those that number the columns or head others, and with the columns `context` adds."""
    _without_numbering(body)
    values = _value_columns(body.header, table)
    for name, context in table.context.items():
        _add_context(body, name, context, values)
    if any(context.indent is None for context in table.context.values()):
        _without_headings(body, values)
    return body


def _value_columns(header: list[str], table: Table) -> list[int]:
    """The columns figures stand in: never one the contract names for something else."""
    named = {said.header for said in table.fields().values()} | {said.header for said in table.context.values()}
    patterns = [template(value.header, PERIOD_IN_NAME) for value in table.values]
    others = [i for i, name in enumerate(header) if name not in named]
    found = [i for i in others if any(pattern.fullmatch(header[i]) for pattern in patterns)]
    return found or [i for i in others if table.is_value(header[i])]


def _without_numbering(body: Body) -> None:
    """Leave out a first row that numbers the columns 1, 2, 3 ...; the first ones may have letters, А and Б, or nothing.

    A row with a label may hold these figures by chance: it is for the contract to leave it out.
    """
    number, cells = next((row for row in body.rows if _first(row[1])), (0, []))
    texts = [cell.strip() for cell in cells]
    start = texts.index("1") if "1" in texts else len(texts)
    numbers = [text for text in texts[start:] if text]
    if len(numbers) < LEAST_NUMBERED or numbers != [str(i + 1) for i in range(len(numbers))]:
        return
    if any(len(text) > 1 for text in texts[:start]) or any(body.header[start + len(numbers) :]):
        return
    body.tell(number, " ".join(filter(None, texts)), say("observations"), say("It numbers the columns: left out."))
    body.rows = [row for row in body.rows if row[0] != number]
    body.left_out += 1


def _add_context(body: Body, name: str, context: Context, values: list[int]) -> None:
    """Add a column; where its labels' column is missing, that is said when the columns are mapped."""
    if context.header in body.header:
        labels = list(_labels(body, body.header.index(context.header), context, values))
        body.header = [*body.header, name]
        body.rows = [(number, [*cells, label]) for (number, cells), label in zip(body.rows, labels, strict=True)]


def _labels(body: Body, place: int, context: Context, values: list[int]) -> Iterator[str]:
    """For each row the last label that counts, its own among them; none for a blank row."""
    last = ""
    for _, cells in body.rows:
        label = cells[place]
        if context.indent is None:
            counts = _is_heading(cells, values)
        else:
            counts = len(label) - len(label.lstrip()) <= context.indent
        last = label.strip() if label.strip() and counts else last
        yield last if _first(cells) else ""


def _without_headings(body: Body, values: list[int]) -> None:
    headings = [(number, cells) for number, cells in body.rows if _is_heading(cells, values)]
    for number, cells in headings:
        body.tell(number, _first(cells), say("figures"), say("It is read as a heading of the rows below."))
    body.rows = [(number, cells) for number, cells in body.rows if not _is_heading(cells, values)]
    body.left_out += len(headings)


def _is_heading(cells: Sequence[str], values: list[int]) -> bool:
    """A row with a label and no figures."""
    return bool(_first(cells)) and not any(cells[i].strip() for i in values)


def _first(cells: Sequence[str]) -> str:
    """The first text of a row."""
    return next((cell.strip() for cell in cells if cell.strip()), "")
