"""Answers in pages, in the shapes of the real servers; all figures here are made up."""

import json
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest

from pipelines.collect.answer import FetchError, Unavailable
from pipelines.collect.fetch import Fetched, fetch
from pipelines.contract import Contract
from pipelines.delivery import Receipt, raw_file
from pipelines.settings import Settings

from .conftest import Answering, Asked, Reply, Server
from .test_fetch import failure, one

Write = Callable[[str], Contract]
TABLES = "tables: [{columns: {ref_area: coa_iso, time_period: year}, values: [{header: refugees}]}]"
UNHCR = (
    "file: unhcr_population.zip\nurl: {url}/population/v1/population/\n"
    "query: {{limit: 2, yearFrom: 2024, yearTo: 2024, coo_all: true, coa_all: true}}\n"
    "paging: {{style: pages, pages: /maxPages}}\nformat: json\nrecords: /items\n"
    + TABLES.replace("{", "{{").replace("}", "}}")
)
WORLD_BANK = (
    "file: gdp.zip\nurl: {url}/v2/en/country/all/indicator/NY.GDP.MKTP.CD\nquery: {{format: json, per_page: 2}}\n"
    "paging: {{style: pages, pages: /0/pages, count: /0/total}}\nedition: /0/lastupdated\nformat: json\nrecords: /1\n"
    "tables: [{{columns: {{ref_area: countryiso3code, time_period: date}}, values: [{{header: value}}]}}]"
)
IDMC = (
    "file: idmc.zip\nurl: {url}/external-api/gidd/disasters/\nquery: {{format: json, limit: 2}}\n"
    "paging: {{style: links, next: /next, count: /count}}\nedition: /last_updated\nformat: json\nrecords: /results\n"
    "tables: [{{columns: {{ref_area: iso3, time_period: year}}, values: [{{header: new_displacement}}]}}]"
)


def kept_pages(receipt: Receipt, settings: Settings) -> list[Any]:
    with zipfile.ZipFile(raw_file(receipt, settings)) as kept:
        assert kept.namelist() == sorted(kept.namelist())
        assert {member.date_time[0] for member in kept.infolist()} == {1980}, "or the same pages differ by the clock"
        return [json.loads(kept.read(name)) for name in kept.namelist()]


def unhcr(pages: int, more: dict[str, Any] | None = None) -> Callable[[Asked], Reply]:
    """UNHCR's shape: zero is the text “0”, unknown is “-”, both codes of a country."""

    def answer(asked: Asked) -> Reply:
        page = int(asked.params["page"][0])
        item = {
            "year": 2024,
            "coo_iso": "SYR",
            "coa": "AUS",
            "coa_iso": "AUT",
            "refugees": page,
            "idps": "0",
            "hst": "-",
        }
        return Reply({"page": page, "maxPages": pages, "items": [item]} | (more or {}))

    return answer


def world_bank(page: int, pages: int = 2, total: int = 3, updated: str = "2026-07-13", start: int = 2020) -> Reply:
    """The World Bank's shape: a list of what is said and what is meant; numbers of pages as texts at times."""
    rows = [
        {"countryiso3code": "MDA", "date": str(start + 2 * page + i), "value": 1.5 * page, "unit": ""}
        for i in range(2 if page < pages else 1)
    ]
    return Reply([{"page": page, "pages": str(pages), "per_page": 2, "total": total, "lastupdated": updated}, rows])


def test_all_pages_are_kept_as_they_came(contract_for: Write, online: Settings, server: Server) -> None:
    server.answer("/population/v1/population/", unhcr(3))
    receipt = one(fetch(contract_for(UNHCR.format(url=server.url)), online))
    pages = kept_pages(receipt, online)
    assert [page["items"][0]["refugees"] for page in pages] == [1, 2, 3]
    assert server.asked[0].params == {
        "limit": ["2"], "yearFrom": ["2024"], "yearTo": ["2024"], "coo_all": ["true"], "coa_all": ["true"],
        "page": ["1"],
    }  # fmt: skip
    assert receipt.address.endswith(
        "/population/v1/population/?limit=2&yearFrom=2024&yearTo=2024&coo_all=true&coa_all=true"
    )


def test_same_pages_are_the_same_bytes(contract_for: Write, online: Settings, server: Server) -> None:
    """Or each run would make a delivery of its own out of nothing new."""
    server.answer("/population/v1/population/", unhcr(2))
    contract = contract_for(UNHCR.format(url=server.url))
    first = one(fetch(contract, online))
    assert fetch(contract, online) == Fetched()
    for memory in (online.landing / "sources").rglob("*.seen.json"):
        memory.unlink()
    assert one(fetch(contract, online)).delivery_id == first.delivery_id


