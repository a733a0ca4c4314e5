"""A cube: dimensions with their categories, and one value for each combination of them, the last one running fastest.

JSON-stat and PX are cubes. They become one row per cell; a category is stored once, however many cells it has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import pyarrow as pa

from pipelines.collect.table import RawTable, Unreadable, text_array
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Table

ROWS = 1 << 16
WORDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Dimension:
    """The categories of a dimension: a code for each, and a label for those that have one."""

    name: str
    codes: Sequence[str]
    labels: Sequence[str]


def rows_of(
    dimensions: list[Dimension], cells: dict[str, Sequence[str]], table: Table, places: np.ndarray | None = None
) -> RawTable:
    """A cube as a table: codes by dimension, then the cells; `source_row` is the number of the cell in the cube.

    Args:
        cells: texts by column name, such as `value` and `status`, one for each place.
        places: the numbers of the cells from 0, in a cube that does not state all of them.

    The column `<dimension> label` is there if the contract names it.
    """
    count = len(next(iter(cells.values())))
    if places is None:
        places = np.arange(count, dtype=np.int64)
    sizes = [len(d.codes) for d in dimensions]
    steps = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
    named = {f.header for f in table.fields().values()}
    texts: list[tuple[str, pa.Array, int, int]] = []
    for dimension, size, step in zip(dimensions, sizes, steps, strict=True):
        texts.append((dimension.name.strip(), text_array(dimension.codes), size, step))
        if f"{dimension.name.strip()} label" in named:
            texts.append((f"{dimension.name.strip()} label", text_array(dimension.labels), size, step))
    header = [name for name, *_ in texts] + list(cells)
    types = [WORDS] * len(texts) + [pa.string()] * len(cells)
    schema = pa.schema([(f"c{i}", t) for i, t in enumerate(types)]).append(pa.field("source_row", pa.int64()))

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, count, ROWS):
            part = places[start : start + ROWS]
            arrays = [
                pa.DictionaryArray.from_arrays((part // step % size).astype("int32"), t) for _, t, size, step in texts
            ]
            arrays += [text_array(column[start : start + ROWS]) for column in cells.values()]
            yield pa.record_batch([*arrays, pa.array(part + 1)], schema=schema)

    lost = [lost_letters(d.name, word) for d in dimensions for word in (*d.codes, *d.labels) if "\ufffd" in word]
    return RawTable(header=header, rows=pa.RecordBatchReader.from_batches(schema, batches()), problems=lost)


def lost_letters(column: str, word: str) -> Problem:
    """Letters that were replaced before the file was sent cannot be had back."""
    return Problem(
        kind="lost text",
        column=column,
        value=word,
        expected=say("legible text: its letters were lost before it was sent"),
        remedy=say("Ask the sender for the file in UTF-8."),
    )


def not_whole(format: str, expected: str, value: str | None = None, column: str = "") -> Unreadable:
    """A cube whose parts do not fit each other."""
    return Unreadable(
        Problem(
            kind="format",
            column=column,
            value=value,
            expected=say("{format} with {expected}", format=say(format), expected=expected),
            remedy=say("The file is cut off or was written wrongly: ask the sender for it again."),
        )
    )
