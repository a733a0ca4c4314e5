"""Commit a processed delivery: its rows and its books in one atomic snapshot, or nothing."""

import logging
import os
import shutil
import uuid
from pathlib import Path

import duckdb

from pipelines.collect.land import finished, set_aside, taken_up
from pipelines.contract import Contract, load_contract
from pipelines.delivery import Decision, DeliveryRejected, Outcome, Receipt, State, read_outcome, read_receipt
from pipelines.language import say
from pipelines.process.harmonised import staged
from pipelines.process.quarantine import held_files
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, connect, ensure_table, exists, retrying, transaction
from pipelines.store.ops import ensure_ops, record, record_contract, recorded_state
from pipelines.store.reference import ensure_reference

log = logging.getLogger(__name__)

FINAL = (State.LOADED, State.REJECTED)


def recorded(contract: Contract, settings: Settings) -> dict[str, str]:
    """The deliveries of a dataset whose outcome under this contract the warehouse holds, with their state."""
    if not has_warehouse(settings):
        return {}
    with connect(settings) as con:
        if not exists(con, "ops", "deliveries"):
            return {}
        found = con.execute(
            "SELECT delivery_id, state FROM ops.deliveries WHERE dataset = ? AND contract_version = ?",
            [contract.dataset, contract.version],
        ).fetchall()
    return dict(found)


def store(delivery_id: str, settings: Settings, run_id: str = "") -> Outcome:
    """Record a processed delivery in the warehouse and, if it was accepted, load it.

    A delivery that replaces periods takes the place of the rows it agrees with on the contract's
    `replaces` columns; the snapshot before it stays readable. Running it again changes nothing.

    Raises:
        DeliveryRejected: after the refusal has been recorded.
        duckdb.Error: the commit failed; nothing of the delivery is in the warehouse.
    """
    receipt, outcome = read_receipt(delivery_id, settings), read_outcome(delivery_id, settings)
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    ensure_reference(settings)
    for attempt in retrying():
        with attempt:
            _commit(receipt, outcome, contract, settings, run_id)
    (set_aside if outcome.state == State.HELD else finished)(delivery_id, settings)
    if outcome.state == State.REJECTED:
        raise DeliveryRejected(receipt, outcome)
    return outcome


def decide(delivery_id: str, settings: Settings, decision: Decision, run_id: str = "") -> Outcome:
    """Load or refuse a delivery that was held, as a person decided; the decision stands in `ops.validations`.

    Raises:
        LookupError: no such delivery waits for a decision.
    """
    with connect(settings) as con:
        waiting = exists(con, "ops", "deliveries") and con.execute(
            "SELECT count(*) FROM ops.deliveries WHERE delivery_id = ? AND state = ?", [delivery_id, State.HELD]
        ).fetchall() == [(1,)]
    if not waiting:
        raise LookupError(
            say(
                "no delivery {delivery} waits for a decision: `migstat status` names those that do",
                delivery=delivery_id,
            )
        )
    receipt, outcome = read_receipt(delivery_id, settings), read_outcome(delivery_id, settings)
    outcome.state = State.ACCEPTED if decision.approved else State.REJECTED
    outcome.checks.append(decision.as_check())
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    taken_up(delivery_id, settings)
    for attempt in retrying():
        with attempt:
            _commit(receipt, outcome, contract, settings, run_id)
    finished(delivery_id, settings)
    return outcome


def _commit(receipt: Receipt, outcome: Outcome, contract: Contract, settings: Settings, run_id: str) -> None:
    """One snapshot with the delivery's rows and books."""
    accepted = outcome.state == State.ACCEPTED
    state = State.LOADED if accepted else outcome.state
    rows = f" ({outcome.rows_accepted} observations)" if accepted else ""
    message = f"{contract.dataset}: {receipt.file_name} {state}{rows}"
    extra = {"delivery_id": receipt.delivery_id, "sha256": receipt.sha256, "run_id": run_id, "state": str(state)}
    placed: list[Path | str] = []
    with transaction(settings, message, extra) as con:
        ensure_ops(con)
        if recorded_state(con, receipt.delivery_id, outcome.contract_version) in {*FINAL, state}:
            log.info("%s is already in the warehouse: nothing to do", receipt.delivery_id)
            return
        try:
            if accepted:
                ensure_table(con, "core", contract.dataset, contract.sql_types(), contract.comments())
                _replace(con, contract, _files(receipt, settings), outcome, settings, placed)
            held = [] if state == State.REJECTED else held_files(settings.staging / receipt.delivery_id)
            record(con, receipt, outcome, state, run_id, held)
            if contract.version == outcome.contract_version:
                record_contract(con, contract, settings.contracts / f"{contract.dataset}.yaml")
        except BaseException:  # but not of the commit: then the files may be the warehouse's already
            for path in placed:
                Path(path).unlink(missing_ok=True)
            raise


def _files(receipt: Receipt, settings: Settings) -> list[Path]:
    return sorted((settings.staging / receipt.delivery_id).glob(f"{receipt.delivery_id}-*.parquet"))


def _replace(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: list[Path],
    outcome: Outcome,
    settings: Settings,
    placed: list[Path | str],
) -> None:
    """Take out what the delivery replaces, then register its files: the staged bytes are the stored ones."""
    columns = ", ".join(contract.replaces)
    con.execute(
        f"DELETE FROM core.{contract.dataset} WHERE ({columns}) IN (SELECT DISTINCT {columns} FROM {staged(files)})"
    )
    for file in files:
        target = _place(con, file, f"core/{contract.dataset}", outcome.contract_version, settings)
        placed.append(target)
        con.execute(
            f"CALL ducklake_add_data_files('{LAKE}', '{contract.dataset}', '{target}', schema => 'core', "
            "ignore_extra_columns => true, allow_missing => true)"
        )


def _place(con: duckdb.DuckDBPyConnection, file: Path, folder: str, version: str, settings: Settings) -> Path | str:
    """Put a staged file where the lake keeps its data: a link where that is possible, else a copy."""
    name = f"{file.stem}-{version}-{uuid.uuid4().hex[:8]}.parquet"
    if "://" in settings.lake_data:
        address = f"{settings.lake_data}/{folder}/{name}"
        con.execute(f"COPY (FROM '{file}') TO '{address}' (FORMAT parquet)")
        return address
    target = Path(settings.lake_data, folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copy2(file, target)
    return target
