/*
code: "10.7.3"
series: SM_DTH_MIGR
title: People who died or disappeared in the process of migration
definition: "Documented dead and missing by country of the incident and year: a minimum, no estimate, and not for trends."
formula: sum of dead and missing
unit_measure: PS
concept: global
inputs: [core.missing_migrants]
grain: incident
custodian: IOM
source: SDG metadata 10.7.3; Missing Migrants Project, method
verification: equal to the UNSD figures of 2020 for MKD 2015, 2016, 2019, BIH 2018, SRB 2015; other cells were revised by the project
bounds: [0, 100000]
groups: sum
*/
SELECT
    ref_area,
    time_period,
    sum(obs_value) AS obs_value,
    count(*) || ' rows of incidents.' AS note
FROM core.missing_migrants
WHERE series = 'DEAD_AND_MISSING' AND obs_value IS NOT NULL AND ref_area IS NOT NULL
GROUP BY ref_area, time_period
