"""Readers give every cell as text and every row its number, and say in words what they cannot read."""

import csv
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collect import delimited, spreadsheet
from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable, Unreadable, flatten_header
from pipelines.source import Source, Table, Values

VALUES = [Values(header="Value")]
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=("Cs",)), max_size=8)


def source(format: str = "csv", table: Table | None = None, **options: object) -> Source:
    return Source.model_validate({"file": "*", "format": format, "tables": [table or Table(values=VALUES)], **options})


def rows(raw: RawTable) -> list[dict[str, object]]:
    return [row for batch in raw.rows for row in batch.to_pylist()]


def read_csv(tmp_path: Path, content: bytes, **options: object) -> RawTable:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    described = source(**options)  # type: ignore[arg-type]
    return delimited.read(file, described, described.tables[0], tmp_path)[0]


def test_text_is_not_guessed_at(tmp_path: Path) -> None:
    """Sex T is not true, NA is Namibia, 03/03/25 is no date, 007 keeps its zeros."""
    raw = read_csv(tmp_path, b"sex,area,date,code\nT,NA,03/03/25,007\n")
    assert rows(raw) == [{"c0": "T", "c1": "NA", "c2": "03/03/25", "c3": "007", "source_row": 2}]


def test_byte_order_mark_is_not_part_of_the_first_header(tmp_path: Path) -> None:
    assert read_csv(tmp_path, "\ufeffYear,Value\n2020,1\n".encode()).header == ["Year", "Value"]


LETTERS = {
    "windows-1250": "Řád,Č\nŽ,1\n",
    "iso8859-2": "Řád,Č\nŠ,1\n",
    "windows-1252": "Année,Œ\nCôte,1\n",
    "windows-1254": "Yıl,Ş\nTürkiye,1\n",
    "iso8859-9": "Yıl,Ş\nİzmir,1\n",
    "windows-1257": "Šalis,Ė\nKražių,1\n",
    "utf-16-be": "ქვეყანა,წელი\nსაქართველო,1\n",
    "utf-8": "Ўзбекистон,Ҷ\nՀայաստան,1\n",
}


@pytest.mark.parametrize("encoding", [*LETTERS, "windows-1251", "iso8859-5", "koi8-r", "koi8-u", "utf-16", "utf-16-le"])
def test_encodings_by_contract(tmp_path: Path, encoding: str) -> None:
    text = LETTERS.get(encoding, "Год,Ё\nМолдова,1\n")
    raw = read_csv(tmp_path, text.encode(encoding), encoding=encoding)
    assert raw.header == text.splitlines()[0].split(",")
    assert rows(raw)[0]["c0"] == text.splitlines()[1].split(",")[0]


def test_wrong_encoding_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="delimited text in the encoding utf-8"):
        rows(read_csv(tmp_path, b"a,b\n" + "Молдова,1\n".encode("cp1251") * 3))


def test_ragged_rows_are_reported_with_their_number_and_shift_no_other(tmp_path: Path) -> None:
    raw = read_csv(tmp_path, b'a,b\n1,2\n3\n4,5\n"x\ny",6\n7,8,9\n10,11\n')
    assert [(r["c0"], r["source_row"]) for r in rows(raw)] == [("1", 2), ("4", 4), ("x\ny", 5), ("10", 7)]
    assert [(p.row, p.value) for p in raw.problems] == [(3, "3"), (6, "7,8,9")]
    assert "2 cells, as in the header, not 3" in str(raw.problems[1])


def test_missing_header_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="row 4: expected a header row there"):
        read_csv(tmp_path, b"a,b\n1,2\n", table=Table(header_rows=[4], values=VALUES))


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(Unreadable, match="The file is empty"):
        list(read_tables(tmp_path / "empty.csv", source(), tmp_path))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=20))
def test_what_a_csv_writer_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]]
) -> None:
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *table])
    described = source()
    found = rows(delimited.read(file, described, described.tables[0], file.parent)[0])
    assert [(r["c0"], r["c1"], r["c2"]) for r in found] == table
    assert [r["source_row"] for r in found] == list(range(2, len(table) + 2))


def test_merged_headers_are_joined(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data ")
    for row in (["title"], ["Area", "Stock", None, "Notes"], [None, 2019, 2020, None], ["MDA", 104713, 0.5, "18"]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    described = source("excel", Table(sheet="Data", header_rows=[2, 3], cells={"note": "A1"}, values=VALUES))
    [raw] = spreadsheet.read(tmp_path / "book.xlsx", described, described.tables[0], tmp_path)
    assert raw.header == ["Area", "Stock | 2019", "Stock | 2020", "Notes"]
    assert raw.cells == {"note": "title"}
    assert rows(raw) == [{"c0": "MDA", "c1": "104713", "c2": "0.5", "c3": "18", "source_row": 4}]


def test_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    described = source("excel", Table(sheet="Table 1", values=VALUES))
    with pytest.raises(Unreadable, match="sheet “Table 1”: expected a sheet of this name; there are: Sheet"):
        list(spreadsheet.read(tmp_path / "book.xlsx", described, described.tables[0], tmp_path))


def test_html_behind_an_excel_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "book.xls").write_text("<html><table><tr><td>1</td></tr></table></html>")
    described = source("excel", Table(values=VALUES))
    with pytest.raises(Unreadable, match="expected an Excel or OpenDocument workbook"):
        list(spreadsheet.read(tmp_path / "book.xls", described, described.tables[0], tmp_path))


def test_flattened_header_fills_upper_rows_only() -> None:
    assert flatten_header([["A", "", ""], ["x", "", "y"]]) == ["A | x", "A", "A | y"]


def test_one_sheet_per_year_is_one_table_found_several_times(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("2019 ", "Notes", "2020"):
        sheet = book.create_sheet(name)
        sheet.append(["Area", "Value"])
        sheet.append(["MDA", int(name) if name.strip().isdigit() else "see"])
    book.save(tmp_path / "book.xlsx")
    described = source("excel", Table(sheet="{time_period}", values=VALUES))
    found = [raw for _, raw in read_tables(tmp_path / "book.xlsx", described, tmp_path)]
    assert [(raw.sheet, raw.cells, rows(raw)[0]["c1"]) for raw in found] == [
        ("2019 ", {"time_period": "2019"}, "2019"),
        ("2020", {"time_period": "2020"}, "2020"),
    ]
