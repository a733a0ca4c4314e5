"""Cells without end: a quote that is opened and never closed takes the rows after it into one cell, unseen."""

from collections.abc import Iterator
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import msgid, say
from pipelines.source import Table

MOST_BYTES = 4 << 20
MOST_COLUMNS = 1 << 14
UNCLOSED = msgid("Look for a quote that is opened and not closed.")


def lines(file: TextIO) -> Iterator[str]:
    """The lines of a text, none of them longer than a record may be: memory does not grow with a line.

    Raises:
        Unreadable: a line is too long.
    """
    number = 0
    while line := file.readline(MOST_BYTES):
        number += 1
        if len(line) == MOST_BYTES:
            raise too_long(number)
        yield line


def too_long(row: int) -> Unreadable:
    """The refusal of a record that no table has."""
    expected = say("records of at most {size} MB from here on", size=MOST_BYTES >> 20)
    return Unreadable(Problem(kind="format", row=row, expected=expected, remedy=say(UNCLOSED)))


def check_width(header: list[str], row: int) -> None:
    """Raises Unreadable where a header has more columns than any table."""
    if len(header) > MOST_COLUMNS:
        raise Unreadable(
            Problem(
                kind="header",
                row=row,
                value=say("{n} columns", n=len(header)),
                expected=say("at most {most} columns", most=MOST_COLUMNS),
                remedy=say("Send it with one row for each observation, or correct `delimiter` in the contract."),
            )
        )


def reporting_swallowed(
    batches: Iterator[pa.RecordBatch], header: list[str], raw: RawTable, delimiter: str, table: Table
) -> Iterator[pa.RecordBatch]:
    """The same batches; a cell with a line in it that has as many marks as a row is a problem of `raw`.

    Args:
        header: names of the columns as they are in these batches; `raw` may give them others later.
    """
    marks = max(len(header) - 1, 2)
    for batch in batches:
        for i, name in enumerate(header):
            column = batch.column(i)
            if table.is_value(name) or not _holds_lines(column):
                continue  # in a column of figures, such a cell is no number
            places = pc.indices_nonzero(pc.match_substring(column, "\n"))
            texts = zip(reversed(column.take(places).to_pylist()), reversed(places.to_pylist()), strict=True)
            for text, place in reversed(dict(texts).items()):  # each text once, at its first place
                if any(line.count(delimiter) >= marks for line in text.splitlines()[1:]):
                    row = batch.column("source_row")[place].as_py()
                    expected = say("one cell; whole rows of the table stand in it")
                    raw.problems.append(
                        Problem(kind="shape", row=row, column=name, value=text, expected=expected, remedy=say(UNCLOSED))
                    )
        yield batch


def _holds_lines(column: pa.StringArray) -> bool:
    """Whether a text goes on after a line: a column's bytes tell so at once, and most hold none."""
    written = column.buffers()[2]
    return written is not None and bool((np.frombuffer(written, np.uint8) == ord("\n")).any())
