"""Put the parts of a node together, for one set of weights or for thousands at once.

Source: OECD/JRC Handbook (2008), step 6. Weights are shared out anew among the parts a unit has; under the least share
of parts there is no score. As a missing part so raises the weight of the others, coverage is published with each score.
"""

import numpy as np
from scipy import optimize

from pipelines.analyse.index.definition import Aggregation, IndexDefinitionError
from pipelines.analyse.index.panel import Matrix

POSITIVE = ("geometric", "harmonic")


def combine(values: Matrix, weights: Matrix, method: Aggregation, least: float = 0.0) -> Matrix:
    """The scores of a node.

    Args:
        values: units by parts, or runs by units by parts.
        weights: by part, or runs by parts.
        least: share of parts below which there is no score.

    Returns:
        Scores by unit, or runs by units.

    Raises:
        IndexDefinitionError: a geometric or harmonic mean of figures that are not above zero.
    """
    known = ~np.isnan(values)
    if method in POSITIVE and (values[known] <= 0).any():
        raise IndexDefinitionError(
            f"a {method} mean needs figures above zero: normalise to a scale such as 1 to 100 before it"
        )
    if method in ("copeland", "benefit_of_the_doubt", "median"):
        score = _alone(values, weights, method)
    else:
        score = _mean(values, weights, known, method)
    enough = known.mean(axis=-1) >= least - 1e-12
    return np.where(enough & known.any(axis=-1), score, np.nan)


def _mean(values: Matrix, weights: Matrix, known: Matrix, method: Aggregation) -> Matrix:
    filled = np.where(known, values, 1.0)
    moved = np.log(filled) if method == "geometric" else 1 / filled if method == "harmonic" else filled
    moved = np.where(known, moved, 0.0)
    total, shared = _weighted(moved, weights), _weighted(known.astype(np.float64), weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / shared
        return np.asarray(np.exp(mean) if method == "geometric" else 1 / mean if method == "harmonic" else mean)


def _weighted(values: Matrix, weights: Matrix) -> Matrix:
    """Sums over parts; one matrix product where the figures are the same in every run."""
    if values.ndim == 2:
        return np.asarray(weights @ values.T)
    return np.asarray((values * (weights[:, None, :] if weights.ndim == 2 else weights)).sum(axis=-1))


def _alone(values: Matrix, weights: Matrix, method: Aggregation) -> Matrix:
    """Methods that take one set of weights at a time."""
    if values.ndim == 2 and weights.ndim == 1:
        return {"median": _median, "copeland": _copeland, "benefit_of_the_doubt": _benefit}[method](values, weights)
    runs = len(values) if values.ndim == 3 else len(weights)
    each = [
        _alone(values[r] if values.ndim == 3 else values, weights[r] if weights.ndim == 2 else weights, method)
        for r in range(runs)
    ]
    return np.stack(each)


def _median(values: Matrix, weights: Matrix) -> Matrix:
    """The figure at which half of the weight is reached; the mean of two where it is reached exactly between them."""
    found = np.full(len(values), np.nan)
    for unit, row in enumerate(values):
        known = ~np.isnan(row) & (weights > 0)
        if known.any():
            order = np.argsort(row[known], kind="stable")
            x, w = row[known][order], weights[known][order]
            reached = np.cumsum(w) / w.sum()
            low, high = np.searchsorted(reached, 0.5 - 1e-12), np.searchsorted(reached, 0.5 + 1e-12)
            found[unit] = (x[low] + x[min(high, len(x) - 1)]) / 2
    return found


def _copeland(values: Matrix, weights: Matrix) -> Matrix:
    """Units outranked less units that outrank it, by the weight of the parts in which it is ahead; ties by half."""
    ahead = np.where(np.isnan(values[:, None, :] - values[None, :, :]), 0.5, 0.0)
    with np.errstate(invalid="ignore"):
        ahead += (values[:, None, :] > values[None, :, :]) + 0.5 * (values[:, None, :] == values[None, :, :])
    share = (ahead * weights).sum(axis=-1) / weights.sum()
    return np.asarray(np.sign(np.round(share - 0.5, 12)).sum(axis=1))


def _benefit(values: Matrix, _: Matrix) -> Matrix:
    """The best score a unit can have with weights of its own, with which no unit scores above one.

    Source: Cherchye, Moesen, Rogge, Van Puyenbroeck 2007, An introduction to benefit of the doubt indicators.
    Nominal weights play no part in it.
    """
    whole = np.nan_to_num(values, nan=0.0)
    found = np.full(len(values), np.nan)
    for unit, row in enumerate(values):
        if np.isnan(row).all():
            continue
        answer = optimize.linprog(-whole[unit], A_ub=whole, b_ub=np.ones(len(whole)), bounds=(0, None), method="highs")
        if not answer.success:
            raise IndexDefinitionError(f"benefit of the doubt: the programme has no solution ({answer.message})")
        found[unit] = -answer.fun
    return found
