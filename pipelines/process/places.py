"""Where in a source table the columns stand that a contract names, and what is said when they do not."""

from dataclasses import dataclass, field
from functools import cached_property

from pipelines.collect.table import RawTable, letter_of
from pipelines.delivery import Problem, shown, visible
from pipelines.language import say
from pipelines.process.codelists import nearest
from pipelines.process.flags import Flags
from pipelines.process.headers import ValueColumn, locate, plain, unread, value_columns
from pipelines.process.readings import Reading
from pipelines.source import Source, SourceField, Table

TELLING = 3  # letters; shorter names are part of many
FURTHER_NAMED = 12


@dataclass
class Places:
    """The columns a contract reads of one source table, by their number, and what is wrong with its header."""

    fields: dict[str, SourceField]
    found: dict[str, list[int]]
    values: list[ValueColumn]
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def read(self) -> set[int]:
        """The columns that are read, or left out by the contract."""
        return {i for _, i, _ in self.values} | {i for columns in self.found.values() for i in columns}

    def column(self, header: str) -> str:
        """The column of a header, as SQL."""
        return f"c{self.found[header][0]}"

    def others(self, header: list[str]) -> dict[str, str]:
        """The columns that fill no tidy column and hold no value, by name, as SQL; of two of a name the first."""
        used = {self.found[said.header][0] for said in self.fields.values() if said.header}
        used |= {i for _, i, _ in self.values}
        free = {name: f"c{i}" for i, name in reversed(list(enumerate(header))) if name and i not in used}
        return dict(reversed(free.items()))


def fields_of(table: Table, raw: RawTable, flags: Flags) -> dict[str, SourceField]:
    """What is read of each tidy column; an optional one that the file does not have is left out."""
    return {n: f for n, f in table.fields().items() if not f.optional or locate(raw.header, f.header, flags)}


def find_places(
    fields: dict[str, SourceField], table: Table, source: Source, raw: RawTable, period: Reading, persons: list[str]
) -> Places:
    """Look for each header the contract names, and for the columns of values.

    Args:
        period: how a period is read, which tells a column of values from another.
        persons: the tidy columns that identify persons.

    Returns:
        With problems where a header is missing, doubled or read twice.
    """
    wanted = [f.header for f in fields.values() if f.header] + list(table.leave_out)
    found = {header: locate(raw.header, header, source.flags) for header in wanted}
    named = {i for columns in found.values() for i in columns}
    values = value_columns(table, raw.header, source.flags, period.translate, named | set(range(raw.labels)))
    places = Places(fields, found, values)
    missing = [header for header in wanted if not found[header]]
    missing += [v.header for v in table.values if not any(v is spec for spec, _, _ in values)]
    free = [name for i, name in enumerate(raw.header) if name and i not in places.read]
    places.problems = [
        *(_no_header(header, raw, free, alone=len(missing) == 1) for header in missing),
        *(_several(header, columns, raw) for header, columns in found.items() if len(columns) > 1),
        *(_unread(header, raw, period) for header in unread(table, raw.header, places.read)),
        *_exposed(persons, places, raw),
    ]
    return places


def further_columns(sheet: str, names: list[str]) -> list[Problem]:
    """Columns the contract does not name: told, as one of them may be new."""
    shown = "; ".join(names[:FURTHER_NAMED]) + (
        say("; and {n} more", n=len(names) - FURTHER_NAMED) * (len(names) > FURTHER_NAMED)
    )
    expected = say("no columns beside those the contract names")
    return [Problem(kind="further columns", sheet=sheet, value=shown, expected=expected)] if names else []


def _no_header(header: str, raw: RawTable, free: list[str], alone: bool) -> Problem:
    """A column that is not there, and what may have become of it.

    Args:
        free: columns of the file that the contract does not name.
        alone: whether no other column is missing.
    """
    present = [name for name in raw.header if name]
    close = nearest(header, present)
    renamed = [
        name for name in free if plain(header) in plain(name) or (len(name) >= TELLING and plain(name) in plain(header))
    ]
    renamed = renamed or (free if alone else [])
    remedy = say("Name the column so, or correct the contract.")
    if len(renamed) == 1:
        remedy = say(
            "If it is now called {name} for good, write that in the contract in place of the old name.",
            name=shown(renamed[0]),
        )
    elif alone and not free:
        remedy = say("Ask the sender for it; if it will not come any more, take it out of the contract.")
    return Problem(
        kind="header",
        sheet=raw.sheet,
        column=header,
        expected=say("a column of this name; the closest are: {close}", close=", ".join(close))
        if close
        else say("a column of this name; the closest are: none"),
        remedy=say("The header reads: {headers}. {remedy}", headers=visible("; ".join(present[:12])), remedy=remedy),
    )


def _several(header: str, columns: list[int], raw: RawTable) -> Problem:
    letters = [letter_of(i) for i in columns]
    return Problem(
        kind="header",
        sheet=raw.sheet,
        column=header,
        expected=say("one column of this name; {letters} have it", letters=", ".join(letters)),
        remedy=say(
            "Send it with headers that differ, or name the column in the contract as `column {letter}`.",
            letter=letters[0],
        ),
    )


def _unread(header: str, raw: RawTable, period: Reading) -> Problem:
    return Problem(
        kind="structure",
        sheet=raw.sheet,
        column=say("header"),
        value=header,
        expected=period.expected,
        remedy=say("If it is a footnote or a flag, list the mark under `flags` in the contract."),
    )


def _exposed(persons: list[str], places: Places, raw: RawTable) -> list[Problem]:
    """Columns that identify persons, and that the contract also reads by another spelling or by their letter."""
    found, headers = places.found, {name: said.header for name, said in places.fields.items() if said.header}
    read = [i for header in headers.values() for i in found[header]] + list({i for _, i, _ in places.values})
    shared = [headers[name] for name in persons if any(read.count(i) > 1 for i in found[headers[name]])]
    expected = say("to be read once, as what identifies persons, and by no second name")
    return [Problem(kind="structure", sheet=raw.sheet, column=header, expected=expected) for header in shared]
