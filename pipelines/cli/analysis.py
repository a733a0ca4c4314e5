"""Look into the indicators: what a number is made of, what would change, what progress there is, what is missing."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.common import current_settings, messages
from pipelines.language import say, say_n

SHOWN = 40
AreaOption = Annotated[str, typer.Option("--area", help="Only this country, ISO 3166-1 alpha-3.")]
JsonOption = Annotated[bool, typer.Option("--json", help="All of it, for a program.")]

app = typer.Typer()


@app.command()
def explain(
    series: Annotated[str, typer.Argument(help="Series code, e.g. SM_POP_REFG_OR.")],
    area: Annotated[str, typer.Argument(help="Area, e.g. KGZ.")],
    period: Annotated[str, typer.Argument(help="Period, e.g. 2024.")],
    sex: Annotated[str, typer.Option(help="Sex, where there is more than one value.")] = "",
    age: Annotated[str, typer.Option(help="Age, where there is more than one value.")] = "",
    breakdown: Annotated[str, typer.Option(help="Breakdown, where there is more than one value.")] = "",
    whole: JsonOption = False,
) -> None:
    """What a number is made of: formula with its figures, rows of the files it rests on, checks, earlier vintages."""
    from pipelines.analyse.explain import explain as explain_observation
    from pipelines.disseminate.explanation import text

    with messages():
        found = explain_observation(current_settings(), series, area, period, sex, age, breakdown)
        if whole:
            shown = {"observation": found.observation, "inputs": found.inputs, "members": found.members}
            shown |= {"checks": found.checks, "vintages": found.vintages, "formula": found.indicator.formula}
            typer.echo(json.dumps(shown, ensure_ascii=False, default=str, indent=1))
        else:
            typer.echo(text(found))


@app.command()
def lineage(
    codes: Annotated[list[str] | None, typer.Argument(help="Indicator codes; all if none.")] = None,
    drawing: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid flowchart.")] = False,
) -> None:
    """From which columns of which inputs an indicator is made, by its SQL."""
    from pipelines.analyse.definition import load_indicators
    from pipelines.analyse.lineage import drawn, table_columns
    from pipelines.analyse.lineage import lineage as follow

    with messages():
        settings = current_settings()
        indicators = load_indicators(settings.indicators)
        unknown = sorted(set(codes or []) - {i.code for i in indicators})
        if unknown:
            raise LookupError(say("there is no indicator {code}; `migstat indicators` lists them", code=unknown[0]))
        schema = table_columns(settings)
        found = [follow(i, schema) for i in indicators if not codes or i.code in codes]
        if drawing:
            typer.echo(drawn(found))
            return
        for one in found:
            typer.echo(one.indicator)
            for column, origins in one.columns.items():
                if origins:
                    typer.echo(f"  {column:13} {say('from {columns}', columns=', '.join(origins))}")
            if one.conditions:
                typer.echo(f"  {say('rows chosen by {conditions}', conditions=', '.join(one.conditions))}")


@app.command()
def diff(
    delivery: Annotated[str, typer.Option(help="A held delivery, taken as if it were approved.")] = "",
    whole: JsonOption = False,
) -> None:
    """What would change in every observation if indicators were computed now, largest first, and why."""
    from pipelines.analyse.diff import diff as differences

    with messages():
        found = differences(current_settings(), delivery)
        if whole:
            typer.echo(json.dumps([asdict(d) for d in found], ensure_ascii=False, indent=1))
            return
        for d in found[:SHOWN]:
            parts = " ".join(p for p in (d.sex, d.age, d.breakdown) if p != "_T")
            change = f"{_figure(d.before)} → {_figure(d.after)} ({100 * d.share:.3g} %)"
            typer.echo(" ".join(f"{d.series} {d.ref_area} {d.time_period} {parts} {change}: {d.reason}".split()))
        if len(found) > SHOWN:
            typer.echo(say("... and {count} more; --json gives all", count=len(found) - SHOWN))
        changed = say_n("{n} observation would change.", "{n} observations would change.", len(found))
        typer.echo(changed if found else say("Nothing would change."))


@app.command()
def progress(area: AreaOption = "") -> None:
    """Where the prioritised indicators stand on the way to their targets, by each method that applies."""
    from pipelines.analyse.views import rows

    with messages():
        found = rows(current_settings(), "progress", area)
        for row in found:
            figures = [_dated(row["baseline"], row["baseline_year"]), _dated(row["latest"], row["latest_year"])]
            if row["target"] is not None:
                figures.append(say("target {figure}", figure=_dated(row["target"], row["target_year"])))
            reached = say("; on this trend reached in {year}", year=row["reached_in"]) if row["reached_in"] else ""
            score = "" if row["score"] is None else f" ({row['score']:.3f})"
            typer.echo(
                f"{row['ref_area']} {row['indicator']} {row['series']}: {', '.join(figures)}\n"
                f"    {row['status'] or row['note'] or say('no class')}{score}{reached}\n    {row['method_source']}"
            )
        if not found:
            typer.echo(say("No prioritised indicator has an observation yet: see `migstat readiness`."))


@app.command()
def readiness(area: AreaOption = "") -> None:
    """What is there, what is missing and how old it is, for each prioritised indicator."""
    from pipelines.analyse.readiness import readiness as gaps

    with messages():
        for one in gaps(current_settings(), area):
            state = say("no value")
            if one.values:
                state = say_n(
                    "{n} value, the latest of {period}",
                    "{n} values, the latest of {period}",
                    one.values,
                    period=one.latest,
                )
            typer.echo(f"{one.ref_area} {one.indicator} {one.title}: {state}")
            for h in one.holdings:
                if h.observations:
                    by = say("by {columns}", columns=say(" and ").join(h.by)) if h.by else say("without any breakdown")
                    span = say("{first} to {last}", first=h.first, last=h.last)
                    age = say_n("{n} year old", "{n} years old", h.age_years or 0)
                    typer.echo(f"    {h.dataset}: {span}, {age}, {by}")
                else:
                    asked = say("nothing. Ask for it: {title} ({provider})", title=say(h.title), provider=h.provider)
                    typer.echo(f"    {h.dataset}: {asked}")
            if one.asked_by:
                typer.echo(f"    {say('asked for by {columns}', columns=', '.join(one.asked_by))}")


@app.command()
def projects(area: AreaOption = "") -> None:
    """Reports of projects that are late or missing."""
    from pipelines.analyse.views import rows

    with messages():
        found = [row for row in rows(current_settings(), "late_reports", area) if row["state"] != "not yet due"]
        for row in found:
            due = say("no due day given")
            if row["days_late"] is not None:
                due = say_n("due {day}, {n} day late", "due {day}, {n} days late", row["days_late"], day=row["due"])
            what = say("{indicator} for {period}", indicator=row["indicator"], period=row["time_period"])
            typer.echo(f"{row['ref_area']} {row['project']}: {what}, {due}")
        if not found:
            typer.echo(say("No report is late or missing."))


def _dated(value: float, year: object) -> str:
    return say("{value} in {year}", value=f"{value:g}", year=year)


def _figure(value: float | None) -> str:
    return say("none") if value is None else f"{value:.6g}"
