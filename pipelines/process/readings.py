"""How the text of a tidy column is read, by its type: each distinct text on its own, to a code or to nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract import Column, Contract
from pipelines.language import say
from pipelines.process.ages import EXPECTED, age_of
from pipelines.process.areas import area_names
from pipelines.process.codelists import lookup, nearest
from pipelines.process.periods import EXAMPLES, read_period
from pipelines.process.persons import person_key, pseudonym
from pipelines.process.recode import Translate
from pipelines.settings import Settings
from pipelines.source import SourceField

CODES_NAMED = 8


@dataclass(frozen=True)
class Reading:
    """How the text of one tidy column is read: `translate` gives its code, or None where there is none."""

    translate: Translate
    expected: str = ""
    kind: str = "cell"
    required: bool = False
    sql_type: str = ""
    remedy: Callable[[str], str] = lambda _: ""

    def wrong(self, text: str) -> bool:
        """Whether a text is not what is expected; an empty one is wrong only where a value is required."""
        return bool(self.expected) and self.translate(text) is None and (self.required or bool(text))


def reading_of(name: str, column: Column, contract: Contract, said: SourceField, settings: Settings) -> Reading:
    """How the text of a declared column is read, by its type.

    Raises:
        NoPersonKey: it identifies persons, and there is no key for their pseudonyms.
    """
    own, reference = own_words(said), settings.reference
    if column.person:
        key = person_key(contract.dataset, settings)
        return Reading(
            lambda text: pseudonym(text, key), say("an identifier") if column.key else "", required=column.key
        )
    if said.scheme == "name" and (column.codelist or column.type) in ("area", "areas"):
        names = area_names(reference)
        return Reading(
            lambda text: own.get(text.lower()) or names.area_of(text) or own.get("*"),
            say("the name of an area"),
            "code",
            column.key,
            remedy=names.remedy,
        )
    if column.type in ("area", "code"):
        known = _codes(column, said, reference)
        expected = _code_of(column.codelist or name, known)
        codes = sorted({code for code in known.values() if not code.isdigit()})
        return Reading(
            lambda text: known.get(text.lower(), known.get("*")),
            expected,
            "code",
            column.key,
            remedy=lambda text: _closest(text, codes),
        )
    if column.type == "age":
        return Reading(
            lambda text: own.get(text.lower()) or age_of(text) or own.get("*"), say(EXPECTED), required=column.key
        )
    if column.type == "period":
        frequency, dates, fiscal_year = contract.frequency, said.dates, said.fiscal_year
        expected = say(EXAMPLES[frequency])
        return Reading(
            lambda text: read_period(own.get(text.lower(), text), frequency, dates, fiscal_year),
            expected,
            required=True,
        )
    if column.type in ("integer", "number"):
        pattern = re.compile(r"[+-]?\d+" if column.type == "integer" else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
        sql_type = "BIGINT" if column.type == "integer" else "DOUBLE"
        expected = say("an integer" if column.type == "integer" else "a number")
        return Reading(lambda text: text if pattern.fullmatch(text) else None, expected, sql_type=sql_type)
    if column.key:
        expected = say("a value: it is part of the key")
        return Reading(lambda text: own.get(text.lower(), own.get("*", text)) or None, expected, required=True)
    return Reading(lambda text: own.get(text.lower(), own.get("*", text)) or None)


def _codes(column: Column, said: SourceField, reference: Path) -> dict[str, str]:
    """Source code (lower case) to tidy code: the contract's own words before the code list's."""
    if column.codes:
        listed = {code.lower(): code for code in column.codes}
    else:
        listed = lookup(reference, column.codelist or "areas", said.scheme)
    return listed | own_words(said)


def _closest(text: str, codes: list[str]) -> str:
    close = nearest(text, codes)
    return say("The closest are: {close}.", close=", ".join(close)) if close else ""


def own_words(said: SourceField) -> dict[str, str]:
    """What the contract itself says a source's words mean, in lower case."""
    return {written.strip().lower(): code for written, code in said.codes.items()}


def _code_of(codelist: str, known: dict[str, str]) -> str:
    words = {code if word == code.lower() else word for word, code in known.items() if word}
    some = sorted(words, key=lambda word: (not word[0].isalpha(), word))[:CODES_NAMED]
    return say(
        "a code of `{codelist}` ({codes}{more})",
        codelist=codelist,
        codes=", ".join(some),
        more=" ..." if len(words) > CODES_NAMED else "",
    )


def m49_of(area: Reading, reference: Path) -> Reading:
    """The M49 code of an area; one that has none is nothing wrong."""
    numbers = {code: m49 for m49, code in lookup(reference, "areas", "m49").items() if len(m49) >= 3}
    return Reading(lambda text: numbers.get(area.translate(text) or ""))
