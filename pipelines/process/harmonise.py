"""Harmonise: from a source's own layout to tidy SDMX-like columns, by contract, in one streamed pass.

A cell that cannot be read or a code that is not known is never guessed and never dropped: the row is
staged with its problem beside it, and the validation decides.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable, Unreadable
from pipelines.contract import ATTRIBUTES, Contract
from pipelines.delivery import Problem, Receipt, raw_file
from pipelines.language import msgid, say
from pipelines.process.corrections import Corrections
from pipelines.process.mapping import Mapping, map_table
from pipelines.process.places import further_columns
from pipelines.process.recode import recode
from pipelines.process.whose import misplaced, unknown_name
from pipelines.settings import Settings

log = logging.getLogger(__name__)

PROBLEMS_KEPT = 1000
RETYPED_ROWS, RETYPED_SHOWN = 3, 3  # of fewer rows nothing can be said
HASHES_AT_ONCE = 50_000_000
PLACE = "struct_pack(sheet := source_sheet, line := source_row)"
UNQUOTED = msgid("What stands there is not quoted, because the contract declares persons.")
READABLE = """(problems IS NULL OR NOT regexp_matches(problems, '"kind":"(cell|code|shape)"'))"""
REMEDIES = {
    "cell": msgid("Correct the cell, or say in the contract how the sender writes it."),
    "code": msgid("Correct it, or add what the sender writes to `codes` in the contract."),
    "lost text": msgid("Ask the sender for the file in an encoding that has these letters, such as UTF-8."),
    "shape": msgid("Give the column a name, or empty the cell."),
}
STATED = [a for a in ATTRIBUTES if a not in ("note", "source", "vintage")]


@dataclass
class Harmonised:
    """Staged Parquet of a delivery, with what was found on the way; `headers` says what the sender calls a column.

    Of a delivery about persons (`discreet`) no problem quotes what stands in the file.
    """

    discreet: bool = False
    files: list[Path] = field(default_factory=list)
    rows_read: int = 0
    rows_left_out: int = 0
    rows_discarded: int = 0
    rows_held: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def add(self, problems: list[Problem]) -> None:
        """Keep the first places of each kind and count them all."""
        for problem in problems:
            self.counts[problem.kind] = self.counts.get(problem.kind, 0) + 1
            if self.counts[problem.kind] <= PROBLEMS_KEPT:
                self.problems.append(_unquoted(problem) if self.discreet else problem)

    @property
    def laid_out(self) -> bool:
        """Whether the file had the layout the contract says, so that its content can be judged."""
        return not {"format", "header", "structure"} & self.counts.keys()


def harmonise(receipt: Receipt, contract: Contract, settings: Settings, folder: Path) -> Harmonised:
    """Stage one delivery as tidy Parquet in `folder`.

    Returns:
        The staged files with counts and problems; a file that cannot be read at all has no files.
    """
    result = Harmonised(discreet=bool(contract.persons))
    found = contract.source_of(Path(receipt.file_name))
    if found is None:
        result.add([unknown_name(receipt.file_name, contract, settings.contracts)])
        return result
    source, said = found
    said = {"vintage": receipt.edition or f"received {receipt.received_at:%Y-%m-%d}"} | contract.set | source.set | said
    con = duckdb.connect(config={"memory_limit": settings.memory_limit, "temp_directory": str(folder / "tmp")})
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET enable_progress_bar = false")
    remedies: dict[str, Callable[[str], str]] = {}
    corrections = Corrections.of(contract, receipt)
    unread: dict[tuple[str, ...], list[str]] = {}
    try:
        for number, (table, raw) in enumerate(read_tables(raw_file(receipt, settings), source, settings.contracts)):
            mapping = map_table(contract, source, table, raw, said, settings)
            other = misplaced(raw, contract, settings.contracts) if _has_other_columns(mapping) else None
            result.add([other] if other else mapping.problems)
            if result.laid_out:
                target = folder / f"{receipt.delivery_id}-{number}.parquet"
                _stage(con, raw, mapping, receipt, target, result, corrections)
            for problem in raw.problems:
                problem.sheet = problem.sheet or raw.sheet
            result.add(raw.problems)
            layout = (raw.sheet, *raw.header)  # of which several tables may each read a part
            unread[layout] = [name for name in unread.get(layout, mapping.further) if name in mapping.further]
            remedies |= mapping.remedies
            result.headers |= mapping.headers
        for (sheet, *_), names in unread.items():
            result.add(further_columns(sheet, names))
        result.add(corrections.problems + corrections.unmet() if result.laid_out else [])
    except Unreadable as error:
        result.add([error.problem])
    if result.laid_out:
        _cell_problems(con, result, remedies)
        _retyped(con, result)
        _future(con, result, receipt)
        _repeated_keys(con, contract, result, folder)
        _empty(con, result)
    else:
        result.files.clear()
    return result


def _unquoted(problem: Problem) -> Problem:
    """A problem without what was found; a header that is not where it should be may be somebody's name."""
    hidden: dict[str, object] = {"value": None}
    if problem.kind == "header":
        hidden |= {"expected": say("a column of this name" if problem.column else "a header"), "remedy": say(UNQUOTED)}
    return problem.model_copy(update=hidden)


