"""Every indicator has a hand-worked case, and gives what the hand found; regions of it are tested where it has them."""

import pytest

from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.settings import Settings
from tests.analyse.cases import CASES, computed, load, rows

INDICATORS = load_indicators(Settings().indicators)
KEY = ["series", "ref_area", "time_period", "sex", "age", "breakdown", "concept"]


def test_every_indicator_has_a_case() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} == {i.code for i in INDICATORS}


def plain(value: object) -> object:
    if value is None:
        return None
    try:
        return round(float(str(value)), 6)
    except ValueError:
        return str(value)


@pytest.mark.parametrize("indicator", INDICATORS, ids=[i.code for i in INDICATORS])
def test_it_gives_what_the_hand_found(indicator: Indicator) -> None:
    case = load(indicator.code)
    expected = rows(str(case["expect"]))
    columns = list(expected[0])
    found = computed(indicator, case["inputs"])  # type: ignore[arg-type]
    groups = set(case.get("groups", []))  # type: ignore[call-overload]
    areas = set(case.get("areas", []))  # type: ignore[call-overload]
    seen = [
        row
        for row in found
        if (not _group(row) or row["ref_area"] in groups) and (not areas or row["ref_area"] in areas)
    ]
    told = [tuple(plain(row[c]) for c in columns) for row in seen]
    assert sorted(told, key=str) == sorted((tuple(plain(row[c]) for c in columns) for row in expected), key=str)
    for row in found:
        assert row["obs_value"] is not None or row["obs_status"] != "A", "no value, and nothing says why"


def _group(row: dict[str, object]) -> bool:
    return "areas of the group" in str(row["note"])
