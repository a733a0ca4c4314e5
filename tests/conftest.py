"""Fixtures: a fresh home, and a warehouse that holds the samples or, where they are at hand, the full files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import hypothesis
import pytest
from filelock import FileLock
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from pipelines.analyse.indicators import compute
from pipelines.collect.land import land
from pipelines.contract import load_contract
from pipelines.delivery import DeliveryRejected, Outcome
from pipelines.process.run import process
from pipelines.settings import ROOT, Settings
from pipelines.store.history import stored
from pipelines.store.lake import connect
from pipelines.store.load import store

os.environ["MIGSTAT_LANGUAGE"] = "en"  # what the tests expect is written in it

SAMPLES = ROOT / "samples" / "inbox"
REAL = Path(os.environ.get("MIGSTAT_REAL_DATA", ROOT.parent / "shared" / "data"))

hypothesis.settings.register_profile("unhurried", deadline=None)  # a loaded machine is no failure
hypothesis.settings.load_profile("unhurried")


AIRFLOW = ("tests/engine", "tests/production")
LONG = (*AIRFLOW, "tests/faults")


class OneAirflow(LoadFileScheduling):
    """One process tests a file, and one all that starts Airflow."""

    def _split_scope(self, nodeid: str) -> str:
        return "airflow" if nodeid.startswith(AIRFLOW) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneAirflow:
    return OneAirflow(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first: so that no process is left alone with it."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def ingest(file: Path, dataset: str, settings: Settings, depth: int = 1) -> Outcome:
    """Land, process and store one file; a refusal is an outcome here."""
    contract = load_contract(settings.contracts / f"{dataset}.yaml")
    receipt = land(file, contract, settings, Path(*file.parts[-depth:]))
    with stored(contract, settings) as tables:
        outcome = process(receipt.delivery_id, settings, tables)
    try:
        store(receipt.delivery_id, settings)
    except DeliveryRejected as rejection:
        assert outcome.state == rejection.outcome.state
    return outcome


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def made_once(name: str, make: Callable[[Settings], None], factory: pytest.TempPathFactory, worker: str) -> Settings:
    """A home that is made by the first worker that needs it; tests only read it."""
    folder = factory.getbasetemp() if worker == "master" else factory.getbasetemp().parent
    settings, whole = Settings(home=folder / name), folder / f"{name}.whole"
    with FileLock(folder / f"{name}.lock"):
        if not whole.exists():
            make(settings)
            whole.touch()
    return settings


@pytest.fixture(scope="session")
def sample_settings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Settings:
    """A home whose warehouse holds all samples and the indicators computed from them."""
    return made_once("samples", sample_warehouse, tmp_path_factory, worker_id)


def sample_warehouse(settings: Settings) -> None:
    """Load all samples, and compute."""
    for folder in sorted(SAMPLES.iterdir()):
        for file in sorted(f for f in folder.rglob("*") if f.is_file()):
            ingest(file, folder.name, settings, len(file.relative_to(folder).parts))
    compute(settings)


@pytest.fixture
def samples(sample_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(sample_settings) as con:
        yield con


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of the sources' full files."""
    if not REAL.is_dir():
        pytest.skip(f"the full files are not at {REAL}; set MIGSTAT_REAL_DATA")
    return REAL


@pytest.fixture(scope="session")
def real_settings(real: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Settings:
    """A home whose warehouse holds the full files and the indicators computed from them."""
    return made_once("real", lambda settings: full_warehouse(settings, real), tmp_path_factory, worker_id)


def full_warehouse(settings: Settings, real: Path) -> None:
    """Load the full files of the sources, and compute."""
    ingest(SAMPLES / "population" / "wpp2024_components_sample.csv", "population", settings)  # Kyrgyzstan 2024 too
    for dataset, file in {
        "migrant_stock": "un_desa_ims2019/UN_MigrantStockTotal_2019.xlsx",
        "population": "wpp2024/wpp2024_seeeca_components.csv",
        "refugees": "unhcr/population_seeeca_2000_2025.csv",
        "gdp": "datasets_gdp/gdp.csv",
    }.items():
        assert ingest(real / file, dataset, settings).state == "accepted"
    for file in ("bop_remittances_sample.csv", "bop_remittances_worldbank_sample.csv"):
        ingest(SAMPLES / "remittances" / file, "remittances", settings)
    compute(settings)


@pytest.fixture
def real_warehouse(real_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(real_settings) as con:
        yield con
