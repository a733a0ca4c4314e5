"""How far the result depends on choices somebody made: Monte Carlo over them, Sobol indices, and single items left out.

Source: OECD/JRC Handbook (2008), step 7; Saltelli and others 2008, Global Sensitivity Analysis. Deterministic by seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.normalise import normalise
from pipelines.analyse.index.panel import Matrix, Panel
from pipelines.analyse.index.prepare import prepare
from pipelines.analyse.index.score import aggregated, derived_weights, score

CHUNK = 2_000
CHOICES = ("impute", "treat", "normalise", "aggregate")


@dataclass(frozen=True)
class Uncertainty:
    """By node the 5th, 50th and 95th percentile of each unit's score, and those of its rank within its period."""

    scores: dict[str, Matrix]
    ranks: Matrix


@dataclass(frozen=True)
class Sensitivity:
    """Of each choice: its own share of the variance of the mean shift in rank, and that with all interactions."""

    factors: list[str]
    first: Matrix
    first_confidence: Matrix
    total: Matrix
    total_confidence: Matrix


def uncertainty(index: Index, panel: Panel, runs: int = 0) -> Uncertainty:
    """Score again and again, each time with one of the choices and with weights shifted at random."""
    count = runs or index.uncertainty.runs
    nodes = [node.code for node in index.tree.inner()]
    draws = np.random.default_rng(index.uncertainty.seed)
    found = {code: np.empty((count, len(panel.units)), dtype=np.float32) for code in nodes}
    ranks = np.empty((count, len(panel.units)), dtype=np.float32)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        options = {name: draws.integers(len(listed), size=size) for name, listed in choices(index).items()}
        shifts = _shifts(index, draws, size)
        for rows, scores in _simulated(index, panel, options, shifts):
            for code in nodes:
                found[code][start + rows] = scores[code]
            ranks[start + rows] = ranked(scores[index.tree.code], panel)
    percentiles = {code: _percentiles(values) for code, values in found.items()}
    return Uncertainty(percentiles, _percentiles(ranks))


def sensitivity(index: Index, panel: Panel, samples: int = 256) -> Sensitivity:
    """First-order and total Sobol indices of each choice and of the weight of each part of the index.

    Args:
        samples: a power of two; N (d + 2) scores are computed for d choices.
    """
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    listed = choices(index)
    parts = [child.code for child in index.tree.children]
    names = [*[name for name, options in listed.items() if len(options) > 1], *[f"weight of {code}" for code in parts]]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    drawn = sampling.sample(problem, samples, calc_second_order=False, seed=index.uncertainty.seed)
    column = {name: drawn[:, i] for i, name in enumerate(names)}
    options = {
        name: np.minimum((column[name] * len(o)).astype(int), len(o) - 1)
        if name in column
        else np.zeros(len(drawn), int)
        for name, o in listed.items()
    }
    spread = index.uncertainty.spread
    shifts = {node.code: np.ones((len(drawn), len(node.children))) for node in index.tree.inner()}
    shifts[index.tree.code] = np.column_stack([1 + spread * (2 * column[f"weight of {code}"] - 1) for code in parts])
    nominal = ranked(score(index, panel).scores[index.tree.code][None, :], panel)
    moved = np.empty(len(drawn))
    for rows, scores in _simulated(index, panel, options, shifts):
        moved[rows] = np.nanmean(np.abs(ranked(scores[index.tree.code], panel) - nominal), axis=1)
    if moved.std() == 0:  # no choice moves anything
        nothing = np.zeros(len(names))
        return Sensitivity(names, nothing, nothing, nothing, nothing)
    found = analysis.analyze(problem, moved, calc_second_order=False, seed=index.uncertainty.seed)
    return Sensitivity(names, found["S1"], found["S1_conf"], found["ST"], found["ST_conf"])


