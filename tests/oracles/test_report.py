"""The published page on indicators is what the code gives today, and no difference is without an explanation."""

from pathlib import Path

import pytest

from pipelines.analyse.definition import load_indicators
from pipelines.settings import Settings
from pipelines.store.lake import connect
from tests.oracles.report import PAGE, Comparison, comparisons, exact, text


@pytest.mark.real_data
def test_the_page_is_up_to_date_and_nothing_is_unexplained(real_settings: Settings, real: Path) -> None:
    with connect(real_settings) as con:
        found = list(comparisons(con, real))
    assert [(one.indicator, one.unexplained()) for one in found if one.unexplained()] == []
    assert text(found) == PAGE.read_text(encoding="utf-8"), "run `python -m tests.oracles.report`"


def test_the_catalogue_is_whole() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for indicator in load_indicators(Settings().indicators):
        assert f"| {indicator.code} | {indicator.series} | {indicator.title} |" in page, indicator.code


def test_a_difference_without_a_reason_is_found() -> None:
    """A comparison that could not fail would say nothing."""
    cells = [(("KGZ", "2019"), 1.0, 1.0), (("KGZ", "2020"), 1.0, 1.1), (("KGZ", "2021"), None, 1.0)]
    one = Comparison("x", "somewhere", cells, exact, lambda key, *_: key == ("KGZ", "2020"))  # type: ignore[arg-type]
    assert one.counts() == (3, 1, 1, 1)
    assert one.unexplained() == [(("KGZ", "2021"), None, 1.0)]
