"""JSON documents, read whole: numbers stay as they are written, and no member is lost without a word."""

import json
from pathlib import Path
from typing import Any

from pipelines.collect.read import Unreadable
from pipelines.contract import Source
from pipelines.delivery import Problem

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
                expected=f"at most {LIMIT >> 20} MB of JSON in one document",
                remedy="Ask for it in parts, as JSON lines, as CSV or as Parquet.",
            )
        )
    try:
        return parse(path.read_text(encoding=encoding(source)))
    except (ValueError, RecursionError) as error:
        raise not_json(error) from error


def parse(text: str) -> Any:
    """One JSON value; raises ValueError."""
    return DECODER.decode(text)


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


def not_json(error: Exception, row: int | None = None) -> Unreadable:
    """What is wrong, and where, as the parser says it."""
    detail = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:160]
    return Unreadable(
        Problem(
            kind="format",
            row=row,
            expected="JSON" if row is None else "one JSON object in each line",
            remedy=f"The file is cut off or was written wrongly: ask the sender for it again ({detail}).",
        )
    )


def _number(text: str) -> str:
    """A number as it is written; 2000.0 is 2000, as JSON knows no other difference."""
    return text.removesuffix(".0")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"member “{next(n for n in names if names.count(n) > 1)}” is there twice")
    return members


DECODER = json.JSONDecoder(parse_int=str, parse_float=_number, object_pairs_hook=_members)
