"""A file that is not what its name says is told by its first bytes, and the message says what it is and what to do."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.collect.looks import looks_like
from pipelines.collect.table import Unreadable

from .reading import read_bytes, read_one, source

PAGE = (
    "<?xml version='1.0'?>\n<!-- made by hand --><!DOCTYPE html>\n"
    "<html><head><title>Sign in &amp; go on</title></head><body><p>No</p></body></html>"
)
FAULT = (
    "<?xml version='1.0'?>\n"
    + "<S:Fault xmlns:S='urn:s'><faultstring>EXTRACTION_TOO_BIG: 420709314 rows</faultstring></S:Fault>"
)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
LOCKED = OLD_OFFICE + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"value": [1]}), out)
    return out.getvalue()


def xlsx() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format", "content", "message"),
    [
        (
            "json",
            PAGE,
            "found “Sign in & go on”; expected JSON; by its first bytes this is a web page (HTML). A server",
        ),
        ("json-stat", FAULT, "found “EXTRACTION_TOO_BIG: 420709314 rows”; expected a JSON-stat document; by its first"),
        ("csv", PAGE, "expected delimited text; by its first bytes this is a web page (HTML)"),
        (
            "csv",
            '{"error": "no key"}',
            '“{"error": "no key"}”; expected delimited text; by its first bytes this is JSON',
        ),
        ("csv", '[{"a": 1}]', "this is JSON"),
        ("csv", xlsx(), "by its first bytes this is a workbook or another new Office file (as .xlsx)"),
        ("csv", parquet(), "expected delimited text; by its first bytes this is a Parquet file"),
        ("csv", b"%PDF-1.7 ...", "this is a PDF file. Ask for the table itself, as a workbook or CSV"),
        ("csv", b"a\x00\x01\x02\x03\x04", "this is no text (it holds NUL bytes) and no format known here"),
        ("excel", PAGE, "expected an Excel or OpenDocument workbook; by its first bytes this is a web page (HTML)"),
        ("excel", LOCKED, "this is an Office file locked with a password. Open it with its password"),
        ("excel", "a,b\n1,2\n", "expected an Excel or OpenDocument workbook; by its first bytes this is plain text"),
        ("sdmx-ml", '{"errors": []}', "expected an SDMX-ML message; by its first bytes this is JSON"),
        ("parquet", "a,b\n", "expected a Parquet file; by its first bytes this is plain text"),
        ("px", OLD_OFFICE, "expected a PX file; by its first bytes this is an old Office file"),
        ("json", b"Rar!\x1a\x07", "this is a RAR file. Unpack it and send what is in it, or a zip"),
    ],
)
def test_what_it_is_instead(tmp_path: Path, format: str, content: Any, message: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_bytes(tmp_path, content, source(format))
    assert message in str(refusal.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1251"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Год;Значение\n2020;1\n", "text"),
        ("[Table 1]\na,b\n", "text"),
        ("<5 years,value\n", "XML"),
        ("\n  <html lang='ru'>", "HTML"),
        (" [ {", "JSON"),
    ],
)
def test_texts_in_any_encoding(tmp_path: Path, text: str, kind: str, encoding: str) -> None:
    (tmp_path / "file").write_bytes(text.encode(encoding))
    assert looks_like(tmp_path / "file") == kind


def test_a_new_workbook_under_an_old_name_is_read_as_what_it_is(tmp_path: Path) -> None:
    """Offices rename workbooks; the content tells what they are."""
    book, path = openpyxl.Workbook(), tmp_path / "book.xls"
    book.active.append(["value"])
    book.active.append([5])
    book.save(path)
    assert read_one(path, source("excel"))[1] == [["5", 2]]
