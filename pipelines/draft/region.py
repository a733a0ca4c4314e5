"""Where the table lies in a sheet: rows of headers, rows with figures, and what stands above and below them."""

import re
from dataclasses import dataclass
from itertools import pairwise

FIGURE = re.compile(r"[-+−(]?\d[\d\s\u00a0\u202f.,']*\)?\s?%?\W{0,3}[a-zA-Z]?\W?")
YEAR = re.compile(r"(?:1[89]|20|21)\d\d")
NOTE = re.compile(r"\*|[¹²³]|\d{1,2}\)|\(\d{1,2}\)|[^\W\d]+:\s")
MOST_HEADERS = 6
ABOVE = 60


@dataclass(frozen=True)
class Region:
    """Header rows counted from 0, the number of figures in the body, and the text that ends it (empty: a blank row).

    `again` is a row below it with the same header, where another table begins.
    """

    header: list[int]
    figures: int
    ends_at: str | None = None
    again: int | None = None


def find_region(rows: list[list[str]]) -> Region | None:
    """The first table of a sheet; None if there is none."""
    kinds = [_figures(row) for row in rows]
    first = next((i for i in range(1, min(len(rows), ABOVE)) if _begins(rows, kinds, i)), None)
    if first is None:
        return None
    header = _header(rows, first)
    if not header:
        return None
    again = next((i for i in range(first + 1, len(rows)) if _texts(rows[i]) == _texts(rows[header[-1]])), None)
    limit = len(rows) if again is None else again - header[-1] + header[0]
    last = max(i for i in range(first, limit) if kinds[i])
    note = next((i for i in range(last + 1, limit) if _is_note(rows, i, header)), None if again is None else limit)
    ends_at = None
    if note is not None:
        blank_inside = any(not any(map(str.strip, row)) for row in rows[first : last + 1])
        blank_above = any(not any(map(str.strip, row)) for row in rows[last + 1 : note])
        ends_at = "" if blank_above and not blank_inside else _beginning(rows[note])
    return Region(header, sum(kinds[first : last + 1]), ends_at, again)


def plain_region(rows: list[list[str]]) -> Region | None:
    """A table without any figure yet: headers in the first row, and rows as wide below it."""
    if len(rows) < 2 or len([cell for cell in rows[0] if cell.strip()]) < 2 or len(rows[1]) != len(rows[0]):
        return None
    return Region([0], 0)


def is_numbering(row: list[str]) -> bool:
    """A row that numbers the columns: 1, 2, 3 ..., perhaps after a letter."""
    cells = [cell.strip() for cell in row if cell.strip()]
    numbers = [cell for cell in cells if cell.isdigit()]
    steps = [int(b) - int(a) for a, b in pairwise(numbers)]
    return len(numbers) >= 3 and len(cells) - len(numbers) <= 1 and int(numbers[0]) < 3 and set(steps) == {1}


def _numbers_periods(row: list[str]) -> bool:
    """A row of quarters or months below their years, and no label: 1, 2, 3, 4, 1, 2, 3, 4."""
    numbers = [cell.strip() for cell in row if cell.strip()]
    return any(
        len(numbers) > count and numbers == [str(i % count + 1) for i in range(len(numbers))] for count in (4, 12)
    )


def _texts(row: list[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _figures(row: list[str]) -> int:
    """How many figures a row of the body holds; none in a row of years or of numbers of columns."""
    cells = [cell.strip() for cell in row if cell.strip()]
    found = [cell for cell in cells if FIGURE.fullmatch(cell)]
    if len(cells) < 2 or not found or is_numbering(row) or _numbers_periods(row):
        return 0
    only_years = all(YEAR.match(cell) for cell in found)
    return 0 if only_years and (len(found) > 1 or len(cells) > 4 * len(found)) else len(found)


def _begins(rows: list[list[str]], kinds: list[int], i: int) -> bool:
    """Whether the body begins in a row: it and most of those that follow hold figures, and a header stands above."""
    following = [kinds[j] > 0 for j in range(i, min(i + 8, len(rows))) if any(map(str.strip, rows[j]))]
    return kinds[i] > 0 and 2 * sum(following) >= len(following) and bool(_header(rows, i))


def _header(rows: list[list[str]], first: int) -> list[int]:
    """The rows right above the body with more than a title in them."""
    found: list[int] = []
    for i in range(first - 1, max(-1, first - 1 - 2 * MOST_HEADERS), -1):
        cells = [j for j, cell in enumerate(rows[i]) if cell.strip()]
        if is_numbering(rows[i]):
            continue
        if len(cells) > 1 or (found and cells and cells[0] > 0):
            found.append(i)
        elif found or len(rows[i]) == 1:
            break
    return sorted(found)[-MOST_HEADERS:]


def _is_note(rows: list[list[str]], i: int, header: list[int]) -> bool:
    """A row below the figures that holds one text only: long, marked, shorter than the header, or below a blank row."""
    cells = [cell.strip() for cell in rows[i] if cell.strip()]
    if len(cells) != 1 or YEAR.fullmatch(cells[0]):
        return False
    alone = len(rows[i]) == 1 < len(rows[header[-1]]) or not any(map(str.strip, rows[i - 1]))
    return alone or len(cells[0]) > 25 or bool(NOTE.match(cells[0]))


def _beginning(row: list[str]) -> str | None:
    """How the contract names a row by its first text; what means something else in a pattern may be anything."""
    text = re.sub(r"[{}*|\n]+", "*", next((cell.strip() for cell in row if cell.strip()), ""))
    if len(re.sub(r"\W", "", text[:40])) < 4:
        return None
    return text if len(text) <= 40 else f"{text[:40].rstrip()}*"
