/*
title: A value is many times the one before it, or a small part of it, as after a change of unit.
arguments: [times, at_least]
*/
SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'obs_value' AS column_name,
    obs_value,
    before,
    'near the value before, {before}' AS expected
FROM (
    SELECT
        *,
        lag(obs_value) OVER (PARTITION BY {series} ORDER BY time_period) AS before
    FROM delivery
    WHERE obs_value > 0
)
WHERE greatest(obs_value, before) * 10 ** coalesce(unit_mult, 0) >= at_least AND greatest(obs_value / before, before / obs_value) > times