def _has_other_columns(mapping: Mapping) -> bool:
    return any(problem.kind == "header" for problem in mapping.problems)


def _stage(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    mapping: Mapping,
    receipt: Receipt,
    target: Path,
    result: Harmonised,
    corrections: Corrections,
) -> None:
    """Write one source table as tidy Parquet, corrected where the contract says so."""
    corrected = corrections.applied(raw)
    seen = [0]
    broken: list[Unreadable] = []

    def counted() -> Iterator[pa.RecordBatch]:
        try:
            for batch in corrected:
                seen[0] += batch.num_rows
                yield batch
        except Unreadable as error:
            broken.append(error)
            raise

    rows = pa.RecordBatchReader.from_batches(corrected.schema, counted())
    con.register("raw", recode(rows, mapping.flat, mapping.recodings))
    sql = mapping.sql({"delivery_id": receipt.delivery_id, "source_sheet": raw.sheet})
    try:
        written = con.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, PARQUET_VERSION v2)").fetchall()[0][0]
    except duckdb.Error:
        if broken:  # the file cannot be read to its end; DuckDB would say so in a traceback
            raise broken[0] from None
        raise
    con.unregister("raw")
    result.files.append(target)
    discarded = corrections.discarded * mapping.values_per_row
    result.rows_discarded += discarded
    result.rows_read += written + discarded
    result.rows_left_out += raw.left_out + seen[0] - written // mapping.values_per_row


def staged(files: list[Path]) -> str:
    """The staged files as one DuckDB table function."""
    return f"read_parquet([{', '.join(repr(str(f)) for f in files)}])"


def numbered(files: list[Path]) -> str:
    """The staged files as a table function that tells each row's file and its number there."""
    return staged(files).replace("])", "], filename = true, file_row_number = true)")


def _cell_problems(
    con: duckdb.DuckDBPyConnection, result: Harmonised, remedies: dict[str, Callable[[str], str]]
) -> None:
    """Collect the problems staged beside their rows: each place once, the first in words, all of them counted."""
    con.execute(
        f"""CREATE TEMP TABLE met AS
            SELECT DISTINCT source_sheet, source_row, CAST(p AS VARCHAR) AS problem, p ->> 'kind' AS kind
            FROM (SELECT source_sheet, source_row, unnest(json_extract(problems, '$[*]')) AS p
                  FROM {staged(result.files)} WHERE problems IS NOT NULL)"""
    )
    for kind, count in con.execute("SELECT kind, count(*) FROM met GROUP BY kind ORDER BY kind").fetchall():
        places = con.execute(
            f"SELECT source_sheet, source_row, problem FROM met WHERE kind = ? ORDER BY ALL LIMIT {PROBLEMS_KEPT}",
            [kind],
        ).fetchall()
        for sheet, row, text in places:
            problem = Problem(sheet=sheet or "", row=row, **json.loads(text))
            close = (
                remedies[problem.column](problem.value or "") if kind == "code" and problem.column in remedies else ""
            )
            problem.remedy = " ".join(filter(None, [close, say(REMEDIES.get(kind, ""))]))
            result.problems.append(problem)
        result.counts[kind] = result.counts.get(kind, 0) + count


def _retyped(con: duckdb.DuckDBPyConnection, result: Harmonised) -> None:
    """Find columns of which no row can be read: not their cells are wrong, something else stands in them now."""
    found = con.execute(
        f"""SELECT source_sheet, header, any_value(expected), count(DISTINCT source_row) AS wrong,
                   list(DISTINCT value ORDER BY value)[:{RETYPED_SHOWN}]
            FROM (SELECT source_sheet, source_row, problem ->> 'column' AS header, problem ->> 'expected' AS expected,
                         problem ->> 'value' AS value FROM met WHERE kind IN ('cell', 'code'))
            JOIN (SELECT coalesce(source_sheet, '') AS sheet, count(DISTINCT source_row) AS rows
                  FROM {staged(result.files)} GROUP BY ALL) ON sheet = coalesce(source_sheet, '')
            GROUP BY source_sheet, header, rows
            HAVING wrong = rows AND wrong >= {RETYPED_ROWS} ORDER BY 1, 2"""
    ).fetchall()
    result.add(
        [
            Problem(
                kind="retyped",
                sheet=sheet or "",
                column=column,
                value=", ".join(value for value in values if value),
                expected=say("{expected}; none of its {count} rows has it", expected=expected, count=count),
                remedy=say("Ask the sender what the column holds now, and correct its entry in the contract."),
            )
            for sheet, column, expected, count, values in found
        ]
    )


