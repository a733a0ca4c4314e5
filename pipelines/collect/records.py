"""JSON records: a list of objects, or several pages of them in a zip, as one table of text.

Numbers stay as they are written; what is nested gets the names of the way to it, joined by dots.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.collect.read import RawTable, Unreadable, table_of
from pipelines.contract import Source, Table
from pipelines.delivery import Problem


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the records at the contract's `records`.

    Raises:
        Unreadable: not JSON, or no list of objects there.
    """
    records = [dict(_flat(record)) for document in _documents(path) for record in _records(document, source)]
    header = list(dict.fromkeys(name for record in records for name in record))
    rows = [[record.get(name, "") for name in header] for record in records]
    return [RawTable(header=header, rows=table_of(rows, list(range(1, len(rows) + 1)), len(header)))]


def at(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; None if nothing does."""
    for part in pointer.strip("/").split("/"):
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict):
            document = document.get(part)
        else:
            return None
    return document


def _documents(path: Path) -> Iterator[Any]:
    """The document, or those of a zip in the order of their names."""
    try:
        if not zipfile.is_zipfile(path):
            yield json.loads(path.read_bytes(), parse_int=str, parse_float=_number)
            return
        with zipfile.ZipFile(path) as pages:
            for name in sorted(pages.namelist()):
                yield json.loads(pages.read(name), parse_int=str, parse_float=_number)
    except (ValueError, zipfile.BadZipFile) as error:
        raise Unreadable(
            Problem(
                kind="format", expected="JSON", remedy=f"Ask the sender for the file as the server gave it ({error})."
            )
        ) from error


def _number(text: str) -> str:
    """A number as it is written; 2000.0 is 2000, as JSON knows no other difference."""
    return text.removesuffix(".0")


def _records(document: Any, source: Source) -> list[dict[str, Any]]:
    found = at(document, source.records) if source.records else document
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Unreadable(
            Problem(
                kind="structure",
                column=source.records or "/",
                expected="a list of records there",
                remedy="Correct `records` in the contract, or ask the sender what has changed.",
            )
        )
    return found


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The cells of a record: nothing is empty text, yes and no are true and false, a list is joined."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, "; ".join(text for part in value for _, text in _flat(part, name))
    else:
        yield name, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
