"""Hand-worked cases of indicators: `cases/<code>.yaml` holds inputs and every value that must come out of them."""

import csv
import io
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
from ruamel.yaml import YAML

from pipelines.analyse.definition import Indicator
from pipelines.analyse.evaluate import evaluate_with_groups
from pipelines.contract import Contract, load_contracts
from pipelines.settings import Settings

CASES = Path(__file__).parent / "cases"
SNAPSHOT = 1


def rows(text: str) -> list[dict[str, str | None]]:
    """A block of CSV; an empty cell is nothing."""
    return [{k: v or None for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]


@cache
def contracts() -> dict[str, Contract]:
    """The shipped contracts, read once for all cases."""
    return load_contracts(Settings().contracts)


def warehouse(indicator: Indicator, inputs: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """Tables as the lake has them, with the case's rows; reference data is the real one."""
    settings = Settings()
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS lake; USE lake")
    con.execute("CREATE SCHEMA core; CREATE SCHEMA reference")
    for file in settings.reference.glob("*.csv"):
        con.execute(f"CREATE TABLE reference.{file.stem} AS FROM read_csv('{file}', header = true, all_varchar = true)")
    for name in indicator.datasets:
        contract = contracts()[name]
        kinds = contract.sql_types()
        con.execute(f"CREATE TABLE core.{name} ({', '.join(f'{column} {kind}' for column, kind in kinds.items())})")
        usual = {"obs_status": "A", "unit_mult": "0", "vintage": "case", "concept": "global", **contract.set}
        given = [usual | row for row in rows(inputs[f"core.{name}"])]
        table = pa.table(
            {column: [row.get(column) for row in given] for column in kinds},
            pa.schema([(c, pa.string()) for c in kinds]),
        )
        con.register("given", table)
        con.execute(
            f"INSERT INTO core.{name} SELECT {', '.join(f'CAST({c} AS {k})' for c, k in kinds.items())} FROM given"
        )
        con.unregister("given")
    return con


def load(code: str) -> dict[str, object]:
    """One case file."""
    case: dict[str, object] = YAML(typ="safe").load((CASES / f"{code}.yaml").read_text(encoding="utf-8"))
    return case


def computed(indicator: Indicator, inputs: dict[str, str]) -> list[dict[str, object]]:
    """What the indicator makes of the inputs."""
    with warehouse(indicator, inputs) as con:
        found: list[dict[str, object]] = evaluate_with_groups(con, indicator, SNAPSHOT).to_pylist()
    return found
