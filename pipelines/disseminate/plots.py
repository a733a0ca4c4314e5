"""Plots of an index a head of department can read: scores by dimension, rank intervals, what moved between two rounds.

SVG, so that a page shows them without a network connection and prints them sharp.
"""

import html
import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.analyse.index.compare import Peer
from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.score import Scores
from pipelines.analyse.index.uncertainty import Uncertainty

EDGE = 0.1  # a place that is sure is seen too
BLUE, GREY, RED = "#1f5f8b", "#b8c4cc", "#a33b2a"
mpl.rcParams["svg.hashsalt"] = "migstat"  # the same figures give the same file
mpl.rcParams["svg.fonttype"] = "none"


def dimensions(index: Index, found: Scores, doubt: Uncertainty, unit: tuple[str, str]) -> str:
    """Bars of one unit's scores by dimension, with the interval of each."""
    place = found.units.index(unit)
    nodes = [index.tree, *[node for node in index.tree.children if node.children]]
    figure, axes = _drawn(len(nodes))
    for row, node in enumerate(reversed(nodes)):
        value, (low, _, high) = found.scores[node.code][place], doubt.scores[node.code][:, place]
        if np.isnan(value):
            axes.text(0, row, "not published: too few items", va="center", color=RED)
            continue
        axes.barh(row, value, color=BLUE if node is index.tree else GREY)
        axes.plot([low, high], [row, row], color="black", linewidth=1.5)
        axes.text(max(high, value) + 1, row, f"{value:.1f}", va="center")
    axes.set_yticks(range(len(nodes)), [node.title for node in reversed(nodes)])
    axes.set_xlim(0, 1.1 * index.steps.normalise.to[1])
    axes.set_xlabel("score; the line is the 5th to 95th percentile over the choices tried")
    return _svg(figure, f"{index.title}: {' '.join(unit)} by dimension")


def intervals(index: Index, told: list[Peer]) -> str:
    """Between which places each unit lies; no place is shown without its interval."""
    figure, axes = _drawn(len(told))
    for row, peer in enumerate(reversed(told)):
        axes.barh(row, peer.worst - peer.best + 2 * EDGE, left=peer.best - EDGE, height=0.4, color=BLUE)
        axes.text(
            peer.worst + 0.3, row, f"{peer.score:.1f}; {100 * peer.coverage:.0f} % of items", va="center", fontsize=8
        )
    axes.set_yticks(range(len(told)), [peer.area for peer in reversed(told)])
    axes.set_xlim(0.5, max((peer.worst for peer in told), default=1) + 4)
    axes.set_ylim(-0.6, len(told) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("place, 1 the best: 5th to 95th percentile over the choices tried")
    return _svg(figure, f"{index.title}: places")


def waterfall(index: Index, moved: dict[str, float], before: float, words: str) -> str:
    """What each item added to or took from the score between two rounds."""
    titles = {node.code: node.title for node in index.leaves}
    steps = sorted(((v, c) for c, v in moved.items() if abs(v) > 1e-9), key=lambda step: -step[0])
    figure, axes = _drawn(len(steps) + 2)
    last, labels = before, [f"before: {before:.1f}"]
    axes.barh(0, before, color=GREY)
    for row, (value, code) in enumerate(steps, start=1):
        axes.barh(row, value, left=last, color=BLUE if value > 0 else RED)
        axes.text(last + max(value, 0) + 0.5, row, f"{value:+.1f}", va="center", fontsize=8)
        last += value
        labels.append(titles[code])
    axes.barh(len(steps) + 1, last, color=GREY)
    labels.append(f"after: {last:.1f}")
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    return _svg(figure, f"{index.title}: {words}")


def page(index: Index, plots: list[str], path: Path) -> None:
    """One page with plots and what must be read with them."""
    kind = "" if index.status == "official" else "Its items and weights are product-defined, and no official ones."
    words = [index.description, kind, f"Version {index.version}. Source: {index.source}."]
    told = "".join(f"<p>{html.escape(line)}</p>" for line in words if line)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(index.title)}</title>"
        "<style>body{font-family:sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}"
        "svg{width:100%;height:auto}figure{margin:2rem 0}</style></head>"
        f"<body><h1>{html.escape(index.title)}</h1>{told}"
        + "".join(f"<figure>{plot}</figure>" for plot in plots)
        + "</body></html>\n",
        encoding="utf-8",
    )


def _drawn(rows: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, 1.2 + 0.36 * max(rows, 1)), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    figure.suptitle(title, fontsize=11)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    drawing = text.getvalue()
    opened = drawing[drawing.index("<svg") :]
    return opened.replace("<svg", f'<svg role="img" aria-label="{html.escape(title, quote=True)}"', 1)
