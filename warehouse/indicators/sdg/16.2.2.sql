/*
code: "16.2.2"
series: VC_HTF_DETV
title: Detected victims of trafficking in persons, number and per 100 000 population
definition: Victims the authorities identified in the year, by sex, age and form of exploitation; for both sexes and all ages, also related to the population. No measure of how many there are.
formula: victims; 100000 * victims / population
unit_measure: PS
concept: global
inputs: [core.trafficking, core.population]
grain: country x year x sex x age x form; population by area and year
disaggregation: [sex, age, form of exploitation]
custodian: UNODC
source: SDG metadata 16.2.2
verification: "Kyrgyzstan: the rate in the office's workbook is its victims / population * 100000"
bounds: [0, 100000]
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
    ref_area,
    time_period,
    CASE form WHEN '_T' THEN 'VC_HTF_DETV' ELSE 'VC_HTF_DETV' || form END AS series,
    sex,
    age,
    '_T' AS breakdown,
    obs_value,
    'PS' AS unit_measure,
    NULL AS worked
FROM core.trafficking
WHERE obs_value IS NOT NULL
UNION ALL
SELECT
    t.ref_area,
    t.time_period,
    CASE t.form WHEN '_T' THEN 'VC_HTF_DETV' ELSE 'VC_HTF_DETV' || t.form END,
    '_T',
    '_T',
    'MEASURE=RATE',
    100000 * t.obs_value / p.persons,
    'PER_100000_POP',
    format('100000 * {:.0f} / {:.0f}', t.obs_value, p.persons)
FROM core.trafficking AS t
JOIN population AS p USING (ref_area, time_period)
WHERE t.obs_value IS NOT NULL AND t.sex = '_T' AND t.age = '_T' AND p.persons > 0
