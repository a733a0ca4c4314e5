"""Rows held back while the rest of their delivery was loaded: released, corrected or discarded by a person.

Whatever is decided, rows read = rows loaded + rows quarantined + rows discarded; `ops.decisions` keeps who decided what
of which row, when and why, also after the delivery has been processed anew.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from pipelines.contract import Contract, load_contract
from pipelines.delivery import State, read_receipt, shown
from pipelines.language import say
from pipelines.process.readings import m49_of, reading_of
from pipelines.settings import Settings
from pipelines.source import SourceField, Status
from pipelines.store.lake import connect, exists, retrying, transaction
from pipelines.store.ops import ensure_ops, insert

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
UNREAD = ("cells", "codes")
Row = dict[str, Any]


class Verdict(BaseModel):
    """Who decides on held rows, why and when."""

    model_config = ConfigDict(str_strip_whitespace=True)

    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: dt.datetime


@dataclass(frozen=True)
class HeldRow:
    """One observation that was held back: its place in the delivered file, why, and all it says."""

    sheet: str
    row: int
    check_id: str
    column: str
    value: str | None
    reason: str
    observation: str

    @property
    def said(self) -> Row:
        """The observation by tidy column."""
        return dict(json.loads(self.observation))

    def place(self) -> str:
        """Where it stands, for a person."""
        row = say("row {row}", row=self.row)
        return f"{say('sheet {sheet}', sheet=shown(self.sheet))}, {row}" if self.sheet else row


@dataclass(frozen=True)
class Which:
    """The held rows of a delivery that are meant: all, or those of a sheet, a row, or with these tidy values."""

    delivery_id: str
    sheet: str = ""
    row: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)

    def meant(self, held: HeldRow) -> bool:
        """Whether a held row is one of them."""
        said = held.said
        return (
            self.sheet in ("", held.sheet)
            and self.row in (None, held.row)
            and all(_text(said.get(name)) == text for name, text in self.where.items())
        )


def held_rows(which: Which, settings: Settings) -> list[HeldRow]:
    """The rows that are still held back, in the order of the file."""
    with connect(settings) as con:
        return _held(con, which)


def release(which: Which, changes: Mapping[str, str], verdict: Verdict, settings: Settings) -> list[HeldRow]:
    """Load held rows, as they are or corrected; one commit, or nothing.

    Args:
        changes: tidy column and its new text, read as the contract reads it; for one row only.

    Raises:
        LookupError: no such row is held.
        ValueError: the rows cannot be loaded so; the message says which, and what to do.
    """
    with connect(settings) as con:
        held = _found(con, which)
    if changes and len(held) > 1:
        raise ValueError(
            say(
                "a correction is for one row, and {n} are meant: {rows}; name it by --where",
                n=len(held),
                rows=_listed(held),
            )
        )
    contract = _contract(which, settings)
    rows = [_loadable(one, changes, verdict, contract, settings) for one in held]
    if changes:
        _meets_row_checks(rows, contract, which.delivery_id, settings)
    status = "corrected" if changes else "released"
    for attempt in retrying():
        with attempt, transaction(settings, *_message(which, held, status, verdict)) as con:
            _still(con, which, held)
            _free(con, held, rows, contract)
            con.register("released", pa.Table.from_pylist(rows))
            columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in contract.sql_types().items())
            con.execute(f"INSERT INTO core.{contract.dataset} BY NAME SELECT {columns} FROM released")
            con.unregister("released")
            _write_down(con, which, held, status, changes, verdict, contract)
    return held


def discard(which: Which, verdict: Verdict, settings: Settings) -> list[HeldRow]:
    """Take held rows out for good; the raw file and the books keep them.

    Raises:
        LookupError: no such row is held.
    """
    contract = _contract(which, settings)
    with connect(settings) as con:
        held = _found(con, which)
    for attempt in retrying():
        with attempt, transaction(settings, *_message(which, held, "discarded", verdict)) as con:
            _still(con, which, held)
            _write_down(con, which, held, "discarded", {}, verdict, contract)
    return held


def _held(con: duckdb.DuckDBPyConnection, which: Which) -> list[HeldRow]:
    if not exists(con, "ops", "quarantine"):
        return []
    found = con.execute(
        """SELECT source_sheet, source_row, check_id, column_name, value, reason, observation
           FROM ops.quarantine WHERE delivery_id = ? AND status = 'held' ORDER BY ALL""",
        [which.delivery_id],
    ).fetchall()
    return [one for one in (HeldRow(*row) for row in found) if which.meant(one)]


def _found(con: duckdb.DuckDBPyConnection, which: Which) -> list[HeldRow]:
    """The rows meant, of a delivery whose other rows are loaded."""
    state = (
        exists(con, "ops", "deliveries")
        and con.execute("SELECT state FROM ops.deliveries WHERE delivery_id = ?", [which.delivery_id]).fetchall()
    )
    if not state:
        raise LookupError(
            say("there is no delivery {delivery}: `migstat status` names them", delivery=which.delivery_id)
        )
    if state == [(State.HELD,)]:
        raise LookupError(
            say("{delivery} waits for a decision as a whole: approve or reject it first", delivery=which.delivery_id)
        )
    held = _held(con, which)
    if not held:
        others = _held(con, Which(which.delivery_id))
        raise LookupError(
            say(
                "no such row of {delivery} is held back; held: {rows}",
                delivery=which.delivery_id,
                rows=_listed(others),
            )
            if others
            else say("no row of {delivery} is held back", delivery=which.delivery_id)
        )
    return held


def _contract(which: Which, settings: Settings) -> Contract:
    try:
        receipt = read_receipt(which.delivery_id, settings)
    except FileNotFoundError:
        raise LookupError(
            say("there is no delivery {delivery}: `migstat status` names them", delivery=which.delivery_id)
        ) from None
    return load_contract(settings.contracts / f"{receipt.dataset}.yaml")


def _loadable(
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
        told.append(say("{name} was {value}", name=name, value=shown(_text(row.get(name)) or held.value or "")))
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


def _meets_row_checks(rows: list[Row], contract: Contract, delivery_id: str, settings: Settings) -> None:
    """Refuse a correction that breaks one of the contract's row checks: a slip of the hand is not let in."""
    from pipelines.process.harmonise import Harmonised
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


