"""The warehouse's own books: deliveries, validations, held rows and decisions, computations, contracts, releases."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
import pyarrow as pa

from pipelines.contract import Contract
from pipelines.delivery import Outcome, Problem, Receipt, State
from pipelines.store.lake import LAKE, ensure_table, exists

COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "deliveries": {
        "delivery_id": ("VARCHAR", "Dataset and content; the same bytes are the same delivery."),
        "dataset": ("VARCHAR", "Dataset, the name of its contract."),
        "file_name": ("VARCHAR", "File as it came, below the inbox folder of its dataset."),
        "sha256": ("VARCHAR", "Digest of the raw bytes, under which landing keeps them."),
        "size": ("BIGINT", "Bytes."),
        "received_at": ("TIMESTAMP", "When it was taken in, UTC."),
        "edition": ("VARCHAR", "Edition of the source, where it is known."),
        "published": ("TIMESTAMP", "When its server says it was last changed, UTC; NULL for files put into the inbox."),
        "address": ("VARCHAR", "Address it was fetched from, without any key; empty for files put into the inbox."),
        "state": ("VARCHAR", "loaded, rejected, or held until a person approves it."),
        "reason": ("VARCHAR", "Why it was rejected; empty when loaded."),
        "rows_read": ("BIGINT", "Observations read: loaded + quarantined + discarded."),
        "rows_loaded": ("BIGINT", "Observations loaded."),
        "rows_quarantined": ("BIGINT", "Observations held back."),
        "rows_discarded": (
            "BIGINT",
            "Observations that repeat another one and are kept once, or that a person took out.",
        ),
        "rows_left_out": ("BIGINT", "Rows of the source that hold no observation (headings, blanks)."),
        "contract_version": ("VARCHAR", "Digest of the contract it was judged by."),
        "report": ("VARCHAR", "Its validation report."),
        "run_id": ("VARCHAR", "The run that stored it."),
        "recorded_at": ("TIMESTAMP", "When its outcome was recorded, UTC."),
    },
    "validations": {
        "delivery_id": ("VARCHAR", "The delivery looked at."),
        "dataset": ("VARCHAR", "Its dataset."),
        "check_id": ("VARCHAR", "The check: a built-in name, or the dataset and what is expected of it."),
        "expectation": ("VARCHAR", "Great Expectations' name of the check."),
        "column_name": ("VARCHAR", "Column looked at, if one."),
        "severity": ("VARCHAR", "critical, warning or info."),
        "status": ("VARCHAR", "pass, fail, no data or did not run."),
        "observed": ("VARCHAR", "What was seen, in words."),
        "unexpected_count": ("BIGINT", "How many places fail."),
        "notes": ("VARCHAR", "What is expected, in a sentence."),
        "question": ("VARCHAR", "What the sender is asked about it; answers stand in ops.answers."),
        "contract_version": ("VARCHAR", "Digest of the contract."),
        "validated_at": ("TIMESTAMP", "When, UTC."),
    },
    "quarantine": {
        "delivery_id": ("VARCHAR", "The delivery the row came in."),
        "dataset": ("VARCHAR", "Its dataset."),
        "source_sheet": ("VARCHAR", "Sheet of the delivered file."),
        "source_row": ("BIGINT", "Row of the delivered file."),
        "column_name": ("VARCHAR", "Column concerned."),
        "value": ("VARCHAR", "What stands there."),
        "reason": ("VARCHAR", "What was expected, and what to do."),
        "check_id": ("VARCHAR", "The check a held row breaks."),
        "observation": ("VARCHAR", "A held row as it would have been loaded, as JSON."),
        "status": (
            "VARCHAR",
            "held: this row was not loaded, the others were; refused: why the whole delivery was not loaded; "
            "discarded: a repetition of a row that is loaded, or taken out by the office; corrected: loaded with "
            "another value; released: held, and then loaded as it is by a person's decision (ops.decisions).",
        ),
    },
    "answers": {
        "delivery_id": ("VARCHAR", "The delivery asked about."),
        "check_id": ("VARCHAR", "The check asked about."),
        "answer": ("VARCHAR", "What the sender says, word for word."),
        "answered_by": ("VARCHAR", "Who says it."),
        "answered_at": ("TIMESTAMP", "When it was written down, UTC."),
    },
    "decisions": {
        "delivery_id": ("VARCHAR", "The delivery a held row came in."),
        "dataset": ("VARCHAR", "Its dataset."),
        "source_sheet": ("VARCHAR", "Sheet of the delivered file."),
        "source_row": ("BIGINT", "Row of the delivered file."),
        "observation": ("VARCHAR", "The row as it was held back, as JSON."),
        "broke": ("VARCHAR", "Why it was held back."),
        "decision": ("VARCHAR", "released: loaded as it is; corrected: loaded with other values; or discarded."),
        "changes": ("VARCHAR", "Columns and their new values, as JSON; empty if none."),
        "decided_by": ("VARCHAR", "Who decided."),
        "reason": ("VARCHAR", "Why."),
        "decided_at": ("TIMESTAMP", "When, UTC."),
        "contract_version": ("VARCHAR", "Digest of the contract then."),
    },
    "computations": {
        "indicator": ("VARCHAR", "Indicator code."),
        "definition_sha256": ("VARCHAR", "Digest of its SQL file."),
        "inputs_state": ("VARCHAR", "Last change of each input, by which a stale indicator is found."),
        "input_snapshot": ("BIGINT", "Snapshot of the warehouse it was computed from."),
        "observations": ("BIGINT", "How many observations it gave."),
        "computed_at": ("TIMESTAMP", "When, UTC."),
    },
    "verdicts": {
        "indicator": ("VARCHAR", "Indicator code."),
        "check_name": ("VARCHAR", "Check of warehouse/checks/indicators."),
        "ref_area": ("VARCHAR", "Area, as it was last computed."),
        "compared": ("BIGINT", "How many figures were compared."),
        "unmet": ("BIGINT", "How many of them do not fit."),
        "places": ("VARCHAR[]", "The first of these, in words."),
    },
    "notifications": {
        "delivery_id": ("VARCHAR", "The delivery told of."),
        "dataset": ("VARCHAR", "Its dataset."),
        "event": ("VARCHAR", "held, due soon, overdue, approved or rejected."),
        "channel": ("VARCHAR", "mail or webhook."),
        "recipient": ("VARCHAR", "Mail addresses, or the host of the webhook."),
        "status": ("VARCHAR", "sent or failed."),
        "reason": ("VARCHAR", "Why it failed; empty when sent."),
        "sent_at": ("TIMESTAMP", "When, UTC."),
    },
    "contracts": {
        "dataset": ("VARCHAR", "Dataset the contract is of."),
        "contract_version": ("VARCHAR", "Digest of its text."),
        "text": ("VARCHAR", "The contract, word for word."),
        "tried_on": ("VARCHAR", "Loaded deliveries a changed contract was tried on before it took effect."),
        "differences": ("VARCHAR", "What would no longer be as it was loaded; empty if nothing."),
        "accepted_by": ("VARCHAR", "Who wants the change although something would differ."),
        "reason": ("VARCHAR", "Why."),
        "in_force_since": ("TIMESTAMP", "When it took effect, UTC."),
    },
    "releases": {
        "name": ("VARCHAR", "Name of the release."),
        "snapshot_id": ("BIGINT", "Snapshot that stays readable whatever its age."),
        "released_at": ("TIMESTAMP", "When, UTC."),
    },
}

DISCARDED = {"repeated": "discarded", "discarded": "discarded", "corrected": "corrected"}


def ensure_ops(con: duckdb.DuckDBPyConnection) -> None:
    """Create the books that are not there yet, and the columns they lack."""
    asked = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'ops'"
    there = set(con.execute(asked, [LAKE]).fetchall())
    for table, columns in COLUMNS.items():
        if there.issuperset((table, column) for column in columns):
            continue
        types = {name: kind for name, (kind, _) in columns.items()}
        ensure_table(con, "ops", table, types, {name: text for name, (_, text) in columns.items()})


def recorded_state(con: duckdb.DuckDBPyConnection, delivery_id: str, contract_version: str) -> str:
    """What the books say became of a delivery under this version of its contract; empty if they do not know it."""
    if not exists(con, "ops", "deliveries"):
        return ""
    found = con.execute(
        "SELECT state FROM ops.deliveries WHERE delivery_id = ? AND contract_version = ?",
        [delivery_id, contract_version],
    ).fetchall()
    return str(found[0][0]) if found else ""


def contract_in_force(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """The version of a contract the last delivery was judged by, or a later one that took effect; empty if none."""
    if not exists(con, "ops", "contracts"):
        return ""
    found = con.execute(
        "SELECT max_by(contract_version, in_force_since) FROM ops.contracts WHERE dataset = ?", [dataset]
    ).fetchall()
    return found[0][0] or ""


def record_contract(
    con: duckdb.DuckDBPyConnection, contract: Contract, file: Path, tried: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write down a version of a contract that takes effect, with its text; once.

    Args:
        tried: what came of trying it on what is loaded, and who accepted that.
    """
    if contract_in_force(con, contract.dataset) == contract.version:
        return
    row: dict[str, object] = {"dataset": contract.dataset, "contract_version": contract.version}
    row |= {"text": file.read_text(encoding="utf-8"), **tried, "in_force_since": dt.datetime.now(dt.UTC)}
    insert(con, "contracts", [row])


