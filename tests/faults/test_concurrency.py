"""Four writers, upkeep and four readers at once on the embedded catalogue."""

import os
from pathlib import Path

from tests.faults.office import AREAS, DATASET, TOTAL, Office

WRITERS = READERS = 4
EACH = int(os.environ.get("MIGSTAT_FAULT_DELIVERIES", "20")) // WRITERS


def test_writers_and_readers_side_by_side(office: Office, tmp_path: Path) -> None:
    """If it failed, a busy day would lose a delivery, load one twice, or show someone half of one."""
    files, stop = tmp_path / "files", tmp_path / "stop"
    files.mkdir()
    writers = [office.start("write_side_by_side", str(files), DATASET, EACH, w, AREAS, TOTAL) for w in range(WRITERS)]
    readers = [office.start("read_side_by_side", DATASET, str(stop), len(AREAS), TOTAL) for _ in range(READERS)]
    wrote = [office.workers.wait(pid) for pid in writers]
    stop.touch()
    read = [office.workers.wait(pid) for pid in readers]
    assert [w.said for w in wrote if w.status] == []
    assert [r.said for r in read if r.status] == []

    stored = [delivery_id for w in wrote for delivery_id in w.result]
    reads = [r.result["reads"] for r in read]
    print(f"{len(stored)} commits by {WRITERS} writers, {sum(reads)} reads by {READERS} readers")
    assert [wrong for r in read for wrong in r.result["wrong"]] == []
    assert [len(w.result) for w in wrote] == [EACH] * WRITERS

    commits = office.commits()
    assert sorted(commits) == sorted(stored), "a commit was lost or doubled"
    assert sorted(office.ask("SELECT delivery_id FROM ops.deliveries")) == sorted((d,) for d in stored)
    named = dict(office.ask("SELECT delivery_id, file_name FROM ops.deliveries"))
    last: dict[str, str] = {}
    for delivery_id in commits:
        lines = (tmp_path / "files" / named[delivery_id]).read_text(encoding="utf-8").splitlines()[1:]
        last |= {line.split(",")[1]: delivery_id for line in lines}
    held = office.ask("SELECT DISTINCT time_period, delivery_id FROM core.flows")
    assert sorted(held) == sorted(last.items()), "a period is not held by the last delivery of it"
    assert office.left_over() == []
