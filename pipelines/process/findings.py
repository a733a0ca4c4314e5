"""What Great Expectations found, in our words: a check with its outcome, the places where it fails, the broken rows."""

from collections.abc import Iterator
from typing import Any, Literal

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy import Engine

from pipelines.contract import Expectation
from pipelines.delivery import SHOWN_PLACES, Check, Problem, spelt
from pipelines.language import holes, say, say_n
from pipelines.process.built_in import LAYOUT
from pipelines.process.harmonised import Harmonised
from pipelines.process.quarantine import Broken

TABLE = "delivery"
PLACE_COLUMNS = ["source_sheet", "source_row"]


def check_of(
    configuration: ExpectationConfiguration,
    result: ExpectationSuiteValidationResult,
    harmonised: Harmonised,
    engine: Engine,
) -> Check:
    """One check's result in our words; one that raised or left no result did not run."""
    check_id = configuration.meta["check_id"]
    found = [r for r in result.results if check_id_of(r) == check_id]
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


def check_id_of(one: ExpectationValidationResult) -> str:
    """The check a result is of."""
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
        put_in = {c: spelt(row[c]) for c in holes(text)} if holes(text) <= row.keys() else {}
        aside = {*PLACE_COLUMNS, "column_name", "obs_value", "expected", check.column, *put_in}
        key = ", ".join(str(value) for name, value in row.items() if name not in aside and value is not None)
        key = "" if not query and check.column in headers else key  # row and column tell the place
        expected = say(text, **put_in) if text else _that(check.notes)
        yield Problem(
            kind="expectation",
            sheet=row.get("source_sheet") or "",
            row=row.get("source_row"),
            column=_called(str(row.get("column_name") or check.column), headers),
            value=spelt(row[told]) if told in row else None,
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


def broken_by(one: ExpectationValidationResult) -> Iterator[Broken]:
    """The rows that break a check most rows meet."""
    configuration = one.expectation_config
    if configuration is None:
        return
    column, expected = str(configuration.kwargs.get("column", "")), str(configuration.description or "").rstrip(".")
    for row in one.result.get("unexpected_index_list") or []:
        problem = Problem(kind="expectation", column=column, value=spelt(row.get(column)), expected=expected)
        yield Broken(row["filename"], row["file_row_number"], check_id_of(one), problem)


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


def idle(check_id: str, expectation: Expectation, status: Literal["no data", "did not run"], why: str) -> Check:
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
