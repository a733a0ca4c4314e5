/*
title: The growth of a series from one period to the next is far from its usual growth.
arguments: [deviations]
*/
WITH growth AS (
    SELECT
        {keys},
        source_sheet,
        source_row,
        obs_value,
        ln(obs_value / lag(obs_value) OVER of_series) AS growth,
        lag(obs_value) OVER of_series AS before
    FROM delivery
    WHERE obs_value > 0
    WINDOW of_series AS (PARTITION BY {series} ORDER BY time_period)
),

usual AS (
    SELECT {series}, median(growth) AS middle, 1.4826 * mad(growth) AS spread
    FROM growth
    GROUP BY {series}
    HAVING count(growth) >= 6 AND mad(growth) > 0
)

SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'obs_value' AS column_name,
    obs_value,
    before,
    round(before * exp(middle), 1) AS grown,
    'about {grown}, the value before ({before}) grown as usual' AS expected
FROM growth
INNER JOIN usual USING ({series})
WHERE abs(growth - middle) > deviations * spread
