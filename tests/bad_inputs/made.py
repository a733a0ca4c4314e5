"""Bad input too large or too odd to lie in a folder: each is made when needed, under the name of its defect."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.chart import BarChart, Reference

HEADER = "Country,Year,Sex,Permits,Note\n"
GOOD = HEADER + "MDA,2020,T,30,\nMDA,2020,M,10,\nMDA,2020,F,20,\n"
ROWS = [["Country", "Year", "Sex", "Permits", "Note"], ["MDA", 2020, "T", 30, None], ["MDA", 2020, "M", 10, None]]

LINES = """{"Country": "MDA", "Year": 2020, "Sex": "M", "Permits": 10, "Note": ""}
{"Country": "MDA", "Year": 2020, "Sex": "F", "Permits": 20, "Note": ""}
"""
CUBE = """{"version": "2.0", "class": "dataset", "id": ["Country", "Year", "Sex"], "size": [1, 1, 3], "dimension": {
 "Country": {"category": {"index": ["MDA"]}}, "Year": {"category": {"index": ["2020"]}},
 "Sex": {"category": {"index": ["T", "M", "F"]}}}, "value": [30, 10, 20]}
"""
PX = """CHARSET="ANSI";
TITLE="permits";
STUB="Country","Year";
HEADING="Sex";
VALUES("Country")="MDA";
VALUES("Year")="2020";
VALUES("Sex")="T","M","F";
DATA=
30 10 20;
"""

TSV = "freq,Sex,Country\\TIME_PERIOD\t2020 \t2021 \nA,M,MDA\t10 \t: \nA,F,MDA\t20 e\t: c\n"
SDMX_CSV = "DATAFLOW,Country,Year,Sex,OBS_VALUE\nA:P(1.0),MDA,2020,M,10\nA:P(1.0),MDA,2020,F,20\n"
SDMX_JSON = """{"dataSets": [{"observations": {"0:0:0": [10], "0:0:1": [20]}}], "structure": {"dimensions": {
 "observation": [{"id": "Country", "keyPosition": 0, "values": [{"id": "MDA"}]},
 {"id": "Year", "keyPosition": 1, "values": [{"id": "2020"}]},
 {"id": "Sex", "keyPosition": 2, "values": [{"id": "M"}, {"id": "F"}]}]}}}
