"""JSON documents, read whole: numbers stay as they are written, and no member is lost without a word."""

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

from pipelines.collect.table import Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source

LIMIT = 64 << 20  # in memory it is some ten times as large


def load(path: Path, source: Source) -> Any:
    """A JSON document with every number as text.

    Raises:
        Unreadable: not JSON, too large to be held in memory, or a member named twice.
    """
    if path.stat().st_size > LIMIT:
        raise Unreadable(
            Problem(
                kind="format",
                value=f"{path.stat().st_size >> 20} MB",
                expected=say("at most {size} MB of JSON in one document", size=LIMIT >> 20),
                remedy=say("Ask for it in parts, as JSON lines, as CSV or as Parquet."),
            )
        )
    try:
        return _parsed(path.read_text(encoding=encoding(source)))
    except (ValueError, RecursionError) as error:
        raise not_json(error) from error


def parse(text: str) -> Any:
    """One JSON value; raises ValueError."""
    return STRICT.decode(text)


def _parsed(text: str) -> Any:
    """The same of a long text, without looking at each object: there are as many members as signs that set one off.

    Where there are fewer, such a sign stands in a text, or a member is there twice.
    """
    found = DECODER.decode(text)
    count = _count_members(found)
    same = count == text.count(":") or count == sum(text.count(f"{before}:") for before in BEFORE_COLON)
    return found if same else parse(text)


def _count_members(document: Any) -> int:
    count, level = 0, [document]
    while _nested(level):
        objects = [value for value in level if type(value) is dict]
        lists = [value for value in level if type(value) is list and _nested(value)]
        count += sum(map(len, objects))
        level = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
    return count


def _nested(values: list[Any]) -> bool:
    return not {dict, list}.isdisjoint(map(type, values))


def encoding(source: Source) -> str:
    """The contract's encoding; a byte order mark is no part of the text."""
    return "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding


def at(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer (RFC 6901); None if nothing does."""
    for escaped in pointer.split("/")[1:]:
        part = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict):
            document = document.get(part)
        else:
            return None
    return document


def text_of(value: Any) -> str:
    """A JSON value as a cell: null is empty, the truth values are true and false."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts_of(values: Sequence[Any]) -> Sequence[str]:
    """JSON values as cells."""
    kinds = set(map(type, values))
    if kinds <= {str}:
        return values
    return ["" if v is None else v for v in values] if kinds <= {str, NoneType} else [text_of(v) for v in values]


def not_json(error: Exception, row: int | None = None) -> Unreadable:
    """What is wrong, and where, as the parser says it."""
    detail = say("it is nested too deeply") if isinstance(error, RecursionError) else " ".join(str(error).split())[:160]
    return Unreadable(
        Problem(
            kind="format",
            row=row,
            expected="JSON" if row is None else say("one JSON object in each line"),
            remedy=say(
                "The file is cut off or was written wrongly: ask the sender for it again ({detail}).", detail=detail
            ),
        )
    )


def _number(text: str) -> str:
    """A number as it is written; 2000.0 is 2000, as JSON knows no other difference."""
    return text.removesuffix(".0")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(say("member “{name}” is there twice", name=next(n for n in names if names.count(n) > 1)))
    return members


BEFORE_COLON = '" \t\r\n'
DECODER = json.JSONDecoder(parse_int=str, parse_float=_number)
STRICT = json.JSONDecoder(parse_int=str, parse_float=_number, object_pairs_hook=_members)
