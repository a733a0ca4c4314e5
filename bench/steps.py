"""What is measured: the product's own functions, and what they are held against."""

import datetime as dt
import os
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contract import Contract, Expectation, load_contract
from pipelines.settings import ROOT, Settings

ROWS = """
    SELECT
        ['MDA', 'KGZ', 'SRB', 'ARM', 'UKR'][1 + (i % 5)::INT] AS ref_area,
        CAST(1990 + (i // 5) % 35 AS VARCHAR) AS time_period,
        ['M', 'F', '_T'][1 + ((i // 175) % 3)::INT] AS sex,
        CAST({first} + i // 525 AS VARCHAR) AS item,
        CAST(hash(i + {seed}) % 100000 AS INTEGER) AS obs_value{extra}
    FROM range({count}) t(i)
"""
SLICES = 100
STAGED = ", '' AS source_sheet, i AS source_row, NULL::VARCHAR AS problems"


def bench_settings(home: Path) -> Settings:
    """A home of its own with the made-up contract."""
    return Settings(home=home, contracts=ROOT / "bench" / "contracts")


def write_csv(path: Path, count: int, first: int = 0, seed: int = 0) -> None:
    """A tidy file of random figures."""
    duckdb.sql(f"COPY ({ROWS.format(first=first, seed=seed, count=count, extra='')}) TO '{path}' (FORMAT csv, HEADER)")


def write_staged(path: Path, count: int) -> None:
    """The same figures as harmonising stages them."""
    duckdb.sql(f"COPY ({ROWS.format(first=0, seed=0, count=count, extra=STAGED)}) TO '{path}' (FORMAT parquet)")


def quiet() -> None:
    """No progress bars between the figures."""
    duckdb.sql("SET enable_progress_bar = false")


def warm_up() -> None:
    """What the scheduler has imported before a task starts."""
    import pipelines.process.validate
    import pipelines.store.load  # noqa: F401


def copy_bare(csv: Path, target: Path) -> None:
    """The limit: DuckDB alone, no row numbers, codes, checks or commit."""
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    con.execute(f"COPY (FROM read_csv('{csv}')) TO '{target}' (FORMAT parquet)")


def ingest(csv: Path, settings: Settings) -> dict[str, float]:
    """One delivery from file to commit; seconds by step."""
    from pipelines.collect.land import land
    from pipelines.process.run import process
    from pipelines.store.load import store

    contract = load_contract(settings.contracts / "flows.yaml")
    marks = [time.perf_counter()]
    receipt = land(csv, contract, settings, Path(csv.name))
    marks.append(time.perf_counter())
    outcome = process(receipt.delivery_id, settings)
    marks.append(time.perf_counter())
    store(receipt.delivery_id, settings)
    marks.append(time.perf_counter())
    assert outcome.state == "accepted", outcome.reason
    steps = [later - earlier for earlier, later in pairwise(marks)]
    return dict(zip(("land", "process", "store"), steps, strict=True))


def validate_in_duckdb(parquet: Path, folder: Path, settings: Settings, dataset: str = "flows") -> int:
    """A contract's expectations by the product's validation, over staged Parquet."""
    from pipelines.process.harmonised import Harmonised
    from pipelines.process.validate import validate

    folder.mkdir(parents=True, exist_ok=True)
    contract = load_contract(settings.contracts / f"{dataset}.yaml")
    judged = validate(Harmonised(files=[parquet]), contract, "flows-bench", folder, settings, {})
    failed = [c for c in judged.checks if c.status != "pass"]
    assert not failed, failed
    return len(contract.expectations)


def validate_in_pandas(parquet: Path, contract: Contract) -> int:
    """The same expectations by Great Expectations' pandas engine."""
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("bench").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(
        gx.ExpectationSuite(name="bench", expectations=[_expectation(e) for e in contract.expectations])
    )
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="bench", data=batch, suite=suite))
    result = definition.run(batch_parameters={"dataframe": pd.read_parquet(parquet)})
    assert result.success
    return len(result.results)


def _expectation(expectation: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(expectation.type, dict(expectation.kwargs)).to_domain_obj()


def many_deliveries(settings: Settings, folder: Path, count: int, rows: int) -> list[tuple[int, float, float, int]]:
    """Commit many small deliveries, with housekeeping after each hundred as the daily DAG does it.

    From the second hundred on each replaces an earlier one, so that the table keeps its size.

    Returns:
        For each hundred: deliveries so far, median commit and median query in milliseconds, data files.
    """
    from pipelines.collect.land import land
    from pipelines.delivery import Outcome, State, write_whole
    from pipelines.process.harmonise import harmonise
    from pipelines.store.housekeeping import housekeep
    from pipelines.store.lake import connect
    from pipelines.store.load import store

    contract = load_contract(settings.contracts / "flows.yaml")
    found, commits, queries = [], [], []
    for number in range(count):
        csv = folder / f"small_{number}.csv"
        write_csv(csv, rows, first=1000 * (number % SLICES), seed=number * 1000)
        receipt = land(csv, contract, settings, Path(csv.name))
        staged = settings.staging / receipt.delivery_id
        staged.mkdir(parents=True, exist_ok=True)
        harmonise(receipt, contract, settings, staged)
        outcome = Outcome(
            delivery_id=receipt.delivery_id,
            dataset="flows",
            state=State.ACCEPTED,
            contract_version=contract.version,
            rows_read=rows,
            rows_accepted=rows,
            processed_at=dt.datetime.now(dt.UTC),
        )
        write_whole(staged / "outcome.json", outcome.model_dump_json())
        csv.unlink()
        started = time.perf_counter()
        store(receipt.delivery_id, settings)
        commits.append(time.perf_counter() - started)
        with connect(settings) as con:
            started = time.perf_counter()
            con.execute("SELECT ref_area, sum(obs_value) FROM core.flows GROUP BY ref_area").fetchall()
            queries.append(time.perf_counter() - started)
        if (number + 1) % 100 == 0:
            files = sum(len(names) for _, _, names in os.walk(settings.lake_data))
            row = (number + 1, 1000 * statistics.median(commits), 1000 * statistics.median(queries), files)
            found.append(row)
            commits, queries = [], []
            housekeep(settings)
    return found
