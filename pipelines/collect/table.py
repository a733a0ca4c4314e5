"""A source table as text: every cell as it is written, every row with its number; what a reader makes of a file.

Types are cast later, by contract: a reader that guesses turns sex `T` into true and Namibia into nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.collect.header import filled, joined
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Table

ROWS = 1 << 14
WORDS = pa.dictionary(pa.int32(), pa.string())  # few distinct values: parsed once each


class Unreadable(Exception):
    """A file that cannot be read as its contract says; carries the problem in words."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass
class RawTable:
    """One source table. `rows` has the columns c0, c1, ... (text) and `source_row`; it is read once.

    `cells` holds what stands beside the table: in cells above it, or in the name of its sheet; `left_out` counts rows
    of the source that are no rows of the table; `labels` the first columns, into which a column of labels was split.
    """

    header: list[str]
    rows: pa.RecordBatchReader
    sheet: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    labels: int = 0
    problems: list[Problem] = field(default_factory=list)


def flatten_header(rows: list[list[str]]) -> list[str]:
    """Several header rows as one name per column: a parent stands for all columns up to the next, parts are joined."""
    return joined(filled(rows))


def letter_of(column: int) -> str:
    """How a spreadsheet names a column counted from 0: the contract calls one without a header `column C`."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def surplus(header: list[str], table: Table) -> list[int]:
    """Columns without a header that the contract does not name either: figures in them would be lost unseen."""
    named = {f.header.lower() for f in table.fields().values()} | {v.header.lower() for v in table.values}
    named |= {text.lower() for text in table.leave_out}
    if table.rest:
        return []  # there they are refused, with the row
    named |= {f"column {letter}".lower() for letter in table.ignore_columns}
    return [i for i, name in enumerate(header) if not name and f"column {letter_of(i)}".lower() not in named]


def surplus_problem(column: int, row: int, value: str, sheet: str = "") -> Problem:
    """A column without a header that holds something, at its first place."""
    return Problem(
        kind="surplus",
        sheet=sheet,
        row=row,
        column=letter_of(column),
        value=value[:200],
        expected=say("a header above it, or nothing"),
        remedy=say(
            "Name it in the contract, as `column {letter}`, or list its letter in `ignore_columns`.",
            letter=letter_of(column),
        ),
    )


def text_schema(width: int) -> pa.Schema:
    """c0 ... cN as text, then source_row."""
    return pa.schema([(f"c{i}", pa.string()) for i in range(width)] + [("source_row", pa.int64())])


def table_of(rows: Sequence[Sequence[str]], numbers: list[int], width: int) -> pa.RecordBatchReader:
    """Rows of equal length held in memory, as a reader."""
    schema = text_schema(width)
    batches = []
    for first in range(0, len(rows), ROWS):
        part = slice(first, first + ROWS)
        columns = [pa.array(cells, pa.string()) for cells in zip(*rows[part], strict=True)]
        batches.append(pa.record_batch([*columns, pa.array(numbers[part], pa.int64())], schema=schema))
    return pa.RecordBatchReader.from_batches(schema, batches)


def stream(rows: Iterator[tuple[int, dict[str, str]]], header: list[str]) -> pa.RecordBatchReader:
    """Numbered rows, each with its cells by column name, as batches; a cell that is not there is empty."""

    def batches() -> Iterator[pa.RecordBatch]:
        while part := list(islice(rows, ROWS)):
            yield batch_of([cells for _, cells in part], [number for number, _ in part], header)

    return pa.RecordBatchReader.from_batches(text_schema(len(header)), batches())


def batch_of(rows: list[dict[str, str]], numbers: Sequence[int], header: list[str]) -> pa.RecordBatch:
    """Rows with their cells by column name as one batch; a cell that is not there, or nothing, is empty."""
    try:
        cells = pa.array(rows, pa.struct([(name, pa.string()) for name in header]))
        columns = [pc.fill_null(column, "") for column in cells.flatten()]
    except UnicodeEncodeError:
        columns = [text_array([cells.get(name) or "" for cells in rows]) for name in header]
    return pa.record_batch([*columns, pa.array(numbers, pa.int64())], schema=text_schema(len(header)))


def text_array(words: Sequence[str]) -> pa.Array:
    """Text for Arrow; half a character (a lone surrogate, which JSON can spell) becomes the sign for a lost one."""
    try:
        return pa.array(words, pa.string())
    except UnicodeEncodeError:
        return pa.array([w.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for w in words], pa.string())