"""

Maker = Callable[[Path], object]
MAKERS: dict[str, Maker] = {}


def case(name: str) -> Callable[[Maker], Maker]:
    """Under which dataset and file name something is made."""

    def keep(maker: Maker) -> Maker:
        MAKERS[name] = maker
        return maker

    return keep


def bytes_of(name: str, content: bytes) -> None:
    MAKERS[name] = lambda path: path.write_bytes(content)


def book() -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.active.title = "Permits"
    for row in ROWS:
        made.active.append(row)
    return made


def book_bytes() -> bytes:
    buffer = io.BytesIO()
    book().save(buffer)
    return buffer.getvalue()


def parquet_bytes(rows: int = 9) -> bytes:
    buffer = io.BytesIO()
    table = pa.table({name: [str(row[i] or "") for row in ROWS[1 : rows + 1]] for i, name in enumerate(ROWS[0])})
    pq.write_table(table.cast(pa.schema([(name, pa.string()) for name in ROWS[0]])), buffer)
    return buffer.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


bytes_of("permits/empty.csv", b"")
bytes_of("permits/empty.xlsx", b"")
bytes_of("permits/nul_bytes.csv", GOOD.replace("30", "3\x000").encode())
bytes_of("permits/nothing_but_nul_bytes.csv", bytes(4096))
bytes_of("permits/random_bytes.csv", bytes(range(256)) * 4)
bytes_of("permits/utf16.csv", GOOD.encode("utf-16"))
bytes_of("permits/windows_1252.csv", (HEADER + "MDA,2020,T,30,d\u00e9j\u00e0 vu\n").encode("cp1252"))
bytes_of("permits/byte_order_mark_in_the_middle.csv", (GOOD + "\ufeff" + "KGZ,2020,T,5,\n").encode())
bytes_of("permits/mixed_line_ends.csv", GOOD.replace("\n", "\r\n", 2).encode() + b"KGZ,2020,T,5,\rARM,2020,T,7,\n")
bytes_of("permits/cell_of_64_megabytes.csv", HEADER.encode() + b"MDA,2020,T,30," + b"x" * (64 << 20) + b"\n")
bytes_of("permits/header_cell_of_64_megabytes.csv", b"x" * (64 << 20))
bytes_of("permits/million_columns.csv", b"a," * 1_000_000 + b"a\n" + b"1," * 1_000_000 + b"1\n")
bytes_of("permits/workbook_as_csv.csv", book_bytes())
bytes_of("permits/gzip_as_csv.csv", gzip.compress(b"not a table", mtime=0))
bytes_of("permits/truncated.xlsx", book_bytes()[:3000])
bytes_of("permits/zip_as_xlsx.xlsx", zipped(("readme.txt", b"see the other file")))
bytes_of("permits/word_document.xlsx", zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")))
bytes_of("permits/not_even_json.json", GOOD.encode())
bytes_of("permits/nested_too_deeply.json", b'{"items": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")
bytes_of("permits/latin_1.json", '{"items": [{"Country": "C\u00f4te d\u2019Ivoire"}]}'.encode("cp1252"))
bytes_of("permits/utf8_lost_in_the_middle.json", b'{"items": [{"Country": "\xff\xfe"}]}')
bytes_of("permits/truncated.parquet", parquet_bytes()[:-40])
bytes_of("permits/csv_as_parquet.parquet", GOOD.encode())
bytes_of("permits/parquet_as_csv.csv", parquet_bytes())
bytes_of("permits/letters_are_not_utf8.parquet", parquet_bytes().replace(b"MDA", b"M\xffA"))
bytes_of("permits/column_name_is_not_utf8.parquet", parquet_bytes().replace(b"Country", b"Countr\xff"))
bytes_of("permits/no_rows.parquet", parquet_bytes(0))
bytes_of("permits/cut_off.px", PX[:-12].encode())
bytes_of("permits/not_its_encoding.px", PX.replace("permits", "d\u00e9livr\u00e9s").encode("cp1252"))
bytes_of("permits/no_data.px", PX.partition("DATA")[0].encode())
bytes_of("permits/html_as_px.px", b"<html><body>The table has moved</body></html>")
bytes_of("permits/sizes_do_not_fit.jsonstat", CUBE.replace('"size": [1, 1, 3]', '"size": [1, 2, 3]').encode())
bytes_of("permits/too_few_values.jsonstat", CUBE.replace("[30, 10, 20]", "[30, 10]").encode())
bytes_of("permits/error_message.jsonstat", b'{"error": [{"status": 413, "label": "Too many cells were asked for"}]}')
bytes_of("permits/one_line_broken.jsonl", LINES.replace('"Sex": "F"', '"Sex": "F').encode())
bytes_of("permits/broken.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-12])
bytes_of("permits/bomb.csv.gz", gzip.compress(bytes(1 << 27), mtime=0))
bytes_of("permits/truncated.csv.zip", zipped(("permits.csv", GOOD.encode()))[:-30])
bytes_of("permits/empty_archive.csv.zip", zipped())
bytes_of("permits/archive_in_an_archive.csv.zip", zipped(("inner.zip", zipped(("permits.csv", GOOD.encode())))))
bytes_of("permits/two_formats.csv.zip", zipped(("permits.csv", GOOD.encode()), ("permits.xlsx", book_bytes())))
bytes_of("permits/path_upwards.csv.zip", zipped(("../../../../permits.csv", b"a,b\n1,2\n")))
bytes_of("permits/path_absolute.csv.zip", zipped(("/permits.csv", b"a,b\n1,2\n")))
bytes_of("permits/bomb.csv.zip", zipped(("permits.csv", bytes(1 << 27))))


@case("permits/sheet_missing.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.title = "Visas"
    made.save(path)


@case("permits/sheet_empty.xlsx")
def _(path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.title = "Permits"
    made.save(path)


@case("permits/only_a_header.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.delete_rows(2, 9)
    made.save(path)


@case("permits/sheet_is_a_chart.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.title = "Data"
    chart = BarChart()
    chart.add_data(Reference(made.active, min_col=4, min_row=1, max_row=3))
    made.create_chartsheet("Permits").add_chart(chart)
    made.save(path)


@case("permits/sheet_hidden.xlsx")
def _(path: Path) -> None:
    """A hidden sheet the contract names is read; the one that is seen is not taken in its place."""
    made = book()
    made.active.sheet_state = "hidden"
    made.create_sheet("Front page").append(["see the hidden sheet"])
    made.active = 1
    made.save(path)


@case("permits/error_cells.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.append(["KGZ", 2020, "T", "#REF!", None])
    made.active.append(["#N/A", 2020, "T", 5, None])
    made.save(path)


@case("permits/formula_without_a_value.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.append(["KGZ", 2020, "T", "=SUM(D2:D3)", None])
    made.save(path)


@case("permits/numbers_as_text.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.append(["KGZ", "2020", "T", "5", None])
    made.active.append(["ARM", "2020", "T", "1 234", None])
    made.save(path)


@case("permits/merged_cells_in_the_body.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.merge_cells("A2:A3")
    made.save(path)


@case("permits/date_for_a_year.xlsx")
def _(path: Path) -> None:
    import datetime as dt

    made = book()
    made.active.append(["KGZ", dt.datetime(2020, 1, 1), "T", 5, None])
    made.save(path)


@case("permits/total_row_at_the_end.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.append(["Total", None, None, 40, None])
    made.save(path)


@case("permits/title_above_the_header.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active.insert_rows(1, 2)
    made.active["A1"] = "Residence permits issued"
    made.save(path)


@case("permits/cell_in_the_last_column_and_row.xlsx")
def _(path: Path) -> None:
    made = book()
    made.active["XFD1048576"] = " "
    made.save(path)


@case("permits/bomb.xlsx")
def _(path: Path) -> None:
    """A sheet of 80 MB of blanks in 80 KB."""
    with zipfile.ZipFile(io.BytesIO(book_bytes())) as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for info in good.infolist():
            if info.filename != "xl/worksheets/sheet1.xml":
                bomb.writestr(info, good.read(info))
                continue
            with bomb.open(info.filename, "w") as sheet:
                sheet.write(good.read(info).replace(b"</sheetData>", b""))
                for _ in range(80):
                    sheet.write(b" " * (1 << 20))
                sheet.write(b"</sheetData>")


@case("permits/locked_with_a_password.xlsx")
def _(path: Path) -> None:
    path.write_bytes(compound_file(("EncryptionInfo", b"\x04\x00\x04\x00"), ("EncryptedPackage", bytes(5000))))


@case("permits/word_document.xls")
def _(path: Path) -> None:
    path.write_bytes(compound_file(("WordDocument", bytes(5000))))


def compound_file(*streams: tuple[str, bytes]) -> bytes:
    """An OLE container as Office writes it: header, one sector of allocation table, one of directory, the streams.

    Streams shorter than 4096 bytes are padded to it, which spares the second, small allocation table.
    """
    size, end, free, own = 512, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    contents = [content.ljust(4096, b"\0") for _, content in streams]
    contents = [content.ljust(-(-len(content) // size) * size, b"\0") for content in contents]
    chain, starts = [own, end], []
    for content in contents:
        starts.append(len(chain))
        chain += [*range(len(chain) + 1, len(chain) + len(content) // size), end]
    table = struct.pack("<128I", *(chain + [free] * (128 - len(chain))))

    def entry(name: str, kind: int, child: int, right: int, start: int, length: int) -> bytes:
        spelt = name.encode("utf-16-le")
        named = spelt.ljust(64, b"\0") + struct.pack("<H", len(spelt) + 2 if name else 0)
        return named + struct.pack("<BB3I36xIQ", kind, 1, free, right, child, start, length)

    directory = entry("Root Entry", 5, 1, free, end, 0)
    for number, (name, _) in enumerate(streams):
        following = number + 2 if number + 1 < len(streams) else free
        directory += entry(name, 2, free, following, starts[number], len(contents[number]))
    directory += entry("", 0, free, free, 0, 0) * (4 - len(directory) // 128)
    header = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    return header + table + directory + b"".join(contents)


def _cell(cell: object) -> str:
    kind = f'"float" office:value="{cell}"' if isinstance(cell, int) else '"string"'
    return f"<table:table-cell office:value-type={kind}><text:p>{cell or ''}</text:p></table:table-cell>"


def document_bytes() -> bytes:
    """A workbook of OpenDocument."""
    names = "office table text"
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names.split())
    rows = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in ROWS)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="Permits">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<manifest/>"),
        ("content.xml", content.encode()),
    )


WHOLE: dict[str, bytes] = {
    "permits/whole.csv": GOOD.encode(),
    "permits/whole.xlsx": book_bytes(),
    "permits/whole.json": b'{"items": [' + LINES.strip().replace("\n", ", ").encode() + b"]}",
    "permits/whole.jsonl": LINES.encode(),
    "permits/whole.parquet": parquet_bytes(),
    "permits/whole.jsonstat": CUBE.encode(),
    "permits/whole.px": PX.encode(),
    "permits/whole.ods": document_bytes(),
    "permits/whole.tsv": TSV.encode(),
    "permits/whole.sdmxcsv": SDMX_CSV.encode(),
    "permits/whole.sdmxjson": SDMX_JSON.encode(),
    "permits/whole.csv.gz": gzip.compress(GOOD.encode(), mtime=0),
    "permits/whole.csv.zip": zipped(("permits.csv", GOOD.encode())),
}
"""Files with nothing wrong, one of each format: what is damaged by the fuzz run."""
