"""Compute indicators: one SQL file each, read at one snapshot, written to `indicators.observations`."""

import datetime as dt
import hashlib
import logging
import re
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.analyse.aggregates import with_groups
from pipelines.analyse.judge import judge, load_indicator_checks
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, connect, ensure_table, exists, retrying, transaction
from pipelines.store.ops import ensure_ops, insert
from pipelines.store.reference import ensure_reference

log = logging.getLogger(__name__)

HEADER = re.compile(r"\A\s*/\*(.*?)\*/(.*)\Z", re.DOTALL)
COLUMNS = {
    "indicator": ("VARCHAR", "Indicator code: an SDG number, or the product's own name."),
    "series": ("VARCHAR", "Series code."),
    "ref_area": ("VARCHAR", "Area (reference.areas)."),
    "time_period": ("VARCHAR", "Period."),
    "sex": ("VARCHAR", "Sex, SDMX CL_SEX."),
    "age": ("VARCHAR", "Age group; _T for all."),
    "breakdown": ("VARCHAR", "Further dimensions as name=value; _T for none."),
    "obs_value": ("DOUBLE", "Value; NULL when obs_status says why there is none."),
    "unit_measure": ("VARCHAR", "Unit."),
    "unit_mult": ("SMALLINT", "Power of ten."),
    "obs_status": ("VARCHAR", "SDMX observation status."),
    "concept": ("VARCHAR", "global or national_proxy."),
    "source": ("VARCHAR", "Method followed."),
    "vintage": ("VARCHAR", "Editions of the inputs."),
    "note": ("VARCHAR", "What must be read with the value."),
    "worked": ("VARCHAR", "The formula with the figures in it."),
    "input_snapshot": ("BIGINT", "Snapshot of the warehouse whose inputs gave the value."),
}
CONTENT = [c for c in COLUMNS if c != "input_snapshot"]


class IndicatorError(Exception):
    """An indicator file is wrong, or its SQL does not give the columns it must."""


