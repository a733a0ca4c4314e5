"""Check indicators after they are computed: one SQL file each in `warehouse/checks/indicators/`.

They see what was computed as `computed`, what it takes the place of as `before`, and the bounds of the definitions as
`definitions`; each row they give is one comparison, which is `met` or not. An area's figures are compared with each
other, or with what is published of it, never with another area's: only areas that were computed are judged, and the
verdicts on the others stand.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from pipelines.language import holes, say
from pipelines.store.lake import exists

HEADER = re.compile(r"\A\s*/\*(.*?)\*/(.*)\Z", re.DOTALL)
SHOWN = 5
VERDICTS = pa.schema(
    {"indicator": pa.string(), "check_name": pa.string(), "ref_area": pa.string(), "compared": pa.int64()}
    | {"unmet": pa.int64(), "places": pa.list_(pa.string())}
)


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


def version_of(checks: list[IndicatorCheck], changed: Mapping[str, str]) -> str:
    """Digest of the checks, of when the tables they need last changed, and of the language of their words."""
    needed = {table: changed.get(table, "") for check in checks for table in check.needs}
    return hashlib.sha256(repr((checks, needed, say("none"))).encode()).hexdigest()[:16]


def judge(
    con: duckdb.DuckDBPyConnection, checks: list[IndicatorCheck], codes: list[str], version: str = "", kept: str = ""
) -> tuple[list[dict[str, object]], pa.Table]:
    """Rows for `ops.validations`, each check of each indicator as pass, fail or no data; and for `ops.verdicts`.

    Args:
        con: a connection with `computed`, `before` and `definitions`.
        version: of the checks.
        kept: the relation of the verdicts on areas that are not among those computed, where they stand.
    """
    runs = [check for check in checks if all(exists(con, *table.split(".", 1)) for table in check.needs)]
    found = pa.Table.from_pylist([verdict for check in runs for verdict in _verdicts(con, check)], VERDICTS)
    con.register("judged", found)
    every = f"FROM judged UNION ALL BY NAME FROM {kept}" if kept else "FROM judged"
    sums = con.execute(
        f"""SELECT indicator, check_name, CAST(sum(compared) AS BIGINT), CAST(sum(unmet) AS BIGINT),
                   flatten(list(places ORDER BY ref_area) FILTER (unmet > 0))[:{SHOWN}]
            FROM ({every}) GROUP BY indicator, check_name"""
    ).fetchall()
    con.unregister("judged")
    by_check = {(code, name): counts for code, name, *counts in sums}
    rows = []
    for check in checks:
        for code in codes:
            compared, unmet, places = by_check.get((code, check.name), (0, 0, []))
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
                | {"question": say(check.question) if unmet else "", "contract_version": version}
                | {"validated_at": dt.datetime.now(dt.UTC)}
            )
    return rows, found


def _verdicts(con: duckdb.DuckDBPyConnection, check: IndicatorCheck) -> list[dict[str, object]]:
    """By indicator and area: how many figures were compared, how many do not fit, and the first of those in words."""
    counts = con.execute(
        f"SELECT indicator, ref_area, count(*), count(*) FILTER (NOT met) FROM ({check.sql}) GROUP BY ALL"
    ).fetchall()
    places: dict[tuple[str, str], list[str]] = {}
    if any(unmet for *_, unmet in counts):
        failed = con.execute(
            f"""FROM ({check.sql}) WHERE NOT met
                QUALIFY row_number() OVER (PARTITION BY indicator, ref_area ORDER BY time_period) <= {SHOWN}
                ORDER BY indicator, ref_area, time_period"""
        )
        names = [column[0] for column in failed.description or []]
        for row in (dict(zip(names, values, strict=True)) for values in failed.fetchall()):
            places.setdefault((row["indicator"], row["ref_area"]), []).append(_place(row))
    return [
        {"indicator": code, "check_name": check.name, "ref_area": area, "compared": compared, "unmet": unmet}
        | {"places": places.get((code, area), [])}
        for code, area, compared, unmet in counts
    ]


def _place(row: dict[str, Any]) -> str:
    """A figure that does not fit, and what was expected of it."""
    expected = say(row["expected"], **{name: row[name] for name in holes(row["expected"])})
    value = say("none") if row["obs_value"] is None else row["obs_value"]
    place = f"{row['ref_area']} {row['time_period']} {value}"
    return say("{place}, expected {expected}", place=place, expected=expected)
