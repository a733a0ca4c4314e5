"""The warehouse: compute, ask, name a release, keep house."""

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.common import current_settings, messages
from pipelines.language import say

if TYPE_CHECKING:
    import duckdb

OUTPUT_LIMIT = 2_000
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,\s]*$)")

app = typer.Typer()


@app.command()
def compute(
    codes: Annotated[list[str] | None, typer.Argument(help="Indicator codes; all that changed if none.")] = None,
) -> None:
    """Compute indicators from the warehouse."""
    from pipelines.analyse.indicators import compute as compute_indicators

    with messages():
        done = compute_indicators(current_settings(), codes or None)
        typer.echo(
            say("Computed: {codes}", codes=", ".join(done))
            if done
            else say("Nothing to compute: no input has changed.")
        )


@app.command()
def status() -> None:
    """Deliveries and what became of them, and the indicators computed."""
    from rich.console import Console

    from pipelines.disseminate.summary import summary

    with messages():
        Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 200).print(
            summary(current_settings())
        )


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over core.*, indicators.*, ops.*, reference.*")],
    format: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print it.")] = "table",
    as_of: Annotated[str, typer.Option("--as-of", help="Date, time or snapshot: the warehouse as it was then.")] = "",
) -> None:
    """Ask the warehouse, now or as it was."""
    from pipelines.store.lake import connect

    with messages():
        settings = current_settings()
        with connect(settings, as_of=as_of or None) as con:
            _print(con.sql(query), format)


@app.command()
def datasets() -> None:
    """The datasets there are contracts for."""
    from pipelines.contract import load_contracts

    with messages():
        for name, contract in load_contracts(current_settings().contracts).items():
            checks = say("{count} expectations", count=len(contract.expectations))
            typer.echo(f"{name:16} {say(contract.title)} ({contract.schedule or say('no schedule')}; {checks})")


@app.command()
def indicators() -> None:
    """The indicators there is SQL for."""
    from pipelines.analyse.definition import load_indicators

    with messages():
        for indicator in load_indicators(current_settings().indicators):
            typer.echo(f"{indicator.code:26} {indicator.title} [{indicator.unit_measure}] = {indicator.formula}")


@app.command()
def release(
    name: Annotated[str, typer.Argument(help="Name of the release, e.g. 2026-Q4.")],
    snapshot: Annotated[int | None, typer.Option(help="Snapshot; the latest if none.")] = None,
) -> None:
    """Name a snapshot, so that it stays readable for good."""
    from pipelines.store.housekeeping import name_release

    with messages():
        chosen = name_release(current_settings(), name, snapshot)
        typer.echo(
            say(
                "Snapshot {snapshot} is now release {name}: read it with --as-of {snapshot}.",
                snapshot=chosen,
                name=name,
            )
        )


@app.command()
def housekeep() -> None:
    """Merge small files, let snapshots past retention go, remove orphaned files."""
    from pipelines.store.housekeeping import housekeep as do_housekeeping

    with messages():
        done = do_housekeeping(current_settings())
        typer.echo(
            ", ".join(f"{count} {say(what)}" for what, count in done.items()) or say("There is no warehouse yet.")
        )


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
