/*
code: net_migration_vital
series: NET_MIGRATION_VITAL
title: Net migration by the vital statistics method
definition: What of the change of a population is left when natural increase is taken away; errors of the counts and of the registration of births and deaths are in it.
formula: P_dec31 - P_jan1 - (B - D)
unit_measure: PS
concept: global
inputs: [core.population]
grain: component of population change by area and year
custodian: Standard method
source: United Nations, Manual VI, Methods of measuring internal migration, vital statistics method
verification: equal to the published estimates of Alabama 1960-1970 for four groups of people; within the rounding of the components for 18 areas by 23 years
bounds: [-30000000, 30000000]
groups: sum
*/
WITH
wide AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_JAN1') AS jan1,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_DEC31') AS dec31,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'BIRTHS') AS births,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'DEATHS') AS deaths
    FROM core.population
    GROUP BY ref_area, time_period
)
SELECT
    ref_area,
    time_period,
    round(dec31 - jan1 - (births - deaths), 6) AS obs_value,
    format('{:.0f} - {:.0f} - ({:.0f} - {:.0f})', dec31, jan1, births, deaths) AS worked
FROM wide
WHERE dec31 IS NOT NULL AND jan1 IS NOT NULL AND births IS NOT NULL AND deaths IS NOT NULL
