"""Published scores, computed again by the engine from their published parts."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from pipelines.analyse.index.definition import Index, load_index, load_indices
from pipelines.analyse.index.panel import Panel, panel_of
from pipelines.analyse.index.score import category, score
from pipelines.settings import ROOT, Settings

INDICES = load_indices(Settings().warehouse / "indices")
HDI = """
index: hdi
title: Human Development Index
description: As published in the report of 2021/22.
version: Human Development Report 2021/22, technical note 1
valid_from: "2010"
status: official
source: UNDP, Human Development Report 2021/22, technical note 1
inputs: []
data: SELECT 1
steps:
  normalise: {method: goalposts, to: [0, 1]}
  aggregate: [arithmetic, geometric]
  available: [1]
tree:
  code: HDI
  title: Human Development Index
  children:
    - {code: health, title: Health, children: [{code: life_expectancy, title: Life expectancy, goalposts: [20, 85]}]}
    - code: education
      title: Education
      children:
        - {code: expected_schooling, title: Expected years of schooling, goalposts: [0, 18]}
        - {code: mean_schooling, title: Mean years of schooling, goalposts: [0, 15]}
    - {code: income, title: Income, children: [{code: ln_gni, title: Logarithm of GNI, goalposts: [LOW, HIGH]}]}
"""


def test_the_human_development_index_is_met_to_its_three_digits(tmp_path: Path) -> None:
    """96 published values: Afghanistan, Albania and Armenia 1990 to 2021, report of 2021/22."""
    path = tmp_path / "hdi.yaml"
    path.write_text(HDI.replace("LOW", repr(math.log(100))).replace("HIGH", repr(math.log(75_000))), encoding="utf-8")
    index = load_index(path)
    with (ROOT / "tests" / "oracles" / "hdi_2021.csv").open(encoding="utf-8") as lines:
        published = list(csv.DictReader(lines))
    rows = []
    for row in published:
        figures = {c: float(row[c]) for c in ("life_expectancy", "expected_schooling", "mean_schooling")}
        figures["ln_gni"] = math.log(float(row["gni_per_capita"]))
        rows += [(row["ref_area"], row["time_period"], code, value) for code, value in figures.items()]
    found = score(index, panel_of(rows, index, {}))
    computed = {unit: round(value, 3) for unit, value in zip(found.units, found.scores["HDI"].tolist(), strict=True)}
    assert computed == {(row["ref_area"], row["time_period"]): float(row["hdi"]) for row in published}
    assert len(computed) == 96


def answers(index: Index, given: dict[str, list[float]]) -> Panel:
    rows = [("KGZ", "2021", f"{domain}{letter}", value) for domain, values in given.items()
            for letter, value in zip("abcde", values, strict=True)]  # fmt: skip
    return panel_of(rows, index, {})


def test_10_7_2_the_worked_item_case() -> None:
    """Domains 80, 80, 100, 40, 20, 80; together 20 of 30: partially meets."""
    index = INDICES["sdg_10_7_2"]
    given = {"1": [2, 2, 1, 1, 2], "2": [2, 2, 2, 0, 2], "3": [2] * 5}
    given |= {"4": [2, 0, 2, 0, 0], "5": [2, 0, 0, 0, 0], "6": [2, 2, 2, 0, 2]}
    found = score(index, answers(index, given))  # type: ignore[arg-type]
    domains = [found.scores[f"PD_{n}"][0] for n in range(1, 7)]
    assert domains == [80, 80, 100, 40, 20, 80]
    assert [category(index, value) for value in domains] == [3, 3, 4, 2, 1, 3]
    assert found.scores["SDG_10_7_2"][0] == pytest.approx(66.667, abs=0.001)
    assert category(index, found.scores["SDG_10_7_2"][0]) == 2


@pytest.mark.parametrize(("half_points", "expected"), [(23, 1), (24, 2), (47, 2), (48, 3), (59, 3), (60, 4)])
def test_10_7_2_thresholds_in_half_points(half_points: int, expected: int) -> None:
    index = INDICES["sdg_10_7_2"]
    values = [2.0] * (half_points // 2) + [1.0] * (half_points % 2)
    values += [0.0] * (30 - len(values))
    given = {str(d + 1): values[5 * d : 5 * d + 5] for d in range(6)}
    assert category(index, float(score(index, answers(index, given)).scores["SDG_10_7_2"][0])) == expected


@pytest.mark.real_data
def test_10_7_2_categories_of_2019_follow_from_those_of_the_domains(real: Path) -> None:
    """Item answers are not published: with each domain at its least and at its most, 111 of 111 lie in between."""
    index = INDICES["sdg_10_7_2"]
    with (real / "oracles" / "sdg_10_7_2_country_categories_2019.csv").open(encoding="utf-8") as lines:
        countries = list(csv.DictReader(lines))
    steps = {n: (range(11) if n == 1 else range(0, 11, 2)) for n in range(1, 7)}
    for row in countries:
        ends = []
        for pick in (min, max):
            given = {}
            for n in range(1, 7):
                fitting = [p for p in steps[n] if category(index, 10.0 * p) == int(row[f"d{n}_category_published"])]
                points = pick(fitting)
                values = [2.0] * (points // 2) + [1.0] * (points % 2)
                given[str(n)] = values + [0.0] * (5 - len(values))
            ends.append(float(score(index, answers(index, given)).scores["SDG_10_7_2"][0]))
        low, high = (category(index, end) or 0 for end in ends)
        assert low <= int(row["overall_category_published"]) <= high, row["name"]
        assert ends[0] == pytest.approx(float(row["overall_pct_min"]), abs=1e-3)
        assert ends[1] == pytest.approx(float(row["overall_pct_max"]), abs=1e-3)
    assert len(countries) == 111


def test_spi_arithmetic_as_quoted() -> None:
    """Moldova 2019: pillars 100, 94.23, 53.56, 58.82, 90 make 79.32; a pillar that lacks a part has no score."""
    index = INDICES["spi"]
    wanted = {"SPI_P1": 1.0, "SPI_P2": 0.9423, "SPI_P3": 0.5356, "SPI_P4": 0.5882, "SPI_P5": 0.9}
    rows: list[tuple[str, str, str, float | None]] = []
    for pillar in index.tree.children:
        rows += [("MDA", "2019", leaf.code, wanted[pillar.code]) for leaf in pillar.leaves()]
        rows += [("XKX", "2019", leaf.code, None if leaf.code == "GEO" else 1.0) for leaf in pillar.leaves()]
    found = score(index, panel_of(rows, index, {}))
    pillars = [round(float(found.scores[code][0]), 2) for code in wanted]
    assert pillars == [100, 94.23, 53.56, 58.82, 90]
    assert round(float(found.scores["SPI"][0]), 2) == 79.32
    assert np.isnan(found.scores["SPI_P4"][1])
    assert np.isnan(found.scores["SPI"][1])
    assert found.scores["SPI_P5"][1] == 100


def test_spi_weighs_parts_of_the_sources_pillar_as_published() -> None:
    """(mean of 3 censuses + mean of 5 surveys + registration + geospatial) / 4."""
    index = INDICES["spi"]
    on = {"CEN_POP": 1.0, "SUR_HH": 1.0, "SUR_LAB": 1.0, "GEO": 0.5}
    rows = [("MDA", "2019", leaf.code, on.get(leaf.code, 0.0)) for leaf in index.leaves]
    found = score(index, panel_of(rows, index, {}))  # type: ignore[arg-type]
    assert found.scores["SPI_P4"][0] == pytest.approx(100 * (1 / 3 + 2 / 5 + 0 + 0.5) / 4)
