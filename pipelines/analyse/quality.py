"""How good the data of a country is, by dataset: measured from the warehouse itself, each measure with what causes it.

Formulas are those of the quality and performance indicators of the European Statistical System where they are confirmed
(R1 completeness, TP1 timeliness); the others are the platform's own and say so. Source: ESS Guidelines for the
Implementation of the Quality and Performance Indicators.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.analyse.readiness import BREAKDOWNS
from pipelines.contract import Contract, load_contract
from pipelines.settings import Settings
from pipelines.store.lake import ensure_table

OWN = "platform measure"
RECENT = 5
FORMULAS = {
    "AVAILABILITY": ("1 where the dataset holds a value of the country", OWN),
    "TIMELINESS": ("days from the end of the last year to the arrival of its first figure", "ESS TP1"),
    "PUNCTUALITY": ("share of the checks on staleness that were passed, over all deliveries", OWN),
    "COMPLETENESS": (f"cells with a value among all delivered, of the last {RECENT} years", "ESS R1"),
    "DISAGGREGATION": ("breakdowns that are filled, among those the contract has", OWN),
    "COHERENCE": ("1 - balancing residual in thousands, or 1 - gap of mirror statistics / 200", OWN),
    "REVISIONS": ("share of the checks on revisions that were passed, over all deliveries", OWN),
    "ACCESSIBILITY": ("1 under an open licence", OWN),
}
COLUMNS = {
    "ref_area": ("VARCHAR", "Country."),
    "dataset": ("VARCHAR", "Dataset the measure is of."),
    "measure": ("VARCHAR", f"One of {', '.join(FORMULAS)}."),
    "value": ("DOUBLE", "Days for TIMELINESS, else a share between 0 and 1, more is better."),
    "because": ("VARCHAR", "The delivery or contract the value comes from: where a weakness can be mended."),
    "formula": ("VARCHAR", "How it is measured."),
    "source": ("VARCHAR", "Whose formula it is."),
}
OPEN = re.compile(r"\b(CC0|CC BY|MIT|OGL|open)", re.IGNORECASE)
Measure = tuple[str, str, str, float | None, str]
Passed = Mapping[tuple[str, str], float]
JUDGED = {"PUNCTUALITY": "stale", "REVISIONS": "revisions"}
"""Measures that are a share of checks passed, with the check's name."""


@dataclass(frozen=True)
class Quality:
    """The measures of all countries and datasets, what they were measured from, and the digest of their values."""

    table: pa.Table
    measured_from: dict[str, str]
    holds: str


def stored_quality(there: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """What `indicators.data_quality` was measured from and the digest of its values, as its comment says."""
    said = there.get("indicators.data_quality", "")
    measured_from, holds = json.loads(said) if said.startswith("[") else ({}, "")
    return measured_from, holds


def measure(
    con: duckdb.DuckDBPyConnection, settings: Settings, there: Mapping[str, str], computed_at: str, observations: str
) -> Quality | None:
    """Measure every dataset for every country any of them holds; None if nothing it rests on has changed.

    A dataset of which no delivery came in and whose contract is the same keeps its measures.

    Args:
        there: the tables of the warehouse, with their comments.
        computed_at: when indicators were last computed.
        observations: the relation that holds the indicators' observations; empty if there are none.
    """
    held = _held(settings, there)
    arrived = con.execute("SELECT dataset, CAST(max(recorded_at) AS VARCHAR) FROM ops.deliveries GROUP BY dataset")
    states = {name: f"{at} {held[name].version}" for name, at in arrived.fetchall() if name in held}
    measured_from = states | {"indicators.observations": computed_at}
    before, _ = stored_quality(there)
    if before == measured_from:
        return None
    kept = [name for name in held if before.get(name, "") == states.get(name)]
    found: list[Measure] = _kept(con, kept) if kept else []
    passed = _passed(con)
    for name in sorted(held.keys() - set(kept)):
        found += _of_dataset(con, held[name], passed)
    countries = _countries(con, list(held))
    found += list(_availability(held, countries, {(row[0], row[1]) for row in found}))
    found += list(_coherence(con, countries, observations))
    kinds = pa.schema([(n, pa.float64() if kind == "DOUBLE" else pa.string()) for n, (kind, _) in COLUMNS.items()])
    rows = [(*row, *FORMULAS[row[2]]) for row in found]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}, kinds)
    values = sorted(row[:4] for row in found if row[3] is not None)
    return Quality(table, measured_from, hashlib.sha256(repr(values).encode()).hexdigest())


def _held(settings: Settings, there: Mapping[str, str]) -> dict[str, Contract]:
    """The contracts of the datasets that are in the warehouse."""
    names = sorted(table.removeprefix("core.") for table in there if table.startswith("core."))
    files = {name: settings.contracts / f"{name}.yaml" for name in names}
    return {name: load_contract(file) for name, file in files.items() if file.is_file()}


