"""Each shipped endpoint, asked on a local server that speaks its shape; figures are made up unless a test says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest

from pipelines.collect.fetch import fetch
from pipelines.contract import Contract, EndpointSource, Source, load_contract, load_contracts
from pipelines.delivery import Outcome, State
from pipelines.process.harmonise import staged
from pipelines.process.run import examine
from pipelines.settings import ROOT, Settings

from .conftest import Reply, Server, file_on_server

SAMPLES = ROOT / "samples" / "inbox"
EUROSTAT_HEADER = "DATAFLOW,LAST UPDATE,freq,border,unit,reason,citizen,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"


class Office:
    """A home in which the shipped contracts ask the local server instead of the world."""

    def __init__(self, home: Path, server: Server) -> None:
        self.settings = Settings(home=home, fetch_attempts=1)
        self.server = server

    def contract(self, dataset: str) -> Contract:
        contract = load_contract(self.settings.contracts / f"{dataset}.yaml")
        return contract.model_copy(update={"sources": [self._here(source) for source in contract.sources]})

    def _here(self, source: Source) -> Source:
        if not isinstance(source, EndpointSource):
            return source
        _, _, path = source.url.removeprefix("https://").partition("/")
        return source.model_copy(update={"url": f"{self.server.url}/{path}"})

    def taken_in(self, dataset: str, columns: str) -> tuple[Outcome, list[tuple[Any, ...]]]:
        """Fetch, harmonise and validate; the outcome and the tidy rows."""
        contract = self.contract(dataset)
        fetched = fetch(contract, self.settings)
        assert fetched.failed == []
        (receipt,) = fetched.receipts
        folder = self.settings.staging / receipt.delivery_id
        outcome = examine(receipt, contract, self.settings, folder)
        assert outcome.state == State.ACCEPTED, outcome.reason
        files = sorted(folder.glob("*.parquet"))
        return outcome, duckdb.sql(f"SELECT {columns} FROM {staged(files)} ORDER BY ALL").fetchall()


@pytest.fixture
def office(tmp_path: Path, server: Server) -> Iterator[Office]:
    return Office(tmp_path / "home", server)


def test_eurostat(office: Office) -> None:
    flow = "ESTAT:MIGR_EIRFS(1.0),15/07/26 11:00:00,A,TOTAL,PER,TOTAL"
    body = f"{EUROSTAT_HEADER}\n{flow},MD,EL,2024,455,,\n{flow},XK,UK,2019,:,,\n{flow},MD,PL,2024,12345,ep,\n"
    path = urlsplit(office.contract("border_refusals").endpoints[0].url).path
    office.server.answer(path, Reply(body))
    _, rows = office.taken_in("border_refusals", "ref_area, counterpart_area, time_period, obs_value, obs_status, note")
    assert rows == [
        ("GBR", "XKX", "2019", None, "O", None),
        ("GRC", "MDA", "2024", 455.0, "A", None),
        ("POL", "MDA", "2024", 12345.0, "A", "ep"),
    ]


def test_un_desa_workbook_by_url(office: Office) -> None:
    """The sample is an extract of the published workbook, so its figures are real."""
    (sample,) = (SAMPLES / "migrant_stock").glob("*.xlsx")
    path = urlsplit(office.contract("migrant_stock").endpoints[0].url).path.replace("{vintage}", "2019")
    office.server.answer(path, file_on_server(sample.read_bytes()))
    outcome, rows = office.taken_in("migrant_stock", "DISTINCT vintage, source_sheet")
    assert rows == [("2019", "Table 1"), ("2019", "Table 2"), ("2019", "Table 6")]
    assert outcome.rows_accepted > 100


def test_every_shipped_endpoint_is_tried_here() -> None:
    """Or a contract could be shipped that no server has ever answered."""
    text = Path(__file__).read_text(encoding="utf-8")
    for name, contract in load_contracts(Settings().contracts).items():
        if contract.endpoints:
            assert f'office.taken_in("{name}"' in text, name
