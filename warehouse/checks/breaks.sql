/*
title: From one period on a series lies on another level than before, and the sender does not mark a break.
arguments: [deviations]
*/
WITH growth AS (
    SELECT
        {keys},
        source_sheet,
        source_row,
        obs_value,
        obs_status,
        lag(obs_value) OVER of_series AS before,
        ln(obs_value / lag(obs_value) OVER of_series) AS growth,
        ln(lead(obs_value) OVER of_series / lag(obs_value) OVER of_series) AS with_next,
        ln(obs_value / lag(obs_value, 2) OVER of_series) AS since_last_but_one
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

-- A single wild figure is undone in the next period, or undoes the one before; a break is neither.
SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'obs_value' AS column_name,
    obs_value,
    before,
    'the level of {before} before it, or the status B: from here on the series lies elsewhere' AS expected
FROM growth
INNER JOIN usual USING ({series})
WHERE
    obs_status <> 'B' AND abs(growth - middle) > deviations * spread
    AND abs(with_next - 2 * middle) > deviations * spread AND sign(with_next - 2 * middle) = sign(growth - middle)
    AND coalesce(abs(since_last_but_one - 2 * middle) > deviations * spread, true)
