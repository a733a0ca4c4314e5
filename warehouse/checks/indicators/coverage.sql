/*
title: Each area and period that had a figure when the indicator was last computed has one again.
severity: warning
question: Look which input no longer holds the area or the period.
*/
SELECT
    b.indicator,
    b.ref_area,
    b.time_period,
    c.obs_value,
    c.obs_value IS NOT NULL AS met,
    round(b.obs_value, 5) AS before,
    'a figure; it was {before} before' AS expected
FROM before AS b
LEFT JOIN computed AS c USING (indicator, series, ref_area, time_period, sex, age, breakdown, concept)
WHERE b.obs_value IS NOT NULL
