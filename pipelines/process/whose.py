"""Whose file it may be: a file in the wrong folder is told from one that is broken."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from pipelines.collect.table import RawTable
from pipelines.contract import Contract, ContractError, load_contracts
from pipelines.delivery import Problem, visible
from pipelines.language import say
from pipelines.source import Table

HEADERS_SHOWN = 12
TELLING = 3  # year and value are the columns of many


def misplaced(raw: RawTable, contract: Contract, contracts: Path) -> Problem | None:
    """What to say of a table that has the columns of another dataset, if it has.

    Args:
        contracts: the folder of all contracts.
    """
    header = {name.casefold() for name in raw.header}
    for other in _others(contract, contracts):
        tables = [_named(table) for source in other.sources for table in source.tables]
        if any(len(named) >= TELLING and named <= header for named in tables):
            return Problem(
                kind="header",
                sheet=raw.sheet,
                value="; ".join(filter(None, raw.header[:HEADERS_SHOWN])),
                expected=say(
                    "the columns of {dataset}; these are those of the dataset {other}",
                    dataset=contract.dataset,
                    other=other.dataset,
                ),
                remedy=say("Put the file into the folder of {other}.", other=other.dataset),
            )
    return None


def unknown_name(file_name: str, contract: Contract, contracts: Path) -> Problem:
    """What to say of a file whose name is that of no layout of its dataset."""
    patterns = say(" or ").join(source.file for source in contract.sources)
    others = [other.dataset for other in _others(contract, contracts) if other.source_of(PurePath(file_name))]
    folder = (
        say("the folder of {others}", others=say(" or ").join(others)) if others else say("the folder of its dataset")
    )
    return Problem(
        kind="format",
        column=say("file name"),
        value=visible(file_name),
        expected=say("a name like {patterns}", patterns=patterns),
        remedy=say("Rename the file, put it into {folder}, or add its layout to the contract.", folder=folder),
    )


def _named(table: Table) -> set[str]:
    """The headers a table must have, as far as they are the same in every file."""
    named = [field.header for field in table.fields().values() if not field.optional]
    named += [*table.leave_out, *(values.header for values in table.values)]
    return {name.casefold() for name in named if name and "{" not in name}


def _others(contract: Contract, contracts: Path) -> Iterator[Contract]:
    """The other contracts; one that is wrong is said where it is used, not here."""
    try:
        yield from (other for other in load_contracts(contracts).values() if other.dataset != contract.dataset)
    except ContractError:
        return
