"""What a connection to the warehouse lets pass."""

import importlib.util
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.store.lake import connect, maintenance


def test_a_connection_loads_no_extension_that_somebody_altered(settings: Settings, tmp_path: Path) -> None:
    (package,) = importlib.util.find_spec("duckdb_extension_httpfs").submodule_search_locations or []
    (original,) = Path(package).rglob("*.duckdb_extension")
    altered = shutil.copy(original, tmp_path / original.name)
    with altered.open("r+b") as file:
        file.seek(1000)
        file.write(b"altered")
    with maintenance(settings) as con, pytest.raises(duckdb.Error, match="signature"):
        con.execute(f"LOAD '{altered}'")
    with connect(settings) as con, pytest.raises(duckdb.Error, match="signature"):
        con.execute(f"LOAD '{altered}'")
