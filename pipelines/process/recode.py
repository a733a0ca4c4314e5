"""Translate text columns by their distinct values, batch by batch, on the way from a reader to DuckDB.

A column of twenty million codes holds a few hundred different ones. Each batch carries its text columns as
Arrow dictionaries, so what is looked up, trimmed or parsed is the dictionary and never the single cell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

Translate = Callable[[str], str | None]

TEXT = pa.dictionary(pa.int32(), pa.string())
ABOVE = "\x00as above"  # what a translation gives for a text that means: as in the row above


@dataclass(frozen=True)
class Recoding:
    """A column to be added: `name`, from the text of `raw`; None stands for what has no translation."""

    raw: str
    name: str
    translate: Translate


def recode(rows: pa.RecordBatchReader, flat: set[str], recodings: list[Recoding]) -> pa.RecordBatchReader:
    """Trim the text columns, leave out blank rows and add the translated columns.

    Args:
        flat: columns of many distinct values (figures) and those nobody reads, passed on as they are.
    """
    fields = [pa.field(f.name, f.type if f.name in flat or f.name == "source_row" else TEXT) for f in rows.schema]
    schema = pa.schema([*fields, *(pa.field(r.name, TEXT) for r in recodings)])
    return pa.RecordBatchReader.from_batches(schema, _recoded(rows, schema, flat, recodings))


def _recoded(
    rows: pa.RecordBatchReader, schema: pa.Schema, flat: set[str], recodings: list[Recoding]
) -> Iterator[pa.RecordBatch]:
    last: dict[str, str | None] = {}
    for batch in rows:
        columns = {
            name: column if name in flat or name == "source_row" else _trimmed(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
        for recoding in recodings:
            raw = columns[recoding.raw]
            found = _translated(_trimmed(raw) if recoding.raw in flat else raw, recoding.translate)
            columns[recoding.name] = _filled_down(found, last, recoding.name)
        yield _without_blank_rows(pa.record_batch([columns[name] for name in schema.names], schema=schema), flat)


def _trimmed(column: pa.Array) -> pa.DictionaryArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return _translated(encoded, str.strip)


def _translated(column: pa.DictionaryArray, translate: Translate) -> pa.DictionaryArray:
    values = [translate(text) for text in column.dictionary.to_pylist()]
    if None not in values:
        return pa.DictionaryArray.from_arrays(column.indices, pa.array(values, pa.string()))
    known = sorted({value for value in values if value is not None})
    place = {value: i for i, value in enumerate(known)}
    moved = pa.array([None if value is None else place[value] for value in values], pa.int32())
    return pa.DictionaryArray.from_arrays(moved.take(column.indices), pa.array(known, pa.string()))


def _filled_down(column: pa.DictionaryArray, last: dict[str, str | None], name: str) -> pa.DictionaryArray:
    """Give each row that says `as above` what the closest row above says, which may lie in an earlier batch."""
    words = column.dictionary.to_pylist()
    if ABOVE in words:
        texts = column.cast(pa.string()).to_pylist()
        said = last.get(name)
        for i, text in enumerate(texts):
            said = texts[i] = said if text == ABOVE else text
        column = pa.array(texts, pa.string()).dictionary_encode()
    if len(column):
        last[name] = column[-1].as_py()
    return column


def _without_blank_rows(batch: pa.RecordBatch, flat: set[str]) -> pa.RecordBatch:
    """A row is blank when every cell of the source is; most batches have a column without an empty cell."""
    blank = None
    cells = [name for name in batch.schema.names if name.startswith("c") and name[1:].isdigit()]
    for name in sorted(cells, key=lambda name: name in flat):
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            places = [i for i, text in enumerate(column.dictionary.to_pylist()) if not text.strip()]
            if not places:
                return batch
            empty = pc.is_in(column.indices, pa.array(places, pa.int32()))
        else:
            empty = pc.equal(pc.utf8_trim_whitespace(column), "")
        blank = empty if blank is None else pc.and_(blank, empty)
    return batch if blank is None or not pc.any(blank).as_py() else batch.filter(pc.invert(blank))
