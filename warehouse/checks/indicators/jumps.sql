/*
title: No figure of an indicator is ten times the one before it or a tenth of it, and far from it in its definition's bounds (a twentieth of their width).
severity: warning
question: Look for a change of unit, territory or source in the inputs of these periods.
*/
SELECT
    indicator,
    ref_area,
    time_period,
    obs_value,
    greatest(obs_value / before, before / obs_value) <= 10 OR coalesce(abs(obs_value - before) < (most - least) / 20, false) AS met,
    round(before, 5) AS before,
    'near the figure before, {before}' AS expected
FROM (
    SELECT
        c.*,
        d.least,
        d.most,
        lag(c.obs_value) OVER (PARTITION BY c.indicator, series, ref_area, sex, age, breakdown, concept ORDER BY time_period) AS before
    FROM computed AS c
    INNER JOIN definitions AS d USING (indicator)
    WHERE c.obs_value > 0
)
WHERE before IS NOT NULL
