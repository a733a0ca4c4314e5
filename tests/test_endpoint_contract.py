"""A source that is fetched is described like any other, and refused with file and line when it is wrong."""

import re
from pathlib import Path

import pytest

from pipelines.contract import Contract, ContractError, load_contract, load_contracts
from pipelines.endpoint import Endpoint
from pipelines.settings import ROOT, Settings
from pipelines.source import EndpointSource

CONTRACT = """\
dataset: asylum
title: Asylum applications
description: Applications by country.
provider: A ministry
licence: official open data
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  time_period: {type: period, key: true, description: Year.}
sources:
  - file: "asylum_{time_period}.csv"
    format: csv
    tables: [{columns: {ref_area: Country}, values: [{header: Value}]}]
  - kind: endpoint
    file: "api_{time_period}.zip"
    url: https://example.org/v1/{time_period}/data
    query: {from: 2000, to: "{year}", geo: [MD, BG], all: true, client_id: "{secret}"}
    secret: MIGSTAT_ASYLUM_KEY
    each: {time_period: [2023, 2024]}
    paging: {style: pages, pages: /maxPages}
    rate: {calls: 10, seconds: 10}
    format: csv
    tables: [{columns: {ref_area: Country}, values: [{header: Value}]}]
"""


DOCS = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def loaded(folder: Path, text: str) -> Contract:
    (folder / "asylum.yaml").write_text(text, encoding="utf-8")
    return load_contract(folder / "asylum.yaml")


def test_a_source_is_a_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    contract = loaded(tmp_path, CONTRACT)
    assert [source.kind for source in contract.sources] == ["file", "endpoint"]
    (endpoint,) = contract.endpoints
    assert isinstance(endpoint, EndpointSource)
    assert [holes["time_period"] for holes in endpoint.requests(year=2025)] == ["2023", "2024"]
    found = contract.source_of(Path("api_2024.zip"))
    assert found == (endpoint, {"time_period": "2024"})


def test_the_present_year_does_not_double_a_year_that_is_listed(tmp_path: Path) -> None:
    contract = loaded(tmp_path, CONTRACT.replace("[2023, 2024]", '[2023, 2024, "{year}"]'))
    assert len(list(contract.endpoints[0].requests(year=2024))) == 2
    assert len(list(contract.endpoints[0].requests(year=2025))) == 3


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("kind: endpoint", "kind: api", 14, "kind: api"),
        ("    url: https://example.org/v1/{time_period}/data\n", "", 14, "url: Field required"),
        ("url: https:", "url: ftp:", 16, "expected an address that begins with https://"),
        ("https://example", "https://me:word@example", 16, "without user and password"),
        ("style: pages", "style: cursor", 20, "'pages', 'links', 'px-web'"),
        ("pages: /maxPages", "pages: maxPages", 20, "pages: String should match pattern"),
        ("pages: /maxPages", "cells: 1000", 20, "pages: Field required"),
        ('"{secret}"', "3f2a9c", 14, "a key does not belong in a contract"),
        ("    secret: MIGSTAT_ASYLUM_KEY\n", "", 14, "need both"),
        ("secret: MIGSTAT_ASYLUM_KEY", "secret: 3f2a9c", 18, "secret: String should match pattern"),
        ('to: "{year}"', 'to: "{today}"', 14, "`{today}` has no values: list them in `each`"),
        ("api_{time_period}.zip", "api.zip", 14, "with a hole for each name in `each`"),
        ("api_{time_period}.zip", "api_{time_period}.json", 14, "`file` of a paged answer ends in .zip"),
        ("api_{time_period}.zip", "../{time_period}.zip", 14, "`file` of an endpoint is a plain name"),
        ("asylum_{time_period}.csv", "*.zip", 11, "another source, *.zip, also takes the name api_2023.zip"),
        ('file: "asylum', 'url: https://example.org\n    file: "asylum', 11, "url: Extra inputs are not permitted"),
        ("calls: 10", "calls: 0", 21, "rate.calls: Input should be greater than or equal to 1"),
    ],
)
def test_wrong_endpoint_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(ContractError) as refusal:
        loaded(tmp_path, CONTRACT.replace(old, new, 1))
    assert message in str(refusal.value)
    assert "3f2a9c" not in str(refusal.value)
    assert str(refusal.value).startswith(f"{tmp_path / 'asylum.yaml'}:{line}:"), refusal.value


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL))
def test_example_of_the_documentation_is_a_source(tmp_path: Path, example: str) -> None:
    contract = loaded(tmp_path, CONTRACT[: CONTRACT.index("  - kind: endpoint")] + example)
    assert len(contract.endpoints) == 1


def test_documentation_names_every_key_setting_and_shipped_dataset() -> None:
    """What an author is not told of does not exist for them."""
    named = set(re.findall(r"`(\w+)[`:]", DOCS)) | set(re.findall(r"^    (\w+):", DOCS, re.MULTILINE))
    assert set(Endpoint.model_fields) <= named
    assert {f"MIGSTAT_{name.upper()}" for name in Settings.model_fields if name.startswith("fetch")} <= named
    assert {name for name, contract in load_contracts(Settings().contracts).items() if contract.endpoints} <= named
