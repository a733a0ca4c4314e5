"""Read a file by a few lines of contract; what comes back is plain lists."""

from pathlib import Path
from typing import Any

from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable
from pipelines.source import Source

Cells = list[list[Any]]


def source(format: str, value: str = "value", table: dict[str, Any] | None = None, **options: Any) -> Source:
    tables = [{"values": [{"header": value}], **(table or {})}]
    return Source.model_validate({"file": "*", "format": format, "tables": tables, **options})


def read_all(path: Path, described: Source) -> list[tuple[RawTable, Cells]]:
    """Every table with its rows; the last cell of a row is its number."""
    found = []
    for _, raw in read_tables(path, described, path.parent):
        found.append((raw, [list(row.values()) for batch in raw.rows for row in batch.to_pylist()]))
    return found


def read_one(path: Path, described: Source) -> tuple[RawTable, Cells]:
    (found,) = read_all(path, described)
    return found


def read_bytes(folder: Path, content: bytes | str, described: Source) -> tuple[RawTable, Cells]:
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_one(path, described)
