"""JSON records as a table of text: as they are written, whatever is nested or missing."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collect import document, records
from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable, Unreadable
from pipelines.source import Source


def described(pointer: str | None = None) -> Source:
    tables = [{"values": [{"header": "value"}]}]
    return Source.model_validate({"file": "*", "format": "json", "records": pointer, "tables": tables})


def read(path: Path, pointer: str | None = None) -> RawTable:
    source = described(pointer)
    return records.read(path, source, source.tables[0], path.parent)[0]


def cells(raw: RawTable) -> list[list[Any]]:
    return [list(row.values()) for batch in raw.rows for row in batch.to_pylist()]


def test_cells_are_text_as_written(tmp_path: Path) -> None:
    """Zero as a text, a year as 2000.0, an empty list and nothing at all are all told apart from a number."""
    record = '{"year": 2000.0, "n": 0.10, "zero": "0", "none": null, "yes": true, "in": {"a": ["7.1.2"], "b": []}}'
    (tmp_path / "file.json").write_text(f'{{"items": [{record}, {{"late": "NA"}}]}}', encoding="utf-8")
    raw = read(tmp_path / "file.json", "/items")
    assert raw.header == ["year", "n", "zero", "none", "yes", "in.a", "in.b", "late"]
    assert cells(raw) == [["2000", "0.10", "0", "", "true", "7.1.2", "", "", 1], [""] * 7 + ["NA", 2]]


def test_pages_in_a_zip_are_one_delivery(tmp_path: Path) -> None:
    """A page on which no record has a certain member has its column all the same."""
    with zipfile.ZipFile(tmp_path / "file.zip", "w") as pages:
        for number, more in ((2, {}), (1, {"note": "late"})):
            pages.writestr(f"page-{number:04}.json", json.dumps([{"page": number}, [{"value": number, **more}]]))
    found = [(raw, cells(raw)) for _, raw in read_tables(tmp_path / "file.zip", described("/1"), tmp_path)]
    assert [raw.header for raw, _ in found] == [["value", "note"]] * 2
    assert [(raw.sheet, rows) for raw, rows in found] == [
        ("page-0001.json", [["1", "late", 1]]),
        ("page-0002.json", [["2", "", 1]]),
    ]


@pytest.mark.parametrize("content", ['{"message": "gone"}', '{"items": {}}', '{"items": ["text"]}'])
def test_records_that_are_not_where_the_contract_says(tmp_path: Path, content: str) -> None:
    (tmp_path / "file.json").write_text(content, encoding="utf-8")
    with pytest.raises(Unreadable, match="expected a list of records there"):
        read(tmp_path / "file.json", "/items")


def test_not_json(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text("<html></html>", encoding="utf-8")
    with pytest.raises(Unreadable, match="expected JSON"):
        read(tmp_path / "file.json")


@pytest.mark.parametrize("text", ['[{"a": 1, "a": 2}]', '[{"a.b": 1, "a": {"b": 2}}]'])
def test_two_members_of_one_name_are_refused(tmp_path: Path, text: str) -> None:
    """A parser keeps the last of them and says nothing."""
    (tmp_path / "file.json").write_text(text, encoding="utf-8")
    with pytest.raises(Unreadable, match="is there twice"):
        read(tmp_path / "file.json")


NAMES = st.sampled_from(["a", "b:", 'c":', "d :e", "http://x", "\n:"])
VALUES = st.recursive(
    NAMES | st.integers() | st.floats() | st.none() | st.booleans(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(NAMES, inside, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([":", ": ", " :", "\t:", "\n :\n"]), st.booleans())
def test_a_member_that_is_there_twice_is_seen_in_any_document(value: Any, colon: str, twice: bool) -> None:
    """If it failed, the quick way would lose a member that the careful one refuses."""
    text = json.dumps({"rows": value}, separators=(",", colon))
    if twice:
        text = text.replace("{", f'{{"rows"{colon}0,', 1)
    source = described()
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_text(text, encoding="utf-8")
        try:
            found = document.load(Path(file.name), source)
        except Unreadable as error:
            assert "is there twice" in str(error)
            found = None
    assert twice == (found is None)
    if not twice:
        assert repr(found) == repr(document.parse(text))


def test_lines(tmp_path: Path) -> None:
    """One record in each line; a blank line is none, and the number of a row is that of its line."""
    (tmp_path / "file.json").write_text('\ufeff{"a": 1}\n{"a": {"b": "x"}}\n\n{"c": null}\n', encoding="utf-8")
    raw = read(tmp_path / "file.json")
    assert (raw.header, cells(raw)) == (["a", "a.b", "c"], [["1", "", "", 1], ["", "x", "", 2], ["", "", "", 4]])
    (tmp_path / "file.json").write_text('{"a": 1}\n{"a": 2}\n[3]\n', encoding="utf-8")
    with pytest.raises(Unreadable, match="row 3: expected one JSON object in each line"):
        read(tmp_path / "file.json")


def test_answer_of_px_web(tmp_path: Path) -> None:
    columns = [{"code": "area", "type": "d"}, {"code": "Tid", "type": "t"}, {"code": "N", "type": "c"}]
    document = {"columns": columns, "data": [{"key": ["00", "2016"], "values": [".."]}]}
    (tmp_path / "file.json").write_text(json.dumps(document), encoding="utf-8")
    raw = read(tmp_path / "file.json", "/data")
    assert (raw.header, cells(raw)) == (["area", "Tid", "N"], [["00", "2016", "..", 1]])
    document["columns"] = columns[:2]
    (tmp_path / "file.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(Unreadable, match="expected JSON"):
        read(tmp_path / "file.json", "/data")


def test_pointer_with_escaped_signs(tmp_path: Path) -> None:
    """RFC 6901: ~1 is a slash in a name, ~0 a tilde."""
    (tmp_path / "file.json").write_text('{"a/b": {"~c": [{"v": 1}]}}', encoding="utf-8")
    assert cells(read(tmp_path / "file.json", "/a~1b/~0c")) == [["1", 1]]


def test_document_too_large_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.collect.document.LIMIT", 1 << 20)
    (tmp_path / "file.json").write_text("[" + " " * (1 << 21) + "]", encoding="utf-8")
    with pytest.raises(Unreadable, match="found “2 MB”; expected at most 1 MB of JSON in one document"):
        read(tmp_path / "file.json")


def test_no_records_at_all(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text('{"items": []}', encoding="utf-8")
    with pytest.raises(Unreadable, match="expected at least one record; the list is empty"):
        list(read_tables(tmp_path / "file.json", described("/items"), tmp_path))