def test_new_date_over_old_figures_is_no_delivery(contract_for: Write, online: Settings, server: Server) -> None:
    path = "/v2/en/country/all/indicator/NY.GDP.MKTP.CD"
    contract = contract_for(WORLD_BANK.format(url=server.url))
    server.answer(path, world_bank(1), world_bank(2))
    assert one(fetch(contract, online)).edition == "2026-07-13"
    server.answer(path, world_bank(1, updated="2026-10-01"), world_bank(2, updated="2026-10-01"))
    assert fetch(contract, online) == Fetched()
    server.answer(
        path, world_bank(1, start=2022, updated="2026-10-01"), world_bank(2, start=2022, updated="2026-10-01")
    )
    assert one(fetch(contract, online)).edition == "2026-10-01"


@pytest.mark.parametrize(
    ("answers", "kind", "message"),
    [
        ([world_bank(1), world_bank(2, pages=3)], Unavailable, "the number of pages changed from 2 to 3 meanwhile"),
        ([world_bank(1), world_bank(1)], FetchError, "page 2 repeats an earlier one"),
        ([world_bank(1, total=9), world_bank(2, total=9)], Unavailable, "3 records arrived of the 9 the server counts"),
        ([world_bank(1), world_bank(2, updated="2026-10-01")], Unavailable, "the edition changed between pages"),
        ([world_bank(1), Reply(world_bank(2).content, cut=40)], Unavailable, "page 2: .* the connection broke off"),
        ([world_bank(1), Reply(world_bank(2).content[:40])], FetchError, "page 2: the answer is not JSON"),
        ([world_bank(1), Reply("<html><title>Down</title></html>")], FetchError, "page 2: the answer is a web page"),
        (
            [Reply([{"message": [{"id": "175", "value": "The indicator was not found. It may have been deleted."}]}])],
            FetchError,
            "page 1: the answer has no data at /1, it says “The indicator was not found",
        ),
        ([Reply([{"page": 0, "pages": 0, "per_page": 0, "total": 0}, None])], FetchError, "no data at /1"),
        (
            [Reply([{"page": 1, "pages": 1, "total": 0}, []])],
            FetchError,
            "the answer holds no records. Nothing is found",
        ),
        ([Reply([{"page": 1}, [{"date": "2024"}]])], FetchError, "expected a number at /0/pages, found None"),
        ([Reply("<html><title>Bad Request</title></html>", 400)], FetchError, "answers 400 Bad Request"),
    ],
)
def test_pages_that_do_not_belong_together_are_no_delivery(
    contract_for: Write, online: Settings, server: Server, answers: list[Answering], kind: type, message: str
) -> None:
    server.answer("/v2/en/country/all/indicator/NY.GDP.MKTP.CD", *answers)
    error = failure(fetch(contract_for(WORLD_BANK.format(url=server.url)), online))
    assert type(error) is kind
    with pytest.raises(FetchError, match=message):
        raise error
    left = [path.name for path in online.landing.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == ["gdp.zip.problem"]


def idmc(server: Server, count: int = 3) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        offset = int(asked.params.get("offset", ["0"])[0])
        path = "/external-api/gidd/disasters/"
        key = f"client_id={quote_plus(asked.params['client_id'][0])}&" if "client_id" in asked.params else ""
        following = f"{server.url}{path}?{key}format=json&limit=2&offset={offset + 2}" if offset + 2 < 3 else None
        results = [
            {"iso3": "AFG", "year": 2008 + offset + i, "new_displacement": 180} for i in range(2 if following else 1)
        ]
        said = {"last_updated": "2025-05-13", "count": count, "next": following, "previous": None}
        return Reply(said | {"results": results})

    return answer


def test_links_are_followed_to_the_last_page(contract_for: Write, online: Settings, server: Server) -> None:
    server.answer("/external-api/gidd/disasters/", idmc(server))
    receipt = one(fetch(contract_for(IDMC.format(url=server.url)), online))
    assert [len(page["results"]) for page in kept_pages(receipt, online)] == [2, 1]
    assert receipt.edition == "2025-05-13"


def test_link_to_another_host_is_not_followed(contract_for: Write, online: Settings, server: Server) -> None:
    page = {"count": 9, "next": "http://elsewhere.example/page2", "results": [{"year": 2024}]}
    server.answer("/external-api/gidd/disasters/", Reply(page))
    assert "add that host to `hosts`" in str(failure(fetch(contract_for(IDMC.format(url=server.url)), online)))
