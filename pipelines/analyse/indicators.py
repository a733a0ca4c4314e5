"""Compute indicators at one snapshot and write them to `indicators.observations`: only what has changed."""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.analyse.aggregates import with_groups
from pipelines.analyse.changes import Seen, changed_areas, computed_before, moments, state
from pipelines.analyse.definition import COLUMNS, CONTENT, Indicator, IndicatorError, load_indicators
from pipelines.analyse.evaluate import evaluate, evaluate_with_groups, reading, rows_of
from pipelines.analyse.index.definition import Index, load_indices
from pipelines.analyse.index.publish import as_indicator, evaluate_index
from pipelines.analyse.judge import judge, load_indicator_checks
from pipelines.analyse.quality import ensure_quality
from pipelines.analyse.views import ensure_views
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, connect, ensure_table, retrying, tables, transaction
from pipelines.store.ops import ensure_ops, insert
from pipelines.store.reference import ensure_reference

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Computed:
    """What came out of an indicator, of all areas or of those that changed."""

    indicator: Indicator
    state: str
    areas: list[str] | None
    observations: pa.Table


def compute(settings: Settings, codes: list[str] | None = None) -> list[str]:
    """Compute the indicators and indices whose inputs or definition have changed since, for the areas that have.

    Args:
        codes: only these, and these in any case and for all areas.

    Returns:
        The codes computed.

    Raises:
        IndicatorError: an unknown code, or SQL that fails; nothing is written then.
    """
    indicators = load_indicators(settings.indicators)
    indices = load_indices(settings.indices)
    known = [*[i.code for i in indicators], *indices]
    unknown = sorted(set(codes or []) - set(known))
    if unknown:
        raise IndicatorError(f"no indicator {unknown[0]}; there are: {', '.join(known)}")
    if not has_warehouse(settings):
        log.info("There is no warehouse yet: nothing to compute")
        return []
    ensure_reference(settings)
    done = _pass(settings, [i for i in indicators if not codes or i.code in codes], {}, bool(codes))
    ensure_quality(settings)
    # An index may read indicators, so it is computed from what has just been written.
    chosen = {name: index for name, index in indices.items() if not codes or name in codes}
    done += _pass(settings, [as_indicator(index) for index in chosen.values()], chosen, bool(codes))
    ensure_views(settings)
    return done


def _pass(settings: Settings, chosen: list[Indicator], indices: dict[str, Index], whole: bool) -> list[str]:
    """Compute at one snapshot, and write; gives the codes computed."""
    with connect(settings) as con:
        snapshot = int(con.execute(f"SELECT max(snapshot_id) FROM ducklake_snapshots('{LAKE}')").fetchall()[0][0])
    with connect(settings, as_of=str(snapshot)) as con:
        there = tables(con)
        wanted = [i for i in chosen if _present(i, there)]
        results = list(_computed(con, wanted, indices, snapshot, whole))
    if results:
        for attempt in retrying():
            with attempt:
                _write(settings, results, snapshot)
    return [r.indicator.code for r in results]


def _present(indicator: Indicator, there: set[str]) -> bool:
    missing = [table for table in indicator.inputs if table not in there]
    if missing:
        log.info("%s is not computed: no data yet in %s", indicator.code, ", ".join(missing))
    return not missing


def _computed(
    con: duckdb.DuckDBPyConnection, wanted: list[Indicator], indices: dict[str, Index], snapshot: int, whole: bool
) -> Iterator[Computed]:
    known, changed = computed_before(con), moments(con)
    seen: Seen = {}
    for indicator in wanted:
        before, now = known.get(indicator.code, ("", "", 0)), state(indicator, changed)
        if not whole and before[:2] == (indicator.digest, now):
            continue
        if indicator.code in indices:
            yield Computed(indicator, now, None, evaluate_index(con, indices[indicator.code], snapshot))
            continue
        areas = None if whole or not before[0] else changed_areas(con, indicator, before, now, seen)
        if areas is None:
            yield Computed(indicator, now, None, evaluate_with_groups(con, indicator, snapshot))
        else:
            yield Computed(indicator, now, areas, _of_areas(con, indicator, snapshot, areas))


def _of_areas(con: duckdb.DuckDBPyConnection, indicator: Indicator, snapshot: int, areas: list[str]) -> pa.Table:
    """The observations of some areas; those of the groups among them rest on the other members' as they are stored."""
    with reading(con, rows_of(indicator, areas)):
        result = evaluate(con, indicator, snapshot)
    if indicator.groups == "none":
        return result
    others = con.execute(
        f"SELECT {', '.join(result.column_names)} FROM indicators.observations "
        "WHERE indicator = $code AND NOT list_contains($areas, ref_area)",
        {"code": indicator.code, "areas": areas},
    ).to_arrow_table()
    members = pa.concat_tables([result, others.cast(result.schema)])
    return pa.concat_tables([result, with_groups(con, members, indicator.groups, areas)])


