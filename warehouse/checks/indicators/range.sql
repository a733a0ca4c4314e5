/*
title: Figures of an indicator lie between the bounds its definition gives.
severity: warning
question: Look at the inputs; if they are right, the definition's bounds are not.
*/
SELECT
    o.indicator,
    o.ref_area,
    o.time_period,
    o.obs_value,
    o.obs_value BETWEEN d.least AND d.most AS met,
    d.least,
    d.most,
    'a figure between {least} and {most}' AS expected
FROM computed AS o
INNER JOIN definitions AS d USING (indicator)
WHERE o.obs_value IS NOT NULL AND d.least IS NOT NULL
