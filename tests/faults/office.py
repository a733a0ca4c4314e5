"""A small office for the fault tests: its contract, its deliveries, its warehouse, and the processes it starts."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect

AREAS = ["ARM", "KGZ", "MDA", "SRB"]
TOTAL = 1000
DATASET = "flows"

CONTRACT = """\
dataset: flows
title: Arrivals by country, year and sex
description: A small dataset of the fault tests.
provider: Fault tests
licence: CC0
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country of arrival.}
  time_period: {type: period, key: true, description: Year.}
  sex: {type: code, codelist: sex, key: true, description: Sex.}
set: {unit_measure: PS, source: Fault tests, vintage: one}
sources:
  - file: "*.csv"
    format: csv
    missing: {"": "O", "..": "M"}
    tables:
      - columns: {ref_area: area, time_period: year, sex: sex}
        values: [{header: arrivals}]
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: obs_value, min_value: 0}
    severity: critical
    notes: Nobody arrives less than zero times.
"""
INDICATOR = """\
/*
code: arrivals
series: ARRIVALS
title: Arrivals in all countries
definition: Sum of arrivals over countries and sexes.
formula: sum
unit_measure: PS
concept: global
custodian: Fault tests
grain: arrivals by country, year and sex
inputs: [core.flows]
source: Fault tests
verification: every year sums to the same total
*/
SELECT 'ARM' AS ref_area, time_period, sum(obs_value) AS obs_value FROM core.flows GROUP BY time_period
"""
REFERENCE = {
    "areas": "code,m49,name,kind\nARM,051,Armenia,country\nKGZ,417,Kyrgyzstan,country\n"
    "MDA,498,Moldova,country\nSRB,688,Serbia,country\n",
    "sex": "code,name\n_T,Total\nM,Male\nF,Female\n",
    "groups": "code,area,first_day,last_day\nAREA,ARM,,\n",
    "territories": "ref_area,covers\nSRB,SRB|XKX\n",
    "obs_status": "code,name\nA,Normal value\nM,Missing\nO,Missing\n",
}

# What is compared between two warehouses: everything but times, runs, addresses and snapshot numbers.
CONTENTS = {
    "core.flows": "*",
    "indicators.observations": "* EXCLUDE input_snapshot",
    "ops.deliveries": "* EXCLUDE (received_at, recorded_at, run_id, report)",
    "ops.validations": "* EXCLUDE validated_at",
    "ops.quarantine": "*",
    "ops.computations": "indicator, definition_sha256, observations",
    "reference.areas": "*",
    "reference.sex": "*",
    "reference.obs_status": "*",
}
Contents = dict[str, list[tuple[Any, ...]]]


@dataclass
class Finished:
    """How a child ended: exit status (negative for a signal), what it gave and what it said."""

    status: int
    result: Any
    said: str

    @property
    def error(self) -> str:
        """The last exception it died of, as a person would see it."""
        return next((line for line in reversed(self.said.splitlines()) if line.strip()), "")


class Workers:
    """Starts jobs of `worker.py`, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._parent = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._files: dict[int, tuple[Path, Path]] = {}
        self._ready = False

    def _answer(self) -> str:
        assert self._parent.stdout
        line = self._parent.stdout.readline().strip()
        assert line, "the parent of the workers has died"
        return line

    def _order(self, order: dict[str, Any]) -> str:
        if not self._ready:
            assert self._answer() == "ready"
            self._ready = True
        assert self._parent.stdin
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return self._answer()

    def start(self, job: dict[str, Any]) -> int:
        """Start a job; gives the process id of its child."""
        self._count += 1
        result, said = self._folder / f"{self._count}.json", self._folder / f"{self._count}.txt"
        pid = int(self._order(job | {"result": str(result), "said": str(said)}))
        self._files[pid] = (result, said)
        return pid

    def wait(self, pid: int) -> Finished:
        """Wait for a child."""
        status = int(self._order({"wait": pid}))
        result, said = self._files.pop(pid)
        given = json.loads(result.read_text(encoding="utf-8")) if result.exists() else None
        return Finished(status, given, said.read_text(encoding="utf-8") if said.exists() else "")

    def stop(self) -> None:
        """Stop the parent, and with it every child that still runs."""
        if self._parent.stdin:
            self._parent.stdin.close()
        self._parent.wait(timeout=60)


