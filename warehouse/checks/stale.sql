/*
title: The latest period is older than it should be by now.
arguments: [years]
*/
WITH latest AS (
    SELECT any_value(ref_area) AS ref_area, max(time_period) AS time_period, any_value(source_sheet) AS source_sheet,
        arg_max(source_row, time_period) AS source_row
    FROM delivery
)

SELECT
    *,
    'time_period' AS column_name,
    time_period AS obs_value,
    year(current_date) - years AS first_year,
    'a period of {first_year} or later' AS expected
FROM latest
WHERE CAST(left(time_period, 4) AS INTEGER) < year(current_date) - years
