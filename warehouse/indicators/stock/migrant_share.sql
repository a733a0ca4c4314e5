/*
code: migrant_share
series: MIGRANT_SHARE
title: International migrants as a share of the population
definition: International migrant stock at mid-year related to the population at mid-year, by sex.
formula: 100 * stock / population
unit_measure: PT
concept: global
inputs: [core.migrant_stock, reference.territories]
grain: stock and population by area, year and sex
disaggregation: [sex]
custodian: UN DESA
source: UN DESA International Migrant Stock 2019, table 3
verification: equal to every published value except 12 where stock and population cover different territories; no value is given there
bounds: [0, 100]
*/
WITH
stock AS (
    SELECT ref_area, time_period, sex, obs_value * 10 ** unit_mult AS persons
    FROM core.migrant_stock
    WHERE series = 'MIGRANT_STOCK'
),
population AS (
    SELECT ref_area, time_period, sex, obs_value * 10 ** unit_mult AS persons
    FROM core.migrant_stock
    WHERE series = 'POPULATION_MIDYEAR'
),
other_territory AS (
    SELECT ref_area, first_period, last_period, remark
    FROM reference.territories
    WHERE dataset = 'migrant_stock' AND series = 'MIGRANT_STOCK'
)
SELECT
    s.ref_area,
    s.time_period,
    s.sex,
    CASE WHEN o.ref_area IS NULL THEN 100 * s.persons / p.persons END AS obs_value,
    CASE WHEN o.ref_area IS NULL THEN 'A' ELSE 'M' END AS obs_status,
    CASE WHEN o.ref_area IS NULL THEN format('100 * {:.0f} / {:.0f}', s.persons, p.persons) END AS worked,
    o.remark AS note
FROM stock AS s
JOIN population AS p ON p.ref_area = s.ref_area AND p.time_period = s.time_period AND p.sex = s.sex
LEFT JOIN other_territory AS o ON o.ref_area = s.ref_area AND s.time_period BETWEEN o.first_period AND o.last_period
WHERE s.persons IS NOT NULL AND p.persons > 0
