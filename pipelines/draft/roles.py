"""What each column of a table is: an area, a period, sex, age, a code, figures or text; said only where all fits."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipelines.contract import Frequency
from pipelines.draft.region import FIGURE
from pipelines.process.ages import age_of
from pipelines.process.areas import area_names
from pipelines.process.codelists import lookup
from pipelines.process.periods import read_period

SCHEMES = ("code", "worldbank", "m49", "eurostat", "iso2", "unhcr", "sdmx")
FREQUENCIES: tuple[Frequency, ...] = ("A", "S", "Q", "M", "W", "D")
LISTED = 25
DISTINCT = 3_000
MARK = re.compile(r"[^\d]{1,4}|n/?a|\(?[a-z]\)?", re.IGNORECASE)
ERROR = re.compile(r"#[^\W\d_/]+(/0|/[^\W\d_]+)?[!?]?")  # of a spreadsheet: #REF!, #DIV/0!, #N/A
AREA_WORDS = re.compile(r"m49|geo|area|countr|iso|nation|стран|country|tara|țara|ülke|coo|coa|ref_area|citizen", re.I)
ORIGIN_WORDS = re.compile(r"origin|coo|birth|citizen|nationality|from|counterpart|гражд|происх|выбыт", re.I)
CODE_WORDS = re.compile(r"(^|[ _.])(id|code|код|№|no|nr|order|unit_mult|decimals)($|[ _.])", re.I)
VALUE_WORDS = re.compile(r"(obs_?)?value|wert|valeur|значение|vrednost|valoare|dəyər|qiymat", re.I)


@dataclass
class Role:
    """What a column is: `kind` is area, period, sex, age, value, code, text or empty.

    `scheme` is how areas are written; `frequency`, `fiscal` and `dates` how periods are; `odd` are the texts that do
    not fit; a text of `above`, such as an empty cell, means: as in the row above; `codes` translates the others.
    """

    header: str
    index: int
    kind: str
    texts: list[str] = field(default_factory=list)
    scheme: str = "code"
    frequency: Frequency = "A"
    fiscal: bool = False
    dates: bool = False
    odd: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)


def role_of(header: str, index: int, cells: list[str], reference: Path) -> Role:
    """The role of a column by its cells, and by its header only where the cells leave it open."""
    texts = list(dict.fromkeys(cell for cell in cells if cell))[:DISTINCT]
    if not texts:
        return Role(header, index, "value" if VALUE_WORDS.fullmatch(header) else "empty")
    if VALUE_WORDS.fullmatch(header) and _figures(texts):
        return Role(header, index, "value", texts, odd=_marks(texts))
    return (
        _period(header, index, texts)
        or _sex(header, index, texts, reference)
        or _area(header, index, texts, reference)
        or _age(header, index, texts)
        or _rest(header, index, texts, len(cells))
    )


def frequency_of(texts: list[str]) -> Frequency | None:
    """The frequency under which all texts are periods."""
    return next((f for f in FREQUENCIES if all(read_period(text, f) for text in texts)), None)


def _period(header: str, index: int, texts: list[str]) -> Role | None:
    frequency = frequency_of(texts)
    if frequency:
        return Role(header, index, "period", texts, frequency=frequency)
    if all(read_period(text, "A", None, "start") for text in texts):
        return Role(header, index, "period", texts, fiscal=True)
    daily = next((f for f in FREQUENCIES if all(read_period(text, f, "dmy") for text in texts)), None)
    return Role(header, index, "period", texts, frequency=daily, dates=True) if daily else None


def _sex(header: str, index: int, texts: list[str], reference: Path) -> Role | None:
    known = sexes(reference, "name") | sexes(reference, "code")
    if all(text.lower() in known for text in texts) and {known[text.lower()] for text in texts} & {"M", "F"}:
        by_code = all(text.lower() in sexes(reference, "code") for text in texts)
        return Role(header, index, "sex", texts, scheme="code" if by_code else "name")
    return None


@cache
def _schemes(reference: Path) -> dict[str, dict[str, str]]:
    return {scheme: lookup(reference, "areas", scheme) for scheme in SCHEMES}


@cache
def sexes(reference: Path, scheme: str) -> dict[str, str]:
    """What is written for a sex."""
    return lookup(reference, "sex", scheme)


def _area(header: str, index: int, texts: list[str], reference: Path) -> Role | None:
    names = area_names(reference)
    fits = {scheme: [t for t in texts if t.lower() not in known] for scheme, known in _schemes(reference).items()}
    fits["name"] = [t for t in texts if (len(t) < 4 and t.isascii()) or names.area_of(t) is None]
    scheme = min(fits, key=lambda one: len(fits[one]))
    odd, named = fits[scheme], bool(AREA_WORDS.search(header))
    telling = scheme == "name" or (all(len(t) > 2 and t.isalpha() for t in texts) and len(texts) > 2)
    if len(odd) * (5 if named else 10) > len(texts) or not (named or (telling and not odd) or telling):
        return None
    return Role(header, index, "area", texts, scheme=scheme, odd=odd)


def _age(header: str, index: int, texts: list[str]) -> Role | None:
    telling = re.search(r"\bage|возраст|yaş|vek|starost|mosh|вік|vârst|edad", header, re.I)
    bare = all(text.isdigit() for text in texts)
    if all(age_of(text) for text in texts) and (telling or not bare) and len(texts) > 1:
        return Role(header, index, "age", texts)
    return None


def _rest(header: str, index: int, texts: list[str], rows: int) -> Role:
    if _figures(texts) and not CODE_WORDS.search(header):
        return Role(header, index, "value", texts, odd=_marks(texts))
    repeated = len(texts) <= LISTED and (rows > 2 * len(texts) or rows < LISTED)
    return Role(header, index, "code" if repeated and max(map(len, texts)) < 80 else "text", texts)


def _figures(texts: list[str]) -> bool:
    odd = _marks(texts)
    return (
        len(odd) < len(texts)
        and len(odd) <= max(6, len(texts) // 4)
        and all(MARK.fullmatch(text) or ERROR.fullmatch(text) for text in odd)
    )


def _marks(texts: list[str]) -> list[str]:
    return [text for text in texts if not FIGURE.fullmatch(text)]
