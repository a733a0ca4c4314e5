/*
code: emigration_rate
series: EMIGRATION_RATE
title: Emigration rate
definition: Emigrants of a year per 1 000 of the mean population; flows under different rules of stay apart.
formula: "1000 * emigration / population"
unit_measure: PER_1000_POP
concept: by the figures of the office; global where they count by the recommendations, otherwise a national proxy
inputs: [core.migration_flows, core.population]
grain: country x year x direction x partner; population by area and year
disaggregation: [rule of stay]
custodian: UN DESA, Recommendations on Statistics of International Migration
source: Recommendations on Statistics of International Migration, rates
verification: by definition
bounds: [0, 1000]
*/
WITH
population AS (
    -- Mean of the year's first and last day, in persons.
    SELECT ref_area, time_period, avg(obs_value * 10 ** unit_mult) AS persons
    FROM core.population
    WHERE series IN ('POP_JAN1', 'POP_DEC31') AND obs_value IS NOT NULL
    GROUP BY ref_area, time_period
    HAVING count(DISTINCT series) = 2
)
SELECT
    f.ref_area,
    f.time_period,
    f.concept,
    'DURATION=' || f.duration AS breakdown,
    1000 * f.obs_value / p.persons AS obs_value,
    format('1000 * {:.0f} / {:.0f}', f.obs_value, p.persons) AS worked
FROM core.migration_flows AS f
JOIN population AS p USING (ref_area, time_period)
WHERE
    f.direction = 'EMIGRATION' AND f.counterpart_area = '_T' AND f.sex = '_T' AND f.age = '_T' AND f.criterion = 'CPR'
    AND f.obs_value IS NOT NULL AND p.persons > 0
