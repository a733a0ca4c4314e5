"""SDMX answers: a message with only a footer is a success to HTTP and an error to us."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.collect.fetch import Fetched, fetch
from pipelines.contract import Contract
from pipelines.settings import Settings

from .conftest import Reply, Server
from .test_fetch import failure, one

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<m:GenericData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
 xmlns:g="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"
 xmlns:f="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message/footer" xmlns:c="urn:c">
<m:Header><m:ID>{id}</m:ID><m:Prepared>{prepared}</m:Prepared></m:Header>{body}</m:GenericData>"""
DATA = '<m:DataSet><g:Series><g:Obs><g:ObsValue value="{value}"/></g:Obs></g:Series></m:DataSet>'
FOOTER = (
    '<f:Footer><f:Message code="413" severity="Information"><c:Text>Due to the large query the response will be '
    "written to a file at https://server.example/file/7f3a</c:Text></f:Message></f:Footer>"
)
ENDPOINT = """\
file: asylum.xml
url: {url}/sdmx/2.1/data/migr_asyappctza/A.PER.MD....
format: sdmx-ml
tables: [{{columns: {{ref_area: GEO}}, values: [{{header: OBS_VALUE}}]}}]
"""
Write = Callable[[str], Contract]


def message(body: str, id: str = "one", prepared: str = "2026-11-01") -> Reply:
    return Reply(MESSAGE.format(id=id, prepared=prepared, body=body))


@pytest.fixture
def contract(contract_for: Write, server: Server) -> Contract:
    return contract_for(ENDPOINT.format(url=server.url))


PATH = "/sdmx/2.1/data/migr_asyappctza/A.PER.MD...."


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            message(FOOTER),
            "the SDMX message holds no observations, it says “Due to the large query the response will be",
        ),
        (message("<m:DataSet/>"), "the SDMX message holds no observations. Ask for less"),
        (message("<m:DataSet><g:Series/></m:DataSet>"), "holds no observations"),
        (
            Reply("<S:Fault xmlns:S='urn:s'><faultstring>EXTRACTION_TOO_BIG</faultstring></S:Fault>"),
            "it says “EXTRACTION_TOO_BIG”",
        ),
        (
            Reply("<html><title>Maintenance</title></html>"),
            "is a web page (HTML), not an SDMX-ML message: “Maintenance”",
        ),
        (Reply(message("<m:DataSet>").content[:-30]), "is not a whole SDMX-ML message"),
        (
            Reply({"error": [{"status": 404, "label": "No results found"}]}),
            "is JSON, not an SDMX-ML message: “No results found”",
        ),
    ],
)
def test_message_without_observations_is_an_error(
    contract: Contract, online: Settings, server: Server, reply: Reply, said: str
) -> None:
    server.answer(PATH, reply)
    assert said in str(failure(fetch(contract, online)))
    assert not (online.landing / "receipts").exists()


def test_new_header_over_old_figures_is_no_delivery(contract: Contract, online: Settings, server: Server) -> None:
    """Every SDMX message has an id and a time of its own; only the figures say whether there is something new."""
    server.answer(PATH, message(DATA.format(value=7)))
    one(fetch(contract, online))
    server.answer(PATH, message(DATA.format(value=7), id="two", prepared="2026-11-02"))
    assert fetch(contract, online) == Fetched()
    server.answer(PATH, message(DATA.format(value=8), id="three", prepared="2026-11-03"))
    one(fetch(contract, online))


def test_entities_of_a_message_are_not_expanded(
    contract: Contract, online: Settings, server: Server, tmp_path: Path
) -> None:
    """A server could otherwise read files of the office."""
    (tmp_path / "private.txt").write_text("only for the office", encoding="utf-8")
    doctype = f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{(tmp_path / "private.txt").as_uri()}">]>'
    server.answer(PATH, Reply(f"{doctype}<m><Text>They say: &secret;</Text></m>"))
    assert "only for the office" not in str(failure(fetch(contract, online)))
