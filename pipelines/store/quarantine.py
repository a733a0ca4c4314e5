"""Rows held back while the rest of their delivery was loaded: released, corrected or discarded by a person.

Whatever is decided, rows read = rows loaded + rows quarantined + rows discarded; `ops.decisions` keeps who decided what
of which row, when and why, also after the delivery has been processed anew.
"""

import json
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from pipelines.contract import Contract, load_contract
from pipelines.delivery import read_receipt, shown
from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.corrected import loadable, meets_row_checks
from pipelines.store.held import HeldRow, Row, Verdict, Which, found_in, held_in, listed
from pipelines.store.lake import connect, retrying, transaction
from pipelines.store.ops import ensure_ops, insert


def release(which: Which, changes: Mapping[str, str], verdict: Verdict, settings: Settings) -> list[HeldRow]:
    """Load held rows, as they are or corrected; one commit, or nothing.

    Args:
        changes: tidy column and its new text, read as the contract reads it; for one row only.

    Raises:
        LookupError: no such row is held.
        ValueError: the rows cannot be loaded so; the message says which, and what to do.
    """
    with connect(settings) as con:
        held = found_in(con, which)
    if changes and len(held) > 1:
        raise ValueError(
            say(
                "a correction is for one row, and {n} are meant: {rows}; name it by --where",
                n=len(held),
                rows=listed(held),
            )
        )
    contract = _contract(which, settings)
    rows = [loadable(one, changes, verdict, contract, settings) for one in held]
    if changes:
        meets_row_checks(rows, contract, which.delivery_id, settings)
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
        held = found_in(con, which)
    for attempt in retrying():
        with attempt, transaction(settings, *_message(which, held, "discarded", verdict)) as con:
            _still(con, which, held)
            _write_down(con, which, held, "discarded", {}, verdict, contract)
    return held


def _contract(which: Which, settings: Settings) -> Contract:
    try:
        receipt = read_receipt(which.delivery_id, settings)
    except FileNotFoundError:
        raise LookupError(
            say("there is no delivery {delivery}: `migstat status` names them", delivery=which.delivery_id)
        ) from None
    return load_contract(settings.contracts / f"{receipt.dataset}.yaml")


def _still(con: duckdb.DuckDBPyConnection, which: Which, held: list[HeldRow]) -> None:
    """Nobody else has decided on them meanwhile."""
    ensure_ops(con)
    left = held_in(con, which)
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
