"""The decay of flows with distance against a regression by another algorithm."""

import math
import random

import numpy as np
import pytest

from pipelines.analyse.definition import load_indicators
from pipelines.settings import Settings
from tests.analyse.cases import computed

REGIONS = "abcdefg"


def regressed(moves: dict[tuple[str, str], int], km: dict[tuple[str, str], float]) -> float:
    """Coefficient of ln(km) in a Poisson regression on it, origin and destination, by reweighted least squares."""
    pairs = list(moves)
    design = np.zeros((len(pairs), 2 * len(REGIONS)))
    for row, (origin, destination) in enumerate(pairs):
        design[row, REGIONS.index(origin)] = 1
        if destination != REGIONS[0]:
            design[row, len(REGIONS) + REGIONS.index(destination) - 1] = 1
        design[row, -1] = math.log(km[origin, destination])
    counted = np.array([moves[pair] for pair in pairs], dtype=float)
    expected = counted + 0.5
    for _ in range(60):
        weight = np.sqrt(expected)
        worked = np.log(expected) + (counted - expected) / expected
        coefficients = np.linalg.lstsq(design * weight[:, None], worked * weight, rcond=None)[0]
        expected = np.exp(design @ coefficients)
    return float(coefficients[-1])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_distance_decay_is_that_of_a_poisson_regression(seed: int) -> None:
    chance = random.Random(seed)
    place = {region: (chance.uniform(0, 500), chance.uniform(0, 500)) for region in REGIONS}
    pairs = [(a, b) for a in REGIONS for b in REGIONS if a != b]
    km = {pair: math.dist(place[pair[0]], place[pair[1]]) for pair in pairs}
    moves = {pair: chance.choice([0, 3, 40, 500, 9000]) for pair in pairs}
    flows = ["ref_area,time_period,series,origin,destination,obs_value"]
    flows += [f"KGZ,2020,MOVES,{a},{b},{persons}" for (a, b), persons in moves.items()]
    distances = ["ref_area,time_period,origin,destination,obs_value"]
    distances += [f"KGZ,2010,{a},{b},{km[a, b]!r}" for a, b in pairs if a < b]
    indicator = next(i for i in load_indicators(Settings().indicators) if i.code == "internal_migration_distance")
    found = computed(
        indicator, {"core.internal_migration": "\n".join(flows), "core.region_distances": "\n".join(distances)}
    )
    (decay,) = [row["obs_value"] for row in found if row["series"] == "MIGRATION_DISTANCE_DECAY"]
    assert decay == pytest.approx(regressed(moves, km), abs=1e-6)
