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
    "population_by_age": """\
Country,Year,Region,Day,Migratory status,Migrants by,Sex,Age,Persons
Georgia,2014,,census,migrants,Country of birth,,0-14,10
Georgia,2014,,census,non-migrants,,,0-14,90
Georgia,2014,,census,,,,0-14,100
Georgia,2014,,census,,,,15+,400
Georgia,2014,,census,,,,not stated,1
Georgia,2014,,census,,,,total,501
""",
    "survival_ratios": """\
Country,Year,Years between,Region,Sex,Age,Survival ratio
India,1951,10,Bombay,M,0-4,0.9087
India,1951,10,Bombay,M,60+,0.3866
""",
    "children_ever_born": """\
Country,Year,Migratory status,Age,Women,Children
Georgia,2014,migrants,15-49,100,180
Georgia,2014,non-migrants,15-49,1000,1900
""",
    "external_finance": """\
Country,Year,Item,"US dollars, million"
Moldova,2015,exports,2000
Moldova,2015,foreign direct investment,-20
""",
    "remittances_by_sender": """\
Receiving country,Sending country,Year,"US dollars, million"
Moldova,Italy,2015,60
Moldova,Other,2015,40
Moldova,Total,2015,100
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
    "population_by_age": (
        """\
Country,Year,Migratory status,Sex,Age,Persons
Georgia,2014,,,0-14,100
Georgia,2014,,M,0-14,40
Georgia,2014,,F,0-14,40
Georgia,2014,migrants,,0-14,10
Georgia,2014,non-migrants,,0-14,10
Georgia,2014,,,0-4,30
Georgia,2014,,,15+,-400
Georgia,2014,,,total,500
""",
        ["Age groups add up", "Men and women", "Migrants and others", "not negative"],
    ),
    "survival_ratios": (
        """\
Country,Year,Years between,Age,Survival ratio
Georgia,2014,12,0-4,98.7
Georgia,2014,112,5-9,0.98
""",
        ["lies between 0 and 1", "one to twenty years"],
    ),
    "children_ever_born": (
        """\
Country,Year,Migratory status,Age,Women,Children
Georgia,2014,migrants,15-49,100,1800
Georgia,2014,non-migrants,15-49,1000,-1
Georgia,2014,,15-49,1200,2000
""",
        ["more than ten children", "not negative", "Migrants and others"],
    ),
    "external_finance": (
        """\
Country,Year,Item,"US dollars, million"
Moldova,2015,exports,-2000
""",
        ["Exports are not negative"],
    ),
    "remittances_by_sender": (
        """\
Receiving country,Sending country,Year,"US dollars, million"
Moldova,Italy,2015,60
Moldova,Russia,2015,-5
Moldova,Total,2015,100
""",
        ["net figures", "within one per cent"],
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