def record(
    con: duckdb.DuckDBPyConnection, receipt: Receipt, outcome: Outcome, state: State, run_id: str, held: list[Path]
) -> None:
    """Write a delivery's outcome into the books, in place of an earlier one.

    Args:
        held: files of the rows held back while the others were accepted.
    """
    now = dt.datetime.now(dt.UTC)
    delivery: dict[str, object] = receipt.model_dump() | outcome.model_dump(exclude={"checks", "problems"})
    loaded = outcome.rows_accepted if state == State.LOADED else 0
    quarantined = outcome.rows_read - outcome.rows_discarded - loaded
    delivery |= {"state": state, "reason": outcome.reason, "rows_loaded": loaded, "rows_quarantined": quarantined}
    delivery |= {"run_id": run_id, "recorded_at": now}
    checks: list[dict[str, object]] = [
        dict[str, object](c.model_dump(exclude={"column", "places"}))
        | {"delivery_id": outcome.delivery_id, "dataset": outcome.dataset, "column_name": c.column}
        | {"contract_version": outcome.contract_version, "validated_at": outcome.processed_at}
        | {"question": c.question(receipt.file_name)}
        for c in outcome.checks
    ]
    places: list[dict[str, object]] = [
        dict[str, object](delivery_id=outcome.delivery_id, dataset=outcome.dataset, source_sheet=p.sheet)
        | {"source_row": p.row, "column_name": p.column, "value": p.value}
        | {"reason": f"{p.expected}. {p.remedy}", "status": DISCARDED.get(p.kind, "refused")}
        for p in [*outcome.problems, *_against(outcome, state)]
        if p.row is not None and (p.kind in DISCARDED or (state != State.LOADED and not held))
    ]
    for file in held:
        rows = con.execute(f"SELECT * FROM read_parquet('{file}')").to_arrow_table().to_pylist()
        known = {"delivery_id": outcome.delivery_id, "dataset": outcome.dataset, "status": "held"}
        places += [row | known for row in rows]
    for table, found in (("deliveries", [delivery]), ("validations", checks), ("quarantine", places)):
        con.execute(f"DELETE FROM ops.{table} WHERE delivery_id = ?", [outcome.delivery_id])
        insert(con, table, found)


def _against(outcome: Outcome, state: State) -> list[Problem]:
    """The places of the contract's own checks because of which a delivery is not loaded, or waits."""
    grave = {"critical"} if state == State.REJECTED else {"critical", "warning"}
    found = [c for c in outcome.checks if c.status == "fail" and c.severity in grave]
    places = [place for check in found for place in check.places if place.kind == "expectation"]
    return list({str(place): place for place in places}.values())  # several observations may stand in one row


def insert(con: duckdb.DuckDBPyConnection, table: str, found: list[dict[str, object]]) -> None:
    """Append rows to one of the books, in one statement."""
    if not found:
        return
    names = list(COLUMNS[table])
    con.register("found", pa.Table.from_pylist([{n: row.get(n) for n in names} for row in found]))
    casts = ", ".join(f"CAST({n} AS {COLUMNS[table][n][0]})" for n in names)
    con.execute(f"INSERT INTO ops.{table} SELECT {casts} FROM found")
    con.unregister("found")
