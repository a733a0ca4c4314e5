"""Process one delivery: harmonise it, validate it, and write down what was found."""

import datetime as dt
import html
import logging
import shutil
from pathlib import Path

from pipelines.contract import Contract, load_contract
from pipelines.delivery import Outcome, Receipt, State, explain, read_receipt, write_whole
from pipelines.process.harmonise import harmonise
from pipelines.settings import Settings

log = logging.getLogger(__name__)


def process(delivery_id: str, settings: Settings) -> Outcome:
    """Harmonise and validate a landed delivery; its staged files and outcome wait for `store`.

    A refusal is an outcome, not an error: `store` records it and tells the sender. Running it again,
    also after a kill, starts from the raw bytes and gives the same outcome.

    Raises:
        FileNotFoundError: no such delivery was received.
    """
    receipt = read_receipt(delivery_id, settings)
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    outcome = examine(receipt, contract, settings, settings.staging / delivery_id)
    write_whole(settings.staging / delivery_id / "outcome.json", outcome.model_dump_json(indent=1))
    log.info(explain(receipt, outcome))
    return outcome


def examine(receipt: Receipt, contract: Contract, settings: Settings, folder: Path) -> Outcome:
    """Harmonise and validate into `folder`, which is emptied first."""
    from pipelines.process.validate import validate

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = harmonise(receipt, contract, settings, folder)
    checks, page = validate(found, contract, receipt.delivery_id, folder, settings)
    refused = any(c.severity == "critical" and c.status != "pass" for c in checks)
    kept = found.rows_read - found.rows_discarded
    report = settings.reports / contract.dataset / f"{receipt.delivery_id}.html"
    outcome = Outcome(
        delivery_id=receipt.delivery_id,
        dataset=contract.dataset,
        state=State.REJECTED if refused else State.ACCEPTED,
        contract_version=contract.version,
        rows_read=found.rows_read,
        rows_accepted=0 if refused else kept,
        rows_quarantined=kept if refused else 0,
        rows_discarded=found.rows_discarded,
        rows_left_out=found.rows_left_out,
        checks=checks,
        problems=found.problems,
        report=str(report),
        processed_at=dt.datetime.now(dt.UTC),
    )
    write_whole(report, _with_findings(page, explain(receipt, outcome)))
    return outcome


def _with_findings(page: str, findings: str) -> str:
    """The page with the findings in words on top: Data Docs count failing rows but do not place them."""
    style = "white-space: pre-wrap; margin: 4rem 1rem 1rem; padding: 1rem; border: 1px solid #888; font: inherit"
    words = f'<pre id="findings" style="{style}">{html.escape(findings)}</pre>'
    return page.replace("<body>", f"<body>{words}", 1)
