"""Rows held back while the rest of their delivery was loaded: look at them, and decide."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.common import ByOption, DeliveryArgument, current_settings, messages
from pipelines.language import say

if TYPE_CHECKING:
    from pipelines.store.held import HeldRow, Verdict, Which

app = typer.Typer()
quarantine = typer.Typer(help="Rows held back: look at them, release, correct or discard them.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")

RowOption = Annotated[int | None, typer.Option("--row", help="Row of the delivered file; all held rows if none.")]
SheetOption = Annotated[str, typer.Option("--sheet", help="Sheet of the delivered file.")]
WhereOption = Annotated[
    list[str] | None, typer.Option("--where", help="Only rows with this, as column=value, e.g. sex=F.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="Correct the row, as column=value, e.g. obs_value=1234.")
]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; stands in the books.")]


@quarantine.command("list")
def list_rows(
    delivery_id: DeliveryArgument, row: RowOption = None, sheet: SheetOption = "", where: WhereOption = None
) -> None:
    """The held rows of a delivery: where they stand, what they say, and why they are held."""
    from pipelines.store.held import held_rows

    with messages():
        held = held_rows(_which(delivery_id, row, sheet, where), current_settings())
        typer.echo("\n".join(map(_words, held)) if held else say("No such row is held back."))


@quarantine.command()
def release(
    delivery_id: DeliveryArgument,
    by: ByOption,
    reason: WhyOption,
    row: RowOption = None,
    sheet: SheetOption = "",
    where: WhereOption = None,
    corrected: SetOption = None,
) -> None:
    """Load held rows as they are, or one of them corrected."""
    from pipelines.disseminate.validations import write_page
    from pipelines.store.quarantine import release as release_rows

    with messages():
        settings = current_settings()
        which = _which(delivery_id, row, sheet, where)
        done = release_rows(which, _pairs(corrected), _verdict(by, reason), settings)
        write_page(settings)
        typer.echo(say("Held rows loaded: {count}. `migstat compute` takes them into the indicators.", count=len(done)))


@quarantine.command()
def discard(
    delivery_id: DeliveryArgument,
    by: ByOption,
    reason: WhyOption,
    row: RowOption = None,
    sheet: SheetOption = "",
    where: WhereOption = None,
) -> None:
    """Take held rows out for good; the raw file and the books keep them."""
    from pipelines.disseminate.validations import write_page
    from pipelines.store.quarantine import discard as discard_rows

    with messages():
        settings = current_settings()
        done = discard_rows(_which(delivery_id, row, sheet, where), _verdict(by, reason), settings)
        write_page(settings)
        typer.echo(say("Held rows discarded: {count}.", count=len(done)))


def _which(delivery_id: str, row: int | None, sheet: str, where: list[str] | None) -> "Which":
    from pipelines.store.held import Which

    return Which(delivery_id, sheet, row, _pairs(where))


def _verdict(by: str, reason: str) -> "Verdict":
    import datetime as dt

    from pipelines.store.held import Verdict

    if not by.strip() or not reason.strip():
        raise ValueError(say("--by and --reason must say something: they stand in the books"))
    return Verdict(by=by, reason=reason, at=dt.datetime.now(dt.UTC))


def _pairs(said: list[str] | None) -> dict[str, str]:
    pairs = {}
    for one in said or []:
        name, equals, text = one.partition("=")
        if not equals or not name.strip():
            raise ValueError(say("found “{text}”; expected column=value, e.g. sex=F", text=one))
        pairs[name.strip()] = text.strip()
    return pairs


def _words(held: "HeldRow") -> str:
    told = {
        k: v for k, v in held.said.items() if v is not None and k not in ("delivery_id", "source_row", "source_sheet")
    }
    return f"{held.place()}: {held.reason}\n    " + ", ".join(f"{name}={value}" for name, value in told.items())
