"""Read a full file by a contract alone, and ask what became of it."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contract import load_contract
from pipelines.delivery import Problem, Receipt, raw_file
from pipelines.process.harmonise import harmonise
from pipelines.process.harmonised import Harmonised, staged
from pipelines.settings import Settings

STRUCTURES = ["files/sdmx_test_data/ng-structure-full.xml", "files/pysdmx_samples/estat_metadata.xml"]
Read = Callable[..., Harmonised]


@pytest.fixture
def read(real: Path, tmp_path: Path) -> Read:
    """Harmonise a file by a contract of tests/contracts, or by a shipped one."""
    contracts = tmp_path / "contracts"
    shutil.copytree(Path(__file__).parents[1] / "contracts", contracts)
    (contracts / "structures").mkdir()
    for structure in STRUCTURES:
        shutil.copy(real / structure, contracts / "structures")

    def reader(dataset: str, file: str, name: str = "") -> Harmonised:
        own = Settings(home=tmp_path / "home", contracts=contracts)
        settings = own if (contracts / f"{dataset}.yaml").exists() else Settings(home=tmp_path / "home")
        received = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        receipt = Receipt(
            delivery_id=f"{dataset}-1",
            dataset=dataset,
            file_name=name or Path(file).name,
            sha256=dataset,
            size=1,
            received_at=received,
        )
        raw_file(receipt, settings).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real / file, raw_file(receipt, settings))
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return harmonise(receipt, load_contract(settings.contracts / f"{dataset}.yaml"), settings, folder)

    return reader


def ask(found: Harmonised, query: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(query.replace("{rows}", staged(found.files))).fetchall()


def met(found: Harmonised) -> list[Problem]:
    """What was met, but for the columns a contract does not name: these are only told."""
    return [problem for problem in found.problems if problem.kind != "further columns"]
