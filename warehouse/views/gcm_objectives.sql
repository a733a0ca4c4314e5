/*
title: For each objective of the Global Compact and each country, the indicators with data, their latest value, direction and age. There is no composite.
inputs: [indicators.observations, reference.tags, reference.tag_names]
*/
WITH
told AS (
    SELECT indicator, series, ref_area, time_period, obs_value, unit_measure, concept, sex, age,
        -- From which year a change counts is no breakdown of it.
        coalesce(nullif(regexp_replace(breakdown, '(^|; )FROM=[0-9]+', ''), ''), '_T') AS breakdown
    FROM indicators.observations
    WHERE obs_value IS NOT NULL AND NOT regexp_matches(breakdown, '(ORIGIN|DESTINATION|CUST_BREAKDOWN)=')
),
-- The whole where there is one; if not, the part that is cut least: women of a share of women, the mean of several statistics.
headline AS (
    SELECT *,
        row_number() OVER newest AS place,
        lead(obs_value) OVER newest AS before,
        lead(time_period) OVER newest AS period_before
    FROM (
        SELECT * FROM told
        QUALIFY dense_rank() OVER (
            PARTITION BY indicator, series, ref_area, concept
            ORDER BY (sex <> '_T')::INTEGER + (age <> '_T')::INTEGER + (breakdown <> '_T')::INTEGER, sex, age, breakdown
        ) = 1
    )
    WINDOW newest AS (PARTITION BY indicator, series, ref_area, concept ORDER BY time_period DESC)
)
SELECT
    CAST(t.tag AS INTEGER) AS objective,
    n.name AS objective_name,
    h.ref_area,
    t.indicator,
    h.series,
    h.concept,
    h.sex,
    h.age,
    h.breakdown,
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
