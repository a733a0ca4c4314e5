"""Archives: what is in them is read as if it had come alone; what could do harm is refused in words."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipelines.collect import archive
from pipelines.collect.table import Unreadable

from .reading import read_all, read_one, source

CSV = b"area,value\nMDA,1\n"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in members.items():
            pack.writestr(name, content)
    return path


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["value"])
    book.active.append([5])
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["data.csv.gz", "data.zip", "data.csv"])
def test_whatever_the_name_says(tmp_path: Path, name: str) -> None:
    """A browser that saves a gzip stream without its extension does not make the file unreadable."""
    path = tmp_path / name
    if name.endswith(".zip"):
        zipped(path, {"deep/folder/data.csv": CSV, "__MACOSX/._data.csv": b"x", "deep/.DS_Store": b"x"})
    else:
        path.write_bytes(gzip.compress(CSV))
    raw, rows = read_one(path, source("csv"))
    assert (raw.header, raw.sheet, rows) == (["area", "value"], "", [["MDA", "1", 2]])


def test_pages_are_read_in_order_of_their_names_and_named_as_sheets(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", {"p-2.csv": b"area,value\nARM,2\n", "p-1.csv": CSV})
    assert [(raw.sheet, rows[0][0]) for raw, rows in read_all(path, source("csv"))] == [
        ("p-1.csv", "MDA"),
        ("p-2.csv", "ARM"),
    ]


def test_a_workbook_is_no_archive_but_may_be_in_one(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(workbook())
    path = zipped(tmp_path / "f.zip", {"book.xlsx": workbook()})
    for file in (tmp_path / "book.xlsx", path):
        assert read_one(file, source("excel"))[1] == [["5", 2]]


def test_member_of_many_is_named_by_the_contract(tmp_path: Path) -> None:
    """The World Bank's zip holds the data and two files about them."""
    path = zipped(
        tmp_path / "f.zip", {"API_SM.POP_v2_1.csv": CSV, "Metadata_Country.csv": b"x,y\n1,2\n", "note.txt": b"x"}
    )
    assert read_one(path, source("csv", member="api_*.csv"))[1] == [["MDA", "1", 2]]
    with pytest.raises(
        Unreadable, match=r"“API_SM.POP_v2_1.csv; Metadata_Country.csv; note.txt”; expected one file in the"
    ):
        read_one(path, source("csv"))
    with pytest.raises(Unreadable, match=r"expected a file named \*.xml in the archive"):
        read_one(path, source("csv", member="*.xml"))


def test_names_with_path_tricks_write_nothing_anywhere(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = zipped(folder / "f.zip", {"../../escaped.csv": CSV, "/tmp/absolute.csv": CSV, "C:\\x\\..\\windows.csv": CSV})
    assert len(read_all(path, source("csv"))) == 3
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["f.zip"]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_one(zipped(tmp_path / "f.zip", {"a.csv": CSV}), source("csv"))
    with pytest.raises(Unreadable):
        read_one(zipped(tmp_path / "g.zip", {"a.csv": b"<html></html>"}), source("csv"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.zip", "g.zip"]


def test_bomb_is_refused_while_it_unfolds(tmp_path: Path) -> None:
    """Ten megabytes of nothing but zeros for each ten kilobytes sent."""
    packed = gzip.compress(b"0" * archive.RATIO_FROM) + gzip.compress(b"0" * archive.BLOCK)
    (tmp_path / "f.gz").write_bytes(packed)
    with pytest.raises(Unreadable, match="expected an archive that holds at most 200 times its own size"):
        read_one(tmp_path / "f.gz", source("csv"))


def test_archive_that_lies_about_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LIMIT", 1 << 20)
    path = zipped(tmp_path / "f.zip", {"a.csv": CSV * 100_000})
    with pytest.raises(Unreadable, match=r"expected at most .* in an archive"):
        read_one(path, source("csv"))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(signature) + offset, 17)
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        read_one(path, source("csv"))


def test_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.csv": CSV}).read_bytes()
    for content in (inner, gzip.compress(CSV)):
        with pytest.raises(Unreadable, match="expected no archive within an archive"):
            read_one(zipped(tmp_path / "f.zip", {"inner": content}), source("csv"))


def test_locked_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", {"a.csv": CSV})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="expected an archive without a password"):
        read_one(path, source("csv"))


@pytest.mark.parametrize("cut", [8, 60])
def test_broken_archives_are_refused(tmp_path: Path, cut: int) -> None:
    for content in (
        gzip.compress(bytes(range(32, 127)) * 9),
        zipped(tmp_path / "f.zip", {"a.csv": bytes(range(32, 127)) * 9}).read_bytes(),
    ):
        (tmp_path / "cut").write_bytes(content[:-cut])
        with pytest.raises(Unreadable, match="expected an archive that can be expanded"):
            read_one(tmp_path / "cut", source("csv"))


def test_empty_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="expected a file in the archive"):
        read_one(zipped(tmp_path / "f.zip", {}), source("csv"))
