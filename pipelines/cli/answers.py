"""What a sender is asked about a delivery, and the answers."""

from typing import Annotated

import typer

from pipelines.cli.common import DeliveryArgument, current_settings, messages
from pipelines.language import say

app = typer.Typer()


@app.command()
def questions(delivery_id: DeliveryArgument) -> None:
    """What to ask the sender of a delivery, ready to be sent, with the answers so far."""
    from pipelines.store.answers import questions as asked

    with messages():
        found = asked(delivery_id, current_settings())
        for number, question in enumerate(found, 1):
            typer.echo(f"{number}. [{question.check_id}] {question.text}")
            for given in question.answers:
                typer.echo(f"   {say('Answer: {text}', text=given)}")
        if not found:
            typer.echo(say("There is nothing to ask."))


@app.command()
def answer(
    delivery_id: DeliveryArgument,
    check_id: Annotated[str, typer.Argument(help="The check asked about, as `migstat questions` names it.")],
    text: Annotated[str, typer.Option("--text", help="What the sender says.")],
    by: Annotated[str, typer.Option("--by", help="Who says it.")],
) -> None:
    """Write down what the sender answers; it stands beside the check from then on."""
    from pipelines.disseminate.validations import write_page
    from pipelines.store.answers import answer as write_answer

    with messages():
        settings = current_settings()
        write_answer(delivery_id, check_id, text, by, settings)
        write_page(settings)
        typer.echo(say("The answer is written down."))
