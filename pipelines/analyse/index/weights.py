"""Weights of the parts of a node: as given, equal, by principal components, or so that the parts count as intended.

Source: OECD/JRC Handbook (2008), step 6; optimised weights after Becker, Saisana, Paruolo, Vandecasteele 2017, Weights
and importance in composite indicators.
"""

import numpy as np
from scipy import optimize

from pipelines.analyse.index.aggregate import combine
from pipelines.analyse.index.definition import IndexDefinitionError, Node, Weighting
from pipelines.analyse.index.panel import Matrix

FEWEST = 3


def weights_of(node: Node, values: Matrix, method: Weighting) -> Matrix:
    """Weights of a node's parts; they add up to one.

    Args:
        values: the parts' figures or scores, units by parts.
    """
    given = np.array([child.weight for child in node.children], dtype=np.float64)
    if method == "equal":
        given = np.ones(len(given))
    elif method == "pca" and len(given) > 1:
        given = _principal(node, values)
    elif method == "optimised" and len(given) > 1:
        given = _optimised(node, values, given / given.sum())
    return np.asarray(given / given.sum())


def _complete(node: Node, values: Matrix) -> Matrix:
    whole = values[~np.isnan(values).any(axis=1)]
    if len(whole) < FEWEST or (whole.std(axis=0) == 0).any():
        raise IndexDefinitionError(
            f"{node.code}: weights cannot be derived: it takes {FEWEST} units with all parts, that differ"
        )
    return whole


def _principal(node: Node, values: Matrix) -> Matrix:
    """Squared loadings of the first principal component of the standardised parts."""
    correlations = np.atleast_2d(np.corrcoef(_complete(node, values), rowvar=False))
    _, vectors = np.linalg.eigh(correlations)
    return np.asarray(vectors[:, -1] ** 2)


def _optimised(node: Node, values: Matrix, wanted: Matrix) -> Matrix:
    """Weights with which each part's squared correlation with the score is in proportion to its nominal weight."""
    whole = _complete(node, values)

    def miss(weights: Matrix) -> float:
        score = combine(whole, np.abs(weights), "arithmetic")
        if score.std() == 0:
            return 1.0
        strength = np.array([np.corrcoef(part, score)[0, 1] for part in whole.T]) ** 2
        return float(((strength / strength.sum() - wanted) ** 2).sum())

    found = optimize.minimize(
        miss, wanted, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-12, "maxiter": 4000}
    )
    return np.asarray(np.abs(found.x))
