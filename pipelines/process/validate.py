"""Validate a staged delivery with Great Expectations inside DuckDB, over Parquet, and write its report.

Importing Great Expectations takes seconds, so this module is imported only where a delivery is validated.
"""

import logging
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import pyarrow as pa
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy import Engine, event
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

from pipelines.contract import Contract, Expectation
from pipelines.delivery import SHOWN_PLACES, Check, Problem
from pipelines.language import say
from pipelines.process import metrics  # noqa: F401
from pipelines.process.built_in import LAYOUT, built_in
from pipelines.process.checks import SqlCheck, compared, define, load_checks, named
from pipelines.process.codelists import rows
from pipelines.process.findings import PLACE_COLUMNS, TABLE, broken_by, check_id_of, check_of, idle
from pipelines.process.harmonised import Harmonised, numbered
from pipelines.process.quarantine import Broken
from pipelines.settings import Settings

log = logging.getLogger(__name__)
# Its inner steps would bury what the office's engineer looks for in a task log.
logging.getLogger("great_expectations").setLevel(logging.WARNING)

STAGED_PLACE = ["filename", "file_row_number"]


@dataclass(frozen=True)
class Judgement:
    """One result per check, Great Expectations' own result, and the rows to be held back."""

    checks: list[Check]
    result: ExpectationSuiteValidationResult
    broken: list[Broken]


def validate(
    harmonised: Harmonised,
    contract: Contract,
    delivery_id: str,
    folder: Path,
    settings: Settings,
    stored: Mapping[str, Path],
) -> Judgement:
    """Run every check of a delivery.

    The built-in checks look at the problems harmonising met; the contract's expectations look at the
    staged rows, and do not run when the file could not be read. Rows that break an expectation which says `mostly`
    and is met by most of them are to be held back.
    """
    planned = [built_in(harmonised, *check) for check in LAYOUT]
    judged = harmonised.laid_out and harmonised.files
    sql_checks = load_checks(settings.checks)
    expectations = named(contract, sql_checks)
    alone = {i: e for i, e in expectations.items() if compared(e, sql_checks, contract.dataset) - stored.keys()}
    asked = {i: e for i, e in expectations.items() if judged and i not in alone}
    planned += [_configuration(check_id, e) for check_id, e in asked.items()]
    with _database(harmonised, contract, folder, settings, sql_checks, asked.values(), stored) as path:
        result, tolerated, engine = _run(planned, contract, delivery_id, path)
        checks = [check_of(configuration, result, harmonised, engine) for configuration in planned]
        engine.dispose()
    if judged:
        checks += [idle(i, e, "no data", say("(nothing is stored yet to compare with)")) for i, e in alone.items()]
    else:
        checks += [idle(i, e, "did not run", say("(the file could not be read)")) for i, e in expectations.items()]
    return Judgement(checks, result, [broken for one in tolerated for broken in broken_by(one)])


def _configuration(check_id: str, expectation: Expectation) -> ExpectationConfiguration:
    return ExpectationConfiguration(
        expectation.type,
        dict(expectation.kwargs),
        meta={"check_id": check_id},
        description=say(expectation.notes),
        severity=FailureSeverity(expectation.severity),
    )


@contextmanager
def _database(
    harmonised: Harmonised,
    contract: Contract,
    folder: Path,
    settings: Settings,
    sql_checks: list[SqlCheck],
    expectations: Iterable[Expectation],
    stored: Mapping[str, Path],
) -> Iterator[Path]:
    """A DuckDB file that holds views over staged and stored Parquet, the problems met, code lists and SQL checks."""
    path = folder / f"check-{uuid.uuid4().hex[:8]}.duckdb"
    with duckdb.connect(path) as con:
        if harmonised.files:
            con.execute(f"CREATE VIEW {TABLE} AS SELECT * EXCLUDE problems FROM {numbered(harmonised.files)}")
        else:
            columns = ", ".join(f"{name} {kind}" for name, kind in contract.sql_types().items())
            con.execute(f"CREATE TABLE {TABLE} ({columns})")
        met = [p.model_dump() for p in harmonised.problems] or [Problem(kind="", expected="").model_dump()]
        con.register("met", pa.Table.from_pylist(met))
        con.execute("CREATE TABLE problems AS SELECT * FROM met WHERE kind <> ''")
        con.register("area_rows", pa.Table.from_pylist(list(rows(settings.reference, "areas"))))
        con.execute("CREATE TABLE areas AS SELECT * FROM area_rows")
        for dataset, file in stored.items():
            name = "stored" if dataset == contract.dataset else f"stored_{dataset}"
            con.execute(f"CREATE VIEW {name} AS FROM read_parquet('{file}')")
        define(con, sql_checks, contract, expectations)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _run(
    planned: list[ExpectationConfiguration], contract: Contract, delivery_id: str, path: Path
) -> tuple[ExpectationSuiteValidationResult, list[ExpectationValidationResult], Engine]:
    """Validate; the expectations are given as a list, because adding them one by one drops namesakes.

    Returns:
        The result of every check, the results with every place of those that most rows meet and some do not, and the
        engine they were asked of.
    """
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = context.data_sources.add_sql(name=contract.dataset, connection_string=f"duckdb:///{path}")
        engine = source.get_execution_engine().engine
        _buffer_results(engine)
        asset = source.add_table_asset(name=delivery_id, table_name=TABLE)
        batch = asset.add_batch_definition_whole_table("delivery")

        def run(some: list[ExpectationConfiguration], name: str, **asked: Any) -> ExpectationSuiteValidationResult:
            suite = gx.ExpectationSuite(name=name, expectations=[c.to_domain_obj() for c in some])
            definition = gx.ValidationDefinition(name=name, data=batch, suite=context.suites.add(suite))
            shown = {"result_format": "SUMMARY", "partial_unexpected_count": SHOWN_PLACES}
            return context.validation_definitions.add(definition).run(result_format=shown | asked)

        # Values that break a check are asked for once it is known that there are some: each costs a scan of its own.
        result = run(planned, contract.dataset, partial_unexpected_count=0)
        passed = [r for r in result.results if r.success]
        some_fail = {check_id_of(r) for r in passed if r.result.get("unexpected_count")}
        tolerated = [c for c in planned if c.meta["check_id"] in some_fail]
        failed = [c for c in planned if c.meta["check_id"] not in {check_id_of(r) for r in passed}]
        if failed:
            looked_at = {c.kwargs.get("column") for c in failed}
            named = [*PLACE_COLUMNS, *(key for key in contract.keys if key not in looked_at)]
            placed = run(failed, "places", unexpected_index_column_names=named)
            result.results = [*placed.results, *passed]
        every = []
        if tolerated:
            valued = run(tolerated, "values").results
            result.results = [r for r in result.results if check_id_of(r) not in some_fail] + valued
            columns = [*PLACE_COLUMNS, *STAGED_PLACE]
            every = run(tolerated, "rows", result_format="COMPLETE", unexpected_index_column_names=columns).results
    return result, every, engine


def _buffer_results(engine: Engine) -> None:
    """Read results at once: the driver drops a pending one when its connection goes back to the pool."""

    @event.listens_for(engine, "after_cursor_execute")
    def buffer(_conn: Any, cursor: Any, _sql: str, _args: Any, context: Any, _many: bool) -> None:
        if cursor.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=cursor.fetchall())
