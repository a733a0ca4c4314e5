"""Datasets an office writes in a layout of our own: a file of it loads, and each of its own checks can fire."""

from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.conftest import ingest

SOUND = {
    "region_distances": """\
Country,Year,From,To,Kilometres
Kyrgyzstan,2010,Osh,Batken,240
Kyrgyzstan,2010,Batken,Osh,240
""",
}
"""By dataset: a file without fault."""

FAULTY = {
    "region_distances": (
        """\
Country,Year,From,To,Kilometres
Kyrgyzstan,2010,Osh,Batken,240
Kyrgyzstan,2010,Batken,Osh,340
Kyrgyzstan,2010,Osh,Osh,5
Kyrgyzstan,2010,Osh,Naryn,200000
""",
        ["within one per cent", "no distance away from itself", "in metres"],
    ),
}
"""By dataset: a file with faults, and words of the checks that find them."""


@pytest.mark.parametrize("dataset", SOUND)
def test_a_sound_file_is_accepted(dataset: str, tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / f"{dataset}.csv"
    file.write_text(SOUND[dataset], encoding="utf-8")
    outcome = ingest(file, dataset, settings)
    assert outcome.state == "accepted", [(c.notes, c.observed) for c in outcome.failed]
    assert [c.notes for c in outcome.failed if c.severity != "info"] == []


@pytest.mark.parametrize("dataset", FAULTY)
def test_each_fault_is_found(dataset: str, tmp_path: Path, settings: Settings) -> None:
    text, words = FAULTY[dataset]
    file = tmp_path / f"{dataset}.csv"
    file.write_text(text, encoding="utf-8")
    failed = [check.notes for check in ingest(file, dataset, settings).failed]
    assert [w for w in words if not any(w in note for note in failed)] == [], failed
