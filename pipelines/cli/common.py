"""What the commands share: their options, the settings, and how what goes wrong is said to a person."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.language import say

if TYPE_CHECKING:
    from pipelines.contract import Contract
    from pipelines.settings import Settings

FileArgument = Annotated[Path, typer.Argument(help="The file as it was delivered.", exists=True, dir_okay=False)]
DatasetOption = Annotated[str, typer.Option("--dataset", help="Dataset, the name of its contract.")]
DeliveryArgument = Annotated[str, typer.Argument(help="Delivery, as `migstat status` names it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides; stands in the books.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands in the books.")]


class UnknownDataset(LookupError):
    """A dataset nobody wrote a contract for."""


@contextmanager
def messages() -> Iterator[None]:
    """Turn what can go wrong into one message and an exit code; a person needs no traceback."""
    import duckdb

    from pipelines.analyse.definition import IndicatorError
    from pipelines.analyse.index.definition import IndexDefinitionError
    from pipelines.contract import ContractError

    try:
        yield
    except (
        ContractError,
        IndexDefinitionError,
        IndicatorError,
        LookupError,
        OSError,
        ValueError,
        duckdb.Error,
    ) as error:
        logging.getLogger(__name__).info("", exc_info=error)
        typer.echo(f"migstat: {error}", err=True)
        usage = isinstance(error, UnknownDataset)
        raise typer.Exit(2 if usage else 1) from None


def current_settings() -> "Settings":
    """The settings of this office.

    Raises:
        ValueError: the environment says something that cannot be.
    """
    from pydantic import ValidationError

    from pipelines.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        found = error.errors()[0]
        name = f"MIGSTAT_{'_'.join(map(str, found['loc'])).upper()}"
        raise ValueError(f"{name}: {found['msg'].removeprefix('Value error, ')}") from None


def contract_of(dataset: str, settings: "Settings") -> "Contract":
    """The contract of a dataset.

    Raises:
        UnknownDataset: there is none.
        ContractError: it is wrong.
    """
    from pipelines.contract import load_contract

    path = settings.contracts / f"{dataset}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in settings.contracts.glob("*.yaml")))
        raise UnknownDataset(say("there is no dataset {dataset}; there are: {known}", dataset=dataset, known=known))
    return load_contract(path)
