"""Compute indicators and indices at one snapshot: only what has changed, and nothing of it is written here.

Everything is found out on one steady view of the warehouse, while writers go on; `record` then writes it in one commit.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from pipelines.analyse.aggregates import with_groups
from pipelines.analyse.changes import Seen, changed_areas, computed_before, moments, state
from pipelines.analyse.definition import COLUMNS, Indicator, IndicatorError, load_indicators
from pipelines.analyse.evaluate import evaluate, evaluate_with_groups, listed, reading, rows_of
from pipelines.analyse.index.definition import Index, load_indices
from pipelines.analyse.index.publish import as_indicator, evaluate_index
from pipelines.analyse.judge import judge, load_indicator_checks, version_of
from pipelines.analyse.quality import measure
from pipelines.analyse.record import Computed, Found, asked, record
from pipelines.analyse.views import load_views, stale_views
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, retrying, tables
from pipelines.store.reference import connect_current

log = logging.getLogger(__name__)

NONE_YET = f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, (kind, _) in COLUMNS.items())} LIMIT 0"


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
    chosen = set(codes or known)
    with TemporaryDirectory(prefix="migstat-computed-") as folder:
        with connect_current(settings) as con:
            con.execute("BEGIN")  # one state of the warehouse, also on a server
            found = _found(
                con,
                settings,
                [i for i in indicators if i.code in chosen],
                [index for name, index in indices.items() if name in chosen],
                whole=bool(codes),
                folder=Path(folder),
            )
        if found.anything:
            for attempt in retrying():
                with attempt:
                    record(settings, found)
    for check in found.checks:
        if check["status"] == "fail":
            log.warning("%s: %s %s", check["dataset"], check["notes"], check["observed"])
    return [r.indicator.code for r in found.results]


def _found(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    indicators: list[Indicator],
    indices: list[Index],
    whole: bool,
    folder: Path,
) -> Found:
    """What has to be written: observations, what the checks say of them, data quality, views."""
    ((snapshot,),) = con.execute(f"SELECT max(snapshot_id) FROM ducklake_snapshots('{LAKE}')").fetchall()
    stored = tables(con)
    changed, known, there = moments(con, stored), computed_before(con, stored), set(stored)
    found = Found(snapshot, dt.datetime.now(dt.UTC).replace(tzinfo=None), folder)
    seen = Seen()
    _gather(con, folder, con.sql(NONE_YET).to_arrow_table())  # the view has to see a file
    con.execute(f"CREATE TEMP VIEW result AS {found.observations}")
    for indicator in indicators:
        if _present(indicator, there):
            found.results += _computed(con, indicator, known, state(indicator, changed), snapshot, whole, seen, folder)
    observations = f"FROM {LAKE}.indicators.observations" if "indicators.observations" in there else NONE_YET
    con.execute(f"CREATE TEMP VIEW stored AS {observations}")
    _lay_over(con, found.results)
    _compute_groups(con, folder, found.results)
    if found.results:
        ((changed["indicators.observations"],),) = con.execute("SELECT CAST(? AS VARCHAR)", [found.at]).fetchall()
        there.add("indicators.observations")
    seen_as = "observed" if "indicators.observations" in there else ""
    found.quality = measure(con, settings, stored, changed.get("indicators.observations", ""), seen_as)
    if found.quality:
        changed["indicators.data_quality"] = found.quality.holds
        con.register("measured", found.quality.table)
        there.add("indicators.data_quality")
    # An index may read indicators and their quality, so it is computed from what will stand there.
    over = {"indicators.observations": "FROM temp.observed"}
    over |= {"indicators.data_quality": "FROM temp.measured"} if found.quality else {}
    scored = []
    for index in indices:
        told = as_indicator(index)
        now = state(told, changed)
        if _present(told, there) and (whole or known.get(told.code, ("", ""))[:2] != (told.digest, now)):
            with reading(con, {name: over.get(name, f"FROM {LAKE}.{name}") for name in index.inputs}):
                scored.append(evaluate_index(con, index, snapshot))
            found.results.append(Computed(told, now, None))
    for scores in scored:
        _gather(con, folder, scores)
    _lay_over(con, found.results)
    if found.results:
        _judge(con, settings, found, changed, "ops.verdicts" in there)
    found.views = stale_views(con, load_views(settings.views), there)
    return found


def _present(indicator: Indicator, there: set[str]) -> bool:
    missing = [table for table in indicator.inputs if table not in there]
    if missing:
        log.info("%s is not computed: no data yet in %s", indicator.code, ", ".join(missing))
    return not missing


def _computed(
    con: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    known: dict[str, tuple[str, str, int]],
    now: str,
    snapshot: int,
    whole: bool,
    seen: Seen,
    folder: Path,
) -> Iterator[Computed]:
    """Compute an indicator of all areas, or of those that changed; nothing if it stands as it would come out."""
    before = known.get(indicator.code, ("", "", 0))
    if not whole and before[:2] == (indicator.digest, now):
        return
    areas = None if whole or not before[0] else changed_areas(con, indicator, before, now, seen)
    if areas is None:
        _gather(con, folder, evaluate_with_groups(con, indicator, snapshot))
    else:
        with reading(con, {name: seen.kept(con, query) for name, query in rows_of(indicator, areas).items()}):
            _gather(con, folder, evaluate(con, indicator, snapshot))
    yield Computed(indicator, now, areas)


def _gather(con: duckdb.DuckDBPyConnection, folder: Path, observations: pa.Table) -> None:
    """Put observations aside in a file: those of all indicators would take gigabytes of memory."""
    # Under a name it would be held until the transaction ends.
    con.from_arrow(observations).write_parquet(f"{folder}/{len(list(folder.iterdir())):04}.parquet")


def _lay_over(con: duckdb.DuckDBPyConnection, results: list[Computed]) -> None:
    """Make the view `observed`: the observations as they will be, where `stored` has them as they are."""
    con.execute(
        "CREATE OR REPLACE TEMP VIEW observed AS "
        f"FROM stored WHERE NOT ({asked(results)}) UNION ALL BY NAME FROM result"
    )


def _compute_groups(con: duckdb.DuckDBPyConnection, folder: Path, results: list[Computed]) -> None:
    """Compute the groups among the areas that changed; those of their members that did not are as they are stored."""

    def alike(result: Computed) -> tuple[str, list[str]]:
        return result.indicator.groups, result.areas or []

    those = sorted((r for r in results if r.areas and r.indicator.groups != "none"), key=alike)
    for (method, areas), alike_results in groupby(those, alike):
        codes = listed(r.indicator.code for r in alike_results)
        _gather(con, folder, with_groups(con, f"observed WHERE indicator IN ({codes})", method, areas))


def _judge(
    con: duckdb.DuckDBPyConnection, settings: Settings, found: Found, changed: dict[str, str], judged_before: bool
) -> None:
    """Find out what the checks say of what was computed, and how many observations of each indicator there will be."""
    indicators = [r.indicator for r in found.results]
    codes, bounds = [i.code for i in indicators], [i.bounds or (None, None) for i in indicators]
    columns = {"indicator": codes, "least": [b[0] for b in bounds], "most": [b[1] for b in bounds]}
    kinds = pa.schema({"indicator": pa.string(), "least": pa.float64(), "most": pa.float64()})
    con.register("given", pa.table(columns, schema=kinds))
    con.execute("CREATE TEMP TABLE definitions AS FROM given")
    checks, those = load_indicator_checks(settings.checks), f"indicator IN ({listed(codes)})"
    version = version_of(checks, changed)
    known = con.execute(
        "SELECT DISTINCT contract_version FROM ops.validations WHERE list_contains(?, delivery_id)",
        [[f"indicator:{code}" for code in codes]],
    ).fetchall()
    again = asked(found.results)
    if judged_before and known == [(version,)]:
        found.judged, computed = again, "result"
    else:  # other checks, or other tables they need: no verdict stands
        found.judged, computed = those, f"observed WHERE {those}"
    con.execute(f"CREATE TEMP VIEW computed AS FROM {computed}")
    con.execute(f"CREATE TEMP VIEW before AS FROM stored WHERE {again}")
    kept = f"ops.verdicts WHERE {those} AND NOT ({found.judged})" if judged_before else ""
    found.checks, found.verdicts = judge(con, checks, codes, version, kept)
    counts = con.execute(f"SELECT indicator, count(*) FROM observed WHERE {those} GROUP BY indicator").fetchall()
    found.stored = dict(counts)
