/*
title: For each objective of the Global Compact and each country, the indicators with data, their latest value, direction and age. There is no composite.
inputs: [indicators.observations, reference.tags, reference.tag_names]
*/
WITH
headline AS (
    SELECT indicator, series, ref_area, time_period, obs_value, unit_measure, concept,
        row_number() OVER newest AS place,
        lead(obs_value) OVER newest AS before,
        lead(time_period) OVER newest AS period_before
    FROM indicators.observations
    WHERE obs_value IS NOT NULL AND sex = '_T' AND age = '_T' AND breakdown = '_T'
    WINDOW newest AS (PARTITION BY indicator, series, ref_area, concept ORDER BY time_period DESC)
)
SELECT
    CAST(t.tag AS INTEGER) AS objective,
    n.name AS objective_name,
    h.ref_area,
    t.indicator,
    h.series,
    h.concept,
    h.time_period AS latest_period,
    h.obs_value AS latest_value,
    h.unit_measure,
    CASE WHEN h.obs_value > h.before THEN 'rising' WHEN h.obs_value < h.before THEN 'falling' WHEN h.obs_value = h.before THEN 'unchanged' END AS direction,
    h.period_before AS compared_with,
    date_part('year', current_date) - CAST(left(h.time_period, 4) AS INTEGER) AS age_years
FROM reference.tags AS t
JOIN reference.tag_names AS n ON n.scheme = t.scheme AND n.tag = t.tag
LEFT JOIN headline AS h ON h.indicator = t.indicator AND h.place = 1
WHERE t.scheme = 'gcm_objective'
