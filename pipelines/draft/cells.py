"""How figures are written in a table: decimal mark, thousands, marks for missing values, flags behind a number."""

import re
from dataclasses import dataclass, field

from pipelines.draft.roles import ERROR

KNOWN_MISSING = {"..": "O", "...": "O", "…": "O", ":": "O", ".": "O", "n/a": "O", "na": "O", "nan": "O", "c": "Q"}
EUROSTAT = {"b": "B", "e": "E", "p": "P", "u": "U", "d": "D", "f": "F", "i": "I", "r": "A", "s": "E", "c": "Q"}
MARK_AND_FLAG = re.compile(r"(\S+)\s+(\w{1,3})")
BLANKS = " \u00a0\u2007\u2009\u202f"
FLAGGED = re.compile(r"[-+−]?\d[\d\s.,]*?(\s*[^\d\s.,%]{1,3}\)?|\s+\d\)|[¹²³⁴⁵⁶⁷⁸⁹]\)?)")
BRACKETED = re.compile(r"\([\d\s.,]+\)")


@dataclass
class Writing:
    """What the contract's source says of the figures; `open_marks` is what a person must say the meaning of."""

    decimal: str = "."
    thousands: str = ""
    ambiguous: str = ""
    missing: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    open_marks: list[str] = field(default_factory=list)


def writing_of(texts: list[str]) -> Writing:
    """Read it off the distinct texts of all columns of figures."""
    writing = Writing()
    numbers = []
    for text in texts:
        if ERROR.fullmatch(text):
            continue  # an error of its cell, and nothing a contract should allow
        if text.endswith("%"):
            writing.flags["%"] = "A"
            text = text[:-1].strip()
        if BRACKETED.fullmatch(text):
            _open(writing, writing.flags, "()", "A")
            text = text[1:-1]
        flagged = FLAGGED.fullmatch(text)
        if flagged and not re.fullmatch(r"[eE]", flagged[1].strip()[:1] or "-"):
            mark = flagged[1].strip()
            if mark in EUROSTAT:
                writing.flags[mark] = EUROSTAT[mark]
            else:
                _open(writing, writing.flags, mark, "A")
            text = text[: flagged.start(1)]
        elif flagged:
            writing.flags[flagged[1].strip()] = "E"
            text = text[: flagged.start(1)]
        marked = MARK_AND_FLAG.fullmatch(text)
        if marked and marked[1] in KNOWN_MISSING and marked[2] in EUROSTAT:  # Eurostat's `: c`
            writing.flags[marked[2]] = EUROSTAT[marked[2]]
            text = marked[1]
        if re.search(r"\d", text):
            numbers.append(text.strip())
        elif text.lower() in KNOWN_MISSING:
            writing.missing[text] = KNOWN_MISSING[text.lower()]
        else:
            _open(writing, writing.missing, text, "O")
    _marks(writing, numbers)
    return writing


def _open(writing: Writing, marks: dict[str, str], mark: str, status: str) -> None:
    if mark not in marks:
        marks[mark] = status
        writing.open_marks.append(mark)


def _marks(writing: Writing, numbers: list[str]) -> None:
    """Decimal and thousands marks; three digits behind a single mark could be either."""
    groups = {mark for mark in [*BLANKS, "'", "’"] if any(re.search(rf"\d{mark}\d{{3}}", n) for n in numbers)}
    commas = [n for n in numbers if "," in n]
    dots = [n for n in numbers if "." in n]
    if any(n.rfind(".") > n.rfind(",") >= 0 for n in numbers) or any(n.count(",") > 1 for n in commas):
        groups.add(",")
    elif any(n.rfind(",") > n.rfind(".") >= 0 for n in numbers) or any(n.count(".") > 1 for n in dots):
        groups.add(".")
        writing.decimal = ","
    elif commas and not dots:
        writing.decimal = ","
        if all(re.search(r"^\D?[1-9]\d{0,2},\d{3}$", n) for n in commas):
            writing.decimal, writing.ambiguous = ".", commas[0]
            groups.add(",")
    writing.thousands = "".join(sorted(groups))