def _write(settings: Settings, results: list[Computed], snapshot: int) -> None:
    """Replace the observations of each area that differ, and note what was computed, in one commit."""
    codes = [r.indicator.code for r in results]
    extra = {"indicators": ", ".join(codes), "input_snapshot": str(snapshot)}
    with transaction(settings, f"indicators: {', '.join(codes)}", extra) as con:
        ensure_ops(con)
        types = {name: kind for name, (kind, _) in COLUMNS.items()}
        ensure_table(con, "indicators", "observations", types, {n: text for n, (_, text) in COLUMNS.items()})
        con.execute(
            "CREATE TEMP TABLE before AS FROM indicators.observations WHERE list_contains($codes, indicator)",
            {"codes": codes},
        )
        _replace(con, results)
        _judge(con, [r.indicator for r in results], settings)
        con.execute("DELETE FROM ops.computations WHERE list_contains($codes, indicator)", {"codes": codes})
        stored = con.execute("SELECT indicator, count(*) FROM computed GROUP BY indicator").fetchall()
        _note(con, results, snapshot, dict(stored))


def _replace(con: duckdb.DuckDBPyConnection, results: list[Computed]) -> None:
    """Rewrite the areas of an indicator of which a row differs; `computed` is then all there is of the indicators."""
    con.register("result", pa.concat_tables([r.observations for r in results]))
    asked = [(r.indicator.code, area) for r in results for area in (r.areas if r.areas is not None else [None])]
    pairs = pa.schema({"indicator": pa.string(), "ref_area": pa.string()})
    con.register("asked", pa.table({"indicator": [a[0] for a in asked], "ref_area": [a[1] for a in asked]}, pairs))
    content = ", ".join(CONTENT)
    con.execute(
        f"""CREATE TEMP TABLE replaced AS
            WITH old AS (
                SELECT {content} FROM before b
                WHERE EXISTS (
                    FROM asked a WHERE a.indicator = b.indicator AND coalesce(a.ref_area, b.ref_area) = b.ref_area)
            )
            SELECT DISTINCT indicator, ref_area FROM (
                (SELECT {content} FROM result EXCEPT ALL FROM old)
                UNION ALL (FROM old EXCEPT ALL SELECT {content} FROM result))"""
    )
    ((differ,),) = con.execute("SELECT count(*) FROM replaced").fetchall()
    if differ:
        con.execute(
            "DELETE FROM indicators.observations "
            "WHERE (indicator, ref_area) IN (SELECT (indicator, ref_area) FROM replaced)"
        )
        con.execute(
            "INSERT INTO indicators.observations BY NAME FROM result SEMI JOIN replaced USING (indicator, ref_area)"
        )
    con.execute(
        """CREATE TEMP TABLE computed AS FROM before ANTI JOIN replaced USING (indicator, ref_area)
           UNION ALL BY NAME FROM result SEMI JOIN replaced USING (indicator, ref_area)"""
    )
    con.unregister("result")
    con.unregister("asked")


def _note(con: duckdb.DuckDBPyConnection, results: list[Computed], snapshot: int, stored: dict[str, int]) -> None:
    now = dt.datetime.now(dt.UTC)
    insert(
        con,
        "computations",
        [
            {"indicator": r.indicator.code, "definition_sha256": r.indicator.digest, "inputs_state": r.state}
            | {"input_snapshot": snapshot, "observations": stored.get(r.indicator.code, 0), "computed_at": now}
            for r in results
        ],
    )


def _judge(con: duckdb.DuckDBPyConnection, stale: list[Indicator], settings: Settings) -> None:
    """Check what was computed, and write down what was found in place of what was found before."""
    codes = [i.code for i in stale]
    bounds = [i.bounds or (None, None) for i in stale]
    columns = {"indicator": codes, "least": [b[0] for b in bounds], "most": [b[1] for b in bounds]}
    kinds = pa.schema({"indicator": pa.string(), "least": pa.float64(), "most": pa.float64()})
    con.register("definitions", pa.table(columns, schema=kinds))
    found = judge(con, load_indicator_checks(settings.checks), codes)
    con.unregister("definitions")
    con.execute(
        "DELETE FROM ops.validations WHERE delivery_id IN (SELECT unnest(?))", [[f"indicator:{code}" for code in codes]]
    )
    insert(con, "validations", found)
    for row in found:
        if row["status"] == "fail":
            log.warning("%s: %s %s", row["dataset"], row["notes"], row["observed"])
