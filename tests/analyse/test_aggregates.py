"""What a source publishes for a region or in total is kept beside its parts, and no indicator adds it to them."""

import duckdb
import pyarrow as pa
import pytest

from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.settings import Settings
from tests.analyse.cases import load, warehouse

INDICATORS = load_indicators(Settings().indicators)


def values(con: duckdb.DuckDBPyConnection, sql: str) -> dict[tuple[object, ...], float]:
    rows: pa.Table = con.execute(sql).to_arrow_table()
    kept = [row for row in rows.to_pylist() if row["ref_area"] not in ("900", "_T")]
    return {tuple(v for name, v in row.items() if name != "obs_value"): row["obs_value"] for row in kept}


@pytest.mark.parametrize("indicator", INDICATORS, ids=[i.code for i in INDICATORS])
def test_no_indicator_sums_aggregates_with_their_parts(indicator: Indicator) -> None:
    """A world row, and a total over all partners, change no country's value."""
    inputs: dict[str, str] = load(indicator.code)["inputs"]  # type: ignore[assignment]
    with warehouse(indicator, inputs) as con:
        before = values(con, indicator.sql)
        for table in (t for t in indicator.inputs if t.startswith("core.")):
            con.execute(f"INSERT INTO {table} SELECT * REPLACE ('900' AS ref_area) FROM {table}")
            con.execute(f"INSERT INTO {table} SELECT * REPLACE ('_T' AS ref_area) FROM {table} WHERE ref_area <> '900'")
        assert before and values(con, indicator.sql) == before