class Indicator(BaseModel):
    """One file of `warehouse/indicators/`: the header comment and the SELECT.

    The SELECT gives `ref_area`, `time_period`, `obs_value` and what differs from the header; `worked` shows the formula
    with its figures, and `weight` is the denominator where groups are weighted by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    series: str
    title: str
    definition: str
    formula: str
    unit_measure: str
    unit_mult: int = 0
    concept: str
    inputs: list[str]
    grain: str = Field(description="What one row of the inputs is.")
    disaggregation: list[str] = Field([], description="Beside area and period.")
    custodian: str = Field(description="Who answers for the definition.")
    source: str
    verification: str
    bounds: tuple[float, float] | None = Field(None, description="Between which figures lie that can be right.")
    groups: Literal["none", "sum", "weighted"] = Field("none", description="How regions and organisations are given.")
    sql: str
    digest: str

    @property
    def datasets(self) -> list[str]:
        """The datasets among the inputs."""
        return [i.removeprefix("core.") for i in self.inputs if i.startswith("core.")]


def load_indicators(folder: Path) -> list[Indicator]:
    """All indicator files below a folder, in order of their code.

    Raises:
        IndicatorError: a file has no header, or a header that lacks something.
    """
    found = [_load(path) for path in sorted(folder.rglob("*.sql"))]
    codes = [i.code for i in found]
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        raise IndicatorError(f"{folder}: the code {twice[0]} stands in two files")
    return sorted(found, key=lambda i: i.code)


def inputs(settings: Settings) -> set[str]:
    """The datasets that any indicator reads."""
    return {dataset for i in load_indicators(settings.indicators) for dataset in i.datasets}


def compute(settings: Settings, codes: list[str] | None = None) -> list[str]:
    """Compute the indicators whose inputs or definition have changed since they were last computed.

    Args:
        codes: only these, and these in any case.

    Returns:
        The codes computed.

    Raises:
        IndicatorError: an unknown code, or SQL that fails; nothing is written then.
    """
    indicators = load_indicators(settings.indicators)
    unknown = sorted(set(codes or []) - {i.code for i in indicators})
    if unknown:
        raise IndicatorError(f"no indicator {unknown[0]}; there are: {', '.join(i.code for i in indicators)}")
    if not has_warehouse(settings):
        log.info("There is no warehouse yet: nothing to compute")
        return []
    ensure_reference(settings)
    with connect(settings) as con:
        snapshot = int(con.execute(f"SELECT max(snapshot_id) FROM ducklake_snapshots('{LAKE}')").fetchall()[0][0])
    with connect(settings, as_of=str(snapshot)) as con:
        wanted = [i for i in indicators if (i.code in codes if codes else True)]
        stale = [i for i in wanted if _present(con, i) and (codes or _stale(con, i))]
        results = {i.code: evaluate(con, i, snapshot) for i in stale}
        states = {i.code: _state(con, i) for i in stale}
    if stale:
        for attempt in retrying():
            with attempt:
                _write(settings, stale, results, states, snapshot)
    return [i.code for i in stale]


def _load(path: Path) -> Indicator:
    text = path.read_text(encoding="utf-8")
    match = HEADER.match(text)
    if match is None:
        raise IndicatorError(f"{path}:1: expected a header comment /* code: ... */ before the SELECT")
    try:
        header = YAML(typ="safe").load(match[1])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Indicator.model_validate({**header, "sql": match[2].strip(), "digest": digest})
    except (ValidationError, YAMLError, TypeError) as error:
        raise IndicatorError(f"{path}: the header is not as expected: {error}") from error


def _present(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> bool:
    missing = [i for i in indicator.inputs if not exists(con, *i.split(".", 1))]
    if missing:
        log.info("%s is not computed: no data yet in %s", indicator.code, ", ".join(missing))
    return not missing


def _state(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> str:
    """When each input last changed, from the books; reference data by its digest."""
    loaded = con.execute(
        "SELECT dataset, CAST(max(recorded_at) AS VARCHAR) FROM ops.deliveries WHERE state = 'loaded' GROUP BY dataset"
    ).fetchall()
    digests = con.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'reference'", [LAKE]
    ).fetchall()
    state = {f"core.{d}": at for d, at in loaded} | {f"reference.{t}": digest for t, digest in digests}
    return "; ".join(f"{i}={state.get(i, '')}" for i in sorted(indicator.inputs))


def _stale(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> bool:
    if not exists(con, "ops", "computations"):
        return True
    found = con.execute(
        "SELECT count(*) FROM ops.computations WHERE indicator = ? AND definition_sha256 = ? AND inputs_state = ?",
        [indicator.code, indicator.digest, _state(con, indicator)],
    ).fetchall()
    return not found[0][0]


def evaluate(con: duckdb.DuckDBPyConnection, indicator: Indicator, snapshot: int) -> pa.Table:
    """Run one indicator's SELECT and complete its columns."""
    try:
        relation = con.sql(indicator.sql)
        given = set(relation.columns)
        if not {"ref_area", "time_period", "obs_value"} <= given <= {*COLUMNS, "weight"}:
            raise IndicatorError(f"{indicator.code}: the SELECT gives the columns {', '.join(sorted(given))}")
        editions = " UNION ".join(f"SELECT DISTINCT vintage FROM core.{d}" for d in indicator.datasets)
        vintage = con.execute(f"SELECT string_agg(vintage, '; ' ORDER BY vintage) FROM ({editions})").fetchall()
        default: dict[str, object] = {
            "indicator": indicator.code,
            "series": indicator.series,
            "sex": "_T",
            "age": "_T",
            "breakdown": "_T",
            "unit_measure": indicator.unit_measure,
            "unit_mult": indicator.unit_mult,
            "obs_status": "A",
            "concept": indicator.concept,
            "source": indicator.source,
            "vintage": vintage[0][0],
            "note": None,
            "worked": None,
            "input_snapshot": snapshot,
        }
        chosen = ", ".join(
            f"CAST({name if name in given else '$' + name} AS {kind}) AS {name}" for name, (kind, _) in COLUMNS.items()
        )
        used = {name: value for name, value in default.items() if name not in given}
        weight = ", weight" if "weight" in given else ""
        found = con.execute(f"SELECT {chosen}{weight} FROM ({indicator.sql})", used).to_arrow_table()
        _refuse_twice(con, indicator, found)
        return found if indicator.groups == "none" else with_groups(con, found, indicator.groups)
    except duckdb.Error as error:
        raise IndicatorError(f"{indicator.code}: its SQL failed: {error}") from error


