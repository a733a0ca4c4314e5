"""Views analysts ask by name in `indicators.*`: one SELECT each in `warehouse/views/`."""

import hashlib
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from pipelines.analyse.definition import HEADER
from pipelines.settings import Settings
from pipelines.store.lake import LAKE, connect, exists


class View(BaseModel):
    """One file: what it shows, the tables it reads, the SELECT."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    inputs: list[str]
    sql: str

    @property
    def comment(self) -> str:
        """What it shows, and the digest by which a changed file is noticed."""
        return f"{self.title} ({hashlib.sha256(self.sql.encode()).hexdigest()[:16]})".replace("'", "''")


def load_views(folder: Path) -> list[View]:
    """The views of `warehouse/views/`.

    Raises:
        ValueError: a file has no header, or one that lacks something.
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = HEADER.match(path.read_text(encoding="utf-8"))
        if match is None:
            raise ValueError(f"{path}:1: expected a header comment /* title: ... inputs: ... */ before the SELECT")
        header = YAML(typ="safe").load(match[1])
        found.append(View.model_validate({**header, "name": path.stem, "sql": match[2].strip()}))
    return found


def stale_views(con: duckdb.DuckDBPyConnection, views: list[View], there: set[str]) -> list[View]:
    """The views whose file is new or has changed, and whose tables are there."""
    found = con.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE database_name = ? AND schema_name = 'indicators'", [LAKE]
    ).fetchall()
    created = {name: (comment or "").replace("'", "''") for name, comment in found}
    return [view for view in views if created.get(view.name) != view.comment and there.issuperset(view.inputs)]


def create_views(con: duckdb.DuckDBPyConnection, views: list[View]) -> None:
    """Create views, in the place of those of the same name."""
    for view in views:
        con.execute("CREATE SCHEMA IF NOT EXISTS indicators")
        con.execute(f"CREATE OR REPLACE VIEW indicators.{view.name} AS {view.sql}")
        con.execute(f"COMMENT ON VIEW indicators.{view.name} IS '{view.comment}'")


def rows(settings: Settings, name: str, area: str = "") -> list[dict[str, Any]]:
    """The rows of a view, of one area if one is named.

    Raises:
        LookupError: the tables it reads are not there yet.
    """
    (view,) = [v for v in load_views(settings.views) if v.name == name]
    with connect(settings) as con:
        lacking = [i for i in view.inputs if not exists(con, *i.split(".", 1))]
        if lacking:
            raise LookupError(f"there is nothing to show yet: {', '.join(lacking)} holds no data")
        chosen = f"SELECT * FROM ({view.sql}) WHERE ref_area = $area OR $area = ''"
        found: list[dict[str, Any]] = con.execute(chosen, {"area": area}).to_arrow_table().to_pylist()
    return found
