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
from typing import Any, Literal

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
from pipelines.delivery import SHOWN_PLACES, Check, Problem, Severity
from pipelines.language import holes, msgid, say, say_n
from pipelines.process import metrics  # noqa: F401
from pipelines.process.checks import SqlCheck, compared, define, load_checks, named
from pipelines.process.codelists import rows
from pipelines.process.harmonise import Harmonised, numbered
from pipelines.process.quarantine import ROW_CHECKS, Broken
from pipelines.settings import Settings

log = logging.getLogger(__name__)
# Its inner steps would bury what the office's engineer looks for in a task log.
logging.getLogger("great_expectations").setLevel(logging.WARNING)

TABLE = "delivery"
PLACE_COLUMNS = ["source_sheet", "source_row"]
STAGED_PLACE = ["filename", "file_row_number"]

LAYOUT: list[tuple[str, set[str], Severity, str]] = [
    (
        "layout",
        {"format", "structure", "shape"},
        "critical",
        msgid("The file has the format and the structure the contract says."),
    ),
    (
        "columns",
        {"header", "retyped"},
        "critical",
        msgid("The columns are those the contract names and hold what it says; if not, the layout has changed."),
    ),
    ("cells", {"cell"}, "critical", msgid("Every cell can be read as what its column holds.")),
    ("codes", {"code"}, "critical", msgid("Every code is one of its code list.")),
    ("keys", {"duplicate"}, "critical", msgid("No two rows give different values for the same key.")),
    ("values", {"no data"}, "critical", msgid("The delivery holds at least one value.")),
    (
        "structure_version",
        {"structure version"},
        "warning",
        msgid("The message names the contract's data structure version."),
    ),
    ("surplus", {"surplus"}, "critical", msgid("Nothing stands in a column without a header.")),
    ("future", {"future"}, "warning", msgid("No value is of a year that has not begun, unless it is a forecast.")),
    ("letters", {"lost text"}, "warning", msgid("No letters of names and notes were lost before the file was sent.")),
    (
        "corrections",
        {"correction"},
        "warning",
        msgid("Each correction of the office still meets the cell it was made for."),
    ),
    ("corrected", {"corrected", "discarded"}, "info", msgid("The office had to correct nothing the sender wrote.")),
    ("hidden", {"hidden"}, "info", msgid("Nothing is hidden in a workbook.")),
    ("no_rows", {"no row"}, "info", msgid("Every row of a table is an observation; headings and notes are told.")),
    (
        "further_columns",
        {"further columns"},
        "info",
        msgid("The contract names every column of the file; of others nothing is read, and they stay in the raw file."),
    ),
    ("repetitions", {"repeated"}, "info", msgid("No row is repeated; repetitions with equal values are kept once.")),
]


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
    planned = [_built_in(harmonised, *check) for check in LAYOUT]
    judged = harmonised.laid_out and harmonised.files
    sql_checks = load_checks(settings.checks)
    expectations = named(contract, sql_checks)
    alone = {i: e for i, e in expectations.items() if compared(e, sql_checks, contract.dataset) - stored.keys()}
    asked = {i: e for i, e in expectations.items() if judged and i not in alone}
    planned += [_configuration(check_id, e) for check_id, e in asked.items()]
    with _database(harmonised, contract, folder, settings, sql_checks, asked.values(), stored) as path:
        result, tolerated, engine = _run(planned, contract, delivery_id, path)
        checks = [_check(configuration, result, harmonised, engine) for configuration in planned]
        engine.dispose()
    if judged:
        checks += [_idle(i, e, "no data", say("(nothing is stored yet to compare with)")) for i, e in alone.items()]
    else:
        checks += [_idle(i, e, "did not run", say("(the file could not be read)")) for i, e in expectations.items()]
    return Judgement(checks, result, [broken for one in tolerated for broken in _broken(one)])


def _built_in(
    harmonised: Harmonised, check_id: str, kinds: set[str], severity: Severity, notes: str
) -> ExpectationConfiguration:
    """A check of what harmonising met, as an expectation, so that the report shows it with the others.

    Where the rows that break it are held back, it is a warning.
    """
    if harmonised.rows_held and check_id in ROW_CHECKS.values():
        severity = "warning"
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    query = f"SELECT * FROM problems WHERE kind IN ({listed}) /* beside {{batch}} */"
    kwargs = {"unexpected_rows_query": query}
    return ExpectationConfiguration(
        "unexpected_rows_expectation",
        kwargs,
        meta={"check_id": check_id},
        description=say(notes),  # which Data Docs show in place of the query
        severity=FailureSeverity(severity),
    )


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
        some_fail = {_check_id(r) for r in passed if r.result.get("unexpected_count")}
        tolerated = [c for c in planned if c.meta["check_id"] in some_fail]
        failed = [c for c in planned if c.meta["check_id"] not in {_check_id(r) for r in passed}]
        if failed:
            looked_at = {c.kwargs.get("column") for c in failed}
            named = [*PLACE_COLUMNS, *(key for key in contract.keys if key not in looked_at)]
            placed = run(failed, "places", unexpected_index_column_names=named)
            result.results = [*placed.results, *passed]
        every = []
        if tolerated:
            valued = run(tolerated, "values").results
            result.results = [r for r in result.results if _check_id(r) not in some_fail] + valued
            columns = [*PLACE_COLUMNS, *STAGED_PLACE]
            every = run(tolerated, "rows", result_format="COMPLETE", unexpected_index_column_names=columns).results
    return result, every, engine


