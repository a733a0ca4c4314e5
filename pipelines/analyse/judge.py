"""Check indicators after they are computed: one SQL file each in `warehouse/checks/indicators/`.

They see what was computed as `computed`, what it takes the place of as `before`, and the bounds of the definitions as
`definitions`; each row they give is one comparison, which is `met` or not.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any, Literal

import duckdb
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from pipelines.language import holes, say
from pipelines.store.lake import exists

HEADER = re.compile(r"\A\s*/\*(.*?)\*/(.*)\Z", re.DOTALL)
SHOWN = 5


class IndicatorCheck(BaseModel):
    """One file: what must hold, how grave it is if not, what to ask then, and the tables it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    severity: Literal["critical", "warning", "info"]
    question: str
    needs: list[str] = []
    sql: str


def load_indicator_checks(folder: Path) -> list[IndicatorCheck]:
    """The checks of `warehouse/checks/indicators/`.

    Raises:
        ValueError: a file has no header, or one that lacks something.
    """
    found = []
    for path in sorted((folder / "indicators").glob("*.sql")):
        match = HEADER.match(path.read_text(encoding="utf-8"))
        if match is None:
            raise ValueError(f"{path}:1: expected a header comment /* title: ... severity: ... */ before the SELECT")
        header = YAML(typ="safe").load(match[1])
        found.append(IndicatorCheck.model_validate({**header, "name": path.stem, "sql": match[2].strip()}))
    return found


def judge(con: duckdb.DuckDBPyConnection, checks: list[IndicatorCheck], codes: list[str]) -> list[dict[str, object]]:
    """Rows for `ops.validations`: each check of each indicator, as pass, fail, no data or did not run.

    Args:
        con: a connection with `computed`, `before` and `definitions`.
    """
    rows = []
    for check in checks:
        lacking = [table for table in check.needs if not exists(con, *table.split(".", 1))]
        found = {} if lacking else _compared(con, check)
        for code in codes:
            compared, unmet, places = found.get(code, (0, 0, []))
            status = "fail" if unmet else "pass" if compared else "no data"
            if unmet:
                told = "; ".join(places)
                observed = say("({unmet} of {compared} figures: {places})", unmet=unmet, compared=compared, places=told)
            else:
                observed = say("({compared} figures compared)", compared=compared)
            rows.append(
                {"delivery_id": f"indicator:{code}", "dataset": code, "check_id": f"{code}.{check.name}"}
                | {"expectation": f"{check.name}.sql", "column_name": "obs_value", "severity": check.severity}
                | {"status": status, "observed": observed, "unexpected_count": unmet, "notes": say(check.title)}
                | {"question": say(check.question) if unmet else "", "contract_version": ""}
                | {"validated_at": dt.datetime.now(dt.UTC)}
            )
    return rows


def _compared(con: duckdb.DuckDBPyConnection, check: IndicatorCheck) -> dict[str, tuple[int, int, list[str]]]:
    """By indicator: how many figures were compared, how many do not fit, and the first of those in words."""
    counts = con.execute(
        f"SELECT indicator, count(*), count(*) FILTER (NOT met) FROM ({check.sql}) GROUP BY indicator"
    ).fetchall()
    places: dict[str, list[str]] = {}
    if any(failed for _, _, failed in counts):
        unmet = con.execute(
            f"""FROM ({check.sql}) WHERE NOT met
                QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY ref_area, time_period) <= {SHOWN}
                ORDER BY indicator, ref_area, time_period"""
        )
        names = [column[0] for column in unmet.description or []]
        for row in (dict(zip(names, values, strict=True)) for values in unmet.fetchall()):
            places.setdefault(row["indicator"], []).append(_place(row))
    return {code: (compared, failed, places.get(code, [])) for code, compared, failed in counts}


def _place(row: dict[str, Any]) -> str:
    """A figure that does not fit, and what was expected of it."""
    expected = say(row["expected"], **{name: row[name] for name in holes(row["expected"])})
    value = say("none") if row["obs_value"] is None else row["obs_value"]
    place = f"{row['ref_area']} {row['time_period']} {value}"
    return say("{place}, expected {expected}", place=place, expected=expected)
