"""The header of a table: several rows of it, merged cells, broken words and footnote marks, as one name per column."""

import re
from collections.abc import Iterable

SEPARATOR = " | "
BROKEN = re.compile(r"(?<=\w)[-\u00ad]\s*\n\s*(?=[^\W\d_])(?![A-ZА-ЯЁ])")
YEAR = re.compile(r"(?:1[89]|20|21)\d\d")
MARKED_YEAR = re.compile(rf"({YEAR.pattern})\s*([⁰¹²³⁴⁵⁶⁷⁸⁹⁾ᵃ-ᶻ]+|\*+|[(]?\d[)])")
GLUED_YEAR = re.compile(rf"({YEAR.pattern})(\d)")

Range = tuple[tuple[int, int], tuple[int, int]]


def filled(rows: list[list[str]], merged: Iterable[Range] = ()) -> list[list[str]]:
    """Header rows of equal length in which a parent stands above each of its columns.

    A merged cell (top left and bottom right place, both within the rows) covers exactly its columns. Where cells are
    only left blank, a parent reaches to the next text; the last row is not filled: an empty cell there is a column
    without a name of its own.
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[_words(row[i]) if i < len(row) else "" for i in range(width)] for row in rows]
    closed = set()
    for (top, left), (bottom, right) in merged:
        text = grid[top][left]
        for place in ((r, c) for r in range(top, bottom + 1) for c in range(left, min(right + 1, width))):
            closed.add(place)
            grid[place[0]][place[1]] = text if place[0] == top else ""
    for depth, row in enumerate(grid[:-1]):
        carried = ""
        for i, text in enumerate(row):
            carried = "" if (depth, i) in closed else text or carried
            row[i] = text or carried
    return grid


def joined(grid: list[list[str]]) -> list[str]:
    """One name per column, from top to bottom."""
    return [SEPARATOR.join(filter(None, column)) for column in zip(*grid, strict=True)]


def unmarked(row: list[str]) -> tuple[list[str], dict[int, str]]:
    """A header row whose years are free of footnote marks, and the marks by position.

    `2022¹` and `2022*` show their mark; the superscript of `20221` is lost in the file, but no year has five digits
    and it stands where its first four continue the years beside it.
    """
    texts, marks = list(row), {}
    for i, text in enumerate(row):
        found = MARKED_YEAR.fullmatch(text)
        if found is None and (glued := GLUED_YEAR.fullmatch(text)) and _continues(texts, i, int(glued[1])):
            found = glued
        if found:
            texts[i], marks[i] = found[1], found[2]
    return texts, marks


def _continues(row: list[str], place: int, year: int) -> bool:
    """Whether a year would stand in its order: after the year to its left and before that to its right."""
    before = [int(text) for text in row[:place] if YEAR.fullmatch(text)]
    after = [int(text[:4]) for text in row[place + 1 :] if re.fullmatch(YEAR.pattern + r"\d?", text)]
    return bool(before or after) and (not before or before[-1] <= year) and (not after or year <= after[0])


def _words(text: str) -> str:
    return " ".join(BROKEN.sub("", text).split())
