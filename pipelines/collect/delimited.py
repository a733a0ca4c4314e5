"""Delimited text, streamed: memory does not grow with the file, and every record keeps its number."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from pipelines.collect import encodings, quotes
from pipelines.collect.layout import endings, first_text, no_header, no_start
from pipelines.collect.table import WORDS, RawTable, Unreadable, flatten_header, surplus, surplus_problem
from pipelines.delivery import Problem, shown
from pipelines.language import say
from pipelines.source import PERIOD_IN_NAME, Source, Table, template

RAGGED_KEPT = 1000
DELIMITERS = ",;\t|"


@dataclass
class Head:
    """The records up to the header, how many lines of text they take, and what the start of the table says."""

    records: list[list[str]]
    lines: int
    start: int
    said: dict[str, str]


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Open a delimited text file by contract.

    Raises:
        Unreadable: wrong encoding or delimiter, or no header where the contract says it is.
    """
    head = _head(path, source, table)
    quotes.check_width(head.records[-1], len(head.records))
    header = flatten_header([head.records[head.start + n - 1] for n in table.header_rows])
    _check_delimiter(header, head, source)
    _check_letters(path, header, source, table)
    cells = head.said | {name: _cell(head.records, address) for name, address in table.cells.items()}
    raw = RawTable(header=header, rows=pa.RecordBatchReader.from_batches(pa.schema([]), []), cells=cells)
    schema = pa.schema([(f"c{i}", pa.string()) for i in range(len(header))])
    marked: list[int] = []
    batches = _batches(path, source, table, raw, schema, head, marked)
    batches = quotes.reporting_swallowed(batches, header, raw, source.delimiter, table)
    if ends := endings(table):
        batches = _until(batches, ends, marked, raw)
    if unnamed := surplus(header, table):
        batches = _reporting_surplus(batches, unnamed, raw)
    schema = schema.append(pa.field("source_row", pa.int64()))
    if table.split:
        raw.header, schema, batches = _split(raw, table.split, schema, batches)
    raw.rows = pa.RecordBatchReader.from_batches(schema, batches)
    return [raw]


def _head(path: Path, source: Source, table: Table) -> Head:
    """The records up to the header."""
    encoding = "utf-8-sig" if encodings.same(source.encoding, "utf-8") else source.encoding
    pattern = template(table.starts_at, PERIOD_IN_NAME)
    records: list[list[str]] = []
    start, said = 0, {}
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(quotes.lines(file), delimiter=source.delimiter)
            for record in reader if table.starts_at else ():
                records.append(record)
                found = next((match for cell in record if (match := pattern.fullmatch(cell.strip()))), None)
                if found:
                    start, said = len(records) - 1, found.groupdict()
                    break
            else:
                if table.starts_at:
                    raise no_start(table)
            last = start + max(table.header_rows)
            records += islice(reader, last - len(records))
            lines = reader.line_num
    except csv.Error as error:
        raise quotes.too_long(len(records) + 1) from error
    except UnicodeError as error:
        raise _undecodable(path, source, table, error) from error
    if len(records) < last or not first_text(records[-1]):
        raise no_header(last)
    return Head(records, lines, start, said)


def _check_delimiter(header: list[str], head: Head, source: Source) -> None:
    """One giant column is a file divided by another mark."""
    line = head.records[-1][0]
    other = max(DELIMITERS.replace(source.delimiter, ""), key=line.count)
    if len(header) == 1 and line.count(other):
        raise Unreadable(
            Problem(
                kind="header",
                row=len(head.records),
                value=line[:160],
                expected=say(
                    "columns divided by {mark}; this file seems divided by {other}",
                    mark=_mark(source.delimiter),
                    other=_mark(other),
                ),
                remedy=say(
                    "Save it divided by {mark}, or correct `delimiter` in the contract.", mark=_mark(source.delimiter)
                ),
            )
        )


def _check_letters(path: Path, header: list[str], source: Source, table: Table) -> None:
    """Most one-byte encodings read any file without complaint: the words the contract expects tell the wrong ones."""
    words = _expected(table)
    telling = [word for word in words if not word.isascii()]
    if telling and not any(word in name for word in telling for name in header):
        likely = encodings.proposal(_first_bytes(path), words)
        if likely and not encodings.same(likely, source.encoding):
            raise _wrong_encoding(source, likely)


