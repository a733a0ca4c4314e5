"""The catalogue of the warehouse: where it is, founding it, whose turn it is to write, and a steady view to read."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
from filelock import FileLock

from pipelines.language import say
from pipelines.settings import Settings

POSTGRES = "postgres:"
BUSY_SECONDS = 30


def has_warehouse(settings: Settings) -> bool:
    """Whether there is a catalogue to read."""
    if not settings.catalogue.startswith(POSTGRES):
        return _file(settings).exists()
    with _server(settings) as server:
        server.execute("SELECT to_regclass('public.ducklake_snapshot') IS NOT NULL")
        return bool(server.fetchone()[0])


def address_of(settings: Settings) -> str:
    """The catalogue as DuckLake is told of it."""
    return settings.catalogue or f"sqlite:{_file(settings)}"


@contextmanager
def turn(settings: Settings) -> Iterator[None]:
    """Wait until no other writer is at work; a turn ends with its process, however that ends."""
    settings.lake.mkdir(parents=True, exist_ok=True)
    if settings.catalogue.startswith(POSTGRES):
        with _server(settings) as server:
            server.execute("SELECT pg_advisory_lock(hashtext('migstat writer'))")
            yield
    else:
        with FileLock(settings.lake / "writer.lock"):
            yield


def found(settings: Settings, make: Callable[[str], None]) -> None:
    """Make an empty lake, once: it stands under its name only when it is whole.

    Args:
        make: writes an empty lake to the address given. To be called in a writer's turn.
    """
    if has_warehouse(settings):
        return
    if settings.catalogue:
        make(settings.catalogue)
        return
    part = settings.lake / "catalogue.part"
    for rest in settings.lake.glob(f"{part.name}*"):
        rest.unlink()
    make(f"sqlite:{part}")
    part.replace(_file(settings))


@contextmanager
def pinned(settings: Settings) -> Iterator[str]:
    """The address of a catalogue that stays as it is while it is read.

    PostgreSQL shows a transaction one state. DuckDB's SQLite scanner does not: when upkeep merges files, a transaction
    no longer sees the old entries and not yet the new one, so a reader gets a copy of its own.

    Raises:
        LookupError: there is no warehouse.
    """
    if not has_warehouse(settings):
        raise LookupError(
            say("there is no warehouse in {home} yet: run `make run` or `migstat ingest`", home=settings.home)
        )
    if settings.catalogue:
        yield settings.catalogue
        return
    with tempfile.TemporaryDirectory(prefix="migstat-reader-") as folder:
        copy = Path(folder, "catalogue.sqlite")
        original = sqlite3.connect(f"{_file(settings).absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        with closing(original), closing(sqlite3.connect(copy)) as target:
            target.execute("PRAGMA synchronous = OFF")
            original.backup(target)
        yield f"sqlite:{copy}"


def _file(settings: Settings) -> Path:
    return settings.lake / "catalogue.sqlite"


@contextmanager
def _server(settings: Settings) -> Iterator[Any]:
    """A cursor of the catalogue's PostgreSQL; its session, and the locks it holds, end with the block."""
    try:
        session = psycopg2.connect(settings.catalogue.removeprefix(POSTGRES))
    except psycopg2.Error as error:
        raise ConnectionError(say("the catalogue cannot be reached: {error}", error=error).strip()) from None
    with closing(session):
        session.autocommit = True
        yield session.cursor()
