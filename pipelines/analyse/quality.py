"""How good the data of a country is, by dataset: measured from the warehouse itself, each measure with what causes it.

Formulas are those of the quality and performance indicators of the European Statistical System where they are confirmed
(R1 completeness, TP1 timeliness); the others are the platform's own and say so. Source: ESS Guidelines for the
Implementation of the Quality and Performance Indicators.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from pipelines.analyse.changes import moments
from pipelines.analyse.readiness import BREAKDOWNS
from pipelines.contract import Contract, load_contract
from pipelines.settings import Settings
from pipelines.store.lake import LAKE, connect, ensure_table, exists, retrying, tables, transaction

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


def ensure_quality(settings: Settings) -> None:
    """Measure every dataset for every country any of them holds, if anything it rests on has changed.

    What it was measured from stands as the comment of `indicators.data_quality`.
    """
    with connect(settings) as con:
        read = {table: at for table, at in moments(con).items() if not table.startswith("reference.")}
        rests_on = "; ".join(f"{table}={at}" for table, at in sorted(read.items()))
        digest = hashlib.sha256(rests_on.encode()).hexdigest()
        if _measured_from(con) == digest:
            return
        there = sorted(table.removeprefix("core.") for table in tables(con) if table.startswith("core."))
        files = {name: settings.contracts / f"{name}.yaml" for name in there}
        held = {name: load_contract(file) for name, file in files.items() if file.is_file()}
        countries = _countries(con, list(held))
        found = [row for contract in held.values() for row in _of_dataset(con, contract)]
        found += list(_availability(held, countries, {(row[0], row[1]) for row in found}))
        found += list(_coherence(con, countries))
    kinds = pa.schema([(n, pa.float64() if kind == "DOUBLE" else pa.string()) for n, (kind, _) in COLUMNS.items()])
    rows = [(*row, *FORMULAS[row[2]]) for row in found]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}, kinds)
    for attempt in retrying():
        with attempt, transaction(settings, "data quality measured", {}) as con:
            types = {name: kind for name, (kind, _) in COLUMNS.items()}
            ensure_table(con, "indicators", "data_quality", types, {n: text for n, (_, text) in COLUMNS.items()})
            con.register("measured", table)
            con.execute("DELETE FROM indicators.data_quality")
            con.execute("INSERT INTO indicators.data_quality BY NAME FROM measured")
            con.execute(f"COMMENT ON TABLE indicators.data_quality IS '{digest}'")
            con.unregister("measured")


def _measured_from(con: duckdb.DuckDBPyConnection) -> str:
    found = con.execute(
        "SELECT comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'indicators' "
        "AND table_name = 'data_quality'",
        [LAKE],
    ).fetchall()
    return str(found[0][0]) if found else ""


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


def _of_dataset(con: duckdb.DuckDBPyConnection, contract: Contract) -> Iterator[Measure]:
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
    passed = {
        "PUNCTUALITY": _passed(con, contract, "stale"),
        "REVISIONS": _passed(con, contract, "revisions"),
    }
    for area, last, complete, received, delivery, *by in rows:
        if received:
            yield area, name, "TIMELINESS", float((received.date() - dt.date(last, 12, 31)).days), delivery
        yield area, name, "COMPLETENESS", complete, delivery
        if by:
            yield area, name, "DISAGGREGATION", sum(by) / len(by), delivery
        for measure, share in passed.items():
            yield area, name, measure, share, file
        yield area, name, "ACCESSIBILITY", float(bool(OPEN.search(contract.licence))), file


def _passed(con: duckdb.DuckDBPyConnection, contract: Contract, called: str) -> float | None:
    """Share of the checks that call one of `warehouse/checks/` and were passed."""
    queries = [str(expectation.kwargs.get("unexpected_rows_query", "")) for expectation in contract.expectations]
    checks = [f"{contract.dataset}.{i + 1}" for i, query in enumerate(queries) if f"{called}(" in query]
    ((share,),) = con.execute(
        "SELECT avg(CASE status WHEN 'pass' THEN 1.0 ELSE 0.0 END)::DOUBLE FROM ops.validations "
        "WHERE dataset = ? AND status IN ('pass', 'fail') AND list_contains(?, check_id)",
        [contract.dataset, checks],
    ).fetchall()
    return None if share is None else float(share)


def _coherence(con: duckdb.DuckDBPyConnection, countries: list[str]) -> Iterator[Measure]:
    if not exists(con, "indicators", "observations"):
        return
    for code, dataset, share in (
        ("balancing_residual", "population", "1 - least(1, abs(obs_value))"),
        ("mirror_gap", "migration_flows", "1 - abs(obs_value) / 200"),
    ):
        found = con.execute(
            f"SELECT ref_area, avg({share}) FROM indicators.observations WHERE indicator = ? AND obs_value IS NOT NULL "
            "GROUP BY ref_area",
            [code],
        ).fetchall()
        for area, value in found:
            if area in countries:
                yield area, dataset, "COHERENCE", value, f"the indicator {code}"
