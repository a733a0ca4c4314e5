"""Fetching from a real server: what is new arrives once, and what is not data never arrives."""

import json
import logging
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pipelines.collect.answer import FetchError, Unavailable
from pipelines.collect.fetch import Fetched, fetch
from pipelines.collect.inbox import collect
from pipelines.contract import Contract
from pipelines.delivery import Receipt, card_file, not_fetched, raw_file
from pipelines.settings import Settings

from .conftest import Reply, Server, file_on_server

CSV = b"Country,Year,Value\nMDA,2024,7\n"
ENDPOINT = """\
file: asylum.csv
url: {url}/asylum
format: csv
tables: [{{columns: {{ref_area: Country, time_period: Year}}, values: [{{header: Value}}]}}]
"""
Write = Callable[[str], Contract]


def one(fetched: Fetched) -> Receipt:
    assert fetched.failed == []
    (receipt,) = fetched.receipts
    return receipt


def failure(fetched: Fetched) -> FetchError:
    assert fetched.receipts == []
    (error,) = fetched.failed
    return error


@pytest.fixture
def contract(contract_for: Write, server: Server) -> Contract:
    return contract_for(ENDPOINT.format(url=server.url))


def test_file_is_landed_with_its_card(contract: Contract, online: Settings, server: Server) -> None:
    """The card beside the raw bytes says whose they are, where from, when, and which."""
    server.answer("/asylum", file_on_server(CSV))
    receipt = one(fetch(contract, online))
    assert raw_file(receipt, online).read_bytes() == CSV
    card = json.loads(card_file(receipt, online).read_text(encoding="utf-8"))
    assert card_file(receipt, online).parent == raw_file(receipt, online).parent
    assert (card["producer"], card["licence"], card["title"]) == ("A ministry", "CC BY 4.0", "Asylum applications")
    assert (card["address"], card["file_name"]) == (f"{server.url}/asylum", "asylum.csv")
    assert card["published"] == "2026-07-15T09:00:00Z"
    assert (card["size"], card["sha256"]) == (len(CSV), receipt.sha256)
    assert abs(datetime.now(UTC) - receipt.received_at).total_seconds() < 60


def test_office_says_who_it_is(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(CSV))
    fetch(contract, online)
    assert server.asked[0].headers["User-Agent"] == "migstat ( Statistics Office; data@example.org)"


