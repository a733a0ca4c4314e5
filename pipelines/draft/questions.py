"""What only a person can say of a file nobody has described yet, in sentences."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.draft.cells import Writing
from pipelines.draft.roles import Role
from pipelines.draft.shape import Shape, said_by, two_years
from pipelines.draft.sight import Sight
from pipelines.language import say
from pipelines.process.areas import area_names

NAMED = 8


def questions(sight: Sight, shape: Shape, writing: Writing, named: bool, reference: Path) -> dict[str, list[str]]:
    """What only a person can say, by what it is about."""
    odd = [text for role in shape.columns.values() if role.kind == "area" for text in role.odd]
    areas = say("Say under `codes` of the column which areas are meant by {names}.", names=_offers(odd, reference))
    key = say(
        "{n} of the first {count} rows give another figure for a key that is there already; say which further column "
        "belongs to the key (key: true), or ask the sender which figure holds.",
        n=shape.doubled,
        count=len(sight.rows),
    )
    return {
        "whole": list(_of_the_table(sight, shape, named)),
        "cells": list(_of_cells(sight, shape, writing)),
        "areas": [areas] if odd else [],
        "key": [key] if shape.doubled else [],
    }


def _of_the_table(sight: Sight, shape: Shape, named: bool) -> Iterator[str]:
    """What nothing in the file says of all its rows, and which parts of it are not read."""
    if "ref_area" not in shape.columns:
        yield say("Say which country or area the figures are about, as its ISO code, e.g. MDA.")
    if "time_period" not in said_by(shape) and not named:
        yield say("Say which period the figures are about, e.g. 2024.")
    if loose := sight.layout.get("ignore_columns"):
        yield say(
            "No header names the column {columns}, so it is not read; if it is wanted, give it one.",
            columns=some_of(loose),
        )
    if sight.others:
        yield say("Only one table is read; say whether these are wanted too: {tables}.", tables=some_of(sight.others))


def _of_cells(sight: Sight, shape: Shape, writing: Writing) -> Iterator[str]:
    """How cells are read that could be read otherwise."""
    if writing.ambiguous:
        yield say(
            "“{value}” is read with “,” between thousands; if it is a decimal mark, say so.", value=writing.ambiguous
        )
    if writing.open_marks:
        yield say(
            "Say what is meant by {marks}: in place of a figure (`missing`), O not available, M "
            'cannot exist, Q confidential, or `labels: {{"-": 0}}` for zero; beside one '
            "(`flags`), A a footnote.",
            marks=some_of(writing.open_marks),
        )
    if blank := [role.header for name, role in shape.columns.items() if has_totals(name, role, shape, sight)]:
        yield say(
            "An empty cell in {columns} is read as the total (_T); if it is not one, say what it is.",
            columns=some_of(blank),
        )
    if fiscal := two_years(shape):
        yield say("“{text}” is stored as its first year; if its second counts, write `end`.", text=fiscal)
    period = shape.columns.get("time_period")
    if period and period.dates:
        yield say("“{text}” is read as day, month, year; if the month comes first, write `mdy`.", text=period.texts[0])


def has_totals(name: str, role: Role, shape: Shape, sight: Sight) -> bool:
    """Whether a column of the key has empty cells, to be read as the total."""
    return name in shape.keys and role.kind != "period" and not role.above and _blank(role, sight)


def _blank(role: Role, sight: Sight) -> bool:
    return any(not row[role.index] for row in sight.rows)


def _offers(odd: list[str], reference: Path) -> str:
    remedies = " ".join(filter(None, (area_names(reference).remedy(name) for name in odd[:3])))
    return some_of(odd) + (f" ({remedies})" if remedies else "")


def some_of(names: list[str]) -> str:
    """Names for a sentence, the first few of them."""
    shown = ", ".join(say("“{text}”", text=" ".join(name.split())[:60]) for name in names[:NAMED])
    return shown + (say(" and {n} more", n=len(names) - NAMED) if len(names) > NAMED else "")
