"""Reference data in the warehouse: each CSV of `warehouse/reference/` as a table of `reference.*`."""

import hashlib
import logging
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, connect, retrying, transaction

log = logging.getLogger(__name__)


def ensure_reference(settings: Settings) -> None:
    """Bring `reference.*` up to date with its files; the digest of each file stands as its table's comment."""
    files = sorted(settings.reference.glob("*.csv"))
    digests = {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    loaded = _digests(settings)
    stale = [f for f in files if loaded.get(f.stem) != digests[f]]
    if not stale:
        return
    for attempt in retrying():
        with attempt, transaction(settings, f"reference: {', '.join(f.stem for f in stale)}", {}) as con:
            con.execute("CREATE SCHEMA IF NOT EXISTS reference")
            for file in stale:
                _load(con, file, digests[file])


def _digests(settings: Settings) -> dict[str, str]:
    if not has_warehouse(settings):
        return {}
    with connect(settings) as con:
        found = con.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'reference'",
            [LAKE],
        ).fetchall()
    return {name: comment or "" for name, comment in found}


def _load(con: duckdb.DuckDBPyConnection, file: Path, digest: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TABLE reference.{file.stem} AS "
        f"SELECT * FROM read_csv('{file}', header = true, all_varchar = true)"
    )
    con.execute(f"COMMENT ON TABLE reference.{file.stem} IS '{digest}'")