def _still(con: duckdb.DuckDBPyConnection, which: Which, held: list[HeldRow]) -> None:
    """Nobody else has decided on them meanwhile."""
    ensure_ops(con)
    left = _held(con, which)
    if any(one not in left for one in held):
        raise LookupError(say("somebody else has just decided on these rows: look again"))


def _free(con: duckdb.DuckDBPyConnection, held: list[HeldRow], rows: list[Row], contract: Contract) -> None:
    """Refuse rows whose key has a value already, and rows of periods that were delivered anew since."""
    con.register(
        "coming", pa.Table.from_pylist([{n: r[n] for n in contract.keys} | {"nr": i} for i, r in enumerate(rows)])
    )
    keys, replaced = ", ".join(contract.keys), ", ".join(contract.replaces)
    same = " AND ".join(f"c.{n} = CAST(w.{n} AS {contract.sql_types()[n]})" for n in contract.keys)
    period = " AND ".join(f"c.{n} = CAST(w.{n} AS {contract.sql_types()[n]})" for n in contract.replaces)
    table = f"core.{contract.dataset}"
    taken = con.execute(f"SELECT nr, obs_value FROM coming w JOIN {table} c ON {same} ORDER BY nr").fetchall()
    twice = con.execute(f"SELECT max(nr) FROM coming GROUP BY {keys} HAVING count(*) > 1").fetchall()
    newer = con.execute(
        f"""SELECT nr, any_value(d.file_name) FROM coming w JOIN {table} c ON {period}
            JOIN ops.deliveries d ON d.delivery_id = c.delivery_id
            WHERE d.recorded_at > (SELECT recorded_at FROM ops.deliveries WHERE delivery_id = ?)
            GROUP BY nr ORDER BY nr""",
        [rows[0]["delivery_id"]],
    ).fetchall()
    con.unregister("coming")
    if newer:
        raise ValueError(
            say(
                "{place}: its {replaced} was delivered again since, in {file}; what is right stands there",
                place=held[newer[0][0]].place(),
                replaced=replaced,
                file=shown(newer[0][1]),
            )
        )
    if taken:
        raise ValueError(
            say(
                "{place}: its key ({keys}) is loaded already, with {value}",
                place=held[taken[0][0]].place(),
                keys=keys,
                value=taken[0][1],
            )
        )
    if twice:
        raise ValueError(
            say(
                "{place}: another of these rows has the same key ({keys}); release one",
                place=held[twice[0][0]].place(),
                keys=keys,
            )
        )


def _write_down(
    con: duckdb.DuckDBPyConnection,
    which: Which,
    held: list[HeldRow],
    status: str,
    changes: Mapping[str, str],
    verdict: Verdict,
    contract: Contract,
) -> None:
    """The books after a decision: the rows' status, the delivery's counts, and who decided."""
    decision: Row = {"delivery_id": which.delivery_id, "dataset": contract.dataset, "decision": status}
    decision |= {"changes": json.dumps(dict(changes), ensure_ascii=False) if changes else "", "reason": verdict.reason}
    decision |= {"decided_by": verdict.by, "decided_at": verdict.at, "contract_version": contract.version}
    rows = [
        decision | {"source_sheet": h.sheet, "source_row": h.row, "observation": h.observation, "broke": h.reason}
        for h in held
    ]
    insert(con, "decisions", rows)
    con.execute(
        """UPDATE ops.quarantine SET status = ? WHERE delivery_id = ? AND status = 'held'
           AND observation IN (SELECT unnest(?))""",
        [status, which.delivery_id, [h.observation for h in held]],
    )
    gains = "rows_discarded" if status == "discarded" else "rows_loaded"
    con.execute(
        f"""UPDATE ops.deliveries SET {gains} = {gains} + ?, rows_quarantined = rows_quarantined - ?
            WHERE delivery_id = ?""",
        [len(held), len(held), which.delivery_id],
    )


def _message(which: Which, held: list[HeldRow], status: str, verdict: Verdict) -> tuple[str, dict[str, str]]:
    return f"{which.delivery_id}: {len(held)} held rows {status} by {verdict.by}", {"delivery_id": which.delivery_id}


def _listed(held: list[HeldRow]) -> str:
    some = list(dict.fromkeys(one.place() for one in held))
    return ", ".join(some[:5]) + (say(" and {n} more", n=len(some) - 5) if len(some) > 5 else "")


def _text(value: object) -> str:
    """A tidy value as a person writes it on the command line."""
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
