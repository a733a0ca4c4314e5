"""Areas by name: what a source writes, in any of the region's languages, to the code of an area; never a guess.

A name counts however its words are ordered, parted or marked: "Moldova, Republic of", "Republic of Moldova ¹⁾".
A name of two areas is no area.
"""

import heapq
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from pipelines.language import say
from pipelines.process.codelists import rows

FILES = ("area_names", "area_names_extra")
ALIKE = 0.4
PARTS = re.compile(r"\s*[\n/|;(]\s*")
FOOTNOTE = re.compile(
    r"(\s*\*+|[\u00b9\u00b2\u00b3\u2070-\u2079]+\)?|\s*[(\[]\d{1,2}[)\]]|\s*(?<![\d/])\d{1,2}\)|(?<=[^\W\d_]{4})\d)+\s*$"
)
APOSTROPHES = re.compile("['\u2018\u2019\u02bb\u02bc\u0060\u00b4]")
WORD = re.compile(r"[^\W_]+")
Words = tuple[str, ...]


@dataclass(frozen=True)
class AreaNames:
    """All names, by their words; and by their telling words, without "Republic of" and the like."""

    whole: dict[Words, frozenset[str]]
    telling: dict[Words, frozenset[str]]
    spelt: dict[str, str]

    def area_of(self, text: str) -> str | None:
        """The code of the one area this is a name of; None when there is none, or more than one."""
        meant = self.meant(text)
        return next(iter(meant)) if len(meant) == 1 else None

    def meant(self, text: str) -> frozenset[str]:
        """The areas a text can be a name of; in two languages, or with another name in brackets, all must agree."""
        named = FOOTNOTE.sub("", text)
        found = self.whole.get(words(named)) or self.telling.get(telling(named))
        if found:
            return found
        parts = [part for part in PARTS.split(named) if WORD.search(part)]
        if len(parts) < 2:
            return frozenset()
        each = [self.meant(part) for part in parts]
        return frozenset[str]() if frozenset() in each else frozenset.union(*each)

    def remedy(self, text: str) -> str:
        """What to say of a text that is not the name of one area."""
        meant = sorted(self.meant(text))
        if meant:
            return say(
                "It is a name of {areas}: say under `codes` in the contract which is meant.",
                areas=say(" and of ").join(meant),
            )
        mine = _pairs(text)
        close = heapq.nlargest(12, self.spelt, key=lambda name: _alike(mine, _pairs(name)))
        codes: dict[str, str] = {}
        for name in (name for name in close if _alike(mine, _pairs(name)) >= ALIKE):
            codes.setdefault(self.spelt[name], name)
        shown = [f"{name} ({code})" for code, name in codes.items()][:3]
        return say("The closest are: {names}.", names=", ".join(shown)) if shown else ""


@cache
def _pairs(text: str) -> frozenset[str]:
    """Each two letters that follow each other in a name."""
    return frozenset(a + b for word in words(text) for a, b in pairwise(f" {word} "))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of two names is the same (Dice coefficient of their pairs of letters)."""
    return 2 * len(one & other) / (len(one) + len(other) or 1)


def words(text: str) -> Words:
    """The words of a name in one order, without case, accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c)).replace("ı", "i")
    return tuple(sorted(WORD.findall(letters)))


def telling(text: str) -> Words:
    """The words that tell areas apart."""
    return tuple(word for word in words(text) if word not in SMALL)


SMALL = frozenset(
    words(
        "republic republica república republika repubblica republique respublika respublikasi respublikasy cumhuriyeti "
        "республика република рэспубліка республіка республикасы ҷумҳурии հանրապետություն "
        "the of and a e i y et și va və ve dhe и і й ва та және жана o de do da des du del la le les l d"
    )
)


@cache
def area_names(reference: Path) -> AreaNames:
    """The names in `area_names.csv` and `area_names_extra.csv`."""
    whole: dict[Words, set[str]] = {}
    short: dict[Words, set[str]] = {}
    spelt: dict[str, str] = {}
    for file in FILES:
        for row in rows(reference, file):
            whole.setdefault(words(row["name"]), set()).add(row["area"])
            if telling(row["name"]):
                short.setdefault(telling(row["name"]), set()).add(row["area"])
            spelt.setdefault(row["name"], row["area"])
    return AreaNames(
        {name: frozenset(areas) for name, areas in whole.items()},
        {name: frozenset(areas) for name, areas in short.items()},
        spelt,
    )
