"""Harmonise a small file by a few lines of contract; what comes back is plain tuples."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from pipelines.contract import Contract
from pipelines.delivery import Receipt
from pipelines.process.harmonise import harmonise
from pipelines.process.harmonised import Harmonised, staged
from pipelines.settings import Settings

BASE: dict[str, object] = {
    "dataset": "quirks",
    "title": "t",
    "description": "d",
    "provider": "p",
    "licence": "l",
    "frequency": "A",
    "columns": {
        "ref_area": {"type": "area", "key": True, "description": "d"},
        "time_period": {"type": "period", "key": True, "description": "d"},
    },
}


def contract(**source: object) -> Contract:
    columns = {"ref_area": "area", "time_period": "year"}
    described = {"file": "*.csv", "format": "csv", "tables": [{"columns": columns, "values": [{"header": "value"}]}]}
    return Contract.model_validate({**BASE, "sources": [described | source]})


def harmonised(content: str | bytes, tmp_path: Path, described: Contract, name: str = "file.csv") -> Harmonised:
    settings = Settings(home=tmp_path / "home")
    folder = tmp_path / "staged"
    folder.mkdir(exist_ok=True)
    raw = settings.landing / "00" / name
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(content.encode(described.sources[0].encoding) if isinstance(content, str) else content)
    received = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    receipt = Receipt(
        delivery_id="quirks-1", dataset="quirks", file_name=name, sha256="00", size=1, received_at=received
    )
    return harmonise(receipt, described, settings, folder)


def workbook(sheets: dict[str, list[list[Any]]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def harmonised_book(book: openpyxl.Workbook, tmp_path: Path, described: Contract) -> Harmonised:
    path = tmp_path / "made.xlsx"
    book.save(path)
    return harmonised(path.read_bytes(), tmp_path, described, "file.xlsx")


def tidy(result: Harmonised, columns: str = "ref_area, time_period, obs_value, obs_status") -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {columns} FROM {staged(result.files)} ORDER BY source_row").fetchall()


def excel(tables: list[dict[str, Any]], columns: dict[str, Any] | None = None, **more: Any) -> Contract:
    """A contract for a workbook; further tidy columns are text and part of the key."""
    extra = {name: {"key": True, "description": "d"} for name in columns or {}}
    source = {"file": "*.xlsx", "format": "excel", "tables": tables, **more}
    return Contract.model_validate({**BASE, "columns": {**BASE["columns"], **extra}, "sources": [source]})  # type: ignore[dict-item]


def said(result: Harmonised) -> list[str]:
    return [str(problem) for problem in result.problems]
