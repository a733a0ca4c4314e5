/*
code: migrant_annual_growth
series: MIGRANT_ANNUAL_GROWTH
title: Average annual rate of change of the migrant stock
definition: Exponential rate of change between two stocks, per year, given at the later year; by sex.
formula: 100 * ln(S2 / S1) / years
unit_measure: PT
concept: global
inputs: [core.migrant_stock, reference.territories]
grain: stock by area, year and sex
disaggregation: [sex, first year]
custodian: UN DESA
source: UN DESA International Migrant Stock 2019, table 5
verification: equal to every published value except 3 across a change of territory (2005-2010); no value is given there
bounds: [-100, 100]
*/
WITH
stock AS (
    SELECT ref_area, sex, CAST(time_period AS INTEGER) AS year, obs_value
    FROM core.migrant_stock
    WHERE series = 'MIGRANT_STOCK'
),
pairs AS (
    SELECT
        ref_area,
        sex,
        year,
        obs_value,
        lag(year) OVER series AS earlier_year,
        lag(obs_value) OVER series AS earlier_value
    FROM stock
    WINDOW series AS (PARTITION BY ref_area, sex ORDER BY year)
),
break_after AS (
    SELECT ref_area, CAST(last_period AS INTEGER) AS year, remark
    FROM reference.territories
    WHERE dataset = 'migrant_stock' AND series = 'MIGRANT_STOCK'
)
SELECT
    p.ref_area,
    CAST(p.year AS VARCHAR) AS time_period,
    p.sex,
    'FROM=' || p.earlier_year AS breakdown,
    CASE
        WHEN b.ref_area IS NULL THEN 100 * ln(p.obs_value / p.earlier_value) / (p.year - p.earlier_year)
    END AS obs_value,
    CASE WHEN b.ref_area IS NULL THEN 'A' ELSE 'M' END AS obs_status,
    CASE
        WHEN b.ref_area IS NULL
            THEN format('100 * ln({:.0f} / {:.0f}) / {}', p.obs_value, p.earlier_value, p.year - p.earlier_year)
    END AS worked,
    'Until ' || b.year || ': ' || b.remark AS note
FROM pairs AS p
LEFT JOIN break_after AS b ON b.ref_area = p.ref_area AND b.year >= p.earlier_year AND b.year < p.year
WHERE p.obs_value > 0 AND p.earlier_value > 0
