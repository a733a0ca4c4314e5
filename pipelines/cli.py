"""`migstat`: the pipeline's functions from the command line, without Airflow.

Exit codes: 0 accepted or done, 1 rejected or failed, 2 wrong usage. Heavy modules are imported where
they are used, so that `--help` answers at once.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import duckdb

    from pipelines.contract import Contract
    from pipelines.delivery import Receipt
    from pipelines.settings import Settings

app = typer.Typer(
    help="From a delivered file to a number the country can stand behind.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

FileArgument = Annotated[Path, typer.Argument(help="The file as it was delivered.", exists=True, dir_okay=False)]
DatasetOption = Annotated[str, typer.Option("--dataset", help="Dataset, the name of its contract.")]
DeliveryArgument = Annotated[str, typer.Argument(help="Delivery, as `migstat status` names it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides; stands in the books.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands in the books.")]
OUTPUT_LIMIT = 2_000
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,\s]*$)")


@app.callback()
def main(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False) -> None:
    """Set up logging."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)


@app.command()
def check(file: FileArgument, dataset: DatasetOption) -> None:
    """Harmonise and validate a file; nothing is kept but the report."""
    from tempfile import TemporaryDirectory

    from pipelines.collect.land import land
    from pipelines.delivery import State, explain
    from pipelines.process.run import examine
    from pipelines.store.history import stored

    with _messages():
        settings = _settings()
        contract = _contract(dataset, settings)
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

    with _messages():
        settings = _settings()
        contract = _contract(dataset, settings)
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

    with _messages():
        settings = _settings()
        contract = _contract(dataset, settings)
        if not contract.endpoints:
            raise LookupError(f"{dataset} has no source of `kind: endpoint`: its files are put into the inbox")
        failed = fetch_endpoints(contract, settings).failed
        ready = waiting(contract, settings, recorded(contract, settings))
        accepted = [_take_in(read_receipt(one, settings), contract, settings) for one in ready]
        for failure in failed:
            typer.echo(f"migstat: {failure}", err=True)
        if not accepted and not failed:
            typer.echo(f"{dataset}: nothing new.")
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

    with _messages():
        decision = Decision(approved=approved, by=by, reason=reason, at=dt.datetime.now(dt.UTC))
        settings = _settings()
        outcome = decide(delivery_id, settings, decision)
        tell(read_receipt(delivery_id, settings), outcome, settings)
        write_page(settings)
        typer.echo(f"{delivery_id} is {'approved and loaded' if approved else 'rejected'}.")


@app.command()
def accept_contract(
    dataset: Annotated[str, typer.Argument(help="Dataset whose contract has changed.")],
    by: ByOption,
    reason: ReasonOption = "",
) -> None:
    """Let a changed contract take effect although something loaded would differ under it."""
    from pipelines.store.contracts import put_in_force

    with _messages():
        settings = _settings()
        contract = _contract(dataset, settings)
        put_in_force(contract, settings, by, reason)
        typer.echo(f"{dataset}: contract {contract.version} is in force.")


@app.command()
def remind() -> None:
    """Remind people of held deliveries whose deadline nears or has passed; Airflow does it daily."""
    from pipelines.disseminate.notify import remind as remind_people
    from pipelines.disseminate.validations import write_page

    with _messages():
        settings = _settings()
        remind_people(settings)
        write_page(settings)


@app.command()
def compute(
    codes: Annotated[list[str] | None, typer.Argument(help="Indicator codes; all that changed if none.")] = None,
) -> None:
    """Compute indicators from the warehouse."""
    from pipelines.analyse.indicators import compute as compute_indicators

    with _messages():
        done = compute_indicators(_settings(), codes or None)
        typer.echo(f"Computed: {', '.join(done)}" if done else "Nothing to compute: no input has changed.")


