"""How offices write a period, and the one way it is stored (SDMX): 2024, 2024-S1, 2024-Q1, 2024-03, 2024-W05.

A form is read only if it can mean one thing. The names of months and quarters are those of Babel (CLDR) in the
languages of the region.
"""

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from babel import Locale

from pipelines.contract import Frequency
from pipelines.language import msgid
from pipelines.source import DateOrder, FiscalYear

EXAMPLES: dict[Frequency, str] = {
    "A": msgid("a year such as 2024"),
    "S": msgid("a half-year such as 2024-S1"),
    "Q": msgid("a quarter such as 2024-Q1"),
    "M": msgid("a month such as 2024-03"),
    "W": msgid("a week such as 2024-W05"),
    "D": msgid("a day such as 2024-03-15"),
}
LANGUAGES = "az be bg bs bs_Cyrl hr hy ka kk ky mk ro ru sq sr sr_Latn tg tk tr uk uz uz_Cyrl en fr es ar de it"
FILLERS = (
    "за в на г гг год года году рік р року році жыл ж жылы жылдын жылдың жылғы йил yil yili il ili ildə ci cı cu cü "
    "nji njy ýyl ýyly ýylyň соли anul an viti god godina godine godini година године години year for թ թվական "
    "წ წელი წლის"
)
QUARTERS = (
    "quarter квартал чверть rüb çeyrek ceyrek tromjesečje tromesečje тромесечје тримесечје тримесечие tremujori tm "
    "trimestrul семоҳа семоҳаи"
)
HALVES = "s h half полугодие півріччя паўгоддзе semestar semestrul semester semestre polugodište polugodiste "
HALVES += "polugodje полугодиште полугодије yariyil yarimil жарымжылдык жартыжылдық нимсола"
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
MONTHS_IN: dict[Frequency, int] = {"A": 12, "S": 6, "Q": 3, "M": 1}

YEAR = r"(?P<y>(?:1[89]|20|21)\d\d)"
NUMERIC: dict[Frequency, list[str]] = {
    "A": [YEAR + r"(?:\.0)?"],
    "S": [YEAR + r"[-/ ]?[sh](?P<n>[12])", r"[sh](?P<n>[12])[-/ ]?" + YEAR],
    "Q": [
        YEAR + r"[-/ ]?q(?P<n>[1-4])",
        YEAR + r"[-_ ](?P<n>[1-4])q",
        r"q(?P<n>[1-4])[-/ ]?" + YEAR,
        r"(?P<n>[1-4])q[-_ ]?" + YEAR,
    ],
    "M": [
        YEAR + r"[-/](?P<n>0?[1-9]|1[0-2])",
        YEAR + r"\.(?P<n>0[1-9]|1[0-2])",
        YEAR + r"[- ]?m(?P<n>0?[1-9]|1[0-2])",
        r"(?P<n>0?[1-9]|1[0-2])[-/]" + YEAR,
        r"(?P<n>0[1-9]|1[0-2])\." + YEAR,
        YEAR + r"(?P<n>0[1-9]|1[0-2])",
    ],
    "W": [YEAR + r"[- ]?w(?P<n>0?[1-9]|[1-4]\d|5[0-3])", r"w(?P<n>0?[1-9]|[1-4]\d|5[0-3])[- ]?" + YEAR],
}
TWO_YEARS = re.compile(YEAR + r" ?[/–-] ?(?P<z>(?:\d\d)?\d\d)")
ISO_DAY = re.compile(YEAR + r"(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)(?:[t ]00:00(?::00(?:\.0+)?)?)?")
DAY = re.compile(r"(?P<a>\d\d?)(?P<s>[./-])(?P<b>\d\d?)(?P=s)" + YEAR)
BASIC_DAY = re.compile(YEAR + r"(?P<m>\d\d)(?P<d>\d\d)")
AROUND_A_DAY = re.compile(r"^(?:на|за) |[ .гржթწ]+$")
WORDS = re.compile(r"[^\W\d_]+|\d+")


def read_period(
    text: str, frequency: Frequency, dates: DateOrder | None = None, fiscal_year: FiscalYear | None = None
) -> str | None:
    """The period a text means, as it is stored; None if it means none, or could mean two.

    A date stands for a longer period only as its first or last day. A year such as 2023/24 is stored as the one in
    which it starts or ends, where the contract says which.

    Args:
        dates: which comes first in a date such as 03/04/2024.
        fiscal_year: under which of its two years 2023/24 is stored.
    """
    plain = _plain(text)
    for form in NUMERIC.get(frequency, []):
        if found := re.fullmatch(form, plain):
            return _stored(frequency, int(found["y"]), int(found.groupdict().get("n") or 1))
    if frequency == "A" and (found := TWO_YEARS.fullmatch(plain)):
        return _fiscal(found["y"], found["z"], fiscal_year)
    day = _date(AROUND_A_DAY.sub("", plain), dates) or _day_in_words(plain)
    if day is not None:
        return _period_of(day, frequency)
    return _in_words(plain, frequency)


def _plain(text: str) -> str:
    """Lower case without the two kinds of Turkish i; a raised digit or a star is a footnote and no part of a period."""
    if re.search("[⁰¹²³⁴⁵⁶⁷⁸⁹*]", text):
        return ""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ı", "i").replace("\u0307", "")
    return " ".join(folded.split())


