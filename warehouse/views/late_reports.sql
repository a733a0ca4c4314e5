/*
title: Milestones of projects for which no figure was reported, late ones first.
inputs: [core.projects]
*/
SELECT
    m.ref_area,
    m.project,
    m.result,
    m.indicator,
    m.time_period,
    m.obs_value AS milestone,
    m.due,
    CASE
        WHEN TRY_CAST(m.due AS DATE) < current_date THEN 'late'
        WHEN TRY_CAST(m.due AS DATE) IS NOT NULL THEN 'not yet due'
        WHEN CAST(left(m.time_period, 4) AS INTEGER) < date_part('year', current_date) THEN 'missing'
        ELSE 'not yet due'
    END AS state,
    current_date - TRY_CAST(m.due AS DATE) AS days_late,
    m.sdg_target,
    m.gcm_objective,
    m.pillar
FROM core.projects AS m
LEFT JOIN core.projects AS a
    ON a.ref_area = m.ref_area AND a.project = m.project AND a.result = m.result AND a.indicator = m.indicator
    AND a.time_period = m.time_period AND a.point = 'ACTUAL' AND a.obs_value IS NOT NULL
WHERE m.point = 'MILESTONE' AND m.obs_value IS NOT NULL AND a.project IS NULL
ORDER BY days_late DESC NULLS LAST