def _kept(con: duckdb.DuckDBPyConnection, datasets: list[str]) -> list[Measure]:
    return con.execute(
        "SELECT ref_area, dataset, measure, value, because FROM indicators.data_quality "
        "WHERE list_contains($datasets, dataset) AND measure NOT IN ('AVAILABILITY', 'COHERENCE')",
        {"datasets": datasets},
    ).fetchall()


def write_quality(con: duckdb.DuckDBPyConnection, quality: Quality) -> None:
    """Put the measures in the place of those before."""
    types = {name: kind for name, (kind, _) in COLUMNS.items()}
    ensure_table(con, "indicators", "data_quality", types, {n: text for n, (_, text) in COLUMNS.items()})
    con.register("measured", quality.table)
    con.execute("DELETE FROM indicators.data_quality")
    con.execute("INSERT INTO indicators.data_quality BY NAME FROM measured")
    said = json.dumps([quality.measured_from, quality.holds], sort_keys=True)
    con.execute(f"COMMENT ON TABLE indicators.data_quality IS '{said}'")
    con.unregister("measured")


def _countries(con: duckdb.DuckDBPyConnection, datasets: list[str]) -> list[str]:
    if not datasets:
        return []
    every = " UNION ".join(f"SELECT ref_area FROM core.{name}" for name in datasets)
    asked = f"SELECT ref_area FROM ({every}) JOIN reference.areas ON code = ref_area AND kind = 'country' ORDER BY 1"
    return [row[0] for row in con.execute(asked).fetchall()]


def _availability(held: dict[str, Contract], countries: list[str], known: set[tuple[str, str]]) -> Iterator[Measure]:
    for name in held:
        for area in countries:
            yield area, name, "AVAILABILITY", float((area, name) in known), f"expectations/{name}.yaml"


def _of_dataset(con: duckdb.DuckDBPyConnection, contract: Contract, passed: Passed) -> Iterator[Measure]:
    """Measures of one dataset, by country."""
    name, broken = contract.dataset, [column for column in BREAKDOWNS if column in contract.columns]
    parts = "".join(f", count(DISTINCT {column}) FILTER ({column} <> '_T') > 1" for column in broken)
    rows = con.execute(
        f"""WITH dated AS (
                SELECT *, CAST(left(time_period, 4) AS INTEGER) AS year,
                       year > max(year) OVER (PARTITION BY ref_area) - {RECENT} AS recent
                FROM core.{name})
            SELECT r.ref_area, max(r.year) FILTER (r.obs_value IS NOT NULL),
                   count(r.obs_value) FILTER (r.recent) / count(*) FILTER (r.recent),
                   arg_max(d.received_at, r.time_period), arg_max(r.delivery_id, r.time_period){parts}
            FROM dated r
            JOIN reference.areas a ON a.code = r.ref_area AND a.kind = 'country'
            LEFT JOIN ops.deliveries d USING (delivery_id)
            GROUP BY r.ref_area HAVING count(r.obs_value) > 0"""
    ).fetchall()
    file = f"expectations/{name}.yaml"
    for area, last, complete, received, delivery, *by in rows:
        if received:
            yield area, name, "TIMELINESS", float((received.date() - dt.date(last, 12, 31)).days), delivery
        yield area, name, "COMPLETENESS", complete, delivery
        if by:
            yield area, name, "DISAGGREGATION", sum(by) / len(by), delivery
        for judged in JUDGED:
            yield area, name, judged, passed.get((name, judged)), file
        yield area, name, "ACCESSIBILITY", float(bool(OPEN.search(contract.licence))), file


def _passed(con: duckdb.DuckDBPyConnection) -> Passed:
    """Share of the checks that were passed, by dataset and measure; nothing where none compared anything."""
    return {
        (dataset, judged): share
        for judged, check in JUDGED.items()
        for dataset, share in con.execute(
            "SELECT dataset, avg(CASE status WHEN 'pass' THEN 1.0 ELSE 0.0 END)::DOUBLE FROM ops.validations "
            "WHERE status IN ('pass', 'fail') AND split_part(check_id, ':', 1) = dataset || '.' || ? GROUP BY dataset",
            [check],
        ).fetchall()
    }


def _coherence(con: duckdb.DuckDBPyConnection, countries: list[str], observations: str) -> Iterator[Measure]:
    if not observations:
        return
    for code, dataset, share in (
        ("balancing_residual", "population", "1 - least(1, abs(obs_value))"),
        ("mirror_gap", "migration_flows", "1 - abs(obs_value) / 200"),
    ):
        found = con.execute(
            f"SELECT ref_area, avg({share}) FROM {observations} WHERE indicator = ? AND obs_value IS NOT NULL "
            "GROUP BY ref_area",
            [code],
        ).fetchall()
        for area, value in found:
            if area in countries:
                yield area, dataset, "COHERENCE", value, f"the indicator {code}"
