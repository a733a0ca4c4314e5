"""What a run did, for the person who started it: deliveries, indicators, and where to look next."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.analyse.definition import load_indicators
from pipelines.analyse.index.definition import load_indices
from pipelines.delivery import EVENTS, STATES, not_fetched
from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, exists
from pipelines.store.waiting import Waiting, today, waiting_in

SHOWN_AREAS = ["KGZ", "MDA", "SRB"]
QUERY = "SELECT ref_area, time_period, obs_value FROM indicators.observations WHERE indicator = '10.7.4' ORDER BY ALL"


def summary(settings: Settings) -> RenderableType:
    """Accepted and rejected deliveries, the latest indicators of a few countries, and what to try next."""
    if not has_warehouse(settings):
        return Text(say("There is no warehouse yet: nothing has been delivered."))
    with connect(settings) as con:
        deliveries = con.execute(
            """SELECT dataset, file_name, state, rows_loaded, rows_discarded, reason, report, delivery_id
               FROM ops.deliveries ORDER BY dataset, file_name"""
        ).fetchall()
        waits = waiting_in(con, settings)
        values, untold = [], []
        if exists(con, "ops", "notifications"):
            untold = con.execute(
                """SELECT delivery_id, event, recipient, reason FROM ops.notifications
                   WHERE status = 'failed' AND sent_at > now()::TIMESTAMP - INTERVAL 7 DAY ORDER BY sent_at"""
            ).fetchall()
        if exists(con, "indicators", "observations"):
            values = con.execute(
                """SELECT indicator, concept, ref_area, max(time_period), max_by(obs_value, time_period),
                          max_by(unit_measure, time_period)
                   FROM indicators.observations
                   WHERE list_contains($areas, ref_area) AND obs_value IS NOT NULL
                         AND list_contains($headlines, indicator || '|' || series) AND age = '_T' AND breakdown = '_T'
                         AND sex = CASE indicator WHEN 'female_share' THEN 'F' ELSE '_T' END
                   GROUP BY indicator, concept, ref_area ORDER BY indicator, concept, ref_area""",
                {"areas": SHOWN_AREAS, "headlines": _headlines(settings)},
            ).fetchall()
    return Group(
        _deliveries(deliveries),
        *_rejections(deliveries, waits),
        *(Text(_untold(*failure), "red") for failure in untold),
        *(Text(say("Not fetched: {problem}", problem=problem), "red") for problem in not_fetched(settings)),
        _indicators(values),
        Text(say("Validation reports: {address}", address=settings.reports / "index.html")),
        Text(say("Next, ask the warehouse: {command}", command=f'.venv/bin/migstat sql "{QUERY}"')),
    )


def _headlines(settings: Settings) -> list[str]:
    """Each indicator or index with its headline series: of the others one would be shown for another."""
    found = [f"{i.code}|{i.series}" for i in load_indicators(settings.indicators)]
    return found + [f"{name}|{index.tree.code}" for name, index in load_indices(settings.indices).items()]


def _untold(delivery_id: str, event: str, recipient: str, reason: str) -> str:
    return say(
        "Not told: {recipient} of {delivery} ({event}): {reason}",
        recipient=recipient,
        delivery=delivery_id,
        event=say(EVENTS[event]),
        reason=reason,
    )


def _deliveries(found: list[tuple[Any, ...]]) -> Table:
    table = Table(title=say("Deliveries"), title_justify="left")
    table.add_column(say("dataset"), no_wrap=True)
    table.add_column(say("file"), overflow="fold")
    table.add_column(say("state"), no_wrap=True)
    table.add_column(say("loaded"), justify="right")
    table.add_column(say("repeated"), justify="right")
    for dataset, file, state, loaded, discarded, _, _, _ in found:
        style = {"rejected": "red", "held": "yellow"}.get(state, "")
        table.add_row(dataset, file, Text(say(STATES[state]), style), str(loaded), str(discarded))
    return table


def _rejections(found: list[tuple[Any, ...]], waits: dict[str, Waiting]) -> list[Text]:
    """Each refused delivery with the expectations it does not meet, and each that waits for a person."""
    lines = []
    for _, file, state, _, _, reason, report, delivery_id in found:
        if state == "held":
            deadline = waits[delivery_id].words(today())
            words = [
                say("Waits for approval, {deadline}: {file}", deadline=deadline, file=file),
                say("What speaks against it: {report}", report=report),
                say("Decide: {command} (or reject)", command=f"migstat approve {delivery_id} --by NAME"),
            ]
            lines.append(Text("\n  ".join(words), "yellow"))
        if state == "rejected":
            words = [
                say("Rejected: {file}", file=file),
                *(f"- {say('not so: {cause}', cause=cause)}" for cause in reason.split(" | ")),
                say("Where exactly: {report}", report=report),
            ]
            lines.append(Text("\n  ".join(words), "red"))
    return lines


def _indicators(found: list[tuple[Any, ...]]) -> Table:
    """One row per indicator and concept, one column per country: latest value and its period."""
    table = Table(title=say("Indicators, latest value (period)"), title_justify="left")
    table.add_column(say("indicator, unit"), overflow="fold")
    for area in SHOWN_AREAS:
        table.add_column(area, justify="right", no_wrap=True)
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for indicator, concept, area, period, value, unit in found:
        rows.setdefault((indicator, concept, unit), {})[area] = f"{_figure(value)} ({period})"
    for (indicator, concept, unit), cells in rows.items():
        name = indicator if concept == "global" else f"{indicator} ({concept})"
        table.add_row(f"{name}, {unit}", *(cells.get(area, "") for area in SHOWN_AREAS))
    return table


def _figure(value: float) -> str:
    """A figure with two decimals, or with its first digit where these would show nothing of it."""
    return f"{value:.1g}" if value and abs(value) < 0.005 else f"{value:,.2f}"
