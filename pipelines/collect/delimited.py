"""Delimited text, streamed: memory does not grow with the file, and every record keeps its number."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipelines.collect.read import RawTable, Unreadable, flatten_header
from pipelines.contract import Source, Table
from pipelines.delivery import Problem

BLOCK_BYTES = 4 << 20
WORDS = pa.dictionary(pa.int32(), pa.string())  # few distinct values: parsed once each
RAGGED_KEPT = 1000


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Open a delimited text file by contract.

    Raises:
        Unreadable: wrong encoding, or no header where the contract says it is.
    """
    head, lines = _head(path, source, max(table.header_rows))
    header = flatten_header([head[n - 1] for n in table.header_rows])
    cells = {name: _cell(head, address) for name, address in table.cells.items()}
    raw = RawTable(header=header, rows=pa.RecordBatchReader.from_batches(pa.schema([]), []), cells=cells)
    schema = pa.schema([(f"c{i}", pa.string() if table.is_value(name) else WORDS) for i, name in enumerate(header)])
    raw.rows = pa.RecordBatchReader.from_batches(
        schema.append(pa.field("source_row", pa.int64())), _batches(path, source, raw, schema, lines, len(head))
    )
    return [raw]


def _head(path: Path, source: Source, count: int) -> tuple[list[list[str]], int]:
    """The first records, and how many lines of text they take."""
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=source.delimiter)
            head, lines = list(islice(reader, count)), reader.line_num
    except (UnicodeError, csv.Error) as error:
        raise _undecodable(source, error) from error
    if len(head) < count or not any(cell.strip() for cell in head[-1]):
        raise Unreadable(
            Problem(
                kind="header",
                row=count,
                expected="a header row there",
                remedy="Send the file with its header, or set `header_rows` in the contract.",
            )
        )
    return head, lines


def _batches(
    path: Path, source: Source, raw: RawTable, schema: pa.Schema, lines: int, records: int
) -> Iterator[pa.RecordBatch]:
    """Batches of text with the number of each record; a record with too few or many cells is reported."""
    width = len(raw.header)
    skipped: list[int] = []

    def ragged(row: pa_csv.InvalidRow) -> str:
        number = int(row.number) - lines + records
        skipped.append(number)
        if row.text.strip() and len(raw.problems) < RAGGED_KEPT:
            raw.problems.append(
                Problem(
                    kind="shape",
                    row=number,
                    value=row.text[:200],
                    expected=f"{width} cells, as in the header, not {row.actual_columns}",
                    remedy=f"Look for a missing or extra “{source.delimiter}” or a stray quote.",
                )
            )
        return "skip"

    following = records + 1
    try:
        reader = pa_csv.open_csv(
            path,
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                skip_rows=lines,
                column_names=schema.names,
                encoding=source.encoding,
            ),
            pa_csv.ParseOptions(
                delimiter=source.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=ragged,
            ),
            pa_csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
        )
        for batch in reader:
            numbers, following = _numbers(following, batch.num_rows, skipped)
            yield batch.append_column("source_row", pa.array(numbers, pa.int64()))
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "Empty CSV file" not in str(error):
            raise _undecodable(source, error) from error


def _numbers(first: int, count: int, skipped: list[int]) -> tuple[np.ndarray, int]:
    """Record numbers of a batch that starts at `first`, leaving out the records skipped in it."""
    candidates = np.arange(first, first + count + len(skipped), dtype=np.int64)
    numbers = candidates[~np.isin(candidates, skipped)][:count]
    following = int(numbers[-1]) + 1 if count else first
    skipped[:] = [n for n in skipped if n >= following]
    return numbers, following


def _cell(head: list[list[str]], address: str) -> str:
    """The text at a spreadsheet address such as B3 in the lines above the data."""
    from openpyxl.utils.cell import coordinate_to_tuple

    row, column = coordinate_to_tuple(address)
    cells = head[row - 1] if row <= len(head) else []
    return cells[column - 1].strip() if column <= len(cells) else ""


def _undecodable(source: Source, error: Exception) -> Unreadable:
    detail = re.sub(r"\s+", " ", str(error))[:160]
    return Unreadable(
        Problem(
            kind="format",
            expected=f"delimited text in the encoding {source.encoding}",
            remedy=f"Save the file in that encoding, or correct `encoding` in the contract ({detail}).",
        )
    )
