"""What has changed since an indicator was computed, so that no more is computed again than must be."""

from collections.abc import Mapping

import duckdb

from pipelines.analyse.definition import Indicator
from pipelines.analyse.quality import stored_quality
from pipelines.contract import PROVENANCE


class Seen:
    """What was found out for one indicator and serves the next."""

    def __init__(self) -> None:
        self.changed: dict[tuple[str, str, int], set[str] | None] = {}
        self.beside: dict[frozenset[str], set[str]] = {}
        self.tables: dict[str, str] = {}

    def kept(self, con: duckdb.DuckDBPyConnection, query: str) -> str:
        """The rows of a query from a table of their own: most indicators read the same few."""
        if query not in self.tables:
            self.tables[query] = f"kept_{len(self.tables)}"
            con.execute(f"CREATE TEMP TABLE {self.tables[query]} AS {query}")
        return f"FROM temp.{self.tables[query]}"


def moments(con: duckdb.DuckDBPyConnection, there: Mapping[str, str]) -> dict[str, str]:
    """When each table that can be read last changed, from the books; reference data by its digest."""
    loaded = con.execute(
        "SELECT dataset, CAST(max(recorded_at) AS VARCHAR) FROM ops.deliveries WHERE state = 'loaded' GROUP BY dataset"
    ).fetchall()
    found = {f"core.{dataset}": at for dataset, at in loaded} | reference_state(there)
    if "ops.computations" in there:
        # What an index is made of: its own last computation is no reason for the next.
        ((computed,),) = con.execute(
            "SELECT CAST(max(computed_at) AS VARCHAR) FROM ops.computations "
            "WHERE NOT contains(inputs_state, 'indicators.')"
        ).fetchall()
        found["indicators.observations"] = computed or ""
        found["indicators.data_quality"] = stored_quality(there)[1]
    return found


def state(indicator: Indicator, moments: dict[str, str]) -> str:
    """When each input of an indicator last changed."""
    read = {*indicator.inputs} | ({"reference.groups"} if indicator.groups != "none" else set())
    return "; ".join(f"{i}={moments.get(i, '')}" for i in sorted(read))


def reference_state(there: Mapping[str, str]) -> dict[str, str]:
    """The digest of each reference table, as it was loaded."""
    return {table: digest for table, digest in there.items() if table.startswith("reference.")}


def computed_before(con: duckdb.DuckDBPyConnection, there: Mapping[str, str]) -> dict[str, tuple[str, str, int]]:
    """By indicator: digest of the definition, state of the inputs and snapshot they were last computed from."""
    if "ops.computations" not in there:
        return {}
    found = con.execute("SELECT indicator, definition_sha256, inputs_state, input_snapshot FROM ops.computations")
    return {code: (digest, inputs, snapshot) for code, digest, inputs, snapshot in found.fetchall()}


def changed_areas(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, before: tuple[str, str, int], now: str, seen: Seen
) -> list[str] | None:
    """Areas whose values must be computed again, with the groups they belong to; None if all must.

    Rows are compared as they were and as they are, but for where they stand in which delivery: a file delivered whole
    with one figure revised changes one area.

    Args:
        before: digest, state and snapshot of the last computation.
        now: the state of the inputs now.
        seen: what was found for the indicators before, so that a table they share is compared once.
    """
    digest, state_before, snapshot = before
    same_reference = _reference(state_before) == _reference(now)
    if digest != indicator.digest or not same_reference or indicator.area_columns is None:
        return None
    changed: set[str] = set()
    then = dict(part.partition("=")[::2] for part in state_before.split("; "))
    for part in now.split("; "):
        name, _, at = part.partition("=")
        if then.get(name) != at:
            place = name, indicator.area_columns.get(name, "ref_area"), snapshot
            if place not in seen.changed:
                seen.changed[place] = _changed_rows(con, *place)
            found = seen.changed[place]
            if found is None:
                return None
            changed |= found
    return sorted(changed | _beside(con, frozenset(changed), seen))


def _reference(state: str) -> list[str]:
    return [part for part in state.split("; ") if part.startswith("reference.")]


def _changed_rows(con: duckdb.DuckDBPyConnection, table: str, column: str, snapshot: int) -> set[str] | None:
    """Areas of rows that are not as they were at a snapshot; None if that can no longer be read."""
    columns = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall() if row[0] not in PROVENANCE]
    try:
        found = con.execute(differing(f"{table} AT (VERSION => {snapshot})", table, [column], columns)).fetchall()
    except duckdb.Error:
        return None
    return {area for (area,) in found}


def differing(before: str, now: str, by: list[str], columns: list[str]) -> str:
    """SQL: the groups of which two relations hold other rows.

    The rows of a group are compared by their number and the sum of their hashes: that needs no order, and no more
    memory than there are groups.

    Args:
        before: what may stand after FROM, with a condition if there is one.
        now: as before.
        by: columns that make the groups.
        columns: columns that are compared.
    """
    group = ", ".join(by)
    content = f"SELECT {group}, count(*) AS number, sum(hash({', '.join(columns)})) AS content FROM"
    return f"""SELECT {group} FROM ({content} {before} GROUP BY {group}) AS b
        FULL JOIN ({content} {now} GROUP BY {group}) AS n USING ({group})
        WHERE b.number IS DISTINCT FROM n.number OR b.content IS DISTINCT FROM n.content"""


def _beside(con: duckdb.DuckDBPyConnection, areas: frozenset[str], seen: Seen) -> set[str]:
    """Areas whose territory covers one of these or is covered with it, and groups that have one as a member."""
    if areas in seen.beside:
        return seen.beside[areas]
    found = con.execute(
        """WITH covered AS (SELECT ref_area, string_split(covers, '|') AS parts FROM reference.territories),
                near AS (SELECT unnest(list_append(parts, ref_area)) AS area FROM covered
                         WHERE list_has_any(list_append(parts, ref_area), $areas))
           SELECT area FROM near
           UNION SELECT code FROM reference.groups WHERE area IN (SELECT unnest($areas) UNION FROM near)""",
        {"areas": sorted(areas)},
    ).fetchall()
    seen.beside[areas] = {row[0] for row in found}
    return seen.beside[areas]