def _future(con: duckdb.DuckDBPyConnection, result: Harmonised, receipt: Receipt) -> None:
    """Find values of years that had not begun when the delivery came, where no status calls them a forecast."""
    year = receipt.received_at.year
    found = con.execute(
        f"""SELECT source_sheet, source_row, time_period, count(*) OVER () FROM {staged(result.files)}
            WHERE left(time_period, 4) > '{year}' AND obs_value IS NOT NULL AND obs_status <> 'F'
            ORDER BY ALL LIMIT {PROBLEMS_KEPT}"""
    ).fetchall()
    if found:
        result.counts["future"] = found[0][3]
    for sheet, row, period, _ in found:
        problem = Problem(
            kind="future",
            sheet=sheet or "",
            row=row,
            column=result.headers.get("time_period", "time_period"),
            value=period,
            expected=say("a period that had begun when the file came, in {year}", year=year),
            remedy=say("Correct it; if it is a forecast, set `obs_status` to F in the contract."),
        )
        result.problems.append(problem)


def _repeated_keys(con: duckdb.DuckDBPyConnection, contract: Contract, result: Harmonised, folder: Path) -> None:
    """Find keys that occur more than once.

    Rows that say the same thing twice are kept once and the repetitions reported; rows that
    contradict each other are a problem.
    """
    tidy, keys = staged(result.files), ", ".join(contract.keys)
    readable = f"(SELECT * FROM {tidy} WHERE {READABLE})"
    if _all_distinct(con, f"hash({keys})", readable, result.rows_read):
        return
    con.execute(
        f"""CREATE TEMP TABLE repeated AS
            SELECT {keys}, count(*) AS times, min({PLACE}) AS first_place,
                   count(DISTINCT row({", ".join(STATED)})) AS versions
            FROM {readable} GROUP BY {keys} HAVING count(*) > 1"""
    )
    same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM r.{k}" for k in contract.keys)
    again = con.execute(
        f"""SELECT t.source_sheet, t.source_row, t.obs_value, r.versions, r.first_place.line
            FROM {readable} t JOIN repeated r ON {same}
            WHERE {PLACE} <> r.first_place ORDER BY 1, 2"""
    ).fetchall()
    equal, unequal = [a for a in again if a[3] == 1], [a for a in again if a[3] > 1]
    for kind, places in (("repeated", equal), ("duplicate", unequal)):
        result.add([_repetition(contract, result.headers, *row) for row in places[:PROBLEMS_KEPT]])
        result.counts |= {kind: len(places)} if places else {}
    if equal:
        kept = folder / "kept.parquet"
        con.execute(
            f"""COPY (SELECT t.* FROM {tidy} t WHERE NOT EXISTS (
                  SELECT 1 FROM repeated r WHERE {same} AND r.versions = 1
                    AND {READABLE} AND {PLACE} <> r.first_place))
                TO '{kept}' (FORMAT parquet)"""
        )
        for file in result.files:
            file.unlink()
        result.files = [kept.rename(result.files[0])]
        result.rows_discarded += len(equal)


def _all_distinct(con: duckdb.DuckDBPyConnection, hashed: str, rows: str, count: int) -> bool:
    """Whether no two hashes are equal, which proves that no two keys are.

    Sorting eight bytes a row takes a third of the time of grouping them, and a bounded part at a time bounded memory.
    """
    parts = 1 + count // HASHES_AT_ONCE
    for part in range(parts):
        chosen = f"SELECT h FROM (SELECT {hashed} AS h FROM {rows})" + f" WHERE h % {parts} = {part}" * (parts > 1)
        hashes = np.sort(con.execute(chosen).fetchnumpy()["h"])
        if (hashes[1:] == hashes[:-1]).any():
            return False
    return True


def _repetition(
    contract: Contract, headers: dict[str, str], sheet: str, row: int, value: float | None, versions: int, first: int
) -> Problem:
    if versions == 1:
        return Problem(
            kind="repeated",
            sheet=sheet or "",
            row=row,
            expected=say("no repetition of row {first}", first=first),
            remedy=say("Kept once."),
        )
    key = ", ".join(headers.get(name, name) for name in contract.keys)
    return Problem(
        kind="duplicate",
        sheet=sheet or "",
        row=row,
        column=headers.get("obs_value", ""),
        value="" if value is None else f"{value:.15g}",
        expected=say("the same value as row {first}, or another key ({key})", first=first, key=key),
        remedy=say("Say which of the rows holds and take the other out."),
    )


def _empty(con: duckdb.DuckDBPyConnection, result: Harmonised) -> None:
    """A delivery without one value is not a success with nothing in it."""
    values = con.execute(f"SELECT count(obs_value) FROM {staged(result.files)}").fetchall()[0][0]
    if not values and not {"cell", "code", "duplicate", "shape"} & result.counts.keys():
        result.add(
            [
                Problem(
                    kind="no data",
                    expected=say(
                        "at least one value; {cells} cells and {rows} rows hold none",
                        cells=result.rows_read,
                        rows=result.rows_left_out,
                    ),
                    remedy=say("Send the file once it has figures."),
                )
            ]
        )
