"""Look at an answer before it becomes a delivery: HTTP 200 does not mean that there are data in it.

Servers say “too much”, “not found” and “come back later” with a success, as JSON, XML or a web page. Each of these
is an error in the server's own words, never a delivery of no rows.
"""

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from pipelines.collect import looks
from pipelines.collect.archive import PACKED
from pipelines.collect.document import at
from pipelines.language import msgid, say
from pipelines.source import EndpointSource

WORDS_SHOWN = 300
SAYING = (
    "message",
    "error",
    "errors",
    "warning",
    "detail",
    "title",
    "label",
    "value",
    "description",
    "text",
    "Message",
)
SDMX_HEADER = re.compile(rb"<(\w+:)?Header\b.*?</(\w+:)?Header\s*>", re.DOTALL)
ASK_FOR_LESS = msgid("Ask for less: narrow `query`, or split it with `each`.")
ASK_OTHERWISE = msgid("Correct `url` and `query`; if it is too much, narrow `query` or split it with `each`.")


class FetchError(OSError):
    """An endpoint gave nothing that can be used; the message says which, why, and what to do."""


class Unavailable(FetchError):
    """It may work a moment later: the server is busy, the line broke, the data changed meanwhile."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message)


@dataclass(frozen=True)
class Content:
    """What an answer holds.

    `fingerprint` is a digest of the data without what a server writes anew each time it answers.
    """

    fingerprint: str
    document: Any = None
    records: int | None = None


def inspect(path: Path, source: EndpointSource) -> Content:
    """Look into an answer on disk.

    Raises:
        FetchError: it is an error message, a web page, or holds no data.
    """
    head = looks.beginning(path)
    if not head.strip():
        raise FetchError(say("the answer is empty. Look at the address in a browser and correct the contract."))
    kind = looks.looks_like(path)
    if kind in PACKED:
        return Content(_digest(path))
    if kind not in looks.WANTED[source.format]:
        said = f": {_quoted(words(head))}" if kind in ("HTML", "XML", "JSON", "text") else ""
        raise FetchError(
            say(
                "the answer is {found}, not {format}{said}. {remedy}",
                found=looks.shown_as(kind),
                format=say(looks.NAMES[source.format]),
                said=said,
                remedy=say(ASK_OTHERWISE),
            )
        )
    if kind == "JSON":
        return _json(path, source)
    if kind == "XML":
        return _sdmx(path)
    if source.format.endswith("csv") and head.strip().count(b"\n") == 0:
        raise FetchError(say("the answer has a header and no rows. {remedy}", remedy=_nothing_found(source)))
    return Content(_digest(path))


def words(body: bytes) -> str:
    """What the beginning of a page, a message or a fault says to a person."""
    with contextlib.suppress(ValueError):
        if said := "; ".join(_said(json.loads(body))):
            return said[:WORDS_SHOWN]
    return looks.words(body)


def _json(path: Path, source: EndpointSource) -> Content:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        raise FetchError(
            say("the answer is not JSON: “{said}”. Correct the contract.", said=words(looks.beginning(path)))
        ) from None
    is_cube = source.format.startswith("json-stat")
    whole = at(document, source.records) if source.records else _cube(document) if is_cube else document
    records = at(whole, "/value") if is_cube else whole
    if not isinstance(records, list | dict) or (isinstance(records, dict) and not is_cube):
        said = "; ".join(_said(document))
        told = say(
            "the answer has no data at {pointer}",
            pointer=f"{source.records}/value" if is_cube else source.records or "/",
        )
        remedy = say("Correct the query; if the server has changed its answers, correct `records`.")
        raise FetchError(f"{_with_words(told, said)}. {remedy}")
    if not records:
        raise FetchError(say("the answer holds no records. {remedy}", remedy=_nothing_found(source)))
    shown = {name: part for name, part in whole.items() if name != "updated"} if is_cube else records
    fingerprint = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return Content(fingerprint, document, len(records))


def _cube(document: Any) -> Any:
    """A JSON-stat data set; in version 1 it is the one member of the answer, whatever its name."""
    members = list(document.values()) if isinstance(document, dict) and "value" not in document else []
    return members[0] if len(members) == 1 else document


def _sdmx(path: Path) -> Content:
    """An SDMX-ML message has observations; one with only a footer, or a SOAP fault, is an error."""
    said: list[str] = []
    try:
        events = etree.iterparse(str(path), events=("end",), resolve_entities=False, no_network=True)
        for _, element in events:
            name = etree.QName(element).localname
            if name in ("Obs", "Observation"):
                return Content(_digest(path, SDMX_HEADER))
            if name in ("Text", "faultstring", "ErrorMessage") and element.text:
                said.append(element.text)
            element.clear(keep_tail=False)
    except etree.XMLSyntaxError as error:
        raise Unavailable(say("the answer is not a whole SDMX-ML message ({error}).", error=error.msg)) from None
    told = _with_words(say("the SDMX message holds no observations"), " ".join(" ".join(said).split()))
    raise FetchError(f"{told}. {say(ASK_FOR_LESS)}")


def _with_words(told: str, said: str) -> str:
    """What is told of an answer, and what the server itself says in it."""
    return say("{told}, it says {said}", told=told, said=_quoted(said[:WORDS_SHOWN])) if said else told


def _quoted(text: str) -> str:
    return say("“{text}”", text=text)


def _said(node: Any) -> list[str]:
    """The texts of an error message in JSON, wherever they stand."""
    if isinstance(node, list):
        return [text for part in node[:5] for text in _said(part)]
    if not isinstance(node, dict):
        return []
    found = []
    for name in SAYING:
        part = node.get(name)
        found += [part] if isinstance(part, str) and part else _said(part)
    return found


def _nothing_found(source: EndpointSource) -> str:
    return say("Nothing is found for `query` of {file}: correct it if there should be.", file=source.file)


def _digest(path: Path, without: re.Pattern[bytes] | None = None) -> str:
    """The sha256 of a file, leaving out a part of its beginning."""
    with path.open("rb") as file:
        head = file.read(looks.HEAD)
        digest = hashlib.sha256(without.sub(b"", head, count=1) if without else head)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
