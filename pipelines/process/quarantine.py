"""Hold back the rows that break a row check, where the contract lets the rest be loaded without them.

A row held back leaves the staged files and is written beside them with its place, its reason and all it says, so that
the rows read are always the rows to be loaded and the rows held back together.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.contract import Contract
from pipelines.delivery import Problem, spelt
from pipelines.language import say
from pipelines.process.harmonised import READABLE, STATED, Harmonised, numbered

HELD = "held-{}.parquet"
ROW_CHECKS = {"cell": "cells", "code": "codes", "duplicate": "keys"}
STAGED_PLACE = "filename, file_row_number"
NO_PLACE = '{"filename": null, "file_row_number": null}'


@dataclass(frozen=True)
class Broken:
    """A staged row, by its file and number there, and what it breaks."""

    file: str
    number: int
    check_id: str
    problem: Problem


def hold_unreadable(found: Harmonised, contract: Contract, folder: Path) -> None:
    """Hold back rows that cannot be read or contradict each other, if the contract's `mostly` allows so many."""
    if contract.mostly == 1 or not found.laid_out or not found.counts.keys() & ROW_CHECKS.keys():
        return
    keys, rows = ", ".join(contract.keys), numbered(found.files)
    contradicted = f"""SELECT {keys} FROM {rows} WHERE {READABLE}
        GROUP BY {keys} HAVING count(DISTINCT row({", ".join(STATED)})) > 1"""
    with duckdb.connect() as con:
        met = con.execute(
            f"""SELECT {STAGED_PLACE}, obs_value, CASE WHEN NOT {READABLE} THEN problems END
                FROM {rows} WHERE NOT {READABLE} OR row({keys}) IN (SELECT row({keys}) FROM ({contradicted}))"""
        ).fetchall()
    if len(met) <= (1 - contract.mostly) * found.rows_read:
        hold(found, [_broken(contract, *row) for row in met], folder)


def hold(found: Harmonised, broken: list[Broken], folder: Path) -> None:
    """Move rows from the staged files to a file of their own, each once with all it breaks."""
    if not broken:
        return
    target = folder / HELD.format(len(held_files(folder)))
    with duckdb.connect() as con:
        con.register("broken", _table(broken))
        of_row = "b.file = r.filename AND b.number = r.file_row_number"
        con.execute(
            f"""COPY (SELECT b.* EXCLUDE (file, number), r.source_sheet, r.source_row,
                             CAST(json_merge_patch(to_json(r), '{NO_PLACE}') AS VARCHAR) AS observation
                      FROM (SELECT * EXCLUDE problems FROM {numbered(found.files)}) r JOIN broken b ON {of_row})
                TO '{target}' (FORMAT parquet)"""
        )
        for name in sorted({b.file for b in broken}):
            rest = folder / "rest.parquet"
            con.execute(
                f"""COPY (SELECT * EXCLUDE ({STAGED_PLACE})
                          FROM {numbered([Path(name)])} r ANTI JOIN broken b ON {of_row})
                    TO '{rest}' (FORMAT parquet, PARQUET_VERSION v2)"""
            )
            rest.replace(name)
    found.rows_held += len({(b.file, b.number) for b in broken})


def held_files(folder: Path) -> list[Path]:
    """The files of the rows held back, in the order they were written."""
    return sorted(folder.glob(HELD.format("*")))


def _broken(contract: Contract, file: str, number: int, value: float | None, problems: str | None) -> Broken:
    if problems:
        first = Problem(**json.loads(problems)[0])
        return Broken(file, number, ROW_CHECKS.get(first.kind, "cells"), first)
    expected = say("the same value as the other rows of its key ({keys})", keys=", ".join(contract.keys))
    return Broken(
        file, number, "keys", Problem(kind="duplicate", column="obs_value", value=spelt(value), expected=expected)
    )


def _table(broken: list[Broken]) -> pa.Table:
    rows: dict[tuple[str, int], dict[str, object]] = {}
    for one in broken:
        problem = one.problem
        reason = f"{problem.expected}. {problem.remedy}".strip()
        known = rows.get((one.file, one.number))
        if known is None:
            place = {"file": one.file, "number": one.number, "check_id": one.check_id}
            rows[one.file, one.number] = place | {
                "column_name": problem.column,
                "value": problem.value,
                "reason": reason,
            }
        else:
            known["reason"] = f"{known['reason']} | {reason}"
    return pa.Table.from_pylist(list(rows.values()))