class Office:
    """One home with its own contract and reference data; deliveries go in, the warehouse is looked at from outside."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self.folder, self.workers = folder, workers
        self._delivered: set[str] = set()
        self._age = 0
        for path, text in {
            "contracts/flows.yaml": CONTRACT,
            "warehouse/indicators/arrivals.sql": INDICATOR,
            **{f"warehouse/reference/{name}.csv": text for name, text in REFERENCE.items()},
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        self.settings = Settings(
            home=folder / "home", contracts=folder / "contracts", warehouse=folder / "warehouse", settle_seconds=0
        )
        self.inbox.mkdir(parents=True, exist_ok=True)

    @property
    def inbox(self) -> Path:
        return self.settings.inbox / DATASET

    def deliver(self, name: str, text: str) -> str:
        """Put a file into the inbox, later than the one before; gives its sha256."""
        path = self.inbox / name
        path.write_text(text, encoding="utf-8")
        self._age += 1
        os.utime(path, (time.time() - 1000 + self._age, time.time() - 1000 + self._age))
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._delivered.add(digest)
        return digest

    def start(self, do: str, *arguments: Any, **options: Any) -> int:
        """Start a job in this home; gives the process id of its child."""
        named = {"MIGSTAT_HOME": "home", "MIGSTAT_CONTRACTS": "contracts", "MIGSTAT_WAREHOUSE": "warehouse"}
        environment = {name: str(self.folder / path) for name, path in named.items()} | {"MIGSTAT_SETTLE_SECONDS": "0"}
        return self.workers.start({"do": do, "arguments": arguments, "environment": environment} | options)

    def run(self, do: str, *arguments: Any, **options: Any) -> Finished:
        """Run a job in this home to its end."""
        return self.workers.wait(self.start(do, *arguments, **options))

    def done(self, do: str, *arguments: Any, **options: Any) -> Any:
        """Run a job that must succeed; gives its result."""
        finished = self.run(do, *arguments, **options)
        assert finished.status == 0, finished.said
        return finished.result

    def ask(self, query: str, as_of: str | None = None) -> list[tuple[Any, ...]]:
        """Read the warehouse as anyone else would."""
        with connect(self.settings, as_of=as_of) as con:
            return con.execute(query).fetchall()

    def contents(self, as_of: str | None = None) -> Contents:
        """Every row of the warehouse that two equal warehouses share; tables that are not there are empty."""
        found: Contents = {table: [] for table in CONTENTS}
        if not has_warehouse(self.settings):
            return found
        with connect(self.settings, as_of=as_of) as con:
            tables = con.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'lake'"
            ).fetchall()
            for (table,) in tables:
                if table in found:
                    found[table] = con.execute(f"SELECT {CONTENTS[table]} FROM {table} ORDER BY ALL").fetchall()
        return found

    def commits(self) -> list[str]:
        """The delivery of every commit that says it is one."""
        found = self.ask(
            """SELECT commit_extra_info ->> 'delivery_id' FROM ducklake_snapshots('lake')
               WHERE commit_extra_info ->> 'delivery_id' IS NOT NULL ORDER BY snapshot_id"""
        )
        return [row[0] for row in found]

    def raw_bytes_are_whole(self) -> bool:
        """Whether every file ever delivered is kept under its digest, or still waits as it was sent."""
        beside = (".part", ".card.json")
        kept = [
            p for p in self.settings.landing.glob("*/*") if len(p.parent.name) == 64 and not p.name.endswith(beside)
        ]
        intact = all(hashlib.sha256(p.read_bytes()).hexdigest() == p.parent.name for p in kept)
        waiting = {hashlib.sha256(p.read_bytes()).hexdigest() for p in self.inbox.iterdir() if p.is_file()}
        return intact and self._delivered <= {p.parent.name for p in kept} | waiting

    def left_over(self) -> list[str]:
        """What a finished run must not leave: files in the inbox, pending marks, staged files."""
        folders = (self.inbox, self.settings.landing / "pending", self.settings.staging)
        return [str(p.relative_to(self.settings.home)) for f in folders if f.exists() for p in f.rglob("*")]


def flows(years: Iterable[int], shift: int = 0, total: int = TOTAL) -> str:
    """A delivery: four countries a year, whose arrivals add up to the same total every year."""
    lines = ["area,year,sex,arrivals"]
    for year in years:
        parts = [100 + shift, 200 - shift, 300 + 2 * shift]
        parts.append(total - sum(parts))
        lines += [f"{area},{year},_T,{part}" for area, part in zip(AREAS, parts, strict=True)]
    return "\n".join(lines) + "\n"
