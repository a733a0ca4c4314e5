/*
title: A series lacks periods between its first and its last one.
arguments: []
*/
WITH numbered AS (
    SELECT
        {keys},
        source_sheet,
        source_row,
        CASE
            WHEN time_period LIKE '%-Q%' THEN 4 * CAST(left(time_period, 4) AS INTEGER) + CAST(right(time_period, 1) AS INTEGER)
            WHEN time_period LIKE '____-__' THEN 12 * CAST(left(time_period, 4) AS INTEGER) + CAST(right(time_period, 2) AS INTEGER)
            ELSE TRY_CAST(time_period AS INTEGER)
        END AS number
    FROM delivery
)

SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'time_period' AS column_name,
    time_period AS obs_value,
    before,
    concat_ws(', ', {series}) AS named,
    'the period after {before} in the series {named}' AS expected
FROM (
    SELECT
        *,
        lag(number) OVER of_series AS number_before,
        lag(time_period) OVER of_series AS before
    FROM numbered
    WINDOW of_series AS (PARTITION BY {series} ORDER BY number)
)
WHERE number - number_before > 1
