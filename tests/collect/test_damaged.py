"""Files damaged at random: each is read or refused in words; no reader ends in a traceback of its own."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.collect.table import Unreadable

from .reading import read_all, source
from .test_jsonstat import DATA
from .test_px import FILE
from .test_sdmx import HEAD
from .test_sdmx_json import version_1, version_2

CSV = b"STRUCTURE[|],STRUCTURE_ID,ACTION,SEX: Sex,A[],OBS_VALUE\ndataflow,XX:F(1.0),I,F: Female,x|y,1\n" * 3
SERIES = "<Series SEX='F'><Obs TIME_PERIOD='2020' OBS_VALUE='1'/><Obs TIME_PERIOD='2021' OBS_VALUE='2'/></Series>"
GENERIC = """<g:Series><g:SeriesKey><g:Value id="SEX" value="F"/></g:SeriesKey><g:Obs><g:ObsDimension value="2020"/>
 <g:ObsValue value="1"/><g:Attributes><g:Value id="S" value="A"/></g:Attributes></g:Obs></g:Series>"""


def message(kind: str, body: str) -> bytes:
    return f"{HEAD.format(kind=kind, at='TIME_PERIOD')}<m:DataSet>{body}</m:DataSet></m:{kind}>".encode()


def parquet() -> bytes:
    out = io.BytesIO()
    columns = {"a": ["x", None] * 50, "b": range(100), "s": [{"t": 1.5}] * 100}
    pq.write_table(pa.table({k: pa.array(v) for k, v in columns.items()}), out)
    return out.getvalue()


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["area", "value"], ["MDA", 1], [None, 2.5]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("a", content)
        pack.writestr("b", content)
    return out.getvalue()


RECORDS = json.dumps([{"a": 1, "b": {"c": [1, None, True]}}, {"a": "x"}]).encode()
WHOLE = {
    "csv": ("csv", b'area,value\nMDA,1\n"x\ny",2\n' * 3),
    "excel": ("excel", workbook()),
    "sdmx-ml": ("sdmx-ml", message("StructureSpecificData", SERIES)),
    "sdmx-ml, generic": ("sdmx-ml", message("GenericData", GENERIC)),
    "sdmx-csv": ("sdmx-csv", CSV),
    "sdmx-json 1": ("sdmx-json", json.dumps(version_1()).encode()),
    "sdmx-json 2": ("sdmx-json", json.dumps(version_2()).encode()),
    "json-stat": ("json-stat", json.dumps(DATA).encode()),
    "px": ("px", FILE.encode()),
    "parquet": ("parquet", parquet()),
    "json": ("json", RECORDS),
    "json lines": ("json", b'{"a": 1}\n{"a": {"b": 2}}\n{"c": []}\n'),
    "zip": ("json", zipped(RECORDS)),
    "gzip": ("px", gzip.compress(FILE.encode())),
}


@st.composite
def damage(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file cut, overwritten, repeated or filled in at some places."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        end = draw(st.integers(start, min(start + 40, len(content))))
        part = draw(
            st.sampled_from(
                [b"", bytes(content[start:end]) * 2, b"null", b"[]", b"{}", b"-1", b"\x00", b'"', b"9" * 20]
            )
            | st.binary(max_size=8)
        )
        content[start:end] = part
    return bytes(content[: draw(st.integers(1, len(content)))] if draw(st.booleans()) and content else content)


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_file_is_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    format, whole = WHOLE[name]
    (tmp_path / "file").write_bytes(data.draw(damage(whole)))
    try:
        read_all(tmp_path / "file", source(format))
    except Unreadable as refusal:
        assert refusal.problem.expected


@pytest.mark.parametrize("name", WHOLE)
def test_whole_file_is_read(tmp_path: Path, name: str) -> None:
    """What is damaged above is sound to begin with."""
    format, whole = WHOLE[name]
    (tmp_path / "file").write_bytes(whole)
    assert any(rows for _, rows in read_all(tmp_path / "file", source(format)))
