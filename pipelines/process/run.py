"""Process one delivery: harmonise it, validate it, and write down what was found."""

import datetime as dt
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipelines.contract import Contract, load_contract
from pipelines.delivery import Check, Outcome, Receipt, State, explain, read_receipt, write_whole
from pipelines.process.harmonise import harmonise
from pipelines.process.quarantine import hold, hold_unreadable
from pipelines.settings import Settings

Stored = Mapping[str, Path]

log = logging.getLogger(__name__)


def process(delivery_id: str, settings: Settings, stored: Stored | None = None) -> Outcome:
    """Harmonise and validate a landed delivery; its staged files and outcome wait for `store`.

    A refusal is an outcome, not an error: `store` records it and tells the sender. Running it again,
    also after a kill, starts from the raw bytes and gives the same outcome.

    Args:
        stored: the rows the warehouse holds of the datasets this one is compared with.

    Raises:
        FileNotFoundError: no such delivery was received.
    """
    receipt = read_receipt(delivery_id, settings)
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    outcome = examine(receipt, contract, settings, settings.staging / delivery_id, stored)
    write_whole(settings.staging / delivery_id / "outcome.json", outcome.model_dump_json(indent=1))
    log.info(explain(receipt, outcome))
    return outcome


def examine(
    receipt: Receipt, contract: Contract, settings: Settings, folder: Path, stored: Stored | None = None
) -> Outcome:
    """Harmonise and validate into `folder`, which is emptied first."""
    from pipelines.process.report import report
    from pipelines.process.validate import validate

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = harmonise(receipt, contract, settings, folder)
    hold_unreadable(found, contract, folder)
    log.info("%s: %d observations harmonised; the checks start", receipt.delivery_id, found.rows_read)
    judged = validate(found, contract, receipt.delivery_id, folder, settings, stored or {})
    hold(found, judged.broken, folder)
    state = _state(judged.checks, contract)
    kept = found.rows_read - found.rows_discarded
    held = kept if state == State.REJECTED else found.rows_held
    target = settings.reports / contract.dataset / f"{receipt.delivery_id}.html"
    outcome = Outcome(
        delivery_id=receipt.delivery_id,
        dataset=contract.dataset,
        state=state,
        contract_version=contract.version,
        rows_read=found.rows_read,
        rows_accepted=kept - held,
        rows_quarantined=held,
        rows_discarded=found.rows_discarded,
        rows_left_out=found.rows_left_out,
        checks=judged.checks,
        problems=found.problems,
        report=str(target),
        processed_at=dt.datetime.now(dt.UTC),
    )
    overview = "../index.html" if (settings.reports / "index.html").exists() else ""
    write_whole(target, report(receipt, outcome, judged.result, overview))
    return outcome


def _state(checks: list[Check], contract: Contract) -> State:
    """What the worst check that did not pass means for the delivery."""
    met = {check.severity for check in checks if check.status in ("fail", "did not run")}
    if "critical" in met:
        return State.REJECTED
    return State.HELD if "warning" in met and contract.on_warning == "hold" else State.ACCEPTED
