"""Each reader against the plain library call that reads the same file, as a person would make it at a prompt."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import duckdb

from bench.steps import ROWS
from pipelines.collect.read import READERS, read_tables
from pipelines.source import Source

HEADER = ["ref_area", "time_period", "sex", "item", "obs_value"]
COLUMNS = {name: name for name in HEADER[:-1]}
TABLE: dict[str, Any] = {"columns": COLUMNS, "values": [{"header": "obs_value"}]}
MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
GENERIC = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """The same made-up figures for every format."""
    found = duckdb.sql(ROWS.format(first=0, seed=0, count=count, extra=""))
    while batch := found.fetchmany(10_000):
        yield from batch


def write_parquet(path: Path, count: int) -> None:
    """By DuckDB."""
    duckdb.sql(f"COPY ({ROWS.format(first=0, seed=0, count=count, extra='')}) TO '{path}' (FORMAT parquet)")


def write_csv(path: Path, count: int) -> None:
    """With commas."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count))


def write_sdmx_csv(path: Path, count: int) -> None:
    """Version 1."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["DATAFLOW", *HEADER])
        writer.writerows(("X:FLOWS(1.0)", *row) for row in rows(count))


def write_xlsx(path: Path, count: int) -> None:
    """One sheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    sheet.append(HEADER)
    for row in rows(count):
        sheet.append(row)
    book.save(path)


def write_records(path: Path, count: int) -> None:
    """A list of objects."""
    path.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows(count)]), encoding="utf-8")


def write_sdmx_ml(path: Path, count: int) -> None:
    """Generic data, every observation with its whole key."""
    names = [name.upper() for name in HEADER[:-1]]
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f'<mes:GenericData xmlns:mes="{MESSAGE}" xmlns:g="{GENERIC}"><mes:Header><mes:ID>x</mes:ID>'
            '<mes:Structure structureID="FLOWS" dimensionAtObservation="AllDimensions">'
            f'<c:Structure xmlns:c="{COMMON}"><Ref agencyID="X" id="FLOWS" version="1.0" class="DataStructure"/>'
            "</c:Structure></mes:Structure></mes:Header>"
            '<mes:DataSet structureRef="FLOWS">'
        )
        for *key, value in rows(count):
            values = "".join(f'<g:Value id="{name}" value="{cell}"/>' for name, cell in zip(names, key, strict=True))
            file.write(f'<g:Obs><g:ObsKey>{values}</g:ObsKey><g:ObsValue value="{value}"/></g:Obs>')
        file.write("</mes:DataSet></mes:GenericData>")


def write_json_stat(path: Path, count: int) -> None:
    """Version 2, a full cube."""
    found = list(rows(count))
    items = sorted({row[3] for row in found}, key=int)
    areas, periods, sexes = (sorted({row[i] for row in found}) for i in range(3))
    cells = {row[:4]: row[4] for row in found}
    sizes = dict(zip(HEADER, (areas, periods, sexes, items), strict=False))
    values = [cells.get((a, p, s, i)) for a in areas for p in periods for s in sexes for i in items]
    document = {
        "version": "2.0",
        "class": "dataset",
        "id": list(sizes),
        "size": [len(codes) for codes in sizes.values()],
        "dimension": {name: {"category": {"index": codes}} for name, codes in sizes.items()},
        "value": values,
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def ours(path: Path, format: str) -> int:
    """Rows the product's reader gives, every cell as text with the number of its row."""
    source = Source.model_validate({"file": "*", "format": format, "tables": [TABLE]})
    return sum(batch.num_rows for _, raw in read_tables(path, source, path.parent) for batch in raw.rows)


def with_arrow_csv(path: Path) -> int:
    """Arrow, all columns as text."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(HEADER, pa.string()))
    return sum(batch.num_rows for batch in pa_csv.open_csv(path, convert_options=options))


def with_arrow_parquet(path: Path) -> int:
    """Arrow, types as stored."""
    import pyarrow.parquet as pq

    return sum(batch.num_rows for batch in pq.ParquetFile(path).iter_batches())


def with_calamine(path: Path) -> int:
    """calamine, one sheet as lists of text."""
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return len([[str(cell) for cell in row] for row in rows])


def calamine_alone(path: Path) -> int:
    """calamine, one sheet as lists of values."""
    from python_calamine import CalamineWorkbook

    return len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())


def with_json(path: Path) -> int:
    """The standard library, records as lists of text."""
    return len([[str(cell) for cell in record.values()] for record in json.loads(path.read_bytes())])


def with_json_cube(path: Path) -> int:
    """The standard library, a cube as tuples of text."""
    cube = json.loads(path.read_bytes())
    codes = [cube["dimension"][name]["category"]["index"] for name in cube["id"]]
    return len([(*key, str(cell)) for key, cell in zip(product(*codes), cube["value"], strict=True)])


def json_alone(path: Path) -> int:
    """The standard library, a tree and no rows."""
    return len(json.loads(path.read_bytes()))


def with_sdmx1(path: Path) -> int:
    """sdmx1."""
    import sdmx

    return sum(len(dataset.obs) for dataset in sdmx.read_sdmx(path).data)


def with_pysdmx(path: Path) -> int:
    """pysdmx, into pandas."""
    from pysdmx.io import read_sdmx

    found: Any = read_sdmx(path, validate=False).data
    return sum(len(dataset.data) for dataset in found)


def imports() -> None:
    """What a worker has imported before a task starts."""
    libraries = ("pandas", "pyarrow.csv", "pyarrow.parquet", "python_calamine", "pysdmx.io", "sdmx")
    for name in (*libraries, *(f"pipelines.collect.{reader}" for reader in READERS.values())):
        import_module(name)


@dataclass(frozen=True)
class Format:
    """A file, who writes it, how many rows, the plain call that makes rows of text of it, and one that makes less."""

    name: str
    format: str
    rows: int
    write: Callable[[Path, int], None]
    plain: Callable[[Path], int]
    less: Callable[[Path], int] | None = None


FORMATS = [
    Format("rows.csv", "csv", 5_000_000, write_csv, with_arrow_csv),
    Format("rows.parquet", "parquet", 5_000_000, write_parquet, with_arrow_parquet),
    Format("rows.xlsx", "excel", 200_000, write_xlsx, with_calamine, calamine_alone),
    Format("rows.json", "json", 300_000, write_records, with_json, json_alone),
    Format("rows.jsonstat", "json-stat", 1_000_000, write_json_stat, with_json_cube, json_alone),
    Format("sdmx.csv", "sdmx-csv", 1_000_000, write_sdmx_csv, with_pysdmx),
    Format("sdmx.xml", "sdmx-ml", 50_000, write_sdmx_ml, with_sdmx1),
]