@app.command()
def status() -> None:
    """Deliveries and what became of them, and the indicators computed."""
    from rich.console import Console

    from pipelines.disseminate.summary import summary

    with _messages():
        Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 200).print(
            summary(_settings())
        )


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over core.*, indicators.*, ops.*, reference.*")],
    format: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print it.")] = "table",
    as_of: Annotated[str, typer.Option("--as-of", help="Date, time or snapshot: the warehouse as it was then.")] = "",
) -> None:
    """Ask the warehouse, now or as it was."""
    from pipelines.store.lake import connect

    with _messages():
        settings = _settings()
        with connect(settings, as_of=as_of or None) as con:
            _print(con.sql(query), format)


@app.command()
def datasets() -> None:
    """The datasets there are contracts for."""
    from pipelines.contract import load_contracts

    with _messages():
        for name, contract in load_contracts(_settings().contracts).items():
            checks = f"{len(contract.expectations)} expectations"
            typer.echo(f"{name:16} {contract.title} ({contract.schedule or 'no schedule'}; {checks})")


@app.command()
def indicators() -> None:
    """The indicators there is SQL for."""
    from pipelines.analyse.indicators import load_indicators

    with _messages():
        for indicator in load_indicators(_settings().indicators):
            typer.echo(f"{indicator.code:26} {indicator.title} [{indicator.unit_measure}] = {indicator.formula}")


@app.command()
def release(
    name: Annotated[str, typer.Argument(help="Name of the release, e.g. 2026-Q4.")],
    snapshot: Annotated[int | None, typer.Option(help="Snapshot; the latest if none.")] = None,
) -> None:
    """Name a snapshot, so that it stays readable for good."""
    from pipelines.store.housekeeping import name_release

    with _messages():
        chosen = name_release(_settings(), name, snapshot)
        typer.echo(f"Snapshot {chosen} is now release {name}: read it with --as-of {chosen}.")


@app.command()
def housekeep() -> None:
    """Merge small files, let snapshots past retention go, remove orphaned files."""
    from pipelines.store.housekeeping import housekeep as do_housekeeping

    with _messages():
        done = do_housekeeping(_settings())
        typer.echo(", ".join(f"{count} {what}" for what, count in done.items()) or "There is no warehouse yet.")


@contextmanager
def _messages() -> Iterator[None]:
    """Turn what can go wrong into one message and an exit code; a person needs no traceback."""
    import duckdb

    from pipelines.analyse.indicators import IndicatorError
    from pipelines.contract import ContractError

    try:
        yield
    except (ContractError, IndicatorError, LookupError, OSError, ValueError, duckdb.Error) as error:
        logging.getLogger(__name__).info("", exc_info=error)
        typer.echo(f"migstat: {error}", err=True)
        usage = isinstance(error, UnknownDataset)
        raise typer.Exit(2 if usage else 1) from None


class UnknownDataset(LookupError):
    """A dataset nobody wrote a contract for."""


def _settings() -> "Settings":
    from pipelines.settings import Settings

    return Settings()


def _contract(dataset: str, settings: "Settings") -> "Contract":
    from pipelines.contract import load_contract

    path = settings.contracts / f"{dataset}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in settings.contracts.glob("*.yaml")))
        raise UnknownDataset(f"there is no dataset {dataset}; there are: {known}")
    return load_contract(path)


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
        typer.echo(f"{receipt.file_name} is already known as {receipt.delivery_id}: nothing changed.")
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


def _print(relation: "duckdb.DuckDBPyRelation | None", format: str) -> None:
    """Print a result whole as csv or json, and its first rows as a table."""
    if relation is None:
        return
    if format == "csv":
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(relation.columns)
        while batch := relation.fetchmany(10_000):
            writer.writerows([_harmless(cell) for cell in row] for row in batch)
    elif format == "json":
        rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str, indent=1))
    else:
        relation.show(max_rows=OUTPUT_LIMIT, max_width=200, null_value="")


def _harmless(cell: object) -> object:
    """Text from a delivery that a spreadsheet would run as a formula, with an apostrophe before it; no number is."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


if __name__ == "__main__":
    app()
