"""The parent of every process the fault tests kill, fill, interrupt or set to work side by side.

It imports the pipeline once, which takes seconds, and then forks a child for each job it reads from its
standard input, so that a child starts at once and can be killed without a trace left in the test itself.
Nothing of the pipeline is replaced: a child may only be told to die when a function is called.
"""

import datetime as dt
import importlib
import json
import os
import random
import re
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import pipelines.analyse.indicators as indicators
import pipelines.process.validate  # noqa: F401  (the slow import this process exists for)
from pipelines.collect.inbox import collect
from pipelines.collect.land import land
from pipelines.contract import load_contract, load_contracts
from pipelines.delivery import Decision, DeliveryRejected, Outcome, Receipt, State
from pipelines.process.harmonise import harmonise
from pipelines.process.run import process
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.held import Verdict, Which
from pipelines.store.housekeeping import housekeep, name_release
from pipelines.store.lake import connect
from pipelines.store.load import decide, recorded, store
from pipelines.store.quarantine import discard, release

PATIENCE = 300.0


class Statements:
    """A DuckDB connection whose statements can be watched; all else is the connection's own."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def execute(self, query: str, *arguments: Any) -> Any:
        return self._con.execute(query, *arguments)

    def __enter__(self) -> "Statements":
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def at(moment: dict[str, Any]) -> None:
    """Arrange for this process to die when a function is called with matching arguments.

    `before`, `after` or `during` (with `delay` seconds) the `count`-th such call; `signal` is KILL unless given.
    """
    if moment["call"] == "sql":
        opened = duckdb.connect
        duckdb.connect = lambda *a, **k: Statements(opened(*a, **k))  # type: ignore[assignment, return-value]
        owner, name = Statements, "execute"
    else:
        module, _, qualified = moment["call"].partition(":")
        owner, name = importlib.import_module(module), qualified
        while "." in name:
            part, _, name = name.partition(".")
            owner = getattr(owner, part)
    watched: Callable[..., Any] = getattr(owner, name)
    first, left = int(owner is Statements), [int(moment.get("count", 1))]
    number = getattr(signal, f"SIG{moment.get('signal', 'KILL')}")

    def die(delay: float = 0.0) -> None:
        time.sleep(delay)
        os.kill(os.getpid(), number)

    def call(*arguments: Any, **named: Any) -> Any:
        met = re.search(moment.get("match", ""), " ".join(map(str, arguments[first:])))
        left[0] -= bool(met)
        now = met and left[0] == 0
        if now and moment["when"] == "before":
            die()
        if now and moment["when"] == "during":
            threading.Thread(target=die, args=[moment["delay"]], daemon=True).start()
        result = watched(*arguments, **named)
        if now and moment["when"] == "after":
            die()
        return result

    setattr(owner, name, call)


def no_signature_check() -> None:
    """Let connections open faster: checking the signature of the extensions takes 0.1 s of each."""
    opened = duckdb.connect

    def faster(*arguments: Any, config: dict[str, Any] | None = None, **named: Any) -> duckdb.DuckDBPyConnection:
        return opened(*arguments, config=(config or {}) | {"allow_unsigned_extensions": "true"}, **named)

    duckdb.connect = faster  # type: ignore[assignment]


def take_in(settings: Settings) -> dict[str, list[str]]:
    """Collect, process and store what waits, as the DAGs do it; gives what became of each delivery."""
    done: dict[str, list[str]] = {"loaded": [], "rejected": []}
    for contract in load_contracts(settings.contracts).values():
        for delivery_id in collect(contract, settings, recorded(contract, settings)):
            process(delivery_id, settings)
            try:
                store(delivery_id, settings, run_id=f"run {os.getpid()}")
                done["loaded"].append(delivery_id)
            except DeliveryRejected:
                done["rejected"].append(delivery_id)
    return done


def chain(settings: Settings) -> dict[str, list[str]]:
    """What a day of the pipeline does; gives what became of each delivery."""
    done = take_in(settings)
    done["computed"] = indicators.compute(settings)
    housekeep(settings)
    return done


def collect_only(settings: Settings, dataset: str) -> list[str]:
    contract = load_contract(settings.contracts / f"{dataset}.yaml")
    return collect(contract, settings, recorded(contract, settings))


def accept(settings: Settings, file: Path, dataset: str) -> Receipt:
    """Land and stage a file that is known to be right, without the time its validation takes."""
    contract = load_contract(settings.contracts / f"{dataset}.yaml")
    receipt = land(file, contract, settings, Path(file.name))
    folder = settings.staging / receipt.delivery_id
    folder.mkdir(parents=True, exist_ok=True)
    found = harmonise(receipt, contract, settings, folder)
    outcome = Outcome(
        delivery_id=receipt.delivery_id,
        dataset=dataset,
        state=State.ACCEPTED,
        contract_version=contract.version,
        rows_read=found.rows_read,
        rows_accepted=found.rows_read,
        processed_at=receipt.received_at,
    )
    (folder / "outcome.json").write_text(outcome.model_dump_json(), encoding="utf-8")
    return receipt


def load_many(settings: Settings, files: list[str], dataset: str, upkeep_every: int) -> list[int]:
    """Store one small delivery after the other, with upkeep between; gives the data files after each upkeep."""
    files_left = []
    for number, file in enumerate(files, 1):
        store(accept(settings, Path(file), dataset).delivery_id, settings)
        if number % upkeep_every == 0:
            housekeep(settings)
            files_left.append(live_files(settings))
    return files_left


def live_files(settings: Settings) -> int:
    """How many data and delete files a query of the latest snapshot of the whole warehouse may have to open."""
    with connect(settings) as con:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'")
        counts = []
        for schema, table in tables.fetchall():
            found = con.execute(
                "SELECT count(data_file), count(delete_file) FROM ducklake_list_files('lake', ?, schema => ?)",
                [table, schema],
            ).fetchall()
            counts.append(sum(found[0]))
    return sum(counts)


def write_side_by_side(
    settings: Settings, folder: str, dataset: str, count: int, writer: int, areas: list[str], total: int
) -> list[str]:
    """Store small deliveries: two own years, and one all writers replace in turn; gives their ids."""
    stored = []
    chance = random.Random(writer)
    for number in range(count):
        years = [1900 + 50 * writer + number % 20, 2100]
        lines = ["area,year,sex,arrivals"]
        for year in years:
            cuts = sorted(chance.sample(range(1, total), len(areas) - 1))
            parts = [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]
            lines += [f"{area},{year},_T,{part}" for area, part in zip(areas, parts, strict=True)]
        file = Path(folder, f"writer-{writer}-{number}.csv")
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        receipt = accept(settings, file, dataset)
        store(receipt.delivery_id, settings, run_id=f"writer {writer}")
        stored.append(receipt.delivery_id)
        if number % 10 == count // 2 and writer == 0:
            housekeep(settings)
    return stored


def read_side_by_side(settings: Settings, dataset: str, stop: str, areas: int, total: int) -> dict[str, Any]:
    """Ask again and again until a file is there, and once after; gives how often, and what did not hold."""
    reads, wrong, last = 0, [], 0
    ending = False
    while not (ending and reads):
        ending = Path(stop).exists()
        if not has_warehouse(settings):
            time.sleep(0.01)
            continue
        with connect(settings) as con:
            if not con.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'lake' AND schema_name = 'core'"
            ).fetchall()[0][0]:
                continue
            for _ in range(3):
                periods = con.execute(
                    f"""SELECT time_period, count(*), sum(obs_value), count(DISTINCT delivery_id)
                        FROM core.{dataset} GROUP BY time_period"""
                ).fetchall()
                con.execute("BEGIN")
                unbooked = con.execute(
                    f"""SELECT count(*) FROM core.{dataset} WHERE delivery_id NOT IN
                        (SELECT delivery_id FROM ops.deliveries WHERE state = 'loaded')"""
                ).fetchall()[0][0]
                booked = con.execute("SELECT count(*) FROM ops.deliveries").fetchall()[0][0]
                again = con.execute("SELECT count(*) FROM ops.deliveries").fetchall()[0][0]
                con.execute("ROLLBACK")
                wrong += [p for p in periods if p[1:] != (areas, total, 1)]
                wrong += [f"{unbooked} rows of no delivery in the books"] if unbooked else []
                wrong += [f"{again} deliveries after {booked} in one transaction"] if again != booked else []
                wrong += [f"{booked} deliveries after {last}"] if booked < last else []
                last = booked
                reads += 1
    return {"reads": reads, "wrong": wrong}


def decide_on(settings: Settings, delivery_id: str, approved: bool) -> None:
    """Approve or reject a held delivery."""
    decide(delivery_id, settings, Decision(approved=approved, by="Ana", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)))


def settle(settings: Settings, delivery_id: str, row: int, changes: dict[str, str] | None) -> None:
    """Release a held row, corrected if there are changes; discard it if changes are None."""
    verdict = Verdict(by="Ana", reason="asked the sender", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    if changes is None:
        discard(Which(delivery_id, row=row), verdict, settings)
    else:
        release(Which(delivery_id, row=row), changes, verdict, settings)


JOBS: dict[str, Callable[..., Any]] = {
    "chain": chain,
    "take_in": take_in,
    "decide": decide_on,
    "settle": settle,
    "collect": collect_only,
    "process": lambda settings, delivery_id: process(delivery_id, settings).model_dump(mode="json"),
    "store": lambda settings, delivery_id: store(delivery_id, settings).model_dump(mode="json"),
    "compute": indicators.compute,
    "housekeep": housekeep,
    "release": name_release,
    "load_many": load_many,
    "live_files": live_files,
    "write_side_by_side": write_side_by_side,
    "read_side_by_side": read_side_by_side,
}


def child(job: dict[str, Any]) -> int:
    """Do one job as a process of its own."""
    for stream, number in (("/dev/null", 0), (job["said"], 1), (job["said"], 2)):
        os.dup2(os.open(stream, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666), number)
    os.environ.update(job["environment"])
    if "uid" in job:
        os.setgroups([])
        os.setgid(job["uid"])
        os.setuid(job["uid"])
    if "largest_file" in job:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"], job["largest_file"]))
    if job.get("quick", True):
        no_signature_check()
    if job.get("moment"):
        at(job["moment"])
    try:
        result = JOBS[job["do"]](Settings(), *job.get("arguments", []))
    except BaseException:
        traceback.print_exc()
        return 1
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")
    return 0


def wait(pid: int) -> int:
    """The exit status of a child, negative for a signal; one that takes too long is killed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def main() -> None:
    pa.set_cpu_count(1)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    running: set[int] = set()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            running.discard(order["wait"])
            print(wait(order["wait"]), file=answers, flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = child(order)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        running.add(pid)
        print(pid, file=answers, flush=True)
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
