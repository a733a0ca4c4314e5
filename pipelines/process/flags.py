"""Marks beside a value, a label or a header: flags such as `e` and `bep`, footnotes such as 1) and ¹, brackets.

The contract lists them with the status they mean, and a digit in a mark stands for any number: `1)` is also 12).
"""

import re
from collections.abc import Mapping

from pipelines.source import Status

BRACKETS = "()"
MISSING = frozenset("OMLQN")
RAISE = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
RAISED = "[⁰¹²³⁴⁵⁶⁷⁸⁹]+[⁾*]?"

Flags = Mapping[str, Status]


def after_value(flags: Flags) -> str:
    """Pattern of a text with marks behind it, in two groups; a number and a numbered mark are kept apart by a blank."""
    signs, numbered = _alternatives(flags)
    first = [rf"\s*(?:{signs})"] * bool(signs) + [rf"\s+(?:{numbered})"] * bool(numbered)
    any_mark = "|".join(filter(None, (signs, numbered)))
    return rf"^(.*?\S)((?:{'|'.join(first)})(?:[\s,;]*(?:{any_mark}))*)$"


def mark_pattern(mark: str) -> str:
    """A mark wherever it stands, also raised."""
    forms = dict.fromkeys((mark, mark.translate(RAISE)))
    return "|".join(re.sub(r"\d+", r"\\d{1,2}", re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", "[⁰¹²³⁴⁵⁶⁷⁸⁹]+", re.escape(f))) for f in forms)


def split_label(text: str, flags: Flags) -> tuple[str, str]:
    """A label or header and the marks behind it. Letters are part of a label; raised digits never are."""
    signs, numbered = _alternatives({mark: code for mark, code in flags.items() if not re.search(r"[^\W\d_]", mark)})
    signs = "|".join(filter(None, (signs, RAISED)))
    any_mark = "|".join(filter(None, (signs, numbered)))
    first = rf"\s*(?:{signs})" + (rf"|\s+(?:{numbered})|(?<=\D)(?:{numbered})" if numbered else "")
    found = re.fullmatch(rf"(.*?\S)((?:{first})(?:[\s,;]*(?:{any_mark}))*)", text, re.DOTALL)
    return (found[1], found[2].strip()) if found else (text, "")


def read_status(text: str, flags: Flags, own: Mapping[str, str]) -> str | None:
    """The status a text in a column of flags means: the contract's own word, its first flag in it, or a code."""
    if not text:
        return None
    if text.lower() in own:
        return own[text.lower()]
    if flags and re.fullmatch(rf"(?:(?:{'|'.join(map(mark_pattern, flags))})[\s,;]*)+", text):
        return next(code for mark, code in flags.items() if re.search(mark_pattern(mark), text))
    return text if text in Status.__args__ else None  # type: ignore[attr-defined]


def _alternatives(flags: Flags) -> tuple[str, str]:
    """The marks that begin with a sign or a letter, and those that begin with a digit, as patterns; longest first."""
    marks = sorted((mark for mark in flags if mark != BRACKETS), key=len, reverse=True)
    signs = [mark for mark in marks if not mark[0].isdecimal()]
    raised = [mark.translate(RAISE) for mark in marks if mark[0].isdecimal()]
    numbered = [re.sub(r"\d+", r"\\d{1,2}", re.escape(mark)) for mark in marks if mark[0].isdecimal()]
    return "|".join(mark_pattern(mark) for mark in [*signs, *raised]), "|".join(numbered)
