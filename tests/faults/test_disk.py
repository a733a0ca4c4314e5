"""A full disk and a file that cannot be read: a clear error, nothing changed, and the rest goes on."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.collect.inbox import collect
from pipelines.collect.land import UnreadableFile
from pipelines.contract import load_contract
from pipelines.delivery import read_outcome
from pipelines.process.run import process
from pipelines.settings import Settings
from pipelines.store.lake import LAKE, connect
from pipelines.store.load import recorded, store

CONTRACT = """\
dataset: flows
title: Arrivals
description: For the tests of full disks.
provider: none
licence: CC0
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  time_period: {type: period, key: true, description: Year.}
  item: {key: true, description: Item.}
sources:
  - file: "*.csv"
    format: csv
    tables:
      - columns: {ref_area: area, time_period: year, item: item}
        values: [{header: arrivals}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT, encoding="utf-8")
    return Settings(home=tmp_path / "home", contracts=contracts, settle_seconds=0)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def grow(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def deliver(settings: Settings, name: str, year: int, rows: int) -> Path:
    lines = [f"MDA,{year},{os.urandom(12).hex()},{number}" for number in range(rows)]
    path = settings.inbox / "flows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["area,year,item,arrivals", *lines, ""]), encoding="utf-8")
    return path


def ingest(settings: Settings) -> list[str]:
    contract = load_contract(settings.contracts / "flows.yaml")
    waiting = collect(contract, settings, recorded(contract, settings))
    for delivery_id in waiting:
        process(delivery_id, settings)
        store(delivery_id, settings)
    return waiting


def contents(settings: Settings) -> tuple[int, int]:
    with connect(settings) as con:
        rows = con.execute("SELECT count(*) FROM core.flows").fetchall()[0][0]
        snapshots = con.execute(f"SELECT count(*) FROM ducklake_snapshots('{LAKE}')").fetchall()[0][0]
    return rows, snapshots


def test_no_room_to_keep_the_raw_file(home: Settings) -> None:
    """Half a raw file under its digest would be evidence of something nobody sent."""
    with small_disk(home.landing, "256k"):
        path = deliver(home, "large.csv", 2020, 20_000)
        with pytest.raises(OSError, match="No space left") as refused:
            ingest(home)
        assert refused.value.errno == errno.ENOSPC
        assert path.exists(), "the delivery stays in the inbox"
        assert [f for f in home.landing.rglob("*") if f.is_file()] == []
        grow(home.landing, "64m")
        assert len(ingest(home)) == 1
        assert contents(home)[0] == 20_000


def test_no_room_in_the_warehouse(home: Settings) -> None:
    """A commit that names a file which is not whole would break every later read."""
    with small_disk(Path(home.lake_data), "512k"):
        deliver(home, "first.csv", 2019, 10)
        ingest(home)
        before = contents(home)
        deliver(home, "second.csv", 2020, 60_000)
        with pytest.raises(Exception, match="No space left"):
            ingest(home)
        assert contents(home) == before
        grow(Path(home.lake_data), "64m")
        waiting = ingest(home)
        assert contents(home)[0] == 10 + 60_000
        assert len(waiting) == 1


def test_unreadable_file_holds_up_no_other_and_is_seen(home: Settings) -> None:
    """Root may read anything, so the file is a link that leads nowhere."""
    deliver(home, "good.csv", 2019, 10)
    broken = home.inbox / "flows" / "broken.csv"
    broken.symlink_to(home.home / "nowhere.csv")
    waiting = ingest(home)
    assert [read_outcome_state(home, one) for one in waiting] == ["stored"]
    with pytest.raises(UnreadableFile, match=r"broken\.csv.*It stays in the inbox"):
        ingest(home)
    assert broken.is_symlink()
    assert contents(home)[0] == 10


def read_outcome_state(settings: Settings, delivery_id: str) -> str:
    """A stored delivery has no staged outcome left."""
    try:
        return read_outcome(delivery_id, settings).state
    except FileNotFoundError:
        return "stored"
