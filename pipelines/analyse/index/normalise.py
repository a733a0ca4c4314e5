"""Bring figures of unlike units to one scale; more is better afterwards.

Source: OECD/JRC Handbook (2008), step 5. Over a panel the limits are those of all periods, or two periods could not be
compared. Figures that are all the same tell no unit from another: they are refused, unless goalposts are given.
"""

import numpy as np
from scipy import stats

from pipelines.analyse.index.definition import Index, IndexDefinitionError, Node, Normalisation
from pipelines.analyse.index.panel import Matrix, Panel


def normalise(panel: Panel, index: Index, method: Normalisation | None = None) -> Matrix:
    """Normalised figures, units by items.

    Raises:
        IndexDefinitionError: an item has one value for all units, so that it has no range.
    """
    chosen = method or index.steps.normalise.method
    low, high = index.steps.normalise.to
    columns = [
        _column(panel.values[:, place], node, chosen, low, high, index.index) for place, node in enumerate(index.leaves)
    ]
    return np.column_stack(columns) if columns else panel.values


def _column(values: Matrix, node: Node, method: Normalisation, low: float, high: float, index: str) -> Matrix:
    if method == "none":
        return values * node.direction
    if method == "goalposts":
        assert node.goalposts is not None
        least, most = node.goalposts
        share = np.clip((values - least) / (most - least), 0, 1)
        return low + (high - low) * (share if node.direction == 1 else 1 - share)
    directed = values * node.direction
    known = ~np.isnan(directed)
    if not known.any():
        return values
    found = np.full(len(values), np.nan)
    found[known] = _spread(directed[known], node, method, low, high, index)
    return found


def _spread(x: Matrix, node: Node, method: Normalisation, low: float, high: float, index: str) -> Matrix:
    least, most = x.min(), x.max()
    if method in ("minmax", "zscore", "percentile") and least == most:
        raise IndexDefinitionError(
            f"{index}: all units have the same value of {node.code}, so it cannot be normalised by {method}; give it "
            "goalposts, or leave it out"
        )
    if method == "minmax":
        share = (x - least) / (most - least)
    elif method == "zscore":
        return np.asarray((low + high) / 2 + (high - low) / 10 * (x - x.mean()) / x.std(ddof=1))
    elif method == "rank":
        return np.asarray(stats.rankdata(x, method="min"), dtype=np.float64)
    elif method == "percentile":
        share = (stats.rankdata(x, method="min") - 1) / (len(x) - 1)
    elif method == "distance_to_reference":
        assert node.reference is not None
        return np.asarray(1 - np.abs(x - node.reference * node.direction) / (most - least or 1.0)) * (high - low) + low
    else:
        share = x / most
    return np.asarray(low + (high - low) * share)
