"""What would change in every observation if indicators were computed now, and why: before anything is published.

The difference is split by computing thrice: the definition of now on the inputs of then; on the inputs of now; and
with the reference data of now. What the first step moves is owed to the formula, the second to the input vintage, the
third to territory and other reference data. Of an index every node is an observation. What data quality would be then
is measured only when it is computed: an index that rests on it is told as far as its definition changes it.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.analyse.changes import computed_before, moments, reference_state, state
from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.analyse.evaluate import evaluate_with_groups, reading
from pipelines.analyse.index.definition import Index, load_indices
from pipelines.analyse.index.publish import as_indicator, evaluate_index
from pipelines.contract import load_contract
from pipelines.delivery import read_receipt
from pipelines.process.harmonised import staged
from pipelines.settings import Settings
from pipelines.store.lake import LAKE, connect, tables

KEY = ("indicator", "series", "ref_area", "time_period", "sex", "age", "breakdown", "concept")
Tables = dict[str, str]
Stages = list[tuple[str, pa.Table]]


@dataclass(frozen=True)
class Difference:
    """One observation, as it is stored and as it would be; None where there is no value."""

    indicator: str
    series: str
    ref_area: str
    time_period: str
    sex: str
    age: str
    breakdown: str
    concept: str
    before: float | None
    after: float | None
    reason: str

    @property
    def share(self) -> float:
        """How much of the value changes; 1 where one is new or vanishes."""
        if self.before is None or self.after is None:
            return 1.0
        return abs(self.after - self.before) / max(abs(self.after), abs(self.before))


def diff(settings: Settings, delivery_id: str = "") -> list[Difference]:
    """The observations that would differ, those first of which the largest share changes.

    Args:
        delivery_id: a delivery that waits for approval, taken as if it had been approved.

    Raises:
        LookupError: nothing has been computed yet, or no such delivery waits.
        IndicatorError: an indicator cannot be computed.
    """
    with connect(settings) as con:
        there = tables(con)
        if "indicators.observations" not in there:
            raise LookupError("nothing has been computed yet: there is nothing to compare with")
        awaited = _awaited(settings, delivery_id) if delivery_id else {}
        every: list[tuple[Indicator, Index | None]] = [(i, None) for i in load_indicators(settings.indicators)]
        every += [(as_indicator(index), index) for index in load_indices(settings.indices).values()]
        known, changed, edited = computed_before(con, there), moments(con, there), _edited(settings, there)
        found: list[Difference] = []
        for indicator, index in every:
            if all(i in there or i in awaited for i in indicator.inputs):
                before = known.get(indicator.code, ("", "", 0))
                stages = _stages(con, indicator, index, before, state(indicator, changed), awaited, edited)
                found += _differences(list(stages))
    return sorted(found, key=lambda d: (-d.share, d.indicator, d.ref_area, d.time_period))


def _awaited(settings: Settings, delivery_id: str) -> Tables:
    """The table a held delivery would change, as it would then be."""
    files = sorted((settings.staging / delivery_id).glob(f"{delivery_id}-*.parquet"))
    if not files:
        raise LookupError(f"no delivery {delivery_id} waits for a decision: `migstat status` names those that do")
    receipt = read_receipt(delivery_id, settings)
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    rows, columns = staged(files), ", ".join(contract.replaces)
    table = f"core.{receipt.dataset}"
    kept = f"SELECT * FROM {LAKE}.{table} ANTI JOIN {rows} USING ({columns})"
    return {table: f"{kept} UNION ALL BY NAME SELECT {', '.join(contract.sql_types())} FROM {rows}"}


def _stages(
    con: duckdb.DuckDBPyConnection,
    indicator: Indicator,
    index: Index | None,
    before: tuple[str, str, int],
    state_now: str,
    awaited: Tables,
    edited: Tables,
) -> Iterator[tuple[str, pa.Table]]:
    """An indicator's observations as they are stored and after each step; nothing if no step can move them."""

    def evaluated(inputs: Tables) -> pa.Table:
        with reading(con, inputs):
            return evaluate_index(con, index, 0) if index else evaluate_with_groups(con, indicator, 0)

    digest, then, snapshot = before
    read = {*indicator.inputs, "reference.groups"}
    edited = {name: query for name, query in edited.items() if name in read}
    revised = state_now != then or awaited.keys() & read
    if digest == indicator.digest and not revised and not edited:
        return
    yield "stored", con.execute("FROM indicators.observations WHERE indicator = ?", [indicator.code]).to_arrow_table()
    now = {name: awaited.get(name, f"FROM {LAKE}.{name}") for name in read}
    old = {name: f"FROM {LAKE}.{name} AT (VERSION => {snapshot})" for name in read}
    if digest != indicator.digest and _readable(con, old):
        yield "formula", evaluated(old)
    inputs = "input vintage" if digest == indicator.digest or _readable(con, old) else "formula or input vintage"
    yield inputs, evaluated(now)
    if edited:
        yield "territory or other reference data", evaluated(now | edited)


def _edited(settings: Settings, there: Tables) -> Tables:
    """Reference data whose files are not as they were loaded."""
    loaded = reference_state(there)
    return {
        f"reference.{file.stem}": f"FROM read_csv('{file}', header = true, all_varchar = true)"
        for file in settings.reference.glob("*.csv")
        if hashlib.sha256(file.read_bytes()).hexdigest() != loaded.get(f"reference.{file.stem}")
    }


def _readable(con: duckdb.DuckDBPyConnection, tables: Tables) -> bool:
    try:
        for query in tables.values():
            con.execute(f"{query} LIMIT 0")
    except duckdb.Error:
        return False
    return True


def _differences(stages: Stages) -> Iterator[Difference]:
    """Each observation that ends otherwise than it began, with the steps that moved it."""
    names, tables = [name for name, _ in stages], [_values(table) for _, table in stages]
    for key in dict.fromkeys(key for table in tables for key in table):
        seen = [table.get(key) for table in tables]
        moved = [name for name, one, other in zip(names[1:], seen, seen[1:], strict=False) if not _same(one, other)]
        if moved and not _same(seen[0], seen[-1]):
            told = dict(zip(KEY, key, strict=True))
            yield Difference(**told, before=seen[0], after=seen[-1], reason="; ".join(moved))


def _values(table: pa.Table) -> dict[tuple[str, ...], float | None]:
    columns = [table.column(name).to_pylist() for name in (*KEY, "obs_value")]
    return {row[:-1]: row[-1] for row in zip(*columns, strict=True)}


def _same(one: float | None, other: float | None) -> bool:
    """Equal but for the last digits, which depend on the order in which rows are added up."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-12)
