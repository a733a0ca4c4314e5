"""Write what a computation found: observations, checks, data quality and views, in one commit."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.analyse.changes import differing
from pipelines.analyse.definition import COLUMNS, CONTENT, Indicator
from pipelines.analyse.evaluate import listed
from pipelines.analyse.quality import Quality, write_quality
from pipelines.analyse.views import View, create_views
from pipelines.settings import Settings
from pipelines.store.lake import ensure_table, transaction
from pipelines.store.ops import ensure_ops, insert


@dataclass(frozen=True)
class Computed:
    """An indicator that was computed, the state of its inputs, and of which areas it was; None of all."""

    indicator: Indicator
    state: str
    areas: list[str] | None


def asked(results: list[Computed]) -> str:
    """The condition in SQL that a stored observation is one of those that were computed again."""
    codes: dict[tuple[str, ...] | None, list[str]] = {}
    for result in results:
        codes.setdefault(None if result.areas is None else tuple(result.areas), []).append(result.indicator.code)
    conditions = (
        f"indicator IN ({listed(those)})" + ("" if areas is None else f" AND ref_area IN ({listed(areas)})")
        for areas, those in codes.items()
        if areas != ()
    )
    return " OR ".join(conditions) or "false"


@dataclass
class Found:
    """All that one computation has found, at one snapshot."""

    snapshot: int
    at: dt.datetime
    folder: Path
    """Holds the observations that came out, as Parquet files."""
    results: list[Computed] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    checks: list[dict[str, object]] = field(default_factory=list)
    verdicts: pa.Table | None = None
    judged: str = "false"
    """The condition in SQL that a stored verdict is one of those that were given again."""
    quality: Quality | None = None
    views: list[View] = field(default_factory=list)

    @property
    def observations(self) -> str:
        """The observations that came out, as what may stand in the place of a table."""
        return f"FROM read_parquet('{self.folder}/*.parquet')"

    @property
    def anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.results or self.quality or self.views)


def record(settings: Settings, found: Found) -> None:
    """Replace the observations of each area that differ, and note what was computed: readers see all of it or none."""
    codes = [r.indicator.code for r in found.results]
    said = f"indicators: {', '.join(codes)}" if codes else "data quality and views"
    extra = {"indicators": ", ".join(codes), "input_snapshot": str(found.snapshot)}
    with transaction(settings, said, extra) as con:
        if found.results:
            ensure_ops(con)
            types = {name: kind for name, (kind, _) in COLUMNS.items()}
            ensure_table(con, "indicators", "observations", types, {n: text for n, (_, text) in COLUMNS.items()})
            _replace(con, found)
            _note(con, found)
        if found.quality:
            write_quality(con, found.quality)
        create_views(con, found.views)


def _replace(con: duckdb.DuckDBPyConnection, found: Found) -> None:
    """Rewrite the areas of an indicator of which a row differs from what is stored."""
    con.execute(f"CREATE TEMP VIEW result AS {found.observations}")
    again = asked(found.results)
    stored = f"indicators.observations WHERE {again}"
    con.execute(f"CREATE TEMP TABLE replaced AS {differing(stored, 'result', ['indicator', 'ref_area'], CONTENT)}")
    ((differ,),) = con.execute("SELECT count(*) FROM replaced").fetchall()
    if differ:
        con.execute(
            f"DELETE FROM indicators.observations WHERE ({again}) "
            "AND (indicator, ref_area) IN (SELECT (indicator, ref_area) FROM replaced)"
        )
        con.execute(
            "INSERT INTO indicators.observations BY NAME FROM result SEMI JOIN replaced USING (indicator, ref_area)"
        )


def _note(con: duckdb.DuckDBPyConnection, found: Found) -> None:
    """Write into the books what was computed from what, and what the checks said, in place of what stood there."""
    codes = [r.indicator.code for r in found.results]
    con.execute("DELETE FROM ops.computations WHERE list_contains(?, indicator)", [codes])
    con.execute(
        "DELETE FROM ops.validations WHERE list_contains(?, delivery_id)", [[f"indicator:{code}" for code in codes]]
    )
    insert(con, "validations", found.checks)
    con.execute(f"DELETE FROM ops.verdicts WHERE {found.judged}")
    con.register("verdicts", found.verdicts)
    con.execute("INSERT INTO ops.verdicts BY NAME FROM verdicts")
    con.unregister("verdicts")
    insert(
        con,
        "computations",
        [
            {"indicator": r.indicator.code, "definition_sha256": r.indicator.digest, "inputs_state": r.state}
            | {"input_snapshot": found.snapshot, "observations": found.stored.get(r.indicator.code, 0)}
            | {"computed_at": found.at}
            for r in found.results
        ],
    )
