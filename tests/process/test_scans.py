"""The checks of a delivery share their scans, and what they look at is what they would look at alone."""

import re
import statistics
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.process.validate import validate
from pipelines.settings import Settings
from tests.process.tidying import contract, harmonised

VALUES = [3.5, 1.0, 8.25, 2.0, 2.0, 100.0]
AREAS = ["MDA", "KGZ", "SRB", "ARM", "UKR", "GEO"]
CHECKS: list[dict[str, Any]] = [
    {"type": "expect_column_median_to_be_between", "kwargs": {"column": "obs_value", "max_value": 9}},
    {"type": "expect_column_stdev_to_be_between", "kwargs": {"column": "obs_value", "max_value": 99}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "obs_value", "max_value": 99}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "obs_value", "min_value": 0}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "ref_area"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "ref_area", "value_set": AREAS}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "obs_value", "value_set": VALUES}},
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "ref_area", "value": 3}},
]


def judged(checks: list[dict[str, Any]], tmp_path: Path) -> tuple[list[Any], list[str]]:
    """The results of the contract's checks, and the statements that go over the delivery."""
    said = [{"severity": "critical", "notes": "As made up."} | check for check in checks]
    described = Contract.model_validate({**contract().model_dump(exclude_unset=True), "expectations": said})
    rows = [f"{area},2020,{value}" for area, value in zip(AREAS, VALUES, strict=True)]
    found = harmonised("\n".join(["area,year,value", *rows, ""]), tmp_path, described)
    scans = []

    def noted(_con: Any, _cursor: Any, sql: str, arguments: Any, *_: Any) -> None:
        limit = re.search(r"LIMIT \$(\d+)", sql) if "DISTINCT" not in sql else None
        empty = limit and arguments[int(limit[1]) - 1] <= 1  # of a row alone, the columns are asked
        if "FROM delivery" in sql and "FROM problems" not in sql and not empty:
            scans.append(sql)

    sa.event.listen(sa.Engine, "before_cursor_execute", noted)
    try:
        result = validate(found, described, "quirks-1", tmp_path / "staged", Settings(home=tmp_path / "home"), {})
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", noted)
    return [check for check in result.checks if check.check_id.startswith("quirks.")], scans


def test_no_check_costs_a_scan_of_its_own(tmp_path: Path) -> None:
    """If it failed, ten checks on a large delivery would cost ten passes over it."""
    checks, scans = judged(CHECKS, tmp_path)
    assert {check.status for check in checks} == {"pass"}
    assert len(scans) <= 4, scans  # rows, figures, conditions, and what rests on these
    looked_at = [float(check.observed.strip("()").removeprefix("observed ")) for check in checks[:3]]
    assert looked_at == pytest.approx([statistics.median(VALUES), statistics.stdev(VALUES), statistics.mean(VALUES)])


def test_a_set_of_texts_holds_what_is_in_it_alone(tmp_path: Path) -> None:
    """With the place of what is not, also where most rows have to be in it, and none where the set is empty."""
    sets: list[tuple[list[str], float]] = [(AREAS[:5], 1), (AREAS[:5], 0.5), ([*AREAS, "x"], 1), ([], 1)]
    asked = [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "ref_area", "value_set": s, "mostly": m}}
        for s, m in sets
    ]
    checks, _ = judged(asked, tmp_path)
    assert [(check.status, check.unexpected_count) for check in checks] == [
        ("fail", 1),
        ("pass", 1),
        ("pass", 0),
        ("fail", 6),
    ]
    assert [(place.row, place.value) for place in checks[0].places] == [(7, "GEO")]
