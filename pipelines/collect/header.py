"""The header of a table: several rows of it, with merged and with blank cells, as one name per column."""

from collections.abc import Iterable, Sequence

SEPARATOR = " | "

Range = tuple[tuple[int, int], tuple[int, int]]


def filled(rows: Sequence[Sequence[str]], merged: Iterable[Range] = ()) -> list[list[str]]:
    """Header rows of equal length in which a parent stands above each of its columns.

    A merged cell (top left and bottom right place, both within the rows) covers exactly its columns. Where cells are
    only left blank, a parent reaches to the next text in its row or in one above it; the last row is not filled: an
    empty cell there is a column without a name of its own.
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[" ".join(row[i].split()) if i < len(row) else "" for i in range(width)] for row in rows]
    closed = set()
    for (top, left), (bottom, right) in merged:
        text = grid[top][left]
        for place in ((r, c) for r in range(top, bottom + 1) for c in range(left, min(right + 1, width))):
            closed.add(place)
            grid[place[0]][place[1]] = text if place[0] == top else ""
    bounds: set[int] = set()
    for depth, row in enumerate(grid[:-1]):
        own = {i for i, text in enumerate(row) if text and row[i - 1 : i] != [text]}
        carried = ""
        for i, text in enumerate(row):
            carried = "" if (depth, i) in closed or (not text and i in bounds) else text or carried
            row[i] = text or carried
        bounds |= own
    return grid


def joined(grid: list[list[str]]) -> list[str]:
    """One name per column, from top to bottom."""
    return [SEPARATOR.join(filter(None, column)) for column in zip(*grid, strict=True)]
