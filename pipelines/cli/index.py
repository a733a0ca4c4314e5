"""Composite indices: scores, places, what they depend on, what would change them, and the forms they ask with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.common import current_settings, messages

if TYPE_CHECKING:
    from pipelines.analyse.index.definition import Index
    from pipelines.analyse.index.panel import Panel

NameArgument = Annotated[str, typer.Argument(help="Index, as in warehouse/indices.")]

app = typer.Typer()


@app.command()
def index(
    name: NameArgument,
    area: Annotated[str, typer.Option(help="One country: its dimensions.")] = "",
    period: Annotated[str, typer.Option(help="Round; the latest if none.")] = "",
    peers: Annotated[str, typer.Option(help="A region, process or income group to compare within.")] = "",
    since: Annotated[str, typer.Option(help="With --area: what each item changed since this round.")] = "",
    what_if: Annotated[str, typer.Option(help="With --area: other figures, e.g. MGI_IC_1=2,MGI_IC_2=2.")] = "",
    sensitivity: Annotated[bool, typer.Option("--sensitivity", help="Which choices the places depend on.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a page with plots here.")] = None,
) -> None:
    """Scores of an index with coverage and interval, by rank interval; never by rank alone."""
    with _opened(name) as (found, panel, groups):
        chosen = period or max((time for _, time in panel.units), default="")
        if not any(time == chosen for _, time in panel.units):
            raise LookupError(f"there are no figures of {name}{' in ' + period if period else ''} yet")
        if sensitivity:
            _sensitivity(found, panel)
        elif area and since:
            _change(found, panel, area, since, chosen)
        elif area and what_if:
            _what_if(found, panel, area, chosen, what_if)
        elif area:
            _country(found, panel, area, chosen)
        else:
            _places(found, panel, chosen, groups(peers, chosen))
        if report:
            _report(found, panel, area, since, chosen, groups(peers, chosen), report)
        if found.status != "official":
            typer.echo("Product-defined: items and weights are not official.")


@app.command()
def form(
    name: NameArgument,
    country: Annotated[str, typer.Argument(help="Country, as its name is written.")],
    period: Annotated[str, typer.Argument(help="Round, a year.")],
    folder: Annotated[Path | None, typer.Option(help="Where to put it; forms/ of the office's home if none.")] = None,
) -> None:
    """Write the Excel form in which an office answers the items of an index."""
    from pipelines.analyse.index.definition import load_indices
    from pipelines.disseminate.forms import write_form

    with messages():
        settings = current_settings()
        indices = load_indices(settings.indices)
        if name not in indices:
            raise LookupError(f"there is no index {name}; there are: {', '.join(indices)}")
        typer.echo(write_form(indices[name], country, period, folder or settings.home / "forms"))


@contextmanager
def _opened(name: str) -> "Iterator[tuple[Index, Panel, _Groups]]":
    from pipelines.analyse.index.definition import load_indices
    from pipelines.analyse.index.panel import read_panel
    from pipelines.store.lake import connect, exists

    with messages():
        settings = current_settings()
        indices = load_indices(settings.indices)
        if name not in indices:
            raise LookupError(f"there is no index {name}; there are: {', '.join(indices)}")
        with connect(settings) as con:
            lacking = [table for table in indices[name].inputs if not exists(con, *table.split(".", 1))]
            if lacking:
                raise LookupError(f"there are no figures of {name} yet: {', '.join(lacking)} holds no data")
            panel = read_panel(con, indices[name])
            members = con.execute(
                "SELECT code, area, coalesce(first_day, ''), coalesce(nullif(last_day, ''), '9999') "
                "FROM (FROM reference.groups UNION ALL FROM reference.income_groups)"
            ).fetchall()
        yield indices[name], panel, _Groups(members)


class _Groups:
    """Members of a region or process at the end of a year."""

    def __init__(self, members: list[tuple[str, str, str, str]]) -> None:
        self.members = members

    def __call__(self, code: str, period: str) -> set[str]:
        if not code:
            return set()
        day = f"{period[:4]}-12-31"
        found = {area for group, area, first, last in self.members if group == code and first <= day < last}
        if not found:
            raise LookupError(f"there is no group {code} in {period}: see reference.groups and reference.income_groups")
        return found


def _places(index: "Index", panel: "Panel", period: str, areas: set[str]) -> None:
    from pipelines.analyse.index.compare import peers
    from pipelines.analyse.index.score import score
    from pipelines.analyse.index.uncertainty import uncertainty

    typer.echo(f"{index.title}, {period}: place (5th to 95th percentile over the choices tried), score, coverage")
    for p in peers(index, score(index, panel), uncertainty(index, panel), period, areas):
        typer.echo(
            f"  {p.best:3}-{p.worst:<3} {p.area}  {p.score:.2f} ({p.low:.2f} to {p.high:.2f}), "
            f"{100 * p.coverage:.0f} % of the items"
        )


def _country(index: "Index", panel: "Panel", area: str, period: str) -> None:
    import numpy as np

    from pipelines.analyse.index.score import category, score
    from pipelines.analyse.index.uncertainty import uncertainty

    if (area, period) not in panel.units:
        raise LookupError(f"{area} has no figures of {index.index} in {period}")
    found, doubt, place = score(index, panel), uncertainty(index, panel), panel.units.index((area, period))
    typer.echo(f"{index.title}, {area} {period}")
    for node in index.tree.inner():
        value, covered = found.scores[node.code][place], 100 * found.coverage[node.code][place]
        low, _, high = doubt.scores[node.code][:, place]
        reached = category(index, float(value)) if not np.isnan(value) else None
        named = "".join(f" {c.code} {c.title}" for c in index.categories if c.code == reached)
        told = "not published" if np.isnan(value) else f"{value:.2f} ({low:.2f} to {high:.2f}){named}"
        typer.echo(f"  {node.code:12} {told}; {covered:.0f} % of the items; {node.title}")


def _sensitivity(index: "Index", panel: "Panel") -> None:
    from pipelines.analyse.index.multivariate import multivariate
    from pipelines.analyse.index.score import score
    from pipelines.analyse.index.uncertainty import left_out
    from pipelines.analyse.index.uncertainty import sensitivity as sobol

    found = sobol(index, panel)
    typer.echo("Sobol indices of the mean shift in rank: first order and total, with their 95 % confidence")
    for name, *figures in zip(
        found.factors, found.first, found.first_confidence, found.total, found.total_confidence, strict=True
    ):
        typer.echo("  {:24} {:.2f} ± {:.2f}   {:.2f} ± {:.2f}".format(name, *figures))
    typer.echo("Mean shift in rank if an item is left out")
    for code, moved in sorted(left_out(index, panel).items(), key=lambda item: -item[1])[:10]:
        typer.echo(f"  {code:24} {moved:.2f}")
    for dimension in multivariate(index, score(index, panel)):
        typer.echo(
            f"{dimension.code}: Cronbach's alpha {dimension.alpha:.2f}; nominal and effective weight of each part"
        )
        explained = ", ".join(f"{100 * share:.0f} %" for share in dimension.explained)
        typer.echo(f"  principal components explain {explained}; correlations:")
        for part, row in zip(dimension.parts, dimension.correlations, strict=True):
            typer.echo(f"  {part:24} {' '.join(f'{value:5.2f}' for value in row)}")
        for part, nominal, effective in zip(dimension.parts, dimension.nominal, dimension.effective, strict=True):
            typer.echo(f"  {part:24} {nominal:.2f} {effective:.2f}")


def _change(index: "Index", panel: "Panel", area: str, earlier: str, later: str) -> None:
    from pipelines.analyse.index.compare import decomposed

    moved = decomposed(index, panel, area, earlier, later)
    titles = {node.code: node.title for node in index.leaves}
    typer.echo(f"{index.title}, {area}: {sum(moved.values()):+.2f} from {earlier} to {later}")
    for code, value in sorted(moved.items(), key=lambda item: -abs(item[1])):
        if abs(value) > 1e-9:
            typer.echo(f"  {value:+.2f} {code} {titles[code]}")


def _what_if(index: "Index", panel: "Panel", area: str, period: str, said: str) -> None:
    from pipelines.analyse.index.compare import what_if

    changes = {code.strip(): float(value) for code, _, value in (part.partition("=") for part in said.split(","))}
    before, after = what_if(index, panel, area, period, changes)
    place = before.units.index((area, period))
    for node in index.tree.inner():
        old, new = before.scores[node.code][place], after.scores[node.code][place]
        if old != new:
            typer.echo(f"  {node.code:12} {old:.2f} would become {new:.2f}; {node.title}")


def _report(index: "Index", panel: "Panel", area: str, since: str, period: str, areas: set[str], path: Path) -> None:
    from pipelines.analyse.index.compare import decomposed, peers
    from pipelines.analyse.index.score import score
    from pipelines.analyse.index.uncertainty import uncertainty
    from pipelines.disseminate.plots import dimensions, intervals, page, waterfall

    found, doubt = score(index, panel), uncertainty(index, panel)
    plots = [intervals(index, peers(index, found, doubt, period, areas))]
    if area:
        plots.append(dimensions(index, found, doubt, (area, period)))
    if area and since:
        before = float(found.scores[index.tree.code][found.units.index((area, since))])
        moved = decomposed(index, panel, area, since, period)
        plots.append(waterfall(index, moved, before, f"{area}, {since} to {period}"))
    page(index, plots, path)
    typer.echo(f"Written: {path}")
