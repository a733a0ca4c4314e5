"""The SQL of a value cell: its number, the marks beside it or in its place, and the status they mean."""

import re

from pipelines.process.flags import BRACKETS, MISSING, after_value, mark_pattern
from pipelines.source import Source

BLANKS = " \t\r\n\u00a0\u2007\u2009\u202f\ufeff"
CELL = "v_value"


def measured(rows: str, source: Source, beside: list[str]) -> str:
    """The rows with `v_number`, `v_mark` (the status of a mark in its place) and, where there are any, `v_marks`.

    A cell that is a number as it stands costs one cast; only the others are looked at again.

    Args:
        beside: further columns with marks that concern the value.
    """
    sql = f"SELECT *, {_cast(source)} AS v_cast FROM ({rows})"
    text = f"trim({CELL}, {quoted(BLANKS)})"
    if source.flags:
        sql = f"SELECT *, {_parts(text, source)} AS v_parts FROM ({sql})"
        text = f"coalesce(nullif(v_parts.text, ''), {text})"
        beside = ["trim(v_parts.flag)", *beside]
    sql = f"SELECT *, {_number(text, source)} AS v_number FROM ({sql})"
    sql = f"SELECT *, {_mark(text, source)} AS v_mark FROM ({sql})"
    if beside:
        marks = ", ".join(f"nullif({column}, '')" for column in beside)
        sql = f"SELECT *, nullif(concat_ws('; ', {marks}), '') AS v_marks FROM ({sql})"
    return sql


def flagged(source: Source) -> str:
    """The status the marks in `v_marks` mean: the first in the contract's order; one for missing only where it is."""
    branches = " ".join(
        f"WHEN {'v_number IS NULL AND ' if code in MISSING else 'v_number IS NOT NULL AND '}"
        f"regexp_matches(v_marks, {quoted(mark_pattern(mark))}) THEN {quoted(code)}"
        for mark, code in source.flags.items()
        if code != "A"  # a footnote, no status
    )
    return f"CASE {branches} END" if branches else "NULL"


def _cast(source: Source) -> str:
    """The cell as a number where it is one as it stands."""
    if source.decimal == ".":
        return f"TRY_CAST({CELL} AS DOUBLE)"
    plain = f"TRY_CAST(replace({CELL}, {quoted(source.decimal)}, '.') AS DOUBLE)"
    return f"CASE WHEN NOT contains({CELL}, '.') THEN {plain} END"


def _parts(text: str, source: Source) -> str:
    """A cell that is no number as its text and the flags behind or around it."""
    parts = "NULL"
    if set(source.flags) - {BRACKETS}:
        parts = f"regexp_extract({text}, {quoted(after_value(source.flags))}, ['text', 'flag'])"
    if BRACKETS in source.flags:
        inner = f"{{'text': trim({text}[2:-2]), 'flag': {quoted(BRACKETS)}}}"
        parts = f"CASE WHEN regexp_matches({text}, '^\\(.*\\d.*\\)$') THEN {inner} ELSE {parts} END"
    return f"CASE WHEN v_cast IS NULL THEN {parts} END"


def _number(text: str, source: Source) -> str:
    """The number in a cell, or NULL. DuckDB's cast takes `nan`, `inf` and `1_000` too."""
    number = f"CASE WHEN isfinite(v_cast) AND NOT contains({CELL}, '_') THEN v_cast ELSE {_written(text, source)} END"
    if source.labels:
        words = {word.lower(): repr(float(value)) for word, value in source.labels.items()}
        number = f"coalesce({case(f'lower(trim({CELL}))', words)}, {number})"
    numeric = [mark for mark in source.missing if re.fullmatch(r"[+-]?[\d.,]+", mark) and re.search(r"\d", mark)]
    if numeric:
        number = f"CASE WHEN trim({CELL}) NOT IN ({', '.join(map(quoted, numeric))}) THEN {number} END"
    return number


def _written(text: str, source: Source) -> str:
    """A number between blanks, with a long minus or in strict groups of three divided by one and the same mark."""
    decimal = re.escape(source.decimal)
    groups = "".join(rf"|\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+" for mark in source.thousands)
    grammar = rf"[-+−]?(?:\d+{groups})(?:{decimal}\d*)?(?:[eE][-+]?\d+)?"
    plain = f"replace({text}, '−', '-')"
    for mark in source.thousands:
        plain = f"replace({plain}, {quoted(mark)}, '')"
    if source.decimal != ".":
        plain = f"replace({plain}, {quoted(source.decimal)}, '.')"
    return f"CASE WHEN regexp_full_match({text}, {quoted(grammar)}) THEN TRY_CAST({plain} AS DOUBLE) END"


def _mark(text: str, source: Source) -> str:
    """The status a mark for a missing value means; `v_number` tells where to look for one."""
    marks = {written.strip().lower(): status(code, source) for written, code in source.missing.items()}
    found = case(f"lower(trim({CELL}, {quoted(BLANKS)}))", marks)
    if source.flags:
        found = f"coalesce({found}, {case(f'lower({text})', marks)})"
    return f"CASE WHEN v_number IS NULL THEN {found} END"


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
