"""Reference data in the warehouse: each CSV of `warehouse/reference/` as a table of `reference.*`."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, retrying, tables, transaction

log = logging.getLogger(__name__)


def ensure_reference(settings: Settings) -> None:
    """Bring `reference.*` up to date with its files; the digest of each file stands as its table's comment."""
    if has_warehouse(settings):
        with connect(settings) as con:
            stale = _stale(settings, tables(con))
    else:
        stale = _stale(settings, {})
    _bring(settings, stale)


@contextmanager
def connect_current(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read the warehouse, as `connect` does, once `reference.*` is up to date with its files."""
    with connect(settings) as con:
        stale = _stale(settings, tables(con))
        if not stale:
            yield con
            return
    _bring(settings, stale)
    with connect(settings) as con:
        yield con


def _stale(settings: Settings, loaded: dict[str, str]) -> dict[Path, str]:
    """The files that are not loaded as they are now, with their digests."""
    digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in settings.reference.glob("*.csv")}
    return {file: digest for file, digest in sorted(digests.items()) if loaded.get(f"reference.{file.stem}") != digest}


def _bring(settings: Settings, stale: dict[Path, str]) -> None:
    if not stale:
        return
    for attempt in retrying():
        with attempt, transaction(settings, f"reference: {', '.join(f.stem for f in stale)}", {}) as con:
            con.execute("CREATE SCHEMA IF NOT EXISTS reference")
            for file, digest in stale.items():
                _load(con, file, digest)


def _load(con: duckdb.DuckDBPyConnection, file: Path, digest: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TABLE reference.{file.stem} AS "
        f"SELECT * FROM read_csv('{file}', header = true, all_varchar = true)"
    )
    con.execute(f"COMMENT ON TABLE reference.{file.stem} IS '{digest}'")
