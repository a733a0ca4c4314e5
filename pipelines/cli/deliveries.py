"""Deliveries: try a file, take it in, decide on it, and change what its contract says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.common import (
    ByOption,
    DatasetOption,
    DeliveryArgument,
    FileArgument,
    ReasonOption,
    contract_of,
    current_settings,
    messages,
)
from pipelines.language import say

if TYPE_CHECKING:
    from pipelines.contract import Contract
    from pipelines.delivery import Receipt
    from pipelines.settings import Settings

app = typer.Typer()


@app.command()
def check(file: FileArgument, dataset: DatasetOption) -> None:
    """Harmonise and validate a file; nothing is kept but the report."""
    from tempfile import TemporaryDirectory

    from pipelines.collect.land import land
    from pipelines.delivery import State, explain
    from pipelines.process.run import examine
    from pipelines.store.history import stored

    with messages():
        settings = current_settings()
        contract = contract_of(dataset, settings)
        with TemporaryDirectory(prefix="migstat-") as folder, stored(contract, settings) as tables:
            aside = settings.model_copy(update={"home": Path(folder), "reports_in": settings.reports})
            receipt = land(file, contract, aside, _delivered_name(file, contract))
            outcome = examine(receipt, contract, aside, Path(folder, "staged"), tables)
        typer.echo(explain(receipt, outcome))
        raise typer.Exit(1 if outcome.state == State.REJECTED else 0)


@app.command()
def ingest(file: FileArgument, dataset: DatasetOption) -> None:
    """Take a file in, validate it and, if it is accepted, load it."""
    from pipelines.collect.land import land

    with messages():
        settings = current_settings()
        contract = contract_of(dataset, settings)
        receipt = land(file, contract, settings, _delivered_name(file, contract))
        if not _take_in(receipt, contract, settings):
            raise typer.Exit(1)


@app.command()
def fetch(dataset: Annotated[str, typer.Argument(help="Dataset, the name of its contract.")]) -> None:
    """Ask the endpoints of a dataset, and take in what is new."""
    from pipelines.collect.fetch import fetch as fetch_endpoints
    from pipelines.collect.land import waiting
    from pipelines.delivery import read_receipt
    from pipelines.store.load import recorded

    with messages():
        settings = current_settings()
        contract = contract_of(dataset, settings)
        if not contract.endpoints:
            raise LookupError(
                say("{dataset} has no source of `kind: endpoint`: its files are put into the inbox", dataset=dataset)
            )
        failed = fetch_endpoints(contract, settings).failed
        ready = waiting(contract, settings, recorded(contract, settings))
        accepted = [_take_in(read_receipt(one, settings), contract, settings) for one in ready]
        for failure in failed:
            typer.echo(f"migstat: {failure}", err=True)
        if not accepted and not failed:
            typer.echo(say("{dataset}: nothing new.", dataset=dataset))
        if failed or not all(accepted):
            raise typer.Exit(1)


@app.command()
def approve(delivery_id: DeliveryArgument, by: ByOption, reason: ReasonOption = "") -> None:
    """Load a delivery that was held because of its warnings."""
    _decide(delivery_id, True, by, reason)


@app.command()
def reject(delivery_id: DeliveryArgument, by: ByOption, reason: ReasonOption = "") -> None:
    """Refuse a delivery that was held because of its warnings."""
    _decide(delivery_id, False, by, reason)


def _decide(delivery_id: str, approved: bool, by: str, reason: str) -> None:
    import datetime as dt

    from pipelines.delivery import Decision, read_receipt
    from pipelines.disseminate.notify import tell
    from pipelines.disseminate.validations import write_page
    from pipelines.store.load import decide

    with messages():
        decision = Decision(approved=approved, by=by, reason=reason, at=dt.datetime.now(dt.UTC))
        settings = current_settings()
        outcome = decide(delivery_id, settings, decision)
        tell(read_receipt(delivery_id, settings), outcome, settings)
        write_page(settings)
        typer.echo(
            say("{delivery} is approved and loaded." if approved else "{delivery} is rejected.", delivery=delivery_id)
        )


@app.command()
def accept_contract(
    dataset: Annotated[str, typer.Argument(help="Dataset whose contract has changed.")],
    by: ByOption,
    reason: ReasonOption = "",
) -> None:
    """Let a changed contract take effect although something loaded would differ under it."""
    from pipelines.store.contracts import put_in_force

    with messages():
        settings = current_settings()
        contract = contract_of(dataset, settings)
        put_in_force(contract, settings, by, reason)
        typer.echo(say("{dataset}: contract {version} is in force.", dataset=dataset, version=contract.version))


@app.command()
def remind() -> None:
    """Remind people of held deliveries whose deadline nears or has passed; Airflow does it daily."""
    from pipelines.disseminate.notify import remind as remind_people
    from pipelines.disseminate.validations import write_page

    with messages():
        settings = current_settings()
        remind_people(settings)
        write_page(settings)


def _take_in(receipt: "Receipt", contract: "Contract", settings: "Settings") -> bool:
    """Process and store a landed delivery, and say what came of it; False when it is refused."""
    from pipelines.delivery import DeliveryRejected, explain
    from pipelines.disseminate.notify import tell
    from pipelines.disseminate.validations import write_page
    from pipelines.process.run import process
    from pipelines.store.contracts import put_in_force
    from pipelines.store.history import stored
    from pipelines.store.load import recorded, store

    put_in_force(contract, settings)
    if receipt.delivery_id in recorded(contract, settings):
        typer.echo(
            say(
                "{file} is already known as {delivery}: nothing changed.",
                file=receipt.file_name,
                delivery=receipt.delivery_id,
            )
        )
        return True
    with stored(contract, settings) as tables:
        process(receipt.delivery_id, settings, tables)
    try:
        outcome = store(receipt.delivery_id, settings)
        typer.echo(explain(receipt, outcome))
        tell(receipt, outcome, settings)
    except DeliveryRejected as rejection:
        typer.echo(str(rejection))
        tell(receipt, rejection.outcome, settings)
        return False
    finally:
        write_page(settings)
    return True


def _delivered_name(file: Path, contract: "Contract") -> Path:
    """As much of the path as the contract's layouts look at."""
    absolute = file.resolve()
    found = contract.source_of(absolute)
    depth = found[0].file.count("/") + 1 if found else 1
    return Path(*absolute.parts[-depth:])
