/*
title: An area or a period that the renewed deliveries hold is nowhere in this one.
arguments: []
*/
WITH renewed AS (
    SELECT ref_area, time_period
    FROM stored
    WHERE
        obs_value IS NOT NULL
        AND delivery_id IN (SELECT s.delivery_id FROM stored AS s SEMI JOIN delivery AS n USING ({keys}))
),

gone AS (
    SELECT DISTINCT ref_area, NULL AS time_period, 'ref_area' AS column_name, ref_area AS named
    FROM renewed
    WHERE ref_area NOT IN (SELECT ref_area FROM delivery WHERE ref_area IS NOT NULL)
    UNION ALL
    SELECT DISTINCT NULL AS ref_area, time_period, 'time_period' AS column_name, time_period AS named
    FROM renewed
    WHERE time_period NOT IN (SELECT time_period FROM delivery WHERE time_period IS NOT NULL)
)

SELECT
    ref_area,
    time_period,
    (SELECT any_value(source_sheet) FROM delivery) AS source_sheet,
    (SELECT min(source_row) FROM delivery) AS source_row,
    column_name,
    named,
    'rows of {named}, which the last delivery of this table held' AS expected
FROM gone
