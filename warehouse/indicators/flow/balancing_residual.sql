/*
code: balancing_residual
series: BALANCING_RESIDUAL
title: Residual of the demographic balancing equation
definition: What of a year's population change is explained neither by births and deaths nor by net migration.
formula: P_dec31 - P_jan1 - (B - D) - M, to the 3 decimals of the published components
unit_measure: PS
unit_mult: 3
concept: product-defined
inputs: [core.population]
grain: component of population change by area and year
custodian: Product-defined check; UN DESA for the components
source: Balancing equation of demography; components of World Population Prospects 2024
verification: 18 areas by 23 years at most 0.02 thousand, the rounding of the published components
bounds: [-1000, 1000]
*/
WITH
wide AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value) FILTER (series = 'POP_JAN1') AS jan1,
        max(obs_value) FILTER (series = 'POP_DEC31') AS dec31,
        max(obs_value) FILTER (series = 'BIRTHS') AS births,
        max(obs_value) FILTER (series = 'DEATHS') AS deaths,
        max(obs_value) FILTER (series = 'NET_MIGRATION') AS net
    FROM core.population
    WHERE unit_mult = 3
    GROUP BY ref_area, time_period
)
SELECT
    ref_area,
    time_period,
    round(dec31 - jan1 - (births - deaths) - net, 3) AS obs_value,
    format('{} - {} - ({} - {}) - {}', dec31, jan1, births, deaths, net) AS worked
FROM wide
WHERE dec31 IS NOT NULL AND jan1 IS NOT NULL AND births IS NOT NULL AND deaths IS NOT NULL AND net IS NOT NULL
