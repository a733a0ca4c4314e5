"""Run an indicator's SELECT over the tables it reads: all rows, those of some areas, or others in their place."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from pipelines.analyse.aggregates import with_groups
from pipelines.analyse.definition import COLUMNS, Indicator, IndicatorError
from pipelines.process.numbers import quoted
from pipelines.store.lake import LAKE


@contextmanager
def reading(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> Iterator[None]:
    """Put queries in the place of tables such as `core.population`, for whatever is asked meanwhile."""
    con.execute("USE memory")
    for name, query in tables.items():
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.partition('.')[0]}")
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name.replace('.', '__')} AS {query}")
        con.execute(f"CREATE OR REPLACE VIEW {name} AS FROM temp.{name.replace('.', '__')}")
    try:
        yield
    finally:
        con.execute(f"USE {LAKE}")


def rows_of(indicator: Indicator, areas: list[str]) -> dict[str, str]:
    """The tables an indicator reads, with the rows of some areas only."""
    tables = {"reference.groups": f"FROM {LAKE}.reference.groups"}
    for name in indicator.inputs:
        columns = (indicator.area_columns or {}).get(name, "ref_area")
        only = f" WHERE {columns} IN ({listed(areas)})" if name.startswith("core.") else ""
        tables[name] = f"FROM {LAKE}.{name}{only}"
    return tables


def listed(texts: Iterable[str]) -> str:
    """Texts as the members of a list in SQL."""
    return ", ".join(map(quoted, texts))


def evaluate(con: duckdb.DuckDBPyConnection, indicator: Indicator, snapshot: int) -> pa.Table:
    """The observations an indicator's SELECT gives, with the columns of `definition.COLUMNS`; without those of groups.

    Raises:
        IndicatorError: its SQL fails, lacks a column, or gives two values for one observation.
    """
    try:
        given = set(con.sql(indicator.sql).columns)
        if not {"ref_area", "time_period", "obs_value"} <= given <= set(COLUMNS):
            raise IndicatorError(f"{indicator.code}: the SELECT gives the columns {', '.join(sorted(given))}")
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
            "note": None,
            "worked": None,
            "weight": None,
            "coverage": None,
            "lower": None,
            "upper": None,
            "input_snapshot": snapshot,
        }
        said = {name: name if name in given else f"${name}" for name in COLUMNS}
        said["vintage"] = "found.vintage" if "vintage" in given else "edition.vintage"
        said["ref_area"] = "found.ref_area"
        chosen = ", ".join(f"CAST({said[name]} AS {kind}) AS {name}" for name, (kind, _) in COLUMNS.items())
        used = {name: value for name, value in default.items() if name not in given}
        result = con.execute(
            f"SELECT {chosen} FROM ({indicator.sql}) AS found LEFT JOIN ({_editions(indicator)}) AS edition "
            f"ON {'true' if indicator.area_columns is None else 'edition.ref_area = found.ref_area'}",
            used,
        ).to_arrow_table()
        _refuse_twice(con, indicator, result)
        return result
    except duckdb.Error as error:
        raise IndicatorError(f"{indicator.code}: its SQL failed: {error}") from error


def evaluate_with_groups(con: duckdb.DuckDBPyConnection, indicator: Indicator, snapshot: int) -> pa.Table:
    """All observations of an indicator, those of regions and organisations among them."""
    result = evaluate(con, indicator, snapshot)
    if indicator.groups == "none":
        return result
    con.register("members", result)
    of_groups = with_groups(con, "members", indicator.groups)
    con.unregister("members")
    return pa.concat_tables([result, of_groups])


def _editions(indicator: Indicator) -> str:
    """Editions of the inputs by area, or of all together where an area's value needs rows of others."""
    parts = [
        f"SELECT {(indicator.area_columns or {}).get(f'core.{d}', 'ref_area')} AS ref_area, vintage FROM core.{d}"
        for d in indicator.datasets
    ]
    listed = "SELECT string_agg(DISTINCT vintage, '; ' ORDER BY vintage) AS vintage"
    every = f"FROM ({' UNION ALL '.join(parts)})"
    return f"{listed} {every}" if indicator.area_columns is None else f"{listed}, ref_area {every} GROUP BY ref_area"


def _refuse_twice(con: duckdb.DuckDBPyConnection, indicator: Indicator, result: pa.Table) -> None:
    """Two values for one observation: which of them is right, nobody could say afterwards."""
    key = "series, ref_area, time_period, sex, age, breakdown, concept"
    counted = con.from_arrow(result).aggregate(f"concat_ws(' ', {key}) AS place, count(*) AS number", key)
    twice = counted.filter("number > 1").order("place").limit(1).fetchall()
    if twice:
        raise IndicatorError(f"{indicator.code}: the SELECT gives more than one value for {twice[0][0]}")
