"""What the reports cost when the tenth and when the thousandth delivery comes, and what Data Docs' own site would."""

import shutil
import time
import warnings
from pathlib import Path

from bench.steps import write_csv
from pipelines.contract import load_contract
from pipelines.settings import Settings

ROWS = 500


def report_and_page(settings: Settings, folder: Path, counts: list[int]) -> list[tuple[int, float, float]]:
    """Seconds of a delivery's report and of the page over all, once so many deliveries are in the books.

    The books are filled with copies of one delivery and its checks; the delivery measured is processed anew.
    """
    from pipelines.collect.land import land
    from pipelines.disseminate.validations import write_page
    from pipelines.process.run import process
    from pipelines.store.lake import transaction
    from pipelines.store.load import store

    contract = load_contract(settings.contracts / "flows.yaml")
    found, filled = [], 0
    for count in [1, *counts]:
        file = folder / f"{count}.csv"
        write_csv(file, ROWS, seed=count)
        delivery = land(file, contract, settings, Path(file.name)).delivery_id
        started = time.perf_counter()
        process(delivery, settings)
        reported = time.perf_counter() - started
        store(delivery, settings)
        more, filled = count - filled - 1, count
        with transaction(settings, f"{more} copies", {}) as con:
            for table in ("deliveries", "validations") if more > 0 else ():
                con.execute(
                    f"INSERT INTO ops.{table} SELECT * EXCLUDE (n) REPLACE (delivery_id || '-' || n AS delivery_id) "
                    f"FROM (FROM ops.{table} WHERE delivery_id = '{delivery}'), range({more}) AS s(n)"
                )
        started = time.perf_counter()
        write_page(settings)
        found.append((count, reported, time.perf_counter() - started))
    return found[1:]


def data_docs(folder: Path, counts: list[int]) -> list[tuple[int, float]]:
    """Seconds of Data Docs' default, which builds its site of all validation results anew after each."""
    import great_expectations as gx
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="file", project_root_dir=folder)
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        asset = context.data_sources.add_pandas("bench").add_dataframe_asset("rows")
        batch = asset.add_batch_definition_whole_dataframe("all")
        suite = context.suites.add(gx.ExpectationSuite(name="arrivals"))
        for _ in range(3):
            suite.add_expectation(gx.expectations.ExpectColumnValuesToBeBetween(column="obs_value", min_value=0))
        definition = gx.ValidationDefinition(name="arrivals", data=batch, suite=suite)
        frame = pd.DataFrame({"obs_value": [1, 2, 3]})
        context.validation_definitions.add(definition).run(batch_parameters={"dataframe": frame})
        (run,) = (folder / "gx" / "uncommitted" / "validations" / "arrivals").iterdir()
        found = []
        for count in counts:
            for n in range(1, count):
                copy = run.with_name(f"run{n}")
                if not copy.exists():
                    shutil.copytree(run, copy)
            started = time.perf_counter()
            context.build_data_docs()
            found.append((count, time.perf_counter() - started))
    return found
