/*
code: recognition_rate
series: REFUGEE_RECOGNITION_RATE
title: Refugee recognition rate and total recognition rate
definition: Of the decisions on the substance of asylum claims, the share that recognised a refugee, and the share that gave any protection; by country of asylum, and by origin. Cases closed without substance are left out.
formula: "100 * recognised / (recognised + complementary + rejected); 100 * (recognised + complementary) / the same"
unit_measure: PT
concept: global
inputs: [core.asylum_decisions, reference.areas]
grain: asylum x origin x year x procedure x level
disaggregation: [origin]
custodian: UNHCR
source: "UNHCR, Methodology of refugee statistics: recognition rates"
verification: by definition
bounds: [0, 100]
*/
WITH
outcome AS (
    SELECT
        ref_area,
        time_period,
        counterpart_area,
        coalesce(sum(obs_value) FILTER (series = 'RECOGNIZED'), 0) AS recognised,
        coalesce(sum(obs_value) FILTER (series = 'COMPLEMENTARY'), 0) AS complementary,
        coalesce(sum(obs_value) FILTER (series = 'REJECTED'), 0) AS rejected
    FROM core.asylum_decisions
    WHERE counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
    GROUP BY ref_area, time_period, counterpart_area
),
summed AS (
    SELECT *, 'ORIGIN=' || counterpart_area AS breakdown FROM outcome
    UNION ALL
    SELECT ref_area, time_period, '_T', sum(recognised), sum(complementary), sum(rejected), '_T'
    FROM outcome
    GROUP BY ref_area, time_period
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
        recognised, complementary, rejected) AS worked
FROM summed
CROSS JOIN (VALUES ('REFUGEE_RECOGNITION_RATE'), ('TOTAL_RECOGNITION_RATE')) AS k(series)
WHERE recognised + complementary + rejected > 0
