"""Bare labels below another: men and women in the rows under each region, which only the row above tells apart."""

from pathlib import Path

from pipelines.draft.roles import Role, sexes
from pipelines.draft.sight import Sight

FEWEST = 2  # regions with men and women of their own


def sexes_below(role: Role, sight: Sight, reference: Path) -> Role | None:
    """A column of sexes read off a column of labels, where men and women stand below each label; None if they do not.

    The labels are filled down in the rows of `sight`, which get the sexes as one more column.
    """
    known = {text: sexes(reference, "name").get(text.lower()) for text in role.texts}
    words = {text: code for text, code in known.items() if code in ("M", "F")}
    cells = [row[role.index] for row in sight.rows]
    below = [cell for cell in cells if cell in words]
    if set(words.values()) != {"M", "F"} or len(below) < 2 * FEWEST or not cells or cells[0] in words:
        return None
    last = ""
    rows = []
    for row, cell in zip(sight.rows, cells, strict=True):
        last = last if cell in words else cell
        rows.append([*row[: role.index], last, *row[role.index + 1 :], words.get(cell, "_T")])
    sight.rows = rows
    sight.header = [*sight.header, ""]
    role.texts = [text for text in role.texts if text not in words]
    role.odd = [text for text in role.odd if text not in words]
    role.above = list(words)
    return Role(role.header, len(sight.header) - 1, "sex", ["_T", "M", "F"], codes={**words, "*": "_T"})
