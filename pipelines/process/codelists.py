"""Code lists of `warehouse/reference/`: one CSV each, `code` first, further columns are other schemes.

A scheme is how a source writes the same code: for areas `m49`, `iso2`, `unhcr`; for SDG indicators `open_sdg`. A list
that has `names` besides `name` lists there what the sources call it, in any language. Lookups ignore case and
surrounding blanks, and never guess.
"""

import csv
import difflib
from functools import lru_cache
from pathlib import Path

SEVERAL = "|"


def lookup(reference: Path, codelist: str, scheme: str) -> dict[str, str]:
    """Source code (lower case) to tidy code under one scheme; a cell may list several, split by `|`.

    Under the scheme `name` a code of the list itself is read too: an office that writes words for most writes M and F.

    Raises:
        KeyError: the code list has no such scheme.
    """
    listed = rows(reference, codelist)
    found = {row["code"].lower(): row["code"] for row in listed} if scheme == "name" else {}
    for row in listed:
        for text in (row[scheme] + SEVERAL + row.get(f"{scheme}s", "")).split(SEVERAL):
            if text.strip():
                found[text.strip().lower()] = row["code"]
                if text.strip().isdigit():
                    found[text.strip().lstrip("0") or "0"] = row["code"]
    return found


@lru_cache(maxsize=64)
def rows(reference: Path, codelist: str) -> tuple[dict[str, str], ...]:
    """A code list as it stands in its file.

    Raises:
        FileNotFoundError: there is no such code list.
    """
    with (reference / f"{codelist}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def nearest(value: str, known: list[str], count: int = 3) -> list[str]:
    """The closest known spellings, to be offered to a person, never to be used."""
    spelt = {name.lower(): name for name in known}
    return [spelt[name] for name in difflib.get_close_matches(value.lower(), spelt, n=count, cutoff=0.4)]
