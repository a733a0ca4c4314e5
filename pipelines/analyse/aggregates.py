"""Values of regions, regional processes and organisations, from those of their members at the time.

Which areas belong to a group, and from when to when, stands in `reference.groups`. The method is the indicator's own:
`sum` adds what the members have; `weighted` is their mean weighted by the denominator, so that members without a value
count as the mean of the others (SDG metadata 10.7.4, regional aggregates).
"""

import duckdb
import pyarrow as pa

METHODS = {
    "sum": ("sum(o.obs_value)", "Sum over", 0.0),
    "weighted": (
        "sum(o.obs_value * o.weight) / nullif(sum(o.weight), 0)",
        "Mean weighted by the denominator over",
        0.5,
    ),
}
"""How, in which words, and the least share of members with a value (a limit of our own)."""
KEYS = "indicator, series, time_period, sex, age, breakdown, concept, unit_measure, unit_mult, source, vintage"


def with_groups(con: duckdb.DuckDBPyConnection, result: pa.Table, method: str) -> pa.Table:
    """Observations and, below them, those of each group of which enough members have a value.

    A group the indicator already has a value of, as its source publishes it, is left as it is. A year counts to a
    member that belonged to the group at its end. National proxies are not put together.

    Args:
        con: a connection with `reference.groups`.
        result: observations, with a column `weight` if the method needs one.
        method: `sum` or `weighted`.
    """
    value, words, least = METHODS[method]
    con.register("computed_now", result)
    found = con.execute(
        f"""WITH years AS (SELECT DISTINCT left(time_period, 4) AS year FROM computed_now),
            member AS (
                SELECT y.year, g.code, g.area, count(*) OVER (PARTITION BY y.year, g.code) AS size
                FROM years y
                JOIN reference.groups g
                    ON coalesce(g.first_day, '') <= y.year || '-12-31'
                    AND coalesce(nullif(g.last_day, ''), '9999') > y.year || '-12-31'
            ),
            grouped AS (
                SELECT {", ".join("o." + key for key in KEYS.split(", "))}, m.code AS ref_area,
                       {value} AS obs_value, count(*) AS members, any_value(m.size) AS size,
                       any_value(o.input_snapshot) AS input_snapshot
                FROM computed_now o
                JOIN member m ON m.area = o.ref_area AND m.year = left(o.time_period, 4)
                WHERE o.obs_value IS NOT NULL AND o.concept = 'global'
                GROUP BY ALL
            )
            SELECT g.* EXCLUDE (members, size), 'A' AS obs_status,
                   '{words} ' || members || ' of ' || size || ' areas of the group.' AS note
            FROM grouped g
            ANTI JOIN computed_now o USING (indicator, series, ref_area, time_period, sex, age, breakdown, concept)
            WHERE members >= {least} * size"""
    ).to_arrow_table()
    con.unregister("computed_now")
    both = pa.concat_tables([result, found], promote_options="default")
    return both.drop_columns(["weight"]) if "weight" in both.column_names else both
