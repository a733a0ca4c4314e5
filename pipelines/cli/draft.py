"""A dataset nobody has described yet: draft its contract from a file."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.common import FileArgument, current_settings, messages
from pipelines.language import say

if TYPE_CHECKING:
    from pipelines.draft.propose import Tried

app = typer.Typer()


@app.command()
def new(
    file: FileArgument,
    dataset: Annotated[str, typer.Option("--dataset", help="Name of the dataset; made of the file's if none.")] = "",
) -> None:
    """Draft a contract from a file, try it, and say what a person must decide.

    Exit codes: 0 the file is accepted under the draft, 1 something is to be decided, 2 the file is no table.
    """
    from pipelines.collect.table import Unreadable
    from pipelines.delivery import State
    from pipelines.draft.propose import propose

    with messages():
        settings = current_settings()
        try:
            tried = propose(file, dataset, settings)
        except Unreadable as error:
            typer.echo(f"migstat: {file.name}: {error.problem}", err=True)
            raise typer.Exit(2) from None
        target = settings.contracts / f"{tried.draft.dataset}.yaml"
        if target.exists():
            raise FileExistsError(
                say("there is a contract {target} already: give another name by --dataset", target=target)
            )
        target.write_text(tried.draft.text, encoding="utf-8")
        _show(tried)
        typer.echo(say("The contract is {target}: write title, provider and unit in it, then run", target=target))
        typer.echo(f'  migstat check "{file}" --dataset {tried.draft.dataset}')
        settled = not tried.draft.decisions and tried.outcome.state != State.REJECTED
        raise typer.Exit(0 if settled else 1)


def _show(tried: "Tried") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*tried.columns, title=say("The first rows as they would be loaded"))
    for row in tried.rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console(soft_wrap=True).print(table)
    typer.echo(tried.findings())
    for number, sentence in enumerate(tried.draft.decisions, 1):
        typer.echo(say("Decision {number}: {sentence}", number=number, sentence=sentence))
