"""Which column of a source a contract means by a header, however the office broke its words or raised its footnotes."""

import re
from collections.abc import Set

from pipelines.collect.table import letter_of
from pipelines.process.flags import RAISE, Flags, split_label
from pipelines.process.recode import Translate
from pipelines.source import Table, Values, template

# A value column: its specification, its place, and what its header says by tidy column (`h_mark`: its footnote).
ValueColumn = tuple[Values, int, dict[str, str]]

LETTER = re.compile(r"column ([A-Z]{1,3})")
YEAR_AND_MORE = re.compile(r"((?:1[89]|20|21)\d\d)(\W*\w{0,2}\W*)")


def plain(header: str) -> str:
    """A header for comparison: words broken by hyphens joined, case and blanks levelled."""
    joined = re.sub(r"(?<=[^\W\d_])[-‐\u00ad]\s*(?=[^\W\d_])", "", header.replace("\u00ad", "-"))
    return " ".join(joined.casefold().split())


def locate(header: list[str], wanted: str, flags: Flags) -> list[int]:
    """The columns of a name; one that nobody named is called by its letter, `column C`."""
    exact = [i for i, name in enumerate(header) if name == wanted]
    if exact:
        return exact
    letter = LETTER.fullmatch(wanted)
    if letter:
        return [i for i in range(len(header)) if letter_of(i) == letter[1]]
    return [i for i, name in enumerate(header) if plain(wanted) in (plain(name), plain(split_label(name, flags)[0]))]


def value_columns(
    table: Table, header: list[str], flags: Flags, period: Translate, named: Set[int]
) -> list[ValueColumn]:
    """Each value column with its specification and what its header says.

    A pattern such as `{destination}` takes none of the columns the contract names for something else; of two
    specifications that fit a column the first has it.
    """
    found: list[ValueColumn] = []
    for spec in table.values:
        matches = _matches(spec, spec.header, header, flags, period)
        matches = matches or _matches(spec, plain(spec.header), [plain(name) for name in header], flags, period)
        matches = matches or [(spec, i, dict(spec.set)) for i in locate(header, spec.header, flags)]
        taken = {i for _, i, _ in found} | (named if re.search(r"[{*]", spec.header) else set())
        found += [match for match in matches + _glued(spec, header, matches) if match[1] not in taken]
    return found


def unread(table: Table, header: list[str], read: set[int]) -> list[str]:
    """Headers that begin like a period of the value columns, and are none: `2022 p`, or 20221 out of sequence."""
    specs = [template(spec.header, ".+?") for spec in table.values if "{time_period}" in spec.header]
    return [
        name
        for i, name in enumerate(header)
        for spec in specs
        if i not in read and (match := spec.fullmatch(name)) and YEAR_AND_MORE.fullmatch(match["time_period"].strip())
    ]


def _matches(spec: Values, text: str, names: list[str], flags: Flags, period: Translate) -> list[ValueColumn]:
    pattern, found = template(text, ".+?"), []
    for i, name in enumerate(names):
        bare, mark = split_label(name, flags)
        for candidate, note in dict.fromkeys([(bare, mark), (name, "")]):
            match = pattern.fullmatch(candidate)
            words = match.groupdict() if match else {}
            if match and ("time_period" not in words or period(words["time_period"].strip()) is not None):
                found.append((spec, i, spec.set | words | ({"h_mark": note} if note else {})))
                break
    return found


def _glued(spec: Values, header: list[str], found: list[ValueColumn]) -> list[ValueColumn]:
    """A year with its footnote behind it, 20221 for 2022¹: only where it continues the years beside it."""
    if "{time_period}" not in spec.header:
        return []
    years = {i: words["time_period"].strip() for _, i, words in found}
    pattern, glued = template(spec.header, ".+?"), []
    for i, name in enumerate(header):
        match = pattern.fullmatch(name) if i not in years else None
        parts = re.fullmatch(r"(\d{4})(\d{1,2})", match["time_period"].strip()) if match else None
        if match and parts and parts[1] not in years.values():
            beside = {years.get(i - 1), years.get(i + 1)}
            if beside & {str(int(parts[1]) - 1), str(int(parts[1]) + 1)}:
                said = match.groupdict() | {"time_period": parts[1], "h_mark": parts[2].translate(RAISE)}
                glued.append((spec, i, spec.set | said))
    return glued
