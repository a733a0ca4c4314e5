"""The SQL of a value cell: its number, the mark that stands in its place, and the status a mark means."""

import re

from pipelines.contract import Source


def number(cell: str, source: Source) -> str:
    """The number in a cell, or NULL. A cell that is one as it stands costs one cast; only the others are looked at."""
    plain = cell
    for unwanted in source.thousands:
        plain = f"replace({plain}, {quoted(unwanted)}, '')"
    if source.decimal != ".":
        plain = f"replace({plain}, {quoted(source.decimal)}, '.')"
    number = f"coalesce({_finite(plain)}, {_finite(f'trim({plain})')})"
    if source.labels:
        words = {word.lower(): repr(float(value)) for word, value in source.labels.items()}
        number = f"coalesce({case(f'lower(trim({cell}))', words)}, {number})"
    numeric = [mark for mark in source.missing if re.fullmatch(r"[+-]?[\d.,]+", mark) and re.search(r"\d", mark)]
    if numeric:
        number = f"CASE WHEN trim({cell}) NOT IN ({', '.join(map(quoted, numeric))}) THEN {number} END"
    return number


def _finite(text: str) -> str:
    """A cast that takes no `nan`, no `inf` and no `1_000`, which DuckDB's own does."""
    cast = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN isfinite({cast}) AND NOT contains({text}, '_') THEN {cast} END"


def mark(cell: str, source: Source) -> str:
    """The status a mark for a missing value means; `v_number` tells where to look for one."""
    marks = {written.lower(): status(code, source) for written, code in source.missing.items()}
    return f"CASE WHEN v_number IS NULL THEN {case(f'lower(trim({cell}))', marks)} END"


def status(code: str, source: Source) -> str:
    """A status as one of the few a source can give: written without looking at each row."""
    known = sorted({"A", *source.missing.values()})
    return f"CAST({quoted(code)} AS ENUM({', '.join(map(quoted, known))}))"


def case(subject: str, words: dict[str, str]) -> str:
    """A CASE that gives NULL for any word it does not know."""
    branches = " ".join(f"WHEN {quoted(word)} THEN {sql}" for word, sql in words.items())
    return f"CASE {subject} {branches} END" if words else "NULL"


def quoted(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def fixed(value: str) -> str:
    """A text that is the same in every row: as an enumeration it is written without looking at each row."""
    return f"CAST({quoted(value) if value else 'NULL'} AS ENUM({quoted(value)}))"
