/*
title: A computed figure is within 5 % of the published one of the same series, concept and unit.
severity: warning
question: Compare the vintages of the inputs with that of the published figure.
needs: [core.sdg_published]
*/
SELECT
    o.indicator,
    o.ref_area,
    o.time_period,
    o.obs_value,
    abs(o.obs_value - p.obs_value) <= 0.05 * abs(p.obs_value) AS met,
    p.obs_value AS published,
    'about {published}, as published' AS expected
FROM computed AS o
INNER JOIN (
    SELECT
        * EXCLUDE (breakdown),
        -- Frequency and nature stand among the dimensions of an office's file and break nothing down.
        coalesce(nullif(trim(regexp_replace(breakdown, '(FREQ|NATURE)=[^;]*(; )?', '', 'g'), '; '), ''), '_T') AS breakdown
    FROM core.sdg_published
) AS p USING (indicator, series, ref_area, time_period, sex, age, breakdown, concept, unit_measure, unit_mult)
WHERE o.obs_value IS NOT NULL AND p.obs_value IS NOT NULL
