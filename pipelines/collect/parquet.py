"""Parquet, streamed: every value as text that gives it back without loss."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.collect.table import WORDS, RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

ROWS = 1 << 16


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Open a Parquet file; members of a structure become columns with dotted names, a null is an empty cell.

    Raises:
        Unreadable: not a whole Parquet file, encrypted, or a column of a type that has no text (lists, bytes).
    """
    try:
        stored = pq.read_schema(path, memory_map=True)
        words = [f.name for f in stored if pa.types.is_string(f.type) and not table.is_value(f.name)]
        file = pq.ParquetFile(path, memory_map=True, read_dictionary=words)
        schema = _flat(pa.RecordBatch.from_pylist([], schema=file.schema_arrow)).schema
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise _unreadable(error) from error
    for field in schema:
        if not _has_text(field.type):
            raise Unreadable(
                Problem(
                    kind="format",
                    column=field.name,
                    value=str(field.type),
                    expected=say("a column of text, numbers, dates or truth values"),
                    remedy=say("Write the column as text, or leave it out."),
                )
            )
    kinds = [pa.string() if table.is_value(name) else WORDS for name in schema.names]
    target = pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)] + [("source_row", pa.int64())])
    return [
        RawTable(header=schema.names, rows=pa.RecordBatchReader.from_batches(target, _batches(file, schema, target)))
    ]


def _batches(file: pq.ParquetFile, schema: pa.Schema, target: pa.Schema) -> Iterator[pa.RecordBatch]:
    first = 1
    try:
        for batch in file.iter_batches(ROWS, use_threads=False):
            batch.validate(full=True)  # Arrow itself takes any bytes for text
            found = zip(_flat(batch).columns, target.types, strict=False)
            columns = [_words(column) if kind == WORDS else _text(column) for column, kind in found]
            numbers = pa.array(np.arange(first, first + batch.num_rows))
            yield pa.record_batch([*columns, numbers], schema=target)
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(error) from error
    finally:
        file.close()


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Structures taken apart, as often as they are nested."""
    while any(pa.types.is_struct(t) for t in batch.schema.types):
        batch = (
            pa.Table.from_batches([batch]).flatten().combine_chunks().to_batches()[0]
            if batch.num_rows
            else (pa.RecordBatch.from_pylist([], schema=pa.Table.from_batches([batch]).flatten().schema))
        )
    return batch


def _words(column: pa.Array) -> pa.Array:
    """A column of few distinct values, each of them turned into text once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode(null_encoding="encode")
    elif column.null_count:
        column = column.cast(column.type.value_type).dictionary_encode(null_encoding="encode")
    return pa.DictionaryArray.from_arrays(column.indices.cast(pa.int32()), _text(column.dictionary))


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_decimal(column.type):
        return pa.array(["" if v is None else f"{v:f}" for v in column.to_pylist()], pa.string())
    return pc.fill_null(column.cast(pa.string()), "")


def _has_text(type: pa.DataType) -> bool:
    if pa.types.is_dictionary(type):
        type = type.value_type
    return not (pa.types.is_nested(type) or pa.types.is_binary(type) or pa.types.is_large_binary(type))


def _unreadable(error: Exception) -> Unreadable:
    return Unreadable(
        Problem(
            kind="format",
            expected=say("a whole Parquet file that is not encrypted"),
            remedy=say("Ask the sender to write it again ({detail}).", detail=" ".join(str(error).split())[:160]),
        )
    )
