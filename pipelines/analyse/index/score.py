"""An index from its figures to the score of every node, with coverage."""

from dataclasses import dataclass

import numpy as np

from pipelines.analyse.index.aggregate import combine
from pipelines.analyse.index.definition import Aggregation, Index, Node
from pipelines.analyse.index.normalise import normalise
from pipelines.analyse.index.panel import Matrix, Panel, Unit
from pipelines.analyse.index.prepare import prepare
from pipelines.analyse.index.weights import weights_of


@dataclass(frozen=True)
class Scores:
    """By node its scores, the share of its items a unit has a figure of, and the weights of its parts."""

    units: list[Unit]
    items: Matrix
    scores: dict[str, Matrix]
    coverage: dict[str, Matrix]
    weights: dict[str, Matrix]

    def ranks(self, code: str, period: str) -> dict[str, int]:
        """Places of the areas in a period, 1 the best; ties have the better place, without a score there is none."""
        pairs = zip(self.units, self.scores[code], strict=True)
        found = {area: value for (area, time), value in pairs if time == period and not np.isnan(value)}
        return {area: 1 + sum(other > score for other in found.values()) for area, score in found.items()}


def score(index: Index, panel: Panel) -> Scores:
    """Apply the steps of an index.

    Raises:
        IndexDefinitionError: a step cannot be applied.
    """
    items = normalise(prepare(panel, index), index)
    weights = derived_weights(index, items)
    scores = {node.code: items[:, i] for i, node in enumerate(index.leaves)}
    # The last digits of a mean depend on the order of its parts, and a limit must not depend on them.
    scores |= {code: np.round(values, 10) for code, values in aggregated(index, items, weights).items()}
    return Scores(panel.units, items, scores, coverage(index, panel), weights)


def coverage(index: Index, panel: Panel) -> dict[str, Matrix]:
    """Share of the items below each node that were not missing, before anything was put in."""
    known = ~np.isnan(panel.values)
    place = {node.code: i for i, node in enumerate(index.leaves)}
    nodes = [*index.tree.inner(), *index.tree.leaves()]
    return {n.code: known[:, [place[leaf.code] for leaf in n.leaves()]].mean(axis=1) for n in nodes}


def derived_weights(index: Index, items: Matrix) -> dict[str, Matrix]:
    """Weights of the parts of each node, from the items up, as those above may be derived from the scores below."""
    weights: dict[str, Matrix] = {}
    scores = {node.code: items[:, i] for i, node in enumerate(index.leaves)}
    for node in reversed(list(index.tree.inner())):
        parts = np.column_stack([scores[child.code] for child in node.children])
        weights[node.code] = weights_of(node, parts, index.steps.weights)
        scores[node.code] = combine(parts, weights[node.code], method_of(index, node), least_of(index, node))
    return weights


def aggregated(
    index: Index, items: Matrix, weights: dict[str, Matrix], method: Aggregation | None = None
) -> dict[str, Matrix]:
    """Scores of the nodes with parts.

    Args:
        weights: of the parts of each node; with a first axis of runs, the scores have it too.
        method: in place of the index's own.
    """
    scores = {node.code: items[:, i] for i, node in enumerate(index.leaves)}
    for node in reversed(list(index.tree.inner())):
        parts = np.stack([scores[child.code] for child in node.children], axis=-1)
        chosen = method or method_of(index, node)
        scores[node.code] = combine(parts, weights[node.code], chosen, least_of(index, node))
    return {node.code: scores[node.code] for node in index.tree.inner()}


def method_of(index: Index, node: Node) -> Aggregation:
    """How a node's parts are put together: its own way, or that of its level."""
    methods = index.steps.aggregate
    return node.aggregate or methods[min(node.depth, len(methods)) - 1]


def least_of(index: Index, node: Node) -> float:
    """The share of its parts a node needs."""
    limits = index.steps.available
    return limits[min(node.depth, len(limits)) - 1]


def category(index: Index, value: float) -> int | None:
    """The category of a score; a limit belongs to the category above it."""
    reached = [c.code for c in index.categories if round(value, 9) >= c.at_least]
    return reached[-1] if reached else None
