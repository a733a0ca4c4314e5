"""A changed contract is tried on what it would govern before it takes effect."""

import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath

import duckdb

from pipelines.contract import PROVENANCE, Contract
from pipelines.delivery import Receipt, State, explain, raw_file, read_receipt
from pipelines.language import say, say_n
from pipelines.process.harmonised import staged
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.history import stored
from pipelines.store.lake import connect, exists, retrying, transaction
from pipelines.store.ops import contract_in_force, ensure_ops, record_contract

EXAMPLES = 3


class ContractChanged(ValueError):
    """A changed contract would no longer give what is loaded; the text says how, and what to do."""


def put_in_force(contract: Contract, settings: Settings, accepted_by: str = "", reason: str = "") -> None:
    """Let a new version of a contract take effect if the last delivery of each source stays what it is under it.

    It may add rows, but none that is loaded may be lost or differ, and none of these deliveries be refused or held
    where it was not before. The version, its text and who accepted it stand in `ops.contracts`.

    Args:
        accepted_by: the person who wants the change although something loaded would differ.
        reason: why.

    Raises:
        ContractChanged: it would differ, and nobody has accepted it.
    """
    last = _governed(contract, settings)
    if not last:
        return
    found = [words for receipt in last for words in _differences(receipt, contract, settings)]
    if found and not accepted_by:
        raise ContractChanged(
            say(
                "The contract of {dataset} has changed, and what is loaded would not be the same under it:",
                dataset=contract.dataset,
            )
            + "\n"
            + "\n".join(found)
            + "\n"
            + say(
                "Nothing is taken in until the contract is corrected or a person accepts the change: "
                "migstat accept-contract {dataset} --by NAME --reason WHY",
                dataset=contract.dataset,
            )
        )
    tried = {"tried_on": ", ".join(receipt.delivery_id for receipt in last), "differences": "\n".join(found)}
    tried |= {"accepted_by": accepted_by, "reason": reason}
    for attempt in retrying():
        with attempt, transaction(settings, f"{contract.dataset}: contract {contract.version} in force", {}) as con:
            ensure_ops(con)
            record_contract(con, contract, settings.contracts / f"{contract.dataset}.yaml", tried)


def _governed(contract: Contract, settings: Settings) -> list[Receipt]:
    """The last loaded delivery of each source, if it was judged by another version and this one is not in force."""
    if not has_warehouse(settings):
        return []
    with connect(settings) as con:
        if not exists(con, "ops", "deliveries") or contract_in_force(con, contract.dataset) == contract.version:
            return []
        found = con.execute(
            """SELECT delivery_id, contract_version FROM ops.deliveries WHERE dataset = ? AND state = ?
               ORDER BY recorded_at""",
            [contract.dataset, State.LOADED],
        ).fetchall()
    judged = [(read_receipt(delivery_id, settings), version) for delivery_id, version in found]
    latest = {_layout(contract, receipt): (receipt, version) for receipt, version in judged}
    return [
        receipt
        for receipt, version in latest.values()
        if version != contract.version and raw_file(receipt, settings).exists()
    ]


def _layout(contract: Contract, receipt: Receipt) -> str:
    found = contract.source_of(PurePath(receipt.file_name))
    return found[0].file if found else ""


def _differences(receipt: Receipt, contract: Contract, settings: Settings) -> Iterator[str]:
    """What would become of a loaded delivery under the contract, where that is not what it is."""
    from pipelines.process.run import examine

    own = settings.model_copy(update={"reports_in": settings.reports / "contracts" / contract.version})
    with tempfile.TemporaryDirectory(prefix="migstat-contract-") as name, stored(contract, settings) as tables:
        outcome = examine(receipt, contract, own, Path(name, "staged"), tables)
        with connect(settings) as con:
            if outcome.state == State.REJECTED or (outcome.state == State.HELD and not _approved(con, receipt)):
                yield explain(receipt, outcome)
                return
            files = sorted(Path(name, "staged").glob(f"{receipt.delivery_id}-*.parquet"))
            lost, examples = _lost(con, receipt, contract, files)
    if lost:
        yield say_n(
            "{file}: {n} loaded row is not in it or not the same, e.g. {examples}.",
            "{file}: {n} loaded rows are not in it or not the same, e.g. {examples}.",
            lost,
            file=receipt.file_name,
            examples="; ".join(examples),
        )


def _approved(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> bool:
    """Whether a person has approved the delivery with its warnings."""
    found = con.execute(
        "SELECT count(*) FROM ops.validations WHERE delivery_id = ? AND check_id = 'approval' AND status = 'pass'",
        [receipt.delivery_id],
    ).fetchall()
    return bool(found[0][0])


def _lost(
    con: duckdb.DuckDBPyConnection, receipt: Receipt, contract: Contract, files: list[Path]
) -> tuple[int, list[str]]:
    """How many loaded rows of a delivery are not among the files' rows, and the first of them in words."""
    present = {row[0] for row in con.execute(f"DESCRIBE core.{contract.dataset}").fetchall()}
    compared = ", ".join(n for n in contract.sql_types() if n in present - PROVENANCE.keys() - {"source_row"})
    keys = ", ".join(name for name in contract.keys if name in present)
    con.execute(
        f"""CREATE TEMP TABLE lost AS SELECT {compared} FROM core.{contract.dataset} WHERE delivery_id = ?
            EXCEPT SELECT {compared} FROM {staged(files)}""",
        [receipt.delivery_id],
    )
    count = con.execute("SELECT count(*) FROM lost").fetchall()[0][0]
    examples = con.execute(
        f"""SELECT concat_ws(', ', {keys}, coalesce(CAST(obs_value AS VARCHAR), 'missing'))
            FROM lost ORDER BY ALL LIMIT {EXAMPLES}"""
    ).fetchall()
    return count, [row[0] for row in examples]