def _batches(
    path: Path, source: Source, table: Table, raw: RawTable, schema: pa.Schema, head: Head, marked: list[int]
) -> Iterator[pa.RecordBatch]:
    """Batches of text with the number of each record; a record with too few or many cells is reported.

    Args:
        marked: takes the numbers of such records that look like the end of the table.
    """
    width, records, ends = len(raw.header), len(head.records), endings(table)
    skipped: list[int] = []

    def ragged(row: pa_csv.InvalidRow) -> str:
        number = int(row.number) - head.lines + records
        skipped.append(number)
        text = row.text.strip()
        if ends and ends.fullmatch(first_text(text.split(source.delimiter)).strip('"')):
            marked.append(number)
        elif text and len(raw.problems) < RAGGED_KEPT:
            raw.problems.append(
                Problem(
                    kind="shape",
                    row=number,
                    value=row.text[:200],
                    expected=say("{cells} cells, as in the header, not {found}", cells=width, found=row.actual_columns),
                    remedy=say("Look for a missing or extra “{mark}” or a stray quote.", mark=source.delimiter),
                )
            )
        return "skip"

    following = records + 1
    try:
        reader = pa_csv.open_csv(
            path,
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=quotes.MOST_BYTES,
                skip_rows=head.lines,
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
        if "straddling" in str(error):
            raise quotes.too_long(following) from error
        if "Empty CSV file" not in str(error):
            raise _undecodable(path, source, table, error) from error


def _until(
    batches: Iterator[pa.RecordBatch], ends: re.Pattern[str], marked: list[int], raw: RawTable
) -> Iterator[pa.RecordBatch]:
    """The rows above the one that ends the table; blank ones between header and body do not.

    Args:
        marked: numbers of records with too few cells that look like an end.
    """
    begins = None
    for batch in batches:
        numbers = batch.column("source_row").to_pylist()
        cells = zip(*(column.cast(pa.string()).to_pylist() for column in batch.columns[:-1]), strict=True)
        texts = [(number, first_text(list(row))) for number, row in zip(numbers, cells, strict=True)]
        begins = begins or next((number for number, text in texts if text), None)
        found = [*marked, *(number for number, text in texts if ends.fullmatch(text))]
        end = min((number for number in found if begins and number > begins), default=None)
        if end is not None:
            raw.problems = [p for p in raw.problems if p.row is None or p.row < end]
            yield batch.filter(pc.less(batch.column("source_row"), end))
            return
        yield batch


def _reporting_surplus(
    batches: Iterator[pa.RecordBatch], unnamed: list[int], raw: RawTable
) -> Iterator[pa.RecordBatch]:
    """The same batches; the first text in each column without a header is a problem."""
    for batch in batches:
        for i in list(unnamed):
            column = batch.column(i).cast(pa.string())
            place = pc.index(pc.not_equal(pc.utf8_trim_whitespace(column), ""), True).as_py()
            if place >= 0:
                row = batch.column("source_row")[place].as_py()
                raw.problems.append(surplus_problem(i, row, column[place].as_py()))
                unnamed.remove(i)
        yield batch


def _split(
    raw: RawTable, mark: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> tuple[list[str], pa.Schema, Iterator[pa.RecordBatch]]:
    """The first column divided into as many as its header says, as in Eurostat's TSV."""
    whole = raw.header[0]
    names = [name.strip() for name in whole.split(mark)]
    remedy = say("Look for a missing or extra “{mark}”.", mark=mark)
    header = names + raw.header[1:]
    raw.labels = len(names)
    kinds = [WORDS] * len(names) + [field.type for field in list(schema)[1:-1]]
    divided = pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)] + [("source_row", pa.int64())])

    def parts() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            first = batch.column(0).dictionary_encode()
            texts = [[part.strip() for part in text.split(mark)] for text in first.dictionary.to_pylist()]
            wrong = pa.array([len(text) != len(names) for text in texts], pa.bool_()).take(first.indices)
            numbers = batch.column("source_row").filter(wrong).to_pylist()
            for number, text in zip(numbers, first.filter(wrong).to_pylist(), strict=True):
                found = text.count(mark) + 1
                expected = say("{parts} parts, as in the header, not {found}", parts=len(names), found=found)
                raw.problems.append(
                    Problem(kind="shape", row=number, column=whole, value=text, expected=expected, remedy=remedy)
                )
            columns = [
                pa.DictionaryArray.from_arrays(
                    first.indices, pa.array([text[i] if i < len(text) else "" for text in texts], pa.string())
                )
                for i in range(len(names))
            ]
            yield pa.record_batch([*columns, *batch.columns[1:]], schema=divided)

    return header, divided, parts()


def _numbers(first: int, count: int, skipped: list[int]) -> tuple[np.ndarray, int]:
    """Record numbers of a batch that starts at `first`, leaving out the records skipped in it."""
    candidates = np.arange(first, first + count + len(skipped), dtype=np.int64)
    numbers = candidates[~np.isin(candidates, skipped)][:count] if skipped else candidates
    following = int(numbers[-1]) + 1 if count else first
    skipped[:] = [n for n in skipped if n >= following]
    return numbers, following


def _cell(records: list[list[str]], address: str) -> str:
    """The text at a spreadsheet address such as B3 in the lines above the data."""
    from openpyxl.utils.cell import coordinate_to_tuple

    row, column = coordinate_to_tuple(address)
    cells = records[row - 1] if row <= len(records) else []
    return cells[column - 1].strip() if column <= len(cells) else ""


def _expected(table: Table) -> list[str]:
    """The words a contract expects in a header."""
    headers = [f.header for f in table.fields().values()] + [v.header for v in table.values] + [table.starts_at]
    return [word.strip() for header in headers for word in re.split(r"\{\w+\}|\*| \| ", header) if word.strip()]


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1 << 16)


def _undecodable(path: Path, source: Source, table: Table, error: Exception) -> Unreadable:
    likely = encodings.proposal(_first_bytes(path), _expected(table))
    if likely and not encodings.same(likely, source.encoding):
        return _wrong_encoding(source, likely)
    detail = re.sub(r"\s+", " ", str(error))[:160]
    return Unreadable(
        Problem(
            kind="format",
            expected=say("delimited text in the encoding {encoding}", encoding=source.encoding),
            remedy=say(
                "Save the file in that encoding, or correct `encoding` in the contract ({detail}).", detail=detail
            ),
        )
    )


def _wrong_encoding(source: Source, likely: str) -> Unreadable:
    return Unreadable(
        Problem(
            kind="format",
            expected=say(
                "delimited text in the encoding {encoding}; this file seems to be in {likely}",
                encoding=source.encoding,
                likely=likely,
            ),
            remedy=say(
                "Save it in {encoding}, or correct `encoding` in the contract if it always comes so.",
                encoding=source.encoding,
            ),
        )
    )


def _mark(delimiter: str) -> str:
    return say("tabs") if delimiter == "\t" else shown(delimiter)
