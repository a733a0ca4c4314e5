"""PX-Web tables, both versions of the API: asked in parts the server gives; all figures here are made up."""

import json
from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest

from pipelines.collect.fetch import Fetched, fetch
from pipelines.collect.read import read_tables
from pipelines.contract import Contract
from pipelines.delivery import raw_file
from pipelines.settings import Settings

from .conftest import Asked, Reply, Server
from .test_fetch import failure, one
from .test_paging import kept_pages

Write = Callable[[str], Contract]
PX_WEB = (
    'file: population.zip\nurl: {url}/table\nquery: {{Region: "*", Age: ["0-14", "15+"], Time: "*"}}\n'
    "paging: {{style: px-web, version: {version}, cells: {cells}}}\nformat: json-stat\n"
    "tables: [{{columns: {{ref_area: Region, time_period: Time}}, values: [{{header: value}}]}}]"
)
VARIABLES = {"Region": [f"{n:02}" for n in range(7)], "Age": ["0-14", "15+", "85+"], "Time": ["2023", "2024"]}


def px_web(version: int, cells: int) -> Callable[[Asked], Reply]:
    """A PX-Web table: variables on GET, a JSON-stat cube on POST, 403 for too many cells."""

    def answer(asked: Asked) -> Reply:
        if asked.method == "GET" and version == 1:
            told = [{"code": n, "text": n, "values": v, "valueTexts": v} for n, v in VARIABLES.items()]
            return Reply({"title": "Population", "variables": told})
        if asked.method == "GET":
            indices = {n: {"category": {"index": {c: i for i, c in enumerate(v)}}} for n, v in VARIABLES.items()}
            return Reply({"class": "dataset", "id": list(VARIABLES), "dimension": indices})
        if version == 1:
            assert asked.body["response"] == {"format": "json-stat2"}
            chosen = {part["code"]: part["selection"]["values"] for part in asked.body["query"]}
        else:
            assert asked.params["outputFormat"] == ["json-stat2"]
            chosen = {part["variableCode"]: part["valueCodes"] for part in asked.body["selection"]}
        sizes = [len(codes) for codes in chosen.values()]
        if prod(sizes) > cells:
            return Reply("Too many values selected", 403)
        dimension = {n: {"category": {"index": codes}} for n, codes in chosen.items()}
        cube = {"class": "dataset", "id": list(chosen), "size": sizes, "dimension": dimension, "updated": "2026-06-08"}
        return Reply(cube | {"value": [int(code) for code in chosen["Region"]] * (prod(sizes) // sizes[0])})

    return answer


def serve_px_web(server: Server, version: int, cells: int) -> None:
    for path in ("/table", "/table/metadata", "/table/data"):
        server.answer(path, px_web(version, cells))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("cells", [3, 10, 28])
def test_px_web_table_is_asked_in_parts_that_are_allowed(
    contract_for: Write, online: Settings, server: Server, version: int, cells: int
) -> None:
    """Every cell arrives exactly once, and no part is larger than the server gives."""
    serve_px_web(server, version, cells)
    contract = contract_for(PX_WEB.format(url=server.url, version=version, cells=cells))
    receipt = one(fetch(contract, online))
    pages = kept_pages(receipt, online)
    codes = [{n: page["dimension"][n]["category"]["index"] for n in page["id"]} for page in pages]
    found = [(r, a, t) for part in codes for r in part["Region"] for a in part["Age"] for t in part["Time"]]
    assert len(found) == len(set(found)) == 7 * 2 * 2
    tables = list(read_tables(raw_file(receipt, online), contract.sources[0], online.contracts))
    assert sum(batch.num_rows for _, raw in tables for batch in raw.rows) == 28
    assert {tuple(raw.header) for _, raw in tables} == {("Region", "Age", "Time", "value")}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('Region: "*", ', "", "“Region” is a variable of the table but not in `query`. Its variables are: Region, Age"),
        ("Region:", "Rayon:", "“Rayon” is not a variable of the table"),
        ('"15+"', '"65+"', "“Age” has no 65+. It has: 0-14, 15+, 85+"),
    ],
)
def test_px_web_table_that_has_changed_is_named(
    contract_for: Write, online: Settings, server: Server, version: int, old: str, new: str, message: str
) -> None:
    serve_px_web(server, version, 100)
    described = PX_WEB.format(url=server.url, version=version, cells=100).replace(old, new)
    assert message in str(failure(fetch(contract_for(described), online)))


def test_old_server_that_knows_only_json_stat_1(contract_for: Write, online: Settings, server: Server) -> None:
    """Its cube is the one member of the answer, behind a byte order mark; its date alone makes no delivery."""
    dates = iter(["2026-06-08", "2026-06-09"])

    def answer(asked: Asked) -> Reply:
        if asked.method == "GET":
            return px_web(1, 100)(asked)
        assert asked.body["response"] == {"format": "json-stat"}
        asked.body["response"] = {"format": "json-stat2"}
        cube = json.loads(px_web(1, 100)(asked).content)
        shape = {name: cube.pop(name) for name in ("id", "size")}
        cube |= {"dimension": cube["dimension"] | shape, "updated": next(dates)}
        return Reply(b"\xef\xbb\xbf" + json.dumps({"dataset": cube}).encode())

    server.answer("/table", answer)
    described = PX_WEB.format(url=server.url, version=1, cells=100)
    contract = contract_for(described.replace("version: 1", "version: 1, answer: json-stat"))
    receipt = one(fetch(contract, online))
    tables = list(read_tables(raw_file(receipt, online), contract.sources[0], online.contracts))
    assert sum(batch.num_rows for _, raw in tables for batch in raw.rows) == 28
    assert fetch(contract, online) == Fetched()


def test_px_web_refusal_says_what_to_change(contract_for: Write, online: Settings, server: Server) -> None:
    serve_px_web(server, 1, 10)
    error = str(failure(fetch(contract_for(PX_WEB.format(url=server.url, version=1, cells=100)), online)))
    assert "403 Forbidden: Too many values selected" in error
    assert "lower `cells`" in error


def test_address_without_a_table_is_named(contract_for: Write, online: Settings, server: Server) -> None:
    server.answer("/table", Reply([{"id": "folder", "type": "l", "text": "Population"}]))
    described = PX_WEB.format(url=server.url, version=1, cells=100)
    assert "is not that of a PX-Web table" in str(failure(fetch(contract_for(described), online)))


@pytest.mark.real_data
def test_answer_of_statistics_sweden(contract_for: Write, online: Settings, server: Server, real: Path) -> None:
    """Metadata and data of table TAB6471 as PxWebApi v2 gave them, of which part is asked for."""
    answers = real / "files" / "pxweb_v2_pxwebpy"
    data = json.loads((answers / "TAB6471_data.json").read_bytes())
    query = {name: list(data["dimension"][name]["category"]["index"]) for name in data["id"]}
    server.answer("/tables/TAB6471/metadata", Reply((answers / "TAB6471_metadata.json").read_bytes()))
    server.answer("/tables/TAB6471/data", Reply((answers / "TAB6471_data.json").read_bytes()))
    contract = contract_for(
        f"file: population.zip\nurl: {server.url}/tables/TAB6471\nquery: {json.dumps(query)}\n"
        "paging: {style: px-web, version: 2, cells: 150000}\nedition: /updated\nformat: json-stat\n"
        "tables: [{columns: {ref_area: Region, time_period: Tid}, values: [{header: value}]}]"
    )
    receipt = one(fetch(contract, online))
    assert receipt.edition == "2026-06-08T06:00:00Z"
    asked = {part["variableCode"]: part["valueCodes"] for part in server.asked[-1].body["selection"]}
    assert asked == query
    tables = list(read_tables(raw_file(receipt, online), contract.sources[0], online.contracts))
    assert sum(batch.num_rows for _, raw in tables for batch in raw.rows) == prod(data["size"])
