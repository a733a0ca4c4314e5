"""What the parts of an index have to do with each other, and what each contributes.

Source: OECD/JRC Handbook (2008), step 4: correlations, Cronbach's alpha, principal components; effective weights after
Paruolo, Saisana, Saltelli 2013, Ratings and rankings: voodoo or science?
"""

from dataclasses import dataclass

import numpy as np

from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.panel import Matrix
from pipelines.analyse.index.score import Scores


@dataclass(frozen=True)
class Dimension:
    """One node: correlations of its parts, their consistency, and what they count."""

    code: str
    parts: list[str]
    correlations: Matrix
    alpha: float
    explained: Matrix
    """Shares of variance of the principal components."""
    nominal: Matrix
    effective: Matrix
    """Squared correlations of the parts with the node's score, adding up to one."""


def multivariate(index: Index, found: Scores) -> list[Dimension]:
    """Each node whose parts have figures for at least three units; over units with all parts."""
    told = []
    for node in index.tree.inner():
        parts = np.column_stack([found.scores[child.code] for child in node.children])
        score = found.scores[node.code]
        whole = ~np.isnan(parts).any(axis=1) & ~np.isnan(score)
        if whole.sum() < 3 or (parts[whole].std(axis=0) == 0).any() or score[whole].std() == 0:
            continue
        told.append(_dimension(node.code, [c.code for c in node.children], parts[whole], score[whole], found))
    return told


def _dimension(code: str, names: list[str], parts: Matrix, score: Matrix, found: Scores) -> Dimension:
    correlations = np.atleast_2d(np.corrcoef(parts, rowvar=False))
    components = np.sort(np.linalg.eigvalsh(correlations))[::-1]
    strength = np.array([np.corrcoef(part, score)[0, 1] ** 2 for part in parts.T])
    return Dimension(
        code, names, correlations, cronbach(parts), components / components.sum(), found.weights[code],
        strength / strength.sum(),
    )  # fmt: skip


def cronbach(parts: Matrix) -> float:
    """k / (k - 1) * (1 - sum of the variances / variance of the sum); NaN for one part."""
    count = parts.shape[1]
    if count < 2:
        return float("nan")
    return float(count / (count - 1) * (1 - parts.var(axis=0, ddof=1).sum() / parts.sum(axis=1).var(ddof=1)))
