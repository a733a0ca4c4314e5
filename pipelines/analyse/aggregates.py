"""Values of regions, regional processes and organisations, from those of their members at the time.

Which areas belong to a group, and from when to when, stands in `reference.groups`. The method is the indicator's own:
`sum` adds what the members have; `weighted` is their mean weighted by the denominator, so that members without a value
count as the mean of the others (SDG metadata 10.7.4, regional aggregates).
"""

import duckdb
import pyarrow as pa

from pipelines.analyse.definition import COLUMNS

METHODS = {
    "sum": ("sum(o.obs_value ORDER BY o.ref_area)", "Sum over", 0.0),
    "weighted": (
        "sum(o.obs_value * o.weight ORDER BY o.ref_area) / nullif(sum(o.weight ORDER BY o.ref_area), 0)",
        "Mean weighted by the denominator over",
        0.5,
    ),
}
"""How, in which words, and the least share of members with a value (a limit of our own).

Members are added up in one order, so that the last digits are the same whenever and for however many areas it is done.
"""
KEYS = "indicator, series, time_period, sex, age, breakdown, concept, unit_measure, unit_mult, source"
REST = "ref_area, obs_value, weight, vintage, input_snapshot"


def with_groups(con: duckdb.DuckDBPyConnection, members: str, method: str, groups: list[str] | None = None) -> pa.Table:
    """The observations of each group of which enough members have a value.

    A group that is among the members, as its source publishes it, is left as it is. A year counts to a member that
    belonged to the group at its end. National proxies are not put together.

    Args:
        con: a connection with `reference.groups`.
        members: the relation of their observations, with their `weight` if the method needs one.
        method: `sum` or `weighted`.
        groups: only these.
    """
    value, words, least = METHODS[method]
    return con.execute(
        f"""WITH observed AS MATERIALIZED (SELECT {KEYS}, {REST} FROM {members}),
            years AS (SELECT DISTINCT left(time_period, 4) AS year FROM observed),
            member AS (
                SELECT y.year, g.code, g.area, count(*) OVER (PARTITION BY y.year, g.code) AS size
                FROM years y
                JOIN reference.groups g
                    ON coalesce(g.first_day, '') <= y.year || '-12-31'
                    AND coalesce(nullif(g.last_day, ''), '9999') > y.year || '-12-31'
                WHERE $groups IS NULL OR list_contains($groups, g.code)
            ),
            grouped AS (
                SELECT {", ".join("o." + key for key in KEYS.split(", "))}, m.code AS ref_area,
                       {value} AS obs_value, count(*) AS members, any_value(m.size) AS size,
                       string_agg(DISTINCT o.vintage, '; ') AS vintages, max(o.input_snapshot) AS input_snapshot
                FROM observed o
                JOIN member m ON m.area = o.ref_area AND m.year = left(o.time_period, 4)
                WHERE o.obs_value IS NOT NULL AND o.concept <> 'national_proxy'
                GROUP BY ALL
            ),
            told AS (
                SELECT *, 'A' AS obs_status,
                       array_to_string(list_sort(list_distinct(string_split(vintages, '; '))), '; ') AS vintage,
                       '{words} ' || members || ' of ' || size || ' areas of the group.' AS note,
                       NULL::VARCHAR AS worked, NULL::DOUBLE AS weight,
                       NULL::DOUBLE AS coverage, NULL::DOUBLE AS lower, NULL::DOUBLE AS upper
                FROM grouped
                WHERE members >= {least} * size AND obs_value IS NOT NULL
            )
            SELECT {", ".join(f"t.{name}" for name in COLUMNS)}
            FROM told t
            ANTI JOIN observed o USING (indicator, series, ref_area, time_period, sex, age, breakdown, concept)""",
        {"groups": groups},
    ).to_arrow_table()
