"""Harmonise: from a source's own layout to tidy SDMX-like columns, by contract, in one streamed pass.

A cell that cannot be read or a code that is not known is never guessed and never dropped: the row is
staged with its problem beside it, and the validation decides.
"""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable, Unreadable
from pipelines.contract import Contract
from pipelines.delivery import Problem, Receipt, raw_file
from pipelines.language import msgid, say
from pipelines.process.corrections import Corrections
from pipelines.process.harmonised import PROBLEMS_KEPT, Harmonised, staged
from pipelines.process.keys import repeated_keys
from pipelines.process.mapping import Mapping, map_table
from pipelines.process.places import further_columns
from pipelines.process.recode import recode
from pipelines.process.whose import misplaced, unknown_name
from pipelines.settings import Settings

log = logging.getLogger(__name__)

RETYPED_ROWS, RETYPED_SHOWN = 3, 3  # of fewer rows nothing can be said
REMEDIES = {
    "cell": msgid("Correct the cell, or say in the contract how the sender writes it."),
    "code": msgid("Correct it, or add what the sender writes to `codes` in the contract."),
    "lost text": msgid("Ask the sender for the file in an encoding that has these letters, such as UTF-8."),
    "shape": msgid("Give the column a name, or empty the cell."),
}


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
        repeated_keys(con, contract, result, folder)
        _empty(con, result)
    else:
        result.files.clear()
    return result


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
