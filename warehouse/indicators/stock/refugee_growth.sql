/*
code: refugee_growth
series: REFUGEE_GROWTH
title: Average annual rate of change of the refugee stock
definition: Exponential rate of change between two refugee stocks, per year, given at the later year.
formula: "100 * ln(R2 / R1) / years"
unit_measure: PT
concept: global
inputs: [core.migrant_stock]
grain: stock by area and year
disaggregation: [first year]
custodian: UN DESA
source: UN DESA International Migrant Stock 2019, table 6
verification: equal to every published value
bounds: [-400, 400]
*/
WITH
pairs AS (
    SELECT
        ref_area,
        CAST(time_period AS INTEGER) AS year,
        obs_value,
        lag(CAST(time_period AS INTEGER)) OVER series AS earlier_year,
        lag(obs_value) OVER series AS earlier_value
    FROM core.migrant_stock
    WHERE series = 'REFUGEE_STOCK' AND sex = '_T'
    WINDOW series AS (PARTITION BY ref_area ORDER BY time_period)
)
SELECT
    ref_area,
    CAST(year AS VARCHAR) AS time_period,
    'FROM=' || earlier_year AS breakdown,
    100 * ln(obs_value / earlier_value) / (year - earlier_year) AS obs_value,
    format('100 * ln({:.0f} / {:.0f}) / {}', obs_value, earlier_value, year - earlier_year) AS worked
FROM pairs
WHERE obs_value > 0 AND earlier_value > 0
