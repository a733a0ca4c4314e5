"""Fixtures of the fault tests: the processes they start, and an office of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.faults.office import Office, Workers


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    started = Workers(tmp_path_factory.mktemp("workers"))
    yield started
    started.stop()


@pytest.fixture
def office(tmp_path: Path, workers: Workers) -> Office:
    return Office(tmp_path, workers)


@pytest.fixture(autouse=True)
def faster_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the test's own looks at a warehouse the 0.1 s in which the extensions' signature is checked."""
    opened = duckdb.connect

    def connect(*arguments: Any, config: dict[str, Any] | None = None, **named: Any) -> duckdb.DuckDBPyConnection:
        return opened(*arguments, config=(config or {}) | {"allow_unsigned_extensions": "true"}, **named)

    monkeypatch.setattr(duckdb, "connect", connect)