def test_what_has_not_changed_is_not_sent_again(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", file_on_server(CSV))
    one(fetch(contract, online))
    assert fetch(contract, online) == Fetched()
    assert server.asked[1].headers["If-None-Match"] == '"v1"'
    server.answer("/asylum", file_on_server(CSV + b"MDA,2025,9\n", '"v2"'))
    assert raw_file(one(fetch(contract, online)), online).read_bytes().endswith(b"9\n")


def test_same_bytes_without_validators_are_no_delivery(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(CSV))
    one(fetch(contract, online))
    assert fetch(contract, online) == Fetched()


def test_changed_contract_reads_the_same_answer_again(
    contract: Contract, contract_for: Write, online: Settings, server: Server
) -> None:
    """Or a contract corrected after a refusal would wait for the source to change."""
    server.answer("/asylum", file_on_server(CSV))
    first = one(fetch(contract, online))
    corrected = contract_for(ENDPOINT.format(url=server.url) + "delimiter: ','\n")
    assert one(fetch(corrected, online)).delivery_id == first.delivery_id


@pytest.mark.parametrize("status", [429, 503])
def test_busy_server_is_asked_again_when_it_says(
    contract: Contract, online: Settings, server: Server, status: int
) -> None:
    server.answer("/asylum", Reply("busy", status, {"Retry-After": "0"}), Reply(status=500), Reply(CSV))
    one(fetch(contract, online))
    assert len(server.asked) == 3


def test_server_that_stays_busy_is_unavailable(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply({"message": "Too many calls"}, 429))
    error = failure(fetch(contract, online))
    assert isinstance(error, Unavailable)
    assert "the server answers 429 Too Many Requests: Too many calls." in str(error)
    assert len(server.asked) == online.fetch_attempts


def test_wait_of_an_hour_is_left_to_the_next_run(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(status=429, headers={"Retry-After": "3600"}))
    assert "asks to wait 3600 seconds: the next scheduled run asks again" in str(failure(fetch(contract, online)))
    assert len(server.asked) == 1


def test_download_goes_on_where_it_broke_off(contract: Contract, online: Settings, server: Server) -> None:
    content = b"Country,Year,Value\n" + b"MDA,2024,7\n" * 20_000
    server.answer("/asylum", file_on_server(content, cut=100_000), file_on_server(content))
    assert raw_file(one(fetch(contract, online)), online).read_bytes() == content
    assert server.asked[1].headers["Range"].startswith("bytes=")
    assert server.asked[1].headers["Range"] != "bytes=0-"


def test_download_goes_on_in_the_next_run(contract: Contract, online: Settings, server: Server) -> None:
    content = b"Country,Year,Value\n" + b"MDA,2024,7\n" * 20_000
    server.answer("/asylum", file_on_server(content, cut=100_000), Reply(status=500))
    assert isinstance(failure(fetch(contract, online)), Unavailable)
    server.answer("/asylum", file_on_server(content))
    assert raw_file(one(fetch(contract, online)), online).read_bytes() == content
    assert "Range" in server.asked[-1].headers


def test_file_that_changed_meanwhile_is_not_patched_together(
    contract: Contract, online: Settings, server: Server
) -> None:
    old, new = b"Country,Year,Value\n" + b"MDA,2024,7\n" * 20_000, b"Country,Year,Value\n" + b"MDA,2024,8\n" * 20_000
    server.answer("/asylum", file_on_server(old, cut=100_000), file_on_server(new, '"v2"'))
    assert raw_file(one(fetch(contract, online)), online).read_bytes() == new


def test_body_that_always_breaks_off_is_never_landed(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(CSV, cut=10))
    error = failure(fetch(contract, online))
    assert "the connection broke off before the answer was whole" in str(error)
    assert not (online.landing / "receipts").exists()


@pytest.mark.parametrize("told", [True, False])
def test_too_large_an_answer_is_not_taken(contract: Contract, online: Settings, server: Server, told: bool) -> None:
    """Whether the server says beforehand how much comes or not."""
    server.answer("/asylum", Reply(CSV * 1000, told=told))
    small = online.model_copy(update={"fetch_limit_mb": 0.01})
    assert "the answer is larger than 0.01 MB. Ask for less" in str(failure(fetch(contract, small)))
    assert not list((online.landing / "sources").rglob("*.part"))


def test_redirect_on_the_same_host_is_followed(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(status=302, headers={"Location": "/files/asylum"}))
    server.answer("/files/asylum", Reply(CSV))
    assert one(fetch(contract, online)).address == f"{server.url}/asylum"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://localhost:1/login", "the address has moved to localhost: add that host to `hosts`"),
        ("file:///etc/passwd", "which is not safe"),
        ("/asylum", "the address leads in a circle"),
    ],
)
def test_redirect_elsewhere_is_refused(
    contract: Contract, online: Settings, server: Server, location: str, message: str
) -> None:
    server.answer("/asylum", Reply(status=302, headers={"Location": location}))
    assert message in str(failure(fetch(contract, online)))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("<!DOCTYPE html><html><title>Log in</title>"), "is a web page (HTML), not delimited text: “Log in”"),
        (
            Reply('<?xml version="1.0"?>\n<!-- old --><!DOCTYPE html PUBLIC "x"><html><title>Gone</title></html>'),
            "is a web page (HTML), not delimited text: “Gone”",
        ),
        (Reply(b""), "the answer is empty"),
        (Reply(b"Country,Year,Value\r\n"), "has a header and no rows"),
        (Reply({"error": [{"status": 400, "label": "NO_RESULTS"}]}), "is JSON, not delimited text: “NO_RESULTS”"),
        (Reply({"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE. Query 7"}}), "ASYNCHRONOUS_RESPONSE"),
        (
            Reply("<S:Fault><faultcode>413</faultcode><faultstring>EXTRACTION_TOO_BIG: 9 rows</faultstring></S:Fault>"),
            "EXTRACTION_TOO_BIG: 9 rows",
        ),
        (
            Reply("<S:Fault>EXTRACTION_TOO_BIG</S:Fault>", 413),
            "413 Request Entity Too Large: EXTRACTION_TOO_BIG. Ask for",
        ),
        (Reply(b"later", 202), "the server answers 202 Accepted: later"),
        (Reply(status=404), "correct the contract"),
        (Reply({"message": "no such key"}, 401), "no such key. The server wants a key: see `secret`"),
    ],
)
def test_success_that_is_none_is_an_error_in_words(
    contract: Contract, online: Settings, server: Server, reply: Reply, message: str
) -> None:
    """Each of these would otherwise be a delivery of no rows; the last good one stays."""
    server.answer("/asylum", Reply(CSV))
    good = one(fetch(contract, online))
    server.answer("/asylum", reply)
    error = str(failure(fetch(contract, online)))
    assert message in error
    assert error.startswith("asylum: asylum.csv is not fetched: ")
    assert [p.stem for p in (online.landing / "receipts").iterdir()] == [good.delivery_id]


