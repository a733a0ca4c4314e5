"""What a file looks like by its first bytes, whatever its name says: looked at before anything parses it."""

import html
import re
import zipfile
from pathlib import Path

from lxml import etree

from pipelines.collect.table import Unreadable
from pipelines.delivery import Problem
from pipelines.language import msgid, say

HEAD = 1 << 16
SHOWN = 160
WORKBOOK = {"[Content_Types].xml", "mimetype"}
PASSWORD = "EncryptedPackage".encode("utf-16-le")

SIGNATURES = [
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
    (b"PAR1", "Parquet"),
    (b"%PDF", "PDF"),
    (rb"{\rtf", "RTF"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
]
TEXTS = [
    (r"(?is)(<\?xml.*?\?>\s*|<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|table|script)\b", "HTML"),
    (r"<", "XML"),
    (r'\{\s*("|\}|$)|\[\s*([\[{"\]]|$)', "JSON"),
]
LARGEST = {"excel": 256 << 20, "px": 64 << 20}  # what is read whole
WANTED = {
    "csv": {"text"},
    "sdmx-csv": {"text"},
    "px": {"text"},
    "excel": {"workbook", "old Office"},
    "parquet": {"Parquet"},
    "sdmx-ml": {"XML"},
    "sdmx-json": {"JSON"},
    "json-stat": {"JSON"},
    "json": {"JSON"},
}
NAMES = {
    "csv": msgid("delimited text"),
    "sdmx-csv": msgid("SDMX-CSV, which is delimited text"),
    "px": msgid("a PX file"),
    "excel": msgid("an Excel or OpenDocument workbook"),
    "parquet": msgid("a Parquet file"),
    "sdmx-ml": msgid("an SDMX-ML message"),
    "sdmx-json": msgid("an SDMX-JSON message"),
    "json-stat": msgid("a JSON-stat document"),
    "json": "JSON",
}
REMEDIES = {
    "HTML": msgid(
        "A server that has no data answers with a page: open the address in a browser, or save the file once more."
    ),
    "XML": msgid("A server that refuses a question answers in XML: read what it says, and ask for less or otherwise."),
    "JSON": msgid("Correct `format` in the contract, or ask for the other format."),
    "old Office": msgid(
        "Open it and save it anew in the format the contract says, or correct `format` in the contract."
    ),
    "password": msgid("Open it with its password, take the password off, and send it again."),
    "RAR": msgid("Unpack it and send what is in it, or a zip."),
    "7z": msgid("Unpack it and send what is in it, or a zip."),
    "PDF": msgid("Ask for the table itself, as a workbook or CSV."),
}
SEND_OTHERWISE = msgid("Send the file in the format the contract says, or correct `format` in it.")
SHOWN_AS = {
    "HTML": msgid("a web page (HTML)"),
    "XML": "XML",
    "JSON": "JSON",
    "text": msgid("plain text"),
    "old Office": msgid("an old Office file (as .xls or .doc)"),
    "password": msgid("an Office file locked with a password"),
    "workbook": msgid("a workbook or another new Office file (as .xlsx)"),
    "zip": msgid("a zip archive"),
    "gzip": msgid("a gzip archive"),
    "binary": msgid("no text (it holds NUL bytes) and no format known here"),
}


def check(path: Path, format: str) -> None:
    """Compare what a file looks like with the format its contract says.

    Raises:
        Unreadable: it is another format; says which, quotes its message if it is one, and what to do. Or it is too
            large for a format that is read whole.
    """
    size, largest = path.stat().st_size, LARGEST.get(format)
    if largest and size > largest:
        raise Unreadable(
            Problem(
                kind="format",
                value=say("{size} MB", size=size >> 20),
                expected=say("{format} of at most {size} MB", format=say(NAMES[format]), size=largest >> 20),
                remedy=say("Send it in parts, as CSV or as Parquet."),
            )
        )
    kind = looks_like(path)
    if kind in WANTED[format]:
        return
    said = words(beginning(path)) if kind in ("HTML", "XML", "JSON") else ""
    raise Unreadable(
        Problem(
            kind="format",
            value=said or None,
            expected=say(
                "{format}; by its first bytes this is {found}", format=say(NAMES[format]), found=shown_as(kind)
            ),
            remedy=say(REMEDIES.get(kind, SEND_OTHERWISE)),
        )
    )


def shown_as(kind: str) -> str:
    """What a kind of file is called to a person."""
    return say(SHOWN_AS[kind]) if kind in SHOWN_AS else say("a {kind} file", kind=kind)


def beginning(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(HEAD)


def looks_like(path: Path) -> str:
    """The name of the format a file begins like; `text` and `binary` when nothing tells it."""
    head = beginning(path)
    kind = next((kind for signature, kind in SIGNATURES if head.startswith(signature)), "")
    if kind == "zip" and _is_workbook(path):
        return "workbook"
    if kind == "old Office":
        with path.open("rb") as file:
            return "password" if PASSWORD in file.read(LARGEST["excel"]) else kind
    return kind or _kind_of_text(decoded(head).lstrip())


def _is_workbook(path: Path) -> bool:
    """New workbooks are zip archives themselves."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not WORKBOOK.isdisjoint(archive.namelist())
    except zipfile.BadZipFile:
        return False


def _kind_of_text(text: str) -> str:
    if "\x00" in text:
        return "binary"
    return next((kind for pattern, kind in TEXTS if re.match(pattern, text)), "text")


def decoded(head: bytes) -> str:
    """The beginning of a text, as well as it can be told: only its signs are looked at."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if b"\x00" in head:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = head.decode(encoding, "replace")
            if "\x00" not in text and re.search(r"[ \n,;{<]", text):
                return text
    return head.decode("utf-8-sig", "replace")


def words(head: bytes) -> str:
    """What a page or a message says to a person, without its markup."""
    text = decoded(head)
    if text.lstrip().startswith("<"):
        title = re.search(r"(?is)<title[^>]*>(.*?)</title>", text)
        text = re.sub(r"(?is)<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", title[1] if title else text)
        text = html.unescape(text)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def refuse_document_type(element: etree._Element) -> None:
    """A document type declaration can name entities that read other files or grow without end.

    Raises:
        Unreadable: the document the element belongs to has one.
    """
    if element.getroottree().docinfo.doctype:
        raise Unreadable(
            Problem(
                kind="format",
                expected=say("XML without a document type declaration (<!DOCTYPE>)"),
                remedy=say("Take the declaration out, and write what its entities stand for."),
            )
        )
