"""How large a workbook is, looked at before it is read whole: a stray blank in its last cell makes it fill all memory.

calamine holds a sheet as one rectangle from the first used cell to the last, and its process ends where there is no
room for it. So the used cells are counted first, in the parts of the archive as they are unpacked. What else must be
known of the parts before they are parsed is looked for on the same way: unpacking takes longer than looking.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from openpyxl.utils.cell import column_index_from_string, get_column_letter

from pipelines.collect.archive import BROKEN, RATIO, RATIO_FROM
from pipelines.collect.table import Unreadable
from pipelines.delivery import Problem
from pipelines.language import say

MOST_CELLS = 1 << 24
MOST_BYTES = 2 << 30
BLOCK = 1 << 18
TAG = 256  # no tag that tells a place is longer
COLUMN = re.compile(rb"""r=["']([A-Za-z]{1,3})\d""")  # a pattern that begins with plain letters is found much faster
ROW = re.compile(rb"""row\s[^>]{0,200}?r=["'](\d{1,9})["']""")


def check(path: Path, telling: Sequence[re.Pattern[bytes]] = ()) -> set[str]:
    """Look at the parts of a workbook that is a zip archive; an old .xls cannot hold more than is taken.

    Returns:
        The names of the parts in which one of the patterns `telling` is found.

    Raises:
        Unreadable: it is broken, holds too much, or a cell lies too far out.
    """
    if not zipfile.is_zipfile(path):
        return set()
    left, found = MOST_BYTES, set()
    try:
        with zipfile.ZipFile(path) as book:
            for info in book.infolist():
                size, tells = _looked_at(book, info, left, telling)
                left -= size
                found |= {info.filename} if tells else set()
        return found
    except (*BROKEN, ValueError) as error:
        again = say("Open it in Excel and save it again as .xlsx, without a password ({error}).", error=error)
        raise _refused(say("a whole Excel or OpenDocument workbook"), again) from error


def check_cells(rows: int, columns: int, sheet: str) -> None:
    """Raises Unreadable where a sheet reaches too far."""
    if rows * columns > MOST_CELLS:
        raise _refused(
            say(
                "at most {most} million cells in a sheet; the last one used is in row {row}, column {letter}",
                most=MOST_CELLS >> 20,
                row=rows,
                letter=get_column_letter(columns),
            ),
            say("Delete the empty rows and columns after the table, or send it as CSV or Parquet."),
            sheet,
        )


def _looked_at(
    book: zipfile.ZipFile, info: zipfile.ZipInfo, left: int, telling: Sequence[re.Pattern[bytes]]
) -> tuple[int, bool]:
    """The size of a part when it is unpacked, and whether it tells something."""
    size, rows, columns, tells, before = 0, 0, 0, False, b""
    with book.open(info) as part:
        while block := part.read(BLOCK):
            size += len(block)
            if size > left or (size > RATIO_FROM and size > RATIO * info.compress_size):
                raise _refused(
                    say(
                        "at most {size} GB in a workbook, and at most {times} times its own size",
                        size=MOST_BYTES >> 30,
                        times=RATIO,
                    ),
                    say("It grows like one made to fill a disk: look at what made it, or send the table as CSV."),
                )
            text = before + block
            before = text[-TAG:]
            rows = max(rows, *map(int, ROW.findall(text)), 0)
            letters = {found.decode() for found in set(COLUMN.findall(text))}
            columns = max(columns, *map(column_index_from_string, letters), 0)
            tells = tells or any(pattern.search(text) for pattern in telling)
    check_cells(rows, columns, info.filename.rpartition("/")[2])
    return size, tells


def _refused(expected: str, remedy: str, sheet: str = "") -> Unreadable:
    return Unreadable(Problem(kind="format", sheet=sheet, expected=expected, remedy=remedy))