def _stored(frequency: Frequency, year: int, number: int) -> str | None:
    if frequency == "A":
        return str(year)
    if frequency == "W":
        weeks = dt.date(year, 12, 28).isocalendar().week
        return f"{year}-W{number:02}" if number <= weeks else None
    return f"{year}-{number:02}" if frequency == "M" else f"{year}-{frequency}{number}"


def _fiscal(start: str, end: str, stored_as: FiscalYear | None) -> str | None:
    year = int(start) + 1
    if stored_as is None or str(year)[-len(end) :] != end:
        return None
    return start if stored_as == "start" else str(year)


def _date(text: str, dates: DateOrder | None) -> dt.date | None:
    if found := ISO_DAY.fullmatch(text) or BASIC_DAY.fullmatch(text):
        return _day(found["y"], found["m"], found["d"])
    found = DAY.fullmatch(text)
    if not found:
        return None
    day_first = _day(found["y"], found["b"], found["a"])
    if dates == "dmy" or found["s"] == ".":
        return day_first
    month_first = _day(found["y"], found["a"], found["b"])
    if dates == "mdy":
        return month_first
    either = {day for day in (day_first, month_first) if day}
    return either.pop() if len(either) == 1 else None


def _day(year: str | int, month: str | int, day: str | int) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _period_of(day: dt.date, frequency: Frequency) -> str | None:
    """The period that starts or ends on a day."""
    if frequency == "D":
        return day.isoformat()
    if frequency == "W":
        year, week, weekday = day.isocalendar()
        return f"{year}-W{week:02}" if weekday in (1, 7) else None
    length = MONTHS_IN[frequency]
    last = calendar.monthrange(day.year, day.month)[1]
    starts, ends = day.day == 1 and day.month % length in (1, 1 % length), day.day == last and not day.month % length
    return _stored(frequency, day.year, (day.month - 1) // length + 1) if starts or ends else None


def _day_in_words(text: str) -> dt.date | None:
    """A day with the name of its month, such as 15 марта 2024 г. or March 15, 2024."""
    year, said = _words(text)
    day = next((word for word in said if re.fullmatch(r"\d\d?", word)), "")
    month = month_names().get(next((word for word in said if word != day), ""))
    return _day(year, month, day) if year and day and month and len(said) == 2 else None


def _words(text: str) -> tuple[int | None, tuple[str, ...]]:
    """The one year a text names, and its other words in their order without those that say nothing."""
    words = [word for word in WORDS.findall(text) if word not in FILLERS.split()]
    years = [word for word in words if re.fullmatch(YEAR, word)]
    if len(years) != 1:
        return None, ()
    words.remove(years[0])
    return int(years[0]), tuple(words)


def _in_words(text: str, frequency: Frequency) -> str | None:
    """A period with the name of a month, a quarter or a half-year beside one year; the order does not matter."""
    year, said = _words(text)
    months = month_names()
    if year is None:
        return None
    if not said:
        return str(year) if frequency == "A" else None
    if all(word in months for word in said) and len(said) <= 2:
        first, last = months[said[0]], months[said[-1]]
    else:
        first, last = _quarters().get(said) or _halves().get(said) or (0, 0)
    length = MONTHS_IN.get(frequency)
    if not first or last - first + 1 != length or (first - 1) % length:
        return None
    return _stored(frequency, year, (first - 1) // length + 1)


@cache
def month_names() -> dict[str, int]:
    """Every name of a month, in the nominative and the genitive, whole and abbreviated."""
    names: dict[str, int] = {}
    for language in LANGUAGES.split():
        for forms in Locale.parse(language).months.values():
            for width in ("wide", "abbreviated"):
                names |= {_plain(name).rstrip("."): month for month, name in forms[width].items()}
    return names


@cache
def _quarters() -> dict[tuple[str, ...], tuple[int, int]]:
    """The words for a quarter, with its first and last month: those of CLDR, and its noun with any number."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    nouns = set(QUARTERS.split())
    for language in LANGUAGES.split():
        for forms in Locale.parse(language).quarters.values():
            for width in ("wide", "abbreviated"):
                said = {number: tuple(WORDS.findall(_plain(name))) for number, name in forms[width].items()}
                found |= {words: (3 * number - 2, 3 * number) for number, words in said.items()}
                common = set.intersection(*(set(words) for words in said.values()))
                nouns |= {max(common, key=len)} if common else set()
    for noun in nouns:
        found |= {words: (3 * number - 2, 3 * number) for words, number in _numbered(noun, 4)}
    alone = {written: number for roman, number in ROMAN.items() for written in (roman, roman.replace("i", "і"))}
    return found | {(written,): (3 * number - 2, 3 * number) for written, number in alone.items()}


@cache
def _halves() -> dict[tuple[str, ...], tuple[int, int]]:
    return {words: (6 * number - 5, 6 * number) for noun in HALVES.split() for words, number in _numbered(noun, 2)}


def _numbered(noun: str, count: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """`noun` with a number before or after it: 1, I (in Latin or Cyrillic letters), 1-й, 1st."""
    for roman, number in list(ROMAN.items())[:count]:
        for written in (str(number), roman, roman.replace("i", "і")):
            yield (written, noun), number
            yield (noun, written), number
        for ending in ("й", "е", "st", "nd", "rd", "th", "ci", "cu", "ші", "шы", "чи", "нчи", "er", "re", "e", "o"):
            yield (str(number), ending, noun), number
