"""Compare and explain scores: with peers, between two rounds, and with other answers."""

from dataclasses import dataclass

import numpy as np

from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.panel import Matrix, Panel
from pipelines.analyse.index.score import Scores, aggregated, score
from pipelines.analyse.index.uncertainty import Uncertainty


@dataclass(frozen=True)
class Peer:
    """A unit among its peers: its score, how sure it is, and between which places it lies."""

    area: str
    score: float
    low: float
    high: float
    best: int
    worst: int
    coverage: float


def peers(index: Index, found: Scores, doubt: Uncertainty, period: str, areas: set[str]) -> list[Peer]:
    """Units of one period by rank interval, never by rank alone: 5th to 95th percentile over the choices tried.

    Args:
        areas: the members of a region, an income group or a process; all if empty.
    """
    top = index.tree.code
    told = []
    for i, (area, time) in enumerate(found.units):
        value = found.scores[top][i]
        if time != period or np.isnan(value) or (areas and area not in areas):
            continue
        low, _, high = doubt.scores[top][:, i]
        best, _, worst = doubt.ranks[:, i]
        told.append(
            Peer(area, float(value), float(low), float(high), round(best), round(worst), float(found.coverage[top][i]))
        )
    return sorted(told, key=lambda peer: (peer.best, peer.worst, peer.area))


def decomposed(index: Index, panel: Panel, area: str, earlier: str, later: str) -> dict[str, float]:
    """What each item adds to the change of an area's score between two periods; together it is the whole change.

    Items are put in place of the earlier ones one by one, once forwards and once backwards, and the two are averaged,
    so that it holds for every aggregation.

    Raises:
        LookupError: the area has no score in one of the periods.
    """
    found = score(index, panel)
    rows = {time: found.units.index((area, time)) for time in (earlier, later) if (area, time) in found.units}
    missing = [t for t in (earlier, later) if t not in rows or np.isnan(found.scores[index.tree.code][rows[t]])]
    if missing:
        raise LookupError(f"{area} has no score of {index.index} in {missing[0]}")
    before, after = found.items[rows[earlier]], found.items[rows[later]]
    codes = [node.code for node in index.leaves]
    shares = np.zeros(len(codes))
    for order in (range(len(codes)), reversed(range(len(codes)))):
        now = before.copy()
        last = _top(index, now, found)
        for place in order:
            now[place] = after[place]
            value = _top(index, now, found)
            shares[place] += (value - last) / 2
            last = value
    return dict(zip(codes, shares.tolist(), strict=True))


def _top(index: Index, items: Matrix, found: Scores) -> float:
    return float(aggregated(index, items[None, :], found.weights)[index.tree.code][0])


def what_if(index: Index, panel: Panel, area: str, period: str, changes: dict[str, float]) -> tuple[Scores, Scores]:
    """Scores as they are, and as they would be with other figures for some items of one unit.

    Raises:
        LookupError: there is no such unit or item.
    """
    if (area, period) not in panel.units:
        raise LookupError(f"{area} has no figures of {index.index} in {period}")
    values = panel.values.copy()
    for code, value in changes.items():
        if code not in panel.codes:
            raise LookupError(f"{code} is no item of {index.index}; items are {', '.join(panel.codes)}")
        values[panel.units.index((area, period)), panel.codes.index(code)] = value
    return score(index, panel), score(index, panel.with_values(values))
