"""Editions: where a source's headers change with the years, the contract holds a row of them for each edition."""

import json

from pipelines.collect.table import RawTable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.process.codelists import nearest
from pipelines.process.flags import Flags
from pipelines.process.headers import locate
from pipelines.source import Table


def edition_of(table: Table, raw: RawTable, flags: Flags, said: dict[str, str]) -> Table | Problem:
    """The table as the edition lays it out that the file's name says, or else the one whose headers are all there.

    Returns:
        A problem where no edition fits, with the row that is missing in the contract, or where several do.
    """
    laid_out = table.by_edition()
    named = said.get("edition", "")
    if not table.editions or named in laid_out:
        return laid_out.get(named, table)
    fitting = [] if named else [e for e, row in table.editions.items() if _fits(row, raw.header, flags)]
    known = ", ".join(table.editions)
    if not fitting:
        return Problem(
            kind="header",
            sheet=raw.sheet,
            column=named,
            expected=say("the headers of an edition the contract knows ({known})", known=known),
            remedy=say(
                "If this is a new one, look this row over and add it to `editions`: {row}",
                row=_proposal(table, raw, said),
            ),
        )
    if any(table.editions[e] != table.editions[fitting[0]] for e in fitting):
        return Problem(
            kind="header",
            sheet=raw.sheet,
            expected=say("the headers of one edition, not of {editions}", editions=say(" and ").join(fitting)),
            remedy=say("Tell them apart by `{edition}` in the `file` of the source."),
        )
    return laid_out[fitting[0]]


def _fits(row: dict[str, str], header: list[str], flags: Flags) -> bool:
    return all(locate(header, wanted, flags) for wanted in row.values())


def _proposal(table: Table, raw: RawTable, said: dict[str, str]) -> str:
    """The row for a new edition: headers known from earlier ones, else the most alike, else a question mark."""
    name = said.get("edition") or said.get("time_period") or "?"
    columns = dict.fromkeys(column for row in table.editions.values() for column in row)
    earlier = {column: [row[column] for row in table.editions.values() if column in row] for column in columns}
    kept = {column: header for column, headers in earlier.items() for header in headers if header in raw.header}
    free = [header for header in raw.header if header and header not in kept.values()]
    for column in columns:
        alike = [close for header in reversed(earlier[column]) for close in nearest(header, free, 1)]
        kept.setdefault(column, alike[0] if alike else "?")
    cells = ", ".join(f"{column}: {json.dumps(kept[column], ensure_ascii=False)}" for column in columns)
    return f"{json.dumps(name)}: {{{cells}}}"
