"""PX, the format of PC-Axis: keywords in the beginning, then the cells of a cube, headings running fastest."""

import codecs
import re
from math import prod
from pathlib import Path

import numpy as np

from pipelines.collect.cube import Dimension, not_whole, rows_of
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import msgid, say
from pipelines.source import Source, Table

FORMAT = msgid("a PX file")
KEYWORD = re.compile(r'\s*([A-Z][A-Z0-9_-]*)(?:\[([\w-]*)\])?\s*(?:\(((?:"[^"]*"|[^")])*)\))?\s*=\s*')
PART = re.compile(r'"([^"]*)"|([^\s",;]+)|(,)')
CELL = re.compile(r'"([^"]*)"|([^\s",;]+)')
TIME_LIST = re.compile(r"TLIST\(\s*([AHQMW])1?\s*(?:,[^)]*)?\)\s*,?")
END = re.compile(r'(?:[^";]|"[^"]*")*')


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the cube of a PX file. The marks for missing values (`"."`, `".."`, `"-"`) stay as they are written.

    A column holds what TIMEVAL, else CODES, else VALUES says of its variable, in the file's main language. A file with
    KEYS leaves out rows; they are no rows, and told.

    Raises:
        Unreadable: the encoding is neither in the contract nor rightly in the file, or parts do not fit.
    """
    keywords, cells = _parsed(_decoded(path, source))
    variables = [name for place in ("STUB", "HEADING") for name in keywords.get((place, ""), [])]
    if not variables:
        raise not_whole(FORMAT, say("the variables of its rows and columns (STUB, HEADING)"))
    dimensions = [_dimension(name, keywords) for name in variables]
    if "KEYS" in (name for name, _ in keywords):
        return [_keyed(dimensions, keywords, cells, table)]
    count = prod(len(d.codes) for d in dimensions)
    if len(cells) != count:
        found = say("{n} cells", n=len(cells))
        raise not_whole(
            FORMAT, say("one cell for each of the {count} combinations of its values", count=count), found, "DATA"
        )
    return [rows_of(dimensions, {"value": cells}, table)]


def _keyed(
    dimensions: list[Dimension], keywords: dict[tuple[str, str], list[str]], cells: list[str], table: Table
) -> RawTable:
    """A cube whose rows each begin with the keys of their variables, VALUES or CODES as KEYS says for each."""
    stubs = keywords.get(("STUB", ""), [])
    said = [keywords.get((" ".join(keywords.get(("KEYS", name), [])), name), []) for name in stubs]
    if not stubs or not all(said):
        raise not_whole(FORMAT, say("KEYS, VALUES or CODES, for each variable of its rows (STUB)"))
    width = prod(len(d.codes) for d in dimensions[len(stubs) :])
    if len(cells) % (len(stubs) + width):
        expected = say("rows of {keys} keys and {cells} cells each", keys=len(stubs), cells=width)
        raise not_whole(FORMAT, expected, say("{n} keys and cells", n=len(cells)), "DATA")
    places: list[int] = []
    values: list[str] = []
    for start in range(0, len(cells), len(stubs) + width):
        row = 0
        for name, words, key in zip(stubs, said, cells[start : start + len(stubs)], strict=True):
            if key not in words:
                raise not_whole(FORMAT, say("keys that are values of their variable"), key, name)
            row = row * len(words) + words.index(key)
        places += range(row * width, (row + 1) * width)
        values += cells[start + len(stubs) : start + len(stubs) + width]
    if len(set(places)) < len(places):
        raise not_whole(FORMAT, say("one row for each key, not two"), column="DATA")
    order = np.argsort(np.array(places, dtype=np.int64))
    raw = rows_of(dimensions, {"value": [values[i] for i in order]}, table, np.array(places, dtype=np.int64)[order])
    left_out = prod(len(d.codes) for d in dimensions) - len(places)
    if left_out:
        expected = say("a cell for each combination; {n} of them have none", n=left_out)
        remedy = say("The sender left these rows out (KEYS); ask whether that means zero. They are not read as zero.")
        raw.problems.append(Problem(kind="no row", expected=expected, remedy=remedy))
    return raw


def _decoded(path: Path, source: Source) -> str:
    """The text: the contract's encoding wins, then what the file says of itself, then UTF-8 if it is that."""
    raw = path.read_bytes()
    if "encoding" in source.model_fields_set:
        tried = [source.encoding]
    else:
        said = re.search(rb'CODEPAGE\s*=\s*"([^"]*)"', raw[:4096])
        tried = [said[1].decode("ascii", "replace")] if said else []
        tried.append("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8")
    for encoding in tried:
        try:
            return raw.decode("utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    charset = re.search(rb'CHARSET\s*=\s*"([^"]*)"', raw[:4096])
    expected = say("text in the encoding {encodings}", encodings=say(" or ").join(tried))
    if charset:
        named = charset[1].decode("ascii", "replace")
        expected = say("{expected}; the file says only “{said}” of itself", expected=expected, said=named)
    raise Unreadable(
        Problem(
            kind="format",
            expected=expected,
            remedy=say(
                "Set `encoding` in the contract to the sender's, such as windows-1251, windows-1252 or iso8859-15."
            ),
        )
    )


def _parsed(text: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """Keywords with their parts, by name and variable, and the cells; other languages than the main one are left."""
    keywords: dict[tuple[str, str], list[str]] = {}
    place = 0
    while found := KEYWORD.match(text, place):
        name, language, variable = found[1], found[2], (found[3] or "").strip().strip('"')
        if name == "DATA":
            last = len(text.rstrip("\x1a\x00 \r\n"))  # old programs end a file with a sign of their own
            return keywords, [quoted or bare for quoted, bare in CELL.findall(text, found.end(), last)]
        end = END.match(text, found.end())
        place = end.end() + 1 if end else len(text)
        if language is None:
            keywords[name, variable] = _parts(name, text[found.end() : place - 1])
    raise not_whole(FORMAT, say("its cells after DATA="), text[place : place + 60].strip() or None)


def _parts(name: str, value: str) -> list[str]:
    """The parts of a value; a text may go on in the next line, even within a word."""
    parts: list[str] = []
    if name == "TIMEVAL":
        unit = TIME_LIST.match(value)
        parts, value = ([unit[1]], value[unit.end() :]) if unit else ([""], value)
    new = True
    for quoted, bare, comma in PART.findall(value):
        if comma:
            new = True
        elif new:
            parts.append(_unwrapped(quoted) or bare)
            new = False
        else:
            parts[-1] += _unwrapped(quoted) or bare
    return parts


def _unwrapped(text: str) -> str:
    return re.sub(r"[\r\n]+", "", text)


def _dimension(name: str, keywords: dict[tuple[str, str], list[str]]) -> Dimension:
    labels = keywords.get(("VALUES", name), [])
    unit, *periods = keywords.get(("TIMEVAL", name), [""])
    codes = keywords.get(("CODES", name), labels)
    if unit and len(periods) == len(labels or codes):
        codes = [_period(unit, period) for period in periods]
    if not codes or len(codes) != len(labels or codes):
        raise not_whole(
            FORMAT,
            say("as many CODES as VALUES of this variable"),
            say("{codes} and {labels}", codes=len(codes), labels=len(labels)),
            name,
        )
    if len(set(codes)) < len(codes):
        twice = next(code for code in codes if codes.count(code) > 1)
        raise not_whole(FORMAT, say("each value of this variable once"), twice, name)
    return Dimension(name, codes, labels or codes)


def _period(unit: str, text: str) -> str:
    """TIMEVAL writes the quarter 2004Q1 as 20041 and the month 2004M01 as 200401."""
    return f"{text[:4]}{unit}{text[4:]}" if unit != "A" and text.isdecimal() and len(text) > 4 else text
