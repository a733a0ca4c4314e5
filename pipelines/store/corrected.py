"""A held row as it is to be loaded: what a person corrects is read as its column is, and meets the row checks."""

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract import Contract
from pipelines.delivery import shown, spelt
from pipelines.language import say
from pipelines.process.readings import m49_of, reading_of
from pipelines.settings import Settings
from pipelines.source import SourceField, Status
from pipelines.store.held import HeldRow, Row, Verdict

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
UNREAD = ("cells", "codes")


def loadable(
    held: HeldRow, changes: Mapping[str, str], verdict: Verdict, contract: Contract, settings: Settings
) -> Row:
    """The row as it is to be loaded, with a note of who let it in."""
    if held.check_id in UNREAD and not changes:
        raise ValueError(
            say(
                "{place}: column {column} could not be read ({value}); say what it is with --set, or discard the row",
                place=held.place(),
                column=shown(held.column),
                value=shown(held.value or ""),
            )
        )
    row = held.said
    told = []
    for name, text in changes.items():
        told.append(say("{name} was {value}", name=name, value=shown(spelt(row.get(name)) or held.value or "")))
        row |= _read(name, text, contract, settings)
    missing = [name for name in contract.keys if row.get(name) is None]
    if row.get("obs_value") is None and row.get("obs_status") in (None, "A"):
        missing.append("obs_value")
    if missing:
        raise ValueError(
            say(
                "{place}: {columns} has no value; say what it is with --set",
                place=held.place(),
                columns=", ".join(missing),
            )
        )
    words = say(
        "corrected by {person} on {day}: {reason}" if changes else "released by {person} on {day}: {reason}",
        person=verdict.by,
        day=f"{verdict.at:%Y-%m-%d}",
        reason=verdict.reason,
    )
    row["note"] = "; ".join(part for part in (row.get("note"), *told, words) if part)
    return row


def _read(name: str, text: str, contract: Contract, settings: Settings) -> Row:
    """A new text for a tidy column, read as its column is, with what follows from it."""
    if name == "obs_value":
        if not NUMBER.fullmatch(text):
            raise ValueError(say("obs_value: found {value}; expected a number such as 1234.5", value=shown(text)))
        return {"obs_value": float(text), "obs_status": "A"}
    if name == "obs_status":
        if text not in get_args(Status):
            raise ValueError(
                say(
                    "obs_status: found {value}; expected one of {codes}",
                    value=shown(text),
                    codes=", ".join(get_args(Status)),
                )
            )
        return {"obs_status": text} | ({"obs_value": None} if text in ("L", "M", "O", "Q") else {})
    if name not in contract.columns or contract.columns[name].person:
        open_ones = [n for n, column in contract.columns.items() if not column.person]
        raise ValueError(
            say(
                "{name}: expected one of {columns}",
                name=name,
                columns=", ".join(["obs_value", "obs_status", *open_ones]),
            )
        )
    reading = reading_of(name, contract.columns[name], contract, SourceField(), settings)
    code = reading.translate(text)
    if code is None:
        raise ValueError(
            say(
                "{name}: found {value}; expected {expected}. {remedy}",
                name=name,
                value=shown(text),
                expected=reading.expected,
                remedy=reading.remedy(text),
            ).strip()
        )
    m49 = {"ref_area_m49": m49_of(reading, settings.reference).translate(text)} if name == "ref_area" else {}
    return {name: code} | m49


def meets_row_checks(rows: list[Row], contract: Contract, delivery_id: str, settings: Settings) -> None:
    """Refuse a correction that breaks one of the contract's row checks: a slip of the hand is not let in."""
    from pipelines.process.harmonised import Harmonised
    from pipelines.process.validate import validate

    checks = [e for e in contract.expectations if "mostly" in e.kwargs]
    strict = [e.model_copy(update={"kwargs": {k: v for k, v in e.kwargs.items() if k != "mostly"}}) for e in checks]
    if not strict:
        return
    with TemporaryDirectory(prefix="migstat-") as folder:
        file = Path(folder, "row.parquet")
        table = pa.Table.from_pylist([row | {"problems": None} for row in rows])
        with duckdb.connect() as con:
            con.register("corrected", table)
            columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in contract.sql_types().items())
            pq.write_table(
                con.sql(f"SELECT {columns}, NULL::VARCHAR AS problems FROM corrected").to_arrow_table(), file
            )
        own = contract.model_copy(update={"expectations": strict})
        judged = validate(Harmonised(files=[file]), own, delivery_id, Path(folder), settings, {})
    failed = [c for c in judged.checks if c.status == "fail" and c.check_id.startswith(f"{contract.dataset}.")]
    if failed:
        raise ValueError(
            say(
                "the corrected row still breaks a check: {notes}",
                notes=" | ".join(check.notes for check in failed),
            )
        )
