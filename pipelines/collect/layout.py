"""Where the tables of a sheet lie: below which header, down to which row, and what stands beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.collect.table import Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import PERIOD_IN_NAME, Table, template


@dataclass(frozen=True)
class Place:
    """A table within rows counted from 0: its header, its body, and the row before which nothing else begins."""

    header: list[int]
    body: range
    limit: int
    said: dict[str, str]


def places(rows: Sequence[Sequence[str]], table: Table) -> Iterator[Place]:
    """Every place where a table of the contract lies.

    Raises:
        Unreadable: there is no header where the contract says it is.
    """
    starts = list(_starts(rows, table.starts_at)) if table.starts_at else [(0, {})]
    if not starts:
        raise no_start(table)
    limits = [start for start, _ in starts[1:]] + [len(rows)]
    for (start, said), limit in zip(starts, limits, strict=True):
        header = [start + n - 1 for n in table.header_rows]
        first = max(header) + 1
        if first > len(rows) or not any(text.strip() for text in rows[first - 1]):
            raise no_header(first)
        yield Place(header, range(first, _end(rows, first, limit, endings(table))), limit, said)


def no_header(row: int) -> Unreadable:
    """Nothing stands where the header should."""
    return Unreadable(
        Problem(
            kind="header",
            row=row,
            expected=say("a header row there"),
            remedy=say("Send the file with its header, or set `header_rows` in the contract."),
        )
    )


def no_start(table: Table) -> Unreadable:
    """Nowhere stands the text at which the table starts."""
    return Unreadable(
        Problem(
            kind="header",
            column=table.starts_at,
            expected=say("a cell with this text, at which the table starts"),
            remedy=say("Send the file with it, or correct `starts_at` in the contract."),
        )
    )


def endings(table: Table) -> re.Pattern[str] | None:
    """What the first text of a row looks like that ends a table."""
    patterns = [template(text, PERIOD_IN_NAME).pattern for text in table.ends_at]
    return re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE | re.DOTALL) if patterns else None


def first_text(row: Sequence[str]) -> str:
    """The first text of a row; none in a blank one."""
    return next((text.strip() for text in row if text.strip()), "")


def _starts(rows: Sequence[Sequence[str]], text: str) -> Iterator[tuple[int, dict[str, str]]]:
    pattern = template(text, PERIOD_IN_NAME)
    for i, row in enumerate(rows):
        found = next((match for cell in row if cell and (match := pattern.fullmatch(" ".join(cell.split())))), None)
        if found:
            yield i, found.groupdict()


def _end(rows: Sequence[Sequence[str]], first: int, limit: int, ends: re.Pattern[str] | None) -> int:
    """The row that ends a table; blank rows between header and body do not."""
    if ends is None:
        return limit
    begun = False
    for i in range(first, limit):
        text = first_text(rows[i])
        begun = begun or bool(text)
        if begun and ends.fullmatch(text):
            return i
    return limit
