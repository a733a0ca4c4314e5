"""JSON records: a list of objects, JSON lines, or a PX-Web answer, as a table of text.

Numbers stay as they are written; what is nested gets the names of the way to it, joined by dots.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

import pyarrow as pa

from pipelines.collect import looks, quotes
from pipelines.collect.document import at, encoding, load, not_json, parse, text_of
from pipelines.collect.table import RawTable, Unreadable, batch_of, stream, text_schema
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

Record = tuple[int, dict[str, str]]


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the records at the contract's `records`, or one from each line.

    Raises:
        Unreadable: not JSON, or no list of objects there.
    """
    if not source.records and _is_lines(path, source):
        header = list(dict.fromkeys(name for _, record in _lines(path, source) for name in record))
        return [RawTable(header=header, rows=stream(_lines(path, source), header))]
    document = load(path, source)
    try:
        found = _records(document, path, source)
        if not {str, NoneType}.issuperset(map(type, chain.from_iterable(map(dict.values, found)))):
            found = list(map(_cells, found))
    except (ValueError, LookupError, TypeError) as error:
        raise not_json(error) from error
    header = list(dict.fromkeys(chain.from_iterable(found)))
    rows = batch_of(found, range(1, len(found) + 1), header)  # at once: a page takes far less room this way
    return [RawTable(header=header, rows=pa.RecordBatchReader.from_batches(rows.schema, [rows]))]


def alike(pages: list[tuple[str, RawTable]]) -> list[tuple[str, RawTable]]:
    """Pages of one answer with the columns of all of them: a server may leave out what a record does not have.

    Raises:
        Unreadable: there is no record on any page.
    """
    header = list(dict.fromkeys(name for _, page in pages for name in page.header))
    if not header:
        raise Unreadable(
            Problem(
                kind="format",
                expected=say("at least one record; the list is empty"),
                remedy=say("Correct what is asked for, or send the file once it has figures."),
            )
        )
    for _, page in pages:
        page.rows = _widened(page, header)
        page.header = header
    return pages


def _widened(page: RawTable, header: list[str]) -> pa.RecordBatchReader:
    schema, places = text_schema(len(header)), {name: i for i, name in enumerate(page.header)}
    narrow = page.rows

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in narrow:
            empty = pa.array([""] * batch.num_rows, pa.string())
            columns = [batch.column(places[name]) if name in places else empty for name in header]
            yield pa.record_batch([*columns, batch.column("source_row")], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _is_lines(path: Path, source: Source) -> bool:
    """The first line is an object, and another one follows."""
    try:
        with path.open(encoding=encoding(source)) as file:
            first, second = (file.readline(looks.HEAD).strip() for _ in range(2))
        return first.startswith("{") and second.startswith("{") and isinstance(parse(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(path: Path, source: Source) -> Iterator[Record]:
    """JSON lines: the number of the line, and its record."""
    with path.open(encoding=encoding(source)) as file:
        number = 0
        try:
            for number, line in enumerate(quotes.lines(file), start=1):
                if line.strip():
                    yield number, _cells(_object(parse(line)))
        except (ValueError, RecursionError) as error:
            raise not_json(error, number) from error


def _records(document: Any, path: Path, source: Source) -> list[dict[str, Any]]:
    found = at(document, source.records) if source.records else document
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Unreadable(
            Problem(
                kind="structure",
                column=source.records or "/",
                value=looks.words(looks.beginning(path)),
                expected=say("a list of records there"),
                remedy=say("Correct `records` in the contract, or ask the sender what has changed."),
            )
        )
    columns = document.get("columns") if isinstance(document, dict) else None
    if columns and all(set(record) >= {"key", "values"} for record in found):
        names = [str(column["code"]) for column in columns]
        return [dict(zip(names, [*record["key"], *record["values"]], strict=True)) for record in found]
    return found


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(say("it is “{text}”", text=json.dumps(value)[:60]))
    return value


def _cells(record: dict[str, Any]) -> dict[str, str]:
    if set(map(type, record.values())) == {str}:
        return record
    cells: dict[str, str] = {}
    _add(cells, "", record)
    return cells


def _add(cells: dict[str, str], way: str, record: dict[str, Any]) -> None:
    """The cells of a record: nothing is empty text, yes and no are true and false, a list is joined."""
    for key, value in record.items():
        name = f"{way}{key}"
        if isinstance(value, dict):
            _add(cells, f"{name}.", value)
        elif name in cells:
            raise ValueError(say("“{name}” is there twice, once with its dots and once nested", name=name))
        else:
            cells[name] = value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(map(_text, value.values()))
    return "; ".join(map(_text, value)) if isinstance(value, list) else text_of(value)
