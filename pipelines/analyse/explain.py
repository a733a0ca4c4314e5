"""What a number is made of: its formula with the figures in it, the rows it rests on, its checks, what it was before.

Which rows an observation rests on is found by trying: rows are taken away and the indicator is computed again. So it
holds for any SQL, and nobody has to keep a list beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.analyse.evaluate import reading, rows_of
from pipelines.contract import load_contracts
from pipelines.settings import Settings
from pipelines.store.lake import LAKE, connect, exists

Row = dict[str, object]
NEAR = 1  # years before and after the period, in which its inputs mostly lie


@dataclass
class Explanation:
    """One observation and what is known of it."""

    observation: Row
    indicator: Indicator
    inputs: list[Row] = field(default_factory=list)
    """Rows of core.*, each with `dataset`, `key`, `file_name`, `source_sheet` and `source_row`."""
    members: list[Row] = field(default_factory=list)
    """For a group: the observations of its members."""
    checks: list[Row] = field(default_factory=list)
    vintages: list[Row] = field(default_factory=list)
    """What was stored for it, from which snapshot of the inputs, oldest first; the present value is the last."""


def explain(
    settings: Settings, series: str, area: str, period: str, sex: str = "", age: str = "", breakdown: str = ""
) -> Explanation:
    """Explain one observation of a series.

    Raises:
        LookupError: there is none, or more than one and none of them is the headline figure.
    """
    indicators = {i.code: i for i in load_indicators(settings.indicators)}
    with connect(settings) as con:
        if not exists(con, "indicators", "observations"):
            raise LookupError("nothing has been computed yet: run `migstat compute`")
        observation = _observation(
            con, {"series": series, "ref_area": area, "time_period": period}, sex, age, breakdown
        )
        code = str(observation["indicator"])
        if code not in indicators:
            raise LookupError(f"{series} is a score of the index {code}: ask `migstat index {code} --area {area}`")
        indicator = indicators[code]
        found = Explanation(observation, indicator)
        found.vintages = _vintages(con, observation)
        found.checks = _asked(
            con,
            "SELECT severity, status, notes, observed FROM ops.validations WHERE delivery_id = 'indicator:' || $code",
            code=indicator.code,
        )
        if str(observation["note"]).endswith("areas of the group."):
            found.members = _members(con, observation)
        else:
            found.inputs = _inputs(con, indicator, observation, settings)
    return found


def _asked(con: duckdb.DuckDBPyConnection, query: str, **values: object) -> list[Row]:
    rows: list[Row] = con.execute(query, values).to_arrow_table().to_pylist()
    return rows


def _observation(con: duckdb.DuckDBPyConnection, what: dict[str, str], sex: str, age: str, breakdown: str) -> Row:
    said = {name: value for name, value in (("sex", sex), ("age", age), ("breakdown", breakdown)) if value}
    conditions = " AND ".join(f"{name} = ${name}" for name in what | said)
    found = _asked(con, f"FROM indicators.observations WHERE {conditions} ORDER BY ALL", **what, **said)
    words = f"{what['series']} of {what['ref_area']} in {what['time_period']}"
    if not found:
        known = _asked(con, "SELECT DISTINCT series FROM indicators.observations ORDER BY 1")
        listed = "; series are: " + ", ".join(str(row["series"]) for row in known)
        there = any(row["series"] == what["series"] for row in known)
        raise LookupError(f"there is no value for {words}" + ("" if there else listed))
    headline = [row for row in found if (row["sex"], row["age"], row["breakdown"]) == ("_T", "_T", "_T")]
    chosen = found if len(found) == 1 else headline
    if len(chosen) != 1:
        each = "; ".join(f"--sex {r['sex']} --age {r['age']} --breakdown '{r['breakdown']}'" for r in found)
        raise LookupError(f"there are {len(found)} values for {words}; say which: {each}")
    return chosen[0]


KEY = ("indicator", "series", "ref_area", "time_period", "sex", "age", "breakdown", "concept")


def _vintages(con: duckdb.DuckDBPyConnection, observation: Row) -> list[Row]:
    same = " AND ".join(f"{name} = ${name}" for name in KEY)
    first, last = con.execute(
        f"SELECT min(snapshot_id), max(snapshot_id) FROM ducklake_snapshots('{LAKE}')"
    ).fetchall()[0]
    return _asked(
        con,
        f"""SELECT snapshot_id, snapshot_time, obs_value, obs_status, vintage
            FROM ducklake_table_insertions('{LAKE}', 'indicators', 'observations', {first}, {last})
            JOIN ducklake_snapshots('{LAKE}') USING (snapshot_id)
            WHERE {same} ORDER BY snapshot_id""",
        **{name: observation[name] for name in KEY},
    )


def _members(con: duckdb.DuckDBPyConnection, observation: Row) -> list[Row]:
    same = " AND ".join(f"o.{name} = ${name}" for name in KEY if name != "ref_area")
    return _asked(
        con,
        f"""SELECT DISTINCT o.ref_area, o.obs_value, o.weight, o.worked FROM indicators.observations o
            JOIN reference.groups g ON g.area = o.ref_area AND g.code = $ref_area
            WHERE {same} AND o.obs_value IS NOT NULL
              AND coalesce(g.first_day, '') <= left($time_period, 4) || '-12-31'
              AND coalesce(nullif(g.last_day, ''), '9999') > left($time_period, 4) || '-12-31' ORDER BY 1""",
        **{name: observation[name] for name in KEY},
    )


def _inputs(con: duckdb.DuckDBPyConnection, indicator: Indicator, observation: Row, settings: Settings) -> list[Row]:
    """The rows of the inputs without which the observation would be another, with where they stand in which file."""
    contracts = load_contracts(settings.contracts)
    area, year = str(observation["ref_area"]), int(str(observation["time_period"])[:4])
    tables = _candidates(con, indicator, area)
    found = []
    with reading(con, tables):
        computes = _computing(con, indicator, observation)
        for dataset in indicator.datasets:
            kept = f"memory.rows_{dataset}"
            ((count,),) = con.execute(f"SELECT count(*) FROM {kept}").fetchall()
            near = f"CAST(left(time_period, 4) AS INTEGER) BETWEEN {year - NEAR} AND {year + NEAR}"
            # Rows of other years come last: mostly they can be ruled out at once.
            con.execute(
                f"CREATE OR REPLACE TABLE {kept} AS SELECT * REPLACE "
                f"(row_number() OVER (ORDER BY {near} DESC, time_period, place) AS place) FROM {kept}"
            )
            for place in _needed(con, computes, dataset, count):
                (row,) = _asked(
                    con,
                    f"""SELECT r.* EXCLUDE place, d.file_name, d.received_at,
                               (SELECT string_agg(q.status || ': ' || q.reason, '; ') FROM {LAKE}.ops.quarantine q
                                WHERE q.delivery_id = r.delivery_id AND q.source_sheet = r.source_sheet
                                  AND q.source_row = r.source_row AND q.status IN ('corrected', 'released')) AS decided
                        FROM {kept} r LEFT JOIN {LAKE}.ops.deliveries d USING (delivery_id) WHERE place = $place""",
                    place=place,
                )
                found.append({**row, "dataset": dataset, "key": [str(row[k]) for k in contracts[dataset].keys]})
            con.execute("SET VARIABLE away_from = 0; SET VARIABLE away_to = 0")
    return found


def _candidates(con: duckdb.DuckDBPyConnection, indicator: Indicator, area: str) -> dict[str, str]:
    """The tables an observation can rest on, each core table as a copy from which a run of rows can be taken away."""
    covered = con.execute(
        "SELECT DISTINCT unnest(string_split(covers, '|')) FROM reference.territories WHERE ref_area = ?", [area]
    ).fetchall()
    tables = rows_of(indicator, sorted({area, *(row[0] for row in covered)}))
    if indicator.area_columns is None:
        tables = {name: f"FROM {LAKE}.{name}" for name in tables}
    for dataset in indicator.datasets:
        con.execute(
            f"CREATE OR REPLACE TABLE memory.rows_{dataset} AS "
            f"SELECT *, row_number() OVER () AS place FROM ({tables[f'core.{dataset}']})"
        )
        tables[f"core.{dataset}"] = (
            f"SELECT * EXCLUDE place FROM memory.rows_{dataset} WHERE getvariable('away_table') <> '{dataset}' "
            "OR place NOT BETWEEN getvariable('away_from') AND getvariable('away_to')"
        )
    con.execute("SET VARIABLE away_table = ''; SET VARIABLE away_from = 0; SET VARIABLE away_to = 0")
    return tables


def _computing(con: duckdb.DuckDBPyConnection, indicator: Indicator, observation: Row) -> Callable[[], object]:
    """A function that gives what the observation is with the rows there are now."""
    given = con.sql(indicator.sql).columns
    same = [name for name in KEY if name in given and name != "indicator"]
    shown = [name for name in ("obs_value", "obs_status", "worked", "note") if name in given]
    query = f"SELECT {', '.join(shown)} FROM ({indicator.sql}) WHERE " + " AND ".join(f"{n} = ${n}" for n in same)
    values = {name: observation[name] for name in same}
    return lambda: con.execute(query, values).fetchall()


def _needed(con: duckdb.DuckDBPyConnection, computes: Callable[[], object], dataset: str, count: int) -> list[int]:
    """Places of the rows that matter. A run of rows that only matters as a whole is given whole."""
    con.execute(f"SET VARIABLE away_table = '{dataset}'; SET VARIABLE away_from = 0; SET VARIABLE away_to = 0")
    as_it_is = computes()

    def matters(first: int, last: int) -> bool:
        con.execute(f"SET VARIABLE away_from = {first}; SET VARIABLE away_to = {last}")
        return computes() != as_it_is

    def needed(first: int, last: int) -> list[int]:
        if first > last or not matters(first, last):
            return []
        if first == last:
            return [first]
        middle = (first + last) // 2
        return needed(first, middle) + needed(middle + 1, last) or list(range(first, last + 1))

    return needed(1, count)