def _buffer_results(engine: Engine) -> None:
    """Read results at once: the driver drops a pending one when its connection goes back to the pool."""

    @event.listens_for(engine, "after_cursor_execute")
    def buffer(_conn: Any, cursor: Any, _sql: str, _args: Any, context: Any, _many: bool) -> None:
        if cursor.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, initial_buffer=cursor.fetchall())


def _check(
    configuration: ExpectationConfiguration,
    result: ExpectationSuiteValidationResult,
    harmonised: Harmonised,
    engine: Engine,
) -> Check:
    """One check's result in our words; one that raised or left no result did not run."""
    check_id = configuration.meta["check_id"]
    found = [r for r in result.results if _check_id(r) == check_id]
    check = Check(
        check_id=check_id,
        expectation=configuration.type,
        column=str(configuration.kwargs.get("column", "")),
        severity=FailureSeverity(configuration.severity or "critical").value,
        status="did not run",
        notes=str(configuration.description or ""),
    )
    if len(found) != 1:
        return check.model_copy(update={"observed": say("(no result)")})
    one = found[0]
    if "raised_exception" not in one.exception_info or one.exception_info["raised_exception"]:
        return check.model_copy(update={"observed": say("(did not run: {reason})", reason=_exception(one))})
    count = one.result.get("unexpected_count", one.result.get("observed_value"))
    kinds = next((k for name, k, _, _ in LAYOUT if name == check_id), None)
    if kinds is not None:
        count = sum(harmonised.counts.get(kind, 0) for kind in kinds)
        places = [p for p in harmonised.problems if p.kind in kinds][:SHOWN_PLACES]
    else:
        places = [] if one.success else list(_places(one, check, engine, harmonised.headers))
    return check.model_copy(
        update={
            "status": "pass" if one.success else "fail",
            "unexpected_count": count if isinstance(count, int) else None,
            "observed": _observed(one, count) if count or not one.success else "",
            "places": [] if one.success else places,
        }
    )


def _check_id(one: ExpectationValidationResult) -> str:
    return str(one.expectation_config.meta["check_id"]) if one.expectation_config else ""


def _places(
    one: ExpectationValidationResult, check: Check, engine: Engine, headers: dict[str, str]
) -> Iterator[Problem]:
    """Where a contract's expectation fails, with the row of the source file."""
    listed = one.result.get("partial_unexpected_index_list") or []
    query = one.expectation_config.kwargs.get("unexpected_rows_query") if one.expectation_config else None
    if query:
        with engine.connect() as con:
            found = con.exec_driver_sql(f"SELECT * FROM ({query.format(batch=TABLE)}) LIMIT {SHOWN_PLACES}")
            listed = [dict(row) for row in found.mappings()]
    for row in listed[:SHOWN_PLACES]:
        told = check.column if check.column in row else "obs_value"
        text = str(row.get("expected") or "")
        put_in = {c: _shown(row[c]) for c in holes(text)} if holes(text) <= row.keys() else {}
        aside = {*PLACE_COLUMNS, "column_name", "obs_value", "expected", check.column, *put_in}
        key = ", ".join(str(value) for name, value in row.items() if name not in aside and value is not None)
        key = "" if not query and check.column in headers else key  # row and column tell the place
        expected = say(text, **put_in) if text else _that(check.notes)
        yield Problem(
            kind="expectation",
            sheet=row.get("source_sheet") or "",
            row=row.get("source_row"),
            column=_called(str(row.get("column_name") or check.column), headers),
            value=_shown(row[told]) if told in row else None,
            expected=f"{expected} ({key})" if key else expected,
            remedy=say(
                "Correct it and send the file again." if check.severity == "critical" else "Correct or confirm it."
            ),
        )


def _called(column: str, headers: dict[str, str]) -> str:
    """What the sender calls a column; of several value columns it is not known which, and the key tells."""
    return headers.get(column, "" if column == "obs_value" else column)


def _that(note: str) -> str:
    """A sentence as it stands after `that`; what begins with an abbreviation keeps its capitals."""
    first, _, rest = note.rstrip(".").partition(" ")
    return say("that {note}", note=f"{first if first[1:].lower() != first[1:] else first.lower()} {rest}")


def _broken(one: ExpectationValidationResult) -> Iterator[Broken]:
    """The rows that break a check most rows meet."""
    configuration = one.expectation_config
    if configuration is None:
        return
    column, expected = str(configuration.kwargs.get("column", "")), str(configuration.description or "").rstrip(".")
    for row in one.result.get("unexpected_index_list") or []:
        problem = Problem(kind="expectation", column=column, value=_shown(row.get(column)), expected=expected)
        yield Broken(row["filename"], row["file_row_number"], _check_id(one), problem)


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _observed(one: ExpectationValidationResult, count: Any) -> str:
    total = one.result.get("element_count")
    if isinstance(count, int) and total:
        return say("({count} of {total} rows)", count=count, total=total)
    if isinstance(count, int):
        return say_n("({n} place)", "({n} places)", count)
    return say("(observed {value})", value=one.result.get("observed_value"))


def _exception(one: ExpectationValidationResult) -> str:
    """The first cause, which sits one level deeper when a metric failed."""
    info = one.exception_info
    inner = info if "exception_message" in info else next(iter(info.values()), {})
    return str(inner.get("exception_message") if isinstance(inner, dict) else inner).splitlines()[0][:200]


def _idle(check_id: str, expectation: Expectation, status: Literal["no data", "did not run"], why: str) -> Check:
    """A check that had nothing to look at, which is never a pass."""
    return Check(
        check_id=check_id,
        expectation=expectation.type,
        column=str(expectation.kwargs.get("column", "")),
        severity=expectation.severity,
        status=status,
        notes=say(expectation.notes),
        observed=why,
    )
