"""Indices as observations: every node's score with its coverage and its interval, beside the indicators."""

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.analyse.definition import COLUMNS, Indicator
from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.panel import read_panel
from pipelines.analyse.index.score import category, score
from pipelines.analyse.index.uncertainty import uncertainty

Row = dict[str, object]


def as_indicator(index: Index) -> Indicator:
    """What an index is to those who look for indicators: one whose values all rest on each other."""
    low, high = index.steps.normalise.to
    return Indicator(
        code=index.index,
        series=index.tree.code,
        title=index.title,
        definition=index.description,
        formula=f"composite index, version {index.version}",
        unit_measure=index.unit,
        concept="global" if index.status == "official" else "product-defined",
        inputs=index.inputs,
        grain="country x period x item",
        disaggregation=["dimension"],
        custodian=index.source if index.status == "official" else "Product-defined",
        source=index.source,
        verification=index.status,
        bounds=(low, high) if index.steps.normalise.method != "zscore" else None,
        area_columns=None,
        sql=index.data,
        digest=index.digest,
    )


def evaluate_index(con: duckdb.DuckDBPyConnection, index: Index, snapshot: int) -> pa.Table:
    """Score an index from the warehouse, as rows of `indicators.observations`.

    Every node has its score, an item the normalised figure. The interval is the 5th to the 95th percentile over the
    choices the definition tries; where coverage is under the limit there is no score, and the note says why.

    Raises:
        IndexDefinitionError: a step cannot be applied to the figures.
    """
    panel = read_panel(con, index)
    rows: list[Row] = []
    if panel.units:
        found, doubt = score(index, panel), uncertainty(index, panel)
        unsure = np.full((3, len(panel.units)), np.nan)  # of an item itself nothing was chosen
        for node in [*index.tree.inner(), *index.leaves]:
            low, _, high = doubt.scores.get(node.code, unsure)
            for i, (area, period) in enumerate(panel.units):
                value, covered = float(found.scores[node.code][i]), float(found.coverage[node.code][i])
                given = not np.isnan(value)
                told: Row = {"series": node.code, "ref_area": area, "time_period": period, "coverage": covered}
                told |= {"obs_value": value if given else None, "obs_status": "A" if given else "M"}
                told |= {"lower": _number(low[i]) if given else None, "upper": _number(high[i]) if given else None}
                rows.append(told | {"note": _note(index, value, covered, given)})
    same: Row = {"indicator": index.index, "sex": "_T", "age": "_T", "breakdown": "_T", "unit_measure": index.unit}
    same |= {"unit_mult": 0, "concept": as_indicator(index).concept, "source": index.source}
    same |= {"vintage": f"version {index.version}", "input_snapshot": snapshot}
    kinds = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "SMALLINT": pa.int16(), "BIGINT": pa.int64()}
    schema = pa.schema([(name, kinds[kind]) for name, (kind, _) in COLUMNS.items()])
    return pa.Table.from_pylist([dict.fromkeys(COLUMNS) | same | row for row in rows], schema=schema)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _note(index: Index, value: float, covered: float, given: bool) -> str:
    kind = "" if index.status == "official" else "Product-defined. "
    if not given:
        return f"{kind}Not published: {100 * covered:.0f} % of the items have a figure, which is too few."
    reached = category(index, value)
    named = next((f" Category {c.code}: {c.title}." for c in index.categories if c.code == reached), "")
    return f"{kind}{100 * covered:.0f} % of the items have a figure.{named}"
