/*
code: crude_net_migration_rate
series: CNMR
title: Crude net migration rate
definition: Net migration per 1 000 person-years, these taken as the mean of the populations on 1 January and 31 December.
formula: 1000 * M / ((P_jan1 + P_dec31) / 2)
unit_measure: PER_1000_POP
concept: global
inputs: [core.population]
grain: component of population change by area and year
custodian: UN DESA
source: UN DESA World Population Prospects 2024, definition of indicators
verification: 18 areas by 23 years within 0.001 of the published rate, which is rounded to 3 decimals
bounds: [-500, 500]
groups: weighted
*/
WITH
wide AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_JAN1') AS jan1,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_DEC31') AS dec31,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'NET_MIGRATION') AS net
    FROM core.population
    GROUP BY ref_area, time_period
)
SELECT
    ref_area,
    time_period,
    1000 * net / ((jan1 + dec31) / 2) AS obs_value,
    (jan1 + dec31) / 2 AS weight,
    format('1000 * {:.0f} / (({:.0f} + {:.0f}) / 2)', net, jan1, dec31) AS worked
FROM wide
WHERE net IS NOT NULL AND jan1 + dec31 > 0
