"""The warehouse: a DuckLake (Parquet files and a SQL catalogue), opened, read and committed to.

Writers take turns: on a lock file with the embedded SQLite catalogue, on an advisory lock of the server
with a PostgreSQL one, whose own conflict check lets two writers add the same keys. Readers never wait.
"""

import datetime as dt
import importlib.util
import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.catalogue import BUSY_SECONDS, POSTGRES, address_of, found, pinned, turn

log = logging.getLogger(__name__)

LAKE = "lake"
ATTEMPTS = 8
INLINED_ROWS = 0  # rows kept in the catalogue would grow what every reader copies
COLUMNS_OF = "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ?"
CONFLICTS = ("database is locked", "conflict", "could not serialize", "deadlock", "duplicate key value")


@contextmanager
def connect(settings: Settings, as_of: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read the warehouse; its schemas are visible as `core.*`, `indicators.*`, `ops.*`, `reference.*`.

    What is read is the state at the beginning, whatever is written meanwhile.

    Args:
        as_of: a snapshot number or an ISO date or time: the warehouse as it was then.

    Raises:
        ValueError: `as_of` is neither a snapshot nor a date.
        LookupError: there is no warehouse, or there was none yet at that time.
        duckdb.Error, ConnectionError: the catalogue cannot be reached.
    """
    with pinned(settings) as catalogue, closing(_opened(settings)) as con:
        _attach(con, settings, catalogue, "READ_ONLY")
        if as_of:
            snapshot = as_of if as_of.isdigit() else _snapshot_at(con, _moment(as_of))
            _detach(con)
            _attach(con, settings, catalogue, "READ_ONLY", f"SNAPSHOT_VERSION {snapshot}")
        yield con


@contextmanager
def transaction(settings: Settings, message: str, extra: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """One atomic commit of the warehouse, written while no other writer of this home is at work.

    Args:
        message: what the commit is, for a person; stands on the snapshot.
        extra: what it is, for a program (delivery, sha256, DAG run).
    """
    with maintenance(settings) as con:
        con.execute("BEGIN")
        yield con
        con.execute(
            f"CALL {LAKE}.set_commit_message(?, ?, extra_info => ?)",
            [settings.office or "migstat", message, json.dumps(extra, sort_keys=True)],
        )
        con.execute("COMMIT")


@contextmanager
def maintenance(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for upkeep, whose calls commit by themselves, while no other writer is at work."""
    with turn(settings), closing(_opened(settings)) as con:
        found(settings, lambda address: _make(con, settings, address))
        _attach(con, settings, address_of(settings))
        yield con


def retrying() -> Retrying:
    """Run a whole commit again when another writer got in between; nothing else is tried twice."""
    return Retrying(
        retry=retry_if_exception(_conflict),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        reraise=True,
    )


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """All tables of the warehouse as seen by this connection, as schema.table, with what their comments say.

    The comment of a derived table says what it was made from.
    """
    found = con.execute(
        "SELECT schema_name || '.' || table_name, coalesce(comment, '') FROM duckdb_tables() WHERE database_name = ?",
        [LAKE],
    ).fetchall()
    return dict(found)


def exists(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the warehouse, as seen by this connection, holds a table."""
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [LAKE, schema, table],
    ).fetchall()
    return bool(found[0][0])


def ensure_table(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, columns: dict[str, str], comments: dict[str, str]
) -> None:
    """Create a table or add the columns it lacks; nothing stored is changed."""
    there = {name for (name,) in con.execute(COLUMNS_OF, [LAKE, schema, table]).fetchall()}
    added = [name for name in columns if name not in there]
    if not there:
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        con.execute(f"CREATE TABLE {schema}.{table} ({declared})")
    else:
        for name in added:
            con.execute(f"ALTER TABLE {schema}.{table} ADD COLUMN {name} {columns[name]}")
    for name in added:
        text = comments.get(name, "").replace("'", "''")
        con.execute(f"COMMENT ON COLUMN {schema}.{table}.{name} IS '{text}'")


def _moment(as_of: str) -> dt.datetime:
    """A day alone means the end of that day: what had been published on it. Times are UTC unless they say."""
    text = f"{as_of} 23:59:59.999999" if len(as_of) == len("2026-01-31") else as_of
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            say("“{text}” is neither a snapshot number nor a date such as 2026-01-31", text=as_of)
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _snapshot_at(con: duckdb.DuckDBPyConnection, moment: dt.datetime) -> int:
    """The last snapshot not after a moment; asked for in DuckDB, as a SQLite catalogue compares times as text."""
    found = con.execute(
        f"SELECT max(snapshot_id) FILTER (snapshot_time <= $moment), min(snapshot_time) "
        f"FROM ducklake_snapshots('{LAKE}')",
        {"moment": moment},
    ).fetchall()[0]
    if found[0] is None:
        raise LookupError(
            say(
                "there was no warehouse at {moment} UTC; it begins at {first}",
                moment=f"{moment:%Y-%m-%d %H:%M}",
                first=f"{found[1]:%Y-%m-%d %H:%M}",
            )
        )
    return int(found[0])


def _opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    """DuckDB with the extensions the warehouse needs, and nothing attached.

    Checking a signature reads the whole extension, a tenth of a second for each; once in a process is enough. Nothing
    else can be loaded unsigned: what is opened for our own files is shut again before the connection is given.
    """
    files = [_signed(extension) for extension in _extensions(settings)]
    con = duckdb.connect(
        config={
            "memory_limit": settings.memory_limit,
            "temp_directory": str(settings.home / "tmp"),
            "allow_unsigned_extensions": "true",
        }
    )
    for file in files:
        con.execute(f"LOAD '{file}'")
    con.execute("SET allow_unsigned_extensions = false")
    return con


def _attach(con: duckdb.DuckDBPyConnection, settings: Settings, catalogue: str, *options: str) -> None:
    said = [f"DATA_PATH '{settings.lake_data}'", f"DATA_INLINING_ROW_LIMIT {INLINED_ROWS}", *options]
    if not settings.catalogue:
        said += ["META_JOURNAL_MODE 'WAL'", f"META_BUSY_TIMEOUT {1000 * BUSY_SECONDS}"]
    con.execute(f"ATTACH 'ducklake:{catalogue}' AS {LAKE} ({', '.join(said)})")
    con.execute(f"USE {LAKE}")


def _detach(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("USE memory")
    con.execute(f"DETACH {LAKE}")


def _make(con: duckdb.DuckDBPyConnection, settings: Settings, catalogue: str) -> None:
    """Write an empty lake: attaching does it."""
    _attach(con, settings, catalogue)
    _detach(con)


def _extensions(settings: Settings) -> list[str]:
    catalogue = "postgres_scanner" if settings.catalogue.startswith(POSTGRES) else "sqlite_scanner"
    remote = ["httpfs"] if "://" in settings.lake_data else []
    return ["ducklake", catalogue, *remote]


@cache
def _signed(extension: str) -> Path:
    """The file of an extension, whose signature DuckDB has checked in this process."""
    file = _extension_file(extension)
    with closing(duckdb.connect()) as con:
        con.execute(f"LOAD '{file}'")
    return file


def _extension_file(name: str) -> Path:
    """The signed binary inside the extension's own package: an office's network may be closed."""
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = [file for folder in folders for file in Path(folder).glob(f"**/{name}.duckdb_extension")]
    if not found:
        raise FileNotFoundError(
            say("the package {name} is not installed: run `make install`", name=package.replace("_", "-"))
        )
    return found[0]


def _conflict(error: BaseException) -> bool:
    return isinstance(error, duckdb.Error) and any(c in str(error).lower() for c in CONFLICTS)
