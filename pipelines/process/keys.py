"""Keys that occur more than once in a delivery: repetitions are kept once, contradictions are a problem."""

from pathlib import Path

import duckdb
import numpy as np

from pipelines.contract import Contract
from pipelines.delivery import Problem, spelt
from pipelines.language import say
from pipelines.process.harmonised import PROBLEMS_KEPT, READABLE, STATED, Harmonised, numbered

HASHES_AT_ONCE = 50_000_000
PLACE = "struct_pack(sheet := source_sheet, line := source_row)"


def repeated_keys(con: duckdb.DuckDBPyConnection, contract: Contract, result: Harmonised, folder: Path) -> None:
    """Find keys that occur more than once.

    Rows that say the same thing twice are kept once and the repetitions reported; rows that
    contradict each other are a problem.
    """
    rows, keys = numbered(result.files), ", ".join(contract.keys)
    readable = f"(SELECT * FROM {rows} WHERE {READABLE})"
    if _all_distinct(con, f"hash({keys})", readable, result.rows_read):
        return
    con.execute(
        f"""CREATE TEMP TABLE repeated AS
            SELECT {keys}, min({PLACE}) AS first_place, count(DISTINCT row({", ".join(STATED)})) AS versions
            FROM {readable} GROUP BY {keys} HAVING count(*) > 1"""
    )
    same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM r.{k}" for k in contract.keys)
    con.execute(
        f"""CREATE TEMP TABLE again AS
            SELECT filename, file_row_number, source_sheet, source_row, obs_value, versions,
                   first_place.line AS first_line, {PLACE} = first_place AS beside
            FROM {readable} t JOIN repeated r ON {same}
            QUALIFY row_number() OVER (PARTITION BY {", ".join(f"t.{k}" for k in contract.keys)}
                                       ORDER BY {PLACE}, filename, file_row_number) > 1"""
    )
    again = con.execute(
        "SELECT source_sheet, source_row, obs_value, versions, first_line, beside FROM again ORDER BY 1, 2"
    ).fetchall()
    equal, unequal = [a for a in again if a[3] == 1], [a for a in again if a[3] > 1]
    for kind, places in (("repeated", equal), ("duplicate", unequal)):
        result.add([_repetition(contract, result.headers, *row) for row in places[:PROBLEMS_KEPT]])
        result.counts |= {kind: len(places)} if places else {}
    if equal:
        kept = folder / "kept.parquet"
        con.execute(
            f"""COPY (SELECT * EXCLUDE (filename, file_row_number)
                      FROM {rows} ANTI JOIN (FROM again WHERE versions = 1) USING (filename, file_row_number))
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
    contract: Contract,
    headers: dict[str, str],
    sheet: str,
    row: int,
    value: float | None,
    versions: int,
    first: int,
    beside: bool,
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
        value=spelt(value),
        expected=say("one value in this row for its key ({key}); another column gives another", key=key)
        if beside
        else say("the same value as row {first}, or another key ({key})", first=first, key=key),
        remedy=say("Say in the contract what tells the columns apart, or which of them holds.")
        if beside
        else say("Say which of the rows holds and take the other out."),
    )