def _refuse_twice(con: duckdb.DuckDBPyConnection, indicator: Indicator, found: pa.Table) -> None:
    """Two values for one observation: which of them is right, nobody could say afterwards."""
    con.register("found", found)
    twice = con.execute(
        """SELECT concat_ws(' ', series, ref_area, time_period, sex, age, breakdown, concept) FROM found
           GROUP BY series, ref_area, time_period, sex, age, breakdown, concept HAVING count(*) > 1
           ORDER BY 1 LIMIT 1"""
    ).fetchall()
    con.unregister("found")
    if twice:
        raise IndicatorError(f"{indicator.code}: the SELECT gives more than one value for {twice[0][0]}")


def _write(
    settings: Settings, stale: list[Indicator], results: dict[str, pa.Table], states: dict[str, str], snapshot: int
) -> None:
    """Replace the observations that differ, and note what was computed, in one commit."""
    now = dt.datetime.now(dt.UTC)
    extra = {"indicators": ", ".join(results), "input_snapshot": str(snapshot)}
    with transaction(settings, f"indicators: {', '.join(results)}", extra) as con:
        ensure_ops(con)
        types = {name: kind for name, (kind, _) in COLUMNS.items()}
        ensure_table(con, "indicators", "observations", types, {n: text for n, (_, text) in COLUMNS.items()})
        content = ", ".join(CONTENT)
        _keep_before(con, stale)
        for indicator in stale:
            con.register("result", results[indicator.code])
            same = con.execute(
                f"""SELECT count(*) FROM (
                      (SELECT {content} FROM result EXCEPT ALL
                       SELECT {content} FROM indicators.observations WHERE indicator = $code)
                      UNION ALL
                      (SELECT {content} FROM indicators.observations WHERE indicator = $code EXCEPT ALL
                       SELECT {content} FROM result))""",
                {"code": indicator.code},
            ).fetchall()
            if same[0][0]:
                con.execute("DELETE FROM indicators.observations WHERE indicator = ?", [indicator.code])
                con.execute("INSERT INTO indicators.observations BY NAME SELECT * FROM result")
            con.unregister("result")
            con.execute("DELETE FROM ops.computations WHERE indicator = ?", [indicator.code])
        _judge(con, stale, settings)
        insert(
            con,
            "computations",
            [
                {"indicator": i.code, "definition_sha256": i.digest, "inputs_state": states[i.code]}
                | {"input_snapshot": snapshot, "observations": results[i.code].num_rows, "computed_at": now}
                for i in stale
            ],
        )


def _keep_before(con: duckdb.DuckDBPyConnection, stale: list[Indicator]) -> None:
    """What stood there before, for the checks that compare with it."""
    codes = [i.code for i in stale]
    before = con.execute("FROM indicators.observations WHERE indicator IN (SELECT unnest(?))", [codes])
    con.register("before", before.to_arrow_table())


def _judge(con: duckdb.DuckDBPyConnection, stale: list[Indicator], settings: Settings) -> None:
    """Check what was computed, and write down what was found in place of what was found before."""
    codes = [i.code for i in stale]
    computed = con.execute("FROM indicators.observations WHERE indicator IN (SELECT unnest(?))", [codes])
    con.register("computed", computed.to_arrow_table())
    bounds = [i.bounds or (None, None) for i in stale]
    columns = {"indicator": codes, "least": [b[0] for b in bounds], "most": [b[1] for b in bounds]}
    kinds = pa.schema({"indicator": pa.string(), "least": pa.float64(), "most": pa.float64()})
    con.register("definitions", pa.table(columns, schema=kinds))
    found = judge(con, load_indicator_checks(settings.checks), codes)
    for name in ("before", "computed", "definitions"):
        con.unregister(name)
    con.execute(
        "DELETE FROM ops.validations WHERE delivery_id IN (SELECT unnest(?))", [[f"indicator:{code}" for code in codes]]
    )
    insert(con, "validations", found)
    for row in found:
        if row["status"] == "fail":
            log.warning("%s: %s %s", row["dataset"], row["notes"], row["observed"])
