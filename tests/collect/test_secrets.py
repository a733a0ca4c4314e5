"""A key is told to its server and to nobody else: not to a log, a file, a message, a card or another host."""

import logging
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest

from pipelines.collect.fetch import Fetched, fetch
from pipelines.contract import Contract
from pipelines.settings import Settings

from .conftest import Asked, Reply, Server
from .test_fetch import CSV, ENDPOINT, failure, one
from .test_paging import IDMC, idmc, kept_pages

KEY = "k3y/with+odd=chars&more"
SIGNATURE = "f00dcafe0123"
Write = Callable[[str], Contract]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    monkeypatch.setenv("MIGSTAT_ASYLUM_KEY", KEY)
    with caplog.at_level(logging.DEBUG):
        yield


def told(fetched: Fetched, online: Settings, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was written or said, files and their names included."""
    texts = [caplog.text, repr(fetched)]
    for error in fetched.failed:
        texts += traceback.format_exception(error)
    for path in online.home.rglob("*"):
        texts.append(str(path))
        if path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


def assert_kept(text: str) -> None:
    assert len(text) > 100
    for spelling in (KEY, quote(KEY), quote_plus(KEY), KEY.replace("/", "\\/"), SIGNATURE):
        assert spelling not in text


def test_key_in_next_links(
    contract_for: Write, online: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """IDMC writes the key into the address of the next page; the raw pages are kept without it."""
    server.answer("/external-api/gidd/disasters/", idmc(server))
    described = IDMC.format(url=server.url).replace("limit: 2", 'limit: 2, client_id: "{secret}"')
    contract = contract_for(described + "\nsecret: MIGSTAT_ASYLUM_KEY")
    fetched = fetch(contract, online)
    pages = kept_pages(one(fetched), online)
    assert "client_id=HIDDEN" in pages[0]["next"]
    assert "client_id=HIDDEN" in fetched.receipts[0].address
    assert [asked.params["client_id"] for asked in server.asked] == [[KEY], [KEY]], "its server must be told it"
    text = told(fetched, online, caplog)
    assert_kept(text + "".join(map(str, pages)))


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"message": f"The key {KEY} has expired"}, 401),
        Reply({"message": f"The key {KEY} has expired"}),
        Reply(f"<html><title>No access for {quote(KEY)}</title></html>"),
        Reply(status=404),
        Reply(status=500),
        Reply(CSV, cut=5),
        Reply(CSV + f"{KEY},2024,1\n".encode()),
        Reply(status=302, headers={"Location": f"http://localhost:9/signed?X-Amz-Signature={SIGNATURE}"}),
        Reply(status=302, headers={"Location": f"/signed?X-Amz-Signature={SIGNATURE}"}),
    ],
)
def test_key_in_an_answer(
    contract_for: Write, online: Settings, server: Server, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    server.answer("/asylum", reply)
    server.answer("/signed", Reply(CSV))
    described = ENDPOINT.format(url=server.url) + 'query: {key: "{secret}"}\nsecret: MIGSTAT_ASYLUM_KEY\n'
    fetched = fetch(contract_for(described), online)
    assert server.asked[0].params["key"] == [KEY]
    assert_kept(told(fetched, online, caplog))


def test_key_in_the_address_of_a_server_that_is_away(
    contract_for: Write, online: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    described = ENDPOINT.format(url="http://127.0.0.1:9/{secret}") + "secret: MIGSTAT_ASYLUM_KEY\n"
    fetched = fetch(contract_for(described), online)
    assert "/HIDDEN/asylum: the server cannot be reached" in str(failure(fetched))
    assert_kept(told(fetched, online, caplog))


def test_key_in_a_header_goes_to_no_other_host(
    contract_for: Write, online: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    described = ENDPOINT.format(url=server.url) + (
        'headers: {Subscription-Key: "{secret}"}\nsecret: MIGSTAT_ASYLUM_KEY\nhosts: [localhost]\n'
    )
    server.answer(
        "/asylum", Reply(status=302, headers={"Location": server.url.replace("127.0.0.1", "localhost") + "/f"})
    )
    server.answer("/f", Reply(CSV))
    fetched = fetch(contract_for(described), online)
    one(fetched)
    first, second = server.asked
    assert first.headers["Subscription-Key"] == KEY
    assert "Subscription-Key" not in second.headers
    assert_kept(told(fetched, online, caplog))


def test_missing_key_is_asked_for_by_name(
    contract_for: Write, online: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIGSTAT_ASYLUM_KEY")
    described = ENDPOINT.format(url=server.url) + 'query: {key: "{secret}"}\nsecret: MIGSTAT_ASYLUM_KEY\n'
    error = failure(fetch(contract_for(described), online))
    assert "Put it into the environment variable MIGSTAT_ASYLUM_KEY" in str(error)
    assert server.asked == []


def test_key_survives_a_resumed_download(
    contract_for: Write, online: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(asked: Asked) -> Reply:
        assert asked.params["key"] == [KEY]
        return Reply(CSV, 206 if "Range" in asked.headers else 200, cut=5)

    server.answer("/asylum", answer)
    described = ENDPOINT.format(url=server.url) + 'query: {key: "{secret}"}\nsecret: MIGSTAT_ASYLUM_KEY\n'
    assert_kept(told(fetch(contract_for(described), online), online, caplog))
