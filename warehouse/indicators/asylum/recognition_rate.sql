/*
code: recognition_rate
series: REFUGEE_RECOGNITION_RATE
title: Refugee recognition rate and total recognition rate
definition: Of the decisions on the substance of asylum claims, the share that recognised a refugee, and the share that gave any protection; by country of asylum, by origin, and of the decisions at first instance. Cases closed without substance are left out.
formula: "100 * recognised / (recognised + complementary + rejected); 100 * (recognised + complementary) / the same"
unit_measure: PT
concept: global
inputs: [core.asylum_decisions, reference.areas]
grain: asylum x origin x year x procedure x level
disaggregation: [origin, level]
custodian: UNHCR
source: "UNHCR, Methodology of refugee statistics: recognition rates"
verification: by definition
bounds: [0, 100]
*/
WITH
decided AS (
    SELECT *
    FROM core.asylum_decisions
    WHERE
        counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
        AND series IN ('RECOGNIZED', 'COMPLEMENTARY', 'REJECTED') AND obs_value IS NOT NULL
),
-- All decisions together, those on people of each origin, and those at first instance.
grouped AS (
    SELECT ref_area, time_period, '_T' AS breakdown, series, counted, obs_value FROM decided
    UNION ALL
    SELECT ref_area, time_period, 'ORIGIN=' || counterpart_area, series, counted, obs_value FROM decided
    UNION ALL
    SELECT ref_area, time_period, 'LEVEL=FI', series, counted, obs_value FROM decided WHERE level = 'FI'
),
summed AS (
    SELECT
        ref_area,
        time_period,
        breakdown,
        coalesce(sum(obs_value) FILTER (series = 'RECOGNIZED'), 0) AS recognised,
        coalesce(sum(obs_value) FILTER (series = 'COMPLEMENTARY'), 0) AS complementary,
        coalesce(sum(obs_value) FILTER (series = 'REJECTED'), 0) AS rejected,
        coalesce(sum(obs_value) FILTER (counted = 'C'), 0) AS cases
    FROM grouped
    GROUP BY ref_area, time_period, breakdown
)
SELECT
    ref_area,
    time_period,
    k.series,
    breakdown,
    100 * (recognised + CASE k.series WHEN 'TOTAL_RECOGNITION_RATE' THEN complementary ELSE 0 END)
    / (recognised + complementary + rejected) AS obs_value,
    format('100 * {:.0f} / ({:.0f} + {:.0f} + {:.0f})',
        recognised + CASE k.series WHEN 'TOTAL_RECOGNITION_RATE' THEN complementary ELSE 0 END,
        recognised, complementary, rejected) AS worked,
    CASE WHEN cases > 0 THEN CAST(cases AS BIGINT) || ' of the decisions are on cases, which can be of several persons.' END AS note
FROM summed
CROSS JOIN (VALUES ('REFUGEE_RECOGNITION_RATE'), ('TOTAL_RECOGNITION_RATE')) AS k(series)
WHERE recognised + complementary + rejected > 0