def test_server_that_cannot_be_reached(contract_for: Write, online: Settings) -> None:
    error = failure(fetch(contract_for(ENDPOINT.format(url="http://127.0.0.1:9")), online))
    assert isinstance(error, Unavailable)
    assert "the server cannot be reached" in str(error)


def test_rate_is_kept(contract_for: Write, online: Settings, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls in a while, then a pause: offices are cut off by servers they ask too fast."""
    pauses: list[float] = []
    monkeypatch.setattr("pipelines.collect.client.time.sleep", pauses.append)
    endpoint = ENDPOINT.format(url=server.url).replace("asylum.csv", '"asylum_{time_period}.csv"')
    endpoint += "each: {time_period: [2021, 2022, 2023]}\nrate: {calls: 2, seconds: 60}\n"
    server.answer("/asylum", Reply(CSV))
    assert len(fetch(contract_for(endpoint), online).receipts) == 3
    assert [round(pause / 60) for pause in pauses if pause > 0.1] == [1]


def test_one_delivery_for_each_value(contract_for: Write, online: Settings, server: Server) -> None:
    """What the name of a delivery says differs, so equal bytes stay two deliveries."""
    endpoint = ENDPOINT.format(url=server.url).replace("asylum.csv", '"asylum_{time_period}.csv"')
    endpoint = endpoint.replace("/asylum", "/asylum/{time_period}")
    contract = contract_for(endpoint + 'query: {until: "{year}"}\neach: {time_period: [2023, 2024]}\n')
    server.answer("/asylum/2024", Reply(CSV))
    fetched = fetch(contract, online)
    assert [receipt.file_name for receipt in fetched.receipts] == ["asylum_2024.csv"]
    assert "asylum_2023.csv is not fetched" in str(fetched.failed[0])
    assert "/asylum/2023 is not here" in str(fetched.failed[0])
    assert server.asked[-1].params["until"] == [str(datetime.now(UTC).year)]


def test_closed_network_does_not_hold_up_the_inbox(contract: Contract, online: Settings) -> None:
    """Only what fails alone is shown as a failed run; while files wait they go first."""
    dead = contract.model_copy(
        update={"sources": [contract.endpoints[0].model_copy(update={"url": "http://127.0.0.1:9/asylum"})]}
    )
    with pytest.raises(Unavailable, match=r"is not fetched: .* cannot be reached"):
        collect(dead, online, {})
    (online.inbox / "asylum").mkdir(parents=True)
    (online.inbox / "asylum" / "asylum.csv").write_bytes(CSV)
    assert len(collect(dead, online, {})) == 1


def test_nothing_is_fetched_unless_the_office_says_so(contract: Contract, online: Settings, server: Server) -> None:
    assert collect(contract, online.model_copy(update={"fetch": False}), {}) == []
    assert server.asked == []


def test_fetched_delivery_waits_for_process(contract: Contract, online: Settings, server: Server) -> None:
    server.answer("/asylum", Reply(CSV))
    (delivery_id,) = collect(contract, online, {})
    assert collect(contract, online, {}) == [delivery_id], "an interrupted run is taken up again"
    assert collect(contract, online, {delivery_id: "loaded"}) == []


def test_what_is_not_fetched_stays_noted_until_it_is(contract: Contract, online: Settings, server: Server) -> None:
    """Or an endpoint could fail for months unseen while files keep coming in."""
    server.answer("/asylum", Reply(status=404))
    fetch(contract, online)
    (problem,) = not_fetched(online)
    assert problem.startswith("asylum: asylum.csv is not fetched: ")
    server.answer("/asylum", Reply(CSV))
    fetch(contract, online)
    assert not_fetched(online) == []


def test_second_run_does_not_fetch_at_the_same_time(contract: Contract, online: Settings) -> None:
    from filelock import FileLock

    place = online.landing / "sources" / "asylum"
    place.mkdir(parents=True)
    with FileLock(place / "asylum.csv.lock"):
        assert "is being fetched by another run" in str(failure(fetch(contract, online)))


def test_log_says_what_was_asked(
    contract: Contract, online: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer("/asylum", Reply(CSV))
    with caplog.at_level(logging.INFO):
        fetch(contract, online)
    assert f"{server.url}/asylum: 200" in caplog.text


def test_memory_does_not_grow_with_the_answer(contract: Contract, online: Settings, server: Server) -> None:
    """Workbooks of 50 MB are fetched on small machines."""
    content = b"Country,Year,Value\n" + b"MDA,2024,7\n" * 2_000_000
    server.answer("/asylum", Reply(content))
    tracemalloc.start()
    one(fetch(contract, online))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(content) / 3
