"""Fixtures of the fault tests: the processes they start, and an office of their own."""

from collections.abc import Iterator
from pathlib import Path

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
