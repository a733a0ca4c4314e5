"""Read a raw file as its contract says: what format it is of, which reader serves, the members of an archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines.collect import archive, looks, records
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

READERS = {
    "csv": "delimited",
    "excel": "spreadsheet",
    "sdmx-ml": "sdmx_ml",
    "sdmx-csv": "sdmx_csv",
    "sdmx-json": "sdmx_json",
    "json-stat": "jsonstat",
    "px": "px",
    "parquet": "parquet",
    "json": "records",
}


def read_tables(path: Path, source: Source, contracts: Path) -> Iterator[tuple[Table, RawTable]]:
    """The tables of a file, in the order of the contract; one of the contract may be found several times.

    Raises:
        Unreadable: the file is not of the format, encoding or structure the contract says.
    """
    if path.stat().st_size == 0:
        raise Unreadable(
            Problem(kind="format", expected=say("a file with content"), remedy=say("The file is empty: send it again."))
        )
    reader = import_module(f"pipelines.collect.{READERS[source.format]}")  # when it is needed: they are heavy
    with archive.opened(path, source) as members:
        for member in members:
            with _within(member.name):
                looks.check(member.path, source.format)
        for table in source.tables:
            found = ((m.name, raw) for m in members for raw in _read(reader, m, source, table, contracts))
            for name, raw in records.alike(list(found)) if source.format == "json" else found:
                raw.sheet = f"{name} {raw.sheet}".strip() if name else raw.sheet
                yield table, raw


def _read(reader: Any, member: archive.Member, source: Source, table: Table, contracts: Path) -> Iterator[RawTable]:
    with _within(member.name):
        yield from reader.read(member.path, source, table, contracts)


@contextmanager
def _within(name: str) -> Iterator[None]:
    """What is wrong with a member of an archive is told with its name."""
    try:
        yield
    except Unreadable as error:
        error.problem.sheet = f"{name} {error.problem.sheet}".strip()
        raise
