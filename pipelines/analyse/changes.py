"""What has changed since an indicator was computed, so that no more is computed again than must be."""

import duckdb

from pipelines.analyse.definition import Indicator
from pipelines.contract import PROVENANCE
from pipelines.store.lake import LAKE, exists


def state(con: duckdb.DuckDBPyConnection, indicator: Indicator) -> str:
    """When each input last changed, from the books; reference data by its digest."""
    loaded = con.execute(
        "SELECT dataset, CAST(max(recorded_at) AS VARCHAR) FROM ops.deliveries WHERE state = 'loaded' GROUP BY dataset"
    ).fetchall()
    changed = {f"core.{d}": at for d, at in loaded} | reference_state(con) | _own(con, indicator.code)
    read = {*indicator.inputs} | ({"reference.groups"} if indicator.groups != "none" else set())
    return "; ".join(f"{i}={changed.get(i, '')}" for i in sorted(read))


def _own(con: duckdb.DuckDBPyConnection, code: str) -> dict[str, str]:
    """When the warehouse's own tables that an index can read last changed."""
    found = {}
    if exists(con, "ops", "computations"):
        asked = "SELECT CAST(max(computed_at) AS VARCHAR) FROM ops.computations WHERE indicator <> ?"
        ((found["indicators.observations"],),) = con.execute(asked, [code]).fetchall()
    found["indicators.data_quality"] = found.get("indicators.observations", "")
    for table, column in (("deliveries", "recorded_at"), ("validations", "validated_at")):
        ((found[f"ops.{table}"],),) = con.execute(f"SELECT CAST(max({column}) AS VARCHAR) FROM ops.{table}").fetchall()
    return found


def reference_state(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The digest of each reference table, as it was loaded."""
    found = con.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'reference'", [LAKE]
    ).fetchall()
    return {f"reference.{table}": digest for table, digest in found}


def computed_before(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str, int]]:
    """By indicator: digest of the definition, state of the inputs and snapshot they were last computed from."""
    if not exists(con, "ops", "computations"):
        return {}
    found = con.execute("SELECT indicator, definition_sha256, inputs_state, input_snapshot FROM ops.computations")
    return {code: (digest, inputs, snapshot) for code, digest, inputs, snapshot in found.fetchall()}


def changed_areas(
    con: duckdb.DuckDBPyConnection, indicator: Indicator, before: tuple[str, str, int], now: str
) -> list[str] | None:
    """Areas whose values must be computed again, with the groups they belong to; None if all must.

    Rows are compared as they were and as they are, but for where they stand in which delivery: a file delivered whole
    with one figure revised changes one area.

    Args:
        before: digest, state and snapshot of the last computation.
        now: the state of the inputs now.
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
            found = _changed_rows(con, name, indicator.area_columns.get(name, "ref_area"), snapshot)
            if found is None:
                return None
            changed |= found
    return sorted(changed | _beside(con, changed))


def _reference(state: str) -> list[str]:
    return [part for part in state.split("; ") if part.startswith("reference.")]


def _changed_rows(con: duckdb.DuckDBPyConnection, table: str, column: str, snapshot: int) -> set[str] | None:
    """Areas of rows that are not as they were at a snapshot; None if that can no longer be read."""
    columns = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall() if row[0] not in PROVENANCE]
    listed = ", ".join(columns)
    try:
        before = con.sql(f"SELECT {listed} FROM {table} AT (VERSION => {snapshot})")
    except duckdb.Error:
        return None
    now = con.sql(f"SELECT {listed} FROM {table}")
    changed = before.except_(now).union(now.except_(before))
    return {row[0] for row in changed.project(column).distinct().fetchall()}


def _beside(con: duckdb.DuckDBPyConnection, areas: set[str]) -> set[str]:
    """Areas whose territory covers one of these or is covered with it, and groups that have one as a member."""
    found = con.execute(
        """WITH covered AS (SELECT ref_area, string_split(covers, '|') AS parts FROM reference.territories),
                near AS (SELECT unnest(list_append(parts, ref_area)) AS area FROM covered
                         WHERE list_has_any(list_append(parts, ref_area), $areas))
           SELECT area FROM near
           UNION SELECT code FROM reference.groups WHERE area IN (SELECT unnest($areas) UNION FROM near)""",
        {"areas": sorted(areas)},
    ).fetchall()
    return {row[0] for row in found}