def left_out(index: Index, panel: Panel) -> dict[str, float]:
    """By item, how many places the units move on average if it counts nothing."""
    found = score(index, panel)
    nominal = ranked(found.scores[index.tree.code][None, :], panel)
    moved = {}
    for node in index.tree.inner():
        for place, child in enumerate(node.children):
            if child.children or len(node.children) == 1:
                continue
            weights = {code: w.copy() for code, w in found.weights.items()}
            weights[node.code][place] = 0.0
            again = aggregated(index, found.items, weights)[index.tree.code]
            moved[child.code] = float(np.nanmean(np.abs(ranked(again[None, :], panel) - nominal)))
    return moved


def choices(index: Index) -> dict[str, list[str]]:
    """What can be chosen at each step: the index's own way, and what its definition names beside it."""
    steps, tried = index.steps, index.uncertainty
    own: dict[str, str] = {"impute": steps.impute.method, "treat": steps.treat.method}
    own |= {"normalise": steps.normalise.method, "aggregate": ""}  # "" is the way of each level
    return {name: list(dict.fromkeys([own[name], *getattr(tried, name)])) for name in CHOICES}


def _shifts(index: Index, draws: np.random.Generator, size: int) -> dict[str, Matrix]:
    """Factors by which the weights of each node's parts are multiplied, by run."""
    spread = index.uncertainty.spread
    found = {}
    for node in index.tree.inner():
        count = len(node.children)
        if index.uncertainty.weights == "noise":
            found[node.code] = 1 + spread * draws.uniform(-1, 1, (size, count))
        else:
            # A Dirichlet weight of mean 1/n deviates by `spread` of it with this concentration.
            concentration = max((count - 1) / spread**2 - 1, 1e-6) / count if count > 1 else 1.0
            found[node.code] = count * draws.dirichlet(np.full(count, concentration), size)
    return found


def _simulated(
    index: Index, panel: Panel, options: dict[str, Matrix], shifts: dict[str, Matrix]
) -> Iterator[tuple[Matrix, dict[str, Matrix]]]:
    """Scores of the runs that agree in their choices, all at once; with the places of those runs."""
    listed = choices(index)
    for places in product(*(range(len(listed[name])) for name in CHOICES)):
        rows = np.flatnonzero(np.all([options[n] == p for n, p in zip(CHOICES, places, strict=True)], axis=0))
        if not len(rows):
            continue
        chosen = {name: listed[name][place] for name, place in zip(CHOICES, places, strict=True)}
        steps = index.steps.model_copy(
            update={
                "impute": index.steps.impute.model_copy(update={"method": chosen["impute"]}),
                "treat": index.steps.treat.model_copy(update={"method": chosen["treat"]}),
            }
        )
        tried = index.model_copy(update={"steps": steps})
        items = normalise(prepare(panel, tried), tried, chosen["normalise"])  # type: ignore[arg-type]
        nominal = derived_weights(tried, items)
        weights = {code: nominal[code] * shift[rows] for code, shift in shifts.items()}
        yield rows, aggregated(tried, items, weights, chosen["aggregate"] or None)  # type: ignore[arg-type]


def ranked(scores: Matrix, panel: Panel) -> Matrix:
    """Places within each period by run, 1 the best; ties have the better place; NaN without a score."""
    ranks = np.full(scores.shape, np.nan)
    periods = np.array([period for _, period in panel.units])
    for period in dict.fromkeys(periods):
        columns = np.flatnonzero(periods == period)
        part = scores[:, columns]
        known = ~np.isnan(part)
        order = np.sort(np.where(known, -part, np.inf), axis=1)
        for run in range(len(part)):
            ranks[run, columns] = np.searchsorted(order[run], -part[run], side="left") + 1
        ranks[:, columns] = np.where(known, ranks[:, columns], np.nan)
    return ranks


def _percentiles(values: Matrix) -> Matrix:
    empty = np.isnan(values).all(axis=0)
    found = np.full((3, values.shape[1]), np.nan)
    if not empty.all():
        found[:, ~empty] = np.nanpercentile(values[:, ~empty], [5, 50, 95], axis=0)
    return found
