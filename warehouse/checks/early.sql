/*
title: A figure is of a year before the first one there can be.
arguments: [first]
*/
SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'time_period' AS column_name,
    time_period AS obs_value,
    first AS first_year,
    'a year from {first_year} on' AS expected
FROM delivery
WHERE CAST(left(time_period, 4) AS INTEGER) < first
