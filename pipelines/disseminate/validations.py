"""The page over all deliveries: what came, what became of it, and how each check has fared from delivery to delivery.

It is written from the books after each delivery, one file that needs nothing else, beside the deliveries' own reports.
It shows the latest deliveries of each dataset, so that the thousandth costs what the tenth does.
"""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader

from pipelines.contract import load_contracts
from pipelines.delivery import SEVERITIES, STATES, STATUSES, Problem, write_whole
from pipelines.language import language, say, say_n
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, exists
from pipelines.store.waiting import today, waiting_in

SHOWN = 30
PLACES = 10
LATEST = f"""
    SELECT * FROM ops.deliveries
    QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY recorded_at DESC) <= {SHOWN}
"""


def write_page(settings: Settings) -> Path | None:
    """Write `index.html` beside the reports; None as long as there is nothing to show."""
    if not has_warehouse(settings):
        return None
    with connect(settings) as con:
        if not exists(con, "ops", "deliveries"):
            return None
        con.execute(f"CREATE TEMP TABLE latest AS {LATEST}")
        states = con.execute("SELECT state, count(*) FROM ops.deliveries GROUP BY state").fetchall()
        counts = con.execute(
            "SELECT dataset, count(*) FROM ops.deliveries GROUP BY dataset ORDER BY dataset"
        ).fetchall()
        deliveries, trends = _deliveries(con, settings), _trends(con)
        waits = waiting_in(con, settings).values()
    titles = {name: contract.title for name, contract in load_contracts(settings.contracts).items()}
    datasets = [
        {"name": name, "title": say(titles.get(name, name)), "count": count}
        | {"deliveries": deliveries[name], "trends": trends.get(name, [])}
        for name, count in counts
    ]
    totals = {"loaded": 0, "held": 0, "rejected": 0} | dict(states)
    page = Environment(loader=PackageLoader("pipelines.disseminate"), autoescape=True, trim_blocks=True)
    page.globals.update(say=say, say_n=say_n)
    text = page.get_template("validations.html").render(
        totals=totals | {"deliveries": sum(count for _, count in states)},
        datasets=datasets,
        deadlines={one.delivery_id: one.words(today()) for one in waits},
        overdue=sum(one.phase(today()) == "overdue" for one in waits),
        language=language(),
        states=STATES,
        severities=SEVERITIES,
        at=f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}",
    )
    target = settings.reports / "index.html"
    write_whole(target, text)
    return target


def _deliveries(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """By dataset its latest deliveries, newest first, with what came of their checks and where to look."""
    places = _places(con)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(
        con,
        """SELECT l.delivery_id, l.dataset, file_name AS file, state, replace(reason, ' | ', ' ') AS reason, report,
                  strftime(received_at, '%Y-%m-%d') AS received, rows_read AS read, rows_loaded AS loaded,
                  rows_quarantined AS quarantined, rows_discarded AS discarded, recorded_at,
                  count(*) FILTER (status = 'pass') AS passed,
                  count(*) FILTER (status = 'fail' AND severity = 'critical') AS failed,
                  count(*) FILTER (status = 'fail' AND severity = 'warning') AS warned,
                  count(*) FILTER (status = 'fail' AND severity = 'info') AS said,
                  count(*) FILTER (status IN ('did not run', 'no data')) AS idle
           FROM latest l LEFT JOIN ops.validations v USING (delivery_id)
           GROUP BY ALL ORDER BY recorded_at DESC""",
    ):
        row["href"] = os.path.relpath(row.pop("report"), settings.reports)
        row["places"] = places.get(row["delivery_id"], [])
        found.setdefault(row["dataset"], []).append(row)
    return found


def _places(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """By delivery the first places a person must look at, each as one line."""
    found: dict[str, list[str]] = {}
    for row in _rows(
        con,
        f"""SELECT delivery_id, source_sheet, source_row, column_name, value, q.reason
            FROM ops.quarantine q SEMI JOIN latest USING (delivery_id)
            WHERE status IN ('held', 'refused')
            QUALIFY row_number() OVER (PARTITION BY delivery_id ORDER BY source_sheet, source_row) <= {PLACES}
            ORDER BY source_sheet, source_row""",
    ):
        place = Problem(
            kind="",
            sheet=row["source_sheet"] or "",
            row=row["source_row"],
            column=row["column_name"] or "",
            value=row["value"] or None,
            expected=row["reason"],
        )
        found.setdefault(row["delivery_id"], []).append(str(place))
    return found


def _trends(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """By dataset the checks that did not pass in one of the latest deliveries, with a mark for each, oldest first.

    A check stays the same one when the office changes its language: what was said in English is said in the new one.
    """
    checks: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in _rows(
        con,
        """SELECT l.dataset, v.check_id, v.notes, v.severity,
                  list({'status': v.status, 'file': l.file_name, 'observed': v.observed}
                       ORDER BY l.recorded_at) AS marks
           FROM ops.validations v JOIN latest l USING (delivery_id)
           GROUP BY l.dataset, v.check_id, v.notes, v.severity
           QUALIFY bool_or(bool_or(v.status <> 'pass')) OVER (PARTITION BY l.dataset, v.check_id)
           ORDER BY v.check_id, min(l.recorded_at)""",
    ):
        row["notes"] = say(row["notes"])
        check = checks.setdefault(tuple(row[name] for name in ("dataset", "check_id", "notes", "severity")), row)
        if check is not row:
            check["marks"] += row["marks"]
    found: dict[str, list[dict[str, Any]]] = {}
    for check in checks.values():
        statuses = [mark["status"] for mark in check["marks"]]
        if set(statuses) == {"pass"}:
            continue
        failed = statuses.count("fail")
        check["colour"] = {"critical": "fail", "warning": "warning", "info": "info"}[check["severity"]]
        check["words"] = say("{failed} failures in {count} deliveries", failed=failed, count=len(statuses))
        for mark in check["marks"]:
            mark["title"] = f"{mark['file']}: {say(STATUSES[mark['status']])} {mark['observed']}"
        found.setdefault(check["dataset"], []).append(check)
    return found


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = con.execute(query).to_arrow_table().to_pylist()
    return rows
