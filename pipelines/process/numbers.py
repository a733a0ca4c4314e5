"""The SQL of a value cell: its number, the mark that stands in its place, and the status a mark means."""

import re

from pipelines.contract import Source


def cast(cell: str, source: Source) -> str:
    """The cell as a number where it is one as it stands; `number` looks at it again."""
    return f"TRY_CAST({_plain(cell, source)} AS DOUBLE)"


def number(cell: str, source: Source) -> str:
    """The number in a cell, or NULL; `v_cast` is its cast, so that only cells which are no plain number cost more."""
    plain = _plain(cell, source)
    number = f"CASE WHEN {_finite('v_cast', plain)} THEN v_cast ELSE {_spaced(plain)} END"
    if source.labels:
        words = {word.lower(): repr(float(value)) for word, value in source.labels.items()}
        number = f"coalesce({case(f'lower(trim({cell}))', words)}, {number})"
    numeric = [mark for mark in source.missing if re.fullmatch(r"[+-]?[\d.,]+", mark) and re.search(r"\d", mark)]
    if numeric:
        number = f"CASE WHEN trim({cell}) NOT IN ({', '.join(map(quoted, numeric))}) THEN {number} END"
    return number


def _plain(cell: str, source: Source) -> str:
    """The text of a cell with its marks as DuckDB wants them."""
    for unwanted in source.thousands:
        cell = f"replace({cell}, {quoted(unwanted)}, '')"
    return cell if source.decimal == "." else f"replace({cell}, {quoted(source.decimal)}, '.')"


def _spaced(text: str) -> str:
    """The number between blanks the cast does not know."""
    cast = f"TRY_CAST(trim({text}) AS DOUBLE)"
    return f"CASE WHEN {_finite(cast, text)} THEN {cast} END"


def _finite(number: str, text: str) -> str:
    """DuckDB's cast takes `nan`, `inf` and `1_000` too."""
    return f"isfinite({number}) AND NOT contains({text}, '_')"


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
