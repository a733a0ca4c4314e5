"""JSON records as a table of text: as they are written, whatever is nested or missing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipelines.collect import records
from pipelines.collect.read import RawTable, Unreadable, read_tables
from pipelines.contract import Source


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
