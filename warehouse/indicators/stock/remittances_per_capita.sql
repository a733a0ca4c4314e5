/*
code: remittances_per_capita
series: REMITTANCES_PER_CAPITA
title: Personal remittances received per person
definition: Personal remittances received in a year related to the mean population.
formula: remittances / population
unit_measure: USD
concept: by the accounting of the remittances
inputs: [core.remittances, core.population]
grain: balance-of-payments item by country and year; population by area and year
custodian: Product-defined; central banks for the remittances
source: Balance of payments (BPM6); World Population Prospects
verification: by definition
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
    r.ref_area,
    r.time_period,
    r.concept,
    r.obs_value * 10 ** r.unit_mult / p.persons AS obs_value,
    format('{:.0f} / {:.0f}', r.obs_value * 10 ** r.unit_mult, p.persons) AS worked
FROM core.remittances AS r
JOIN population AS p USING (ref_area, time_period)
WHERE r.item = 'PERSONAL_REMITTANCES' AND r.obs_value IS NOT NULL AND p.persons > 0
