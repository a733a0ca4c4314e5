/*
code: "8.8.1"
series: SL_EMP_FTLINJUR
title: Fatal and non-fatal occupational injuries per 100 000 workers, by sex and migrant status
definition: New cases of the year related to the workers covered by the same source; fatal and non-fatal apart, never added.
formula: "100000 * new cases / workers covered"
unit_measure: PER_100000_WKRS_EMP
concept: global
inputs: [core.occupational_injuries]
grain: country x year x sex x migratory status x activity x register
disaggregation: [sex, migratory status, activity, register]
custodian: ILO
source: SDG metadata 8.8.1
verification: "identity: the rate for all lies between those of the groups, checked at every computation (warehouse/checks/indicators/between.sql)"
bounds: [0, 100000]
*/
SELECT
    c.ref_area,
    c.time_period,
    CASE c.series WHEN 'FATAL' THEN 'SL_EMP_FTLINJUR' ELSE 'SL_EMP_INJUR' END AS series,
    c.sex,
    concat_ws('; ',
        CASE WHEN c.migratory_status <> '_T' THEN 'COMPOSITE_BREAKDOWN=' || c.migratory_status END,
        CASE WHEN c.activity <> '_T' THEN 'ACTIVITY=' || c.activity END,
        CASE WHEN c.register <> '_U' THEN 'REGISTER=' || c.register END,
        CASE WHEN c.migratory_status = '_T' AND c.activity = '_T' AND c.register = '_U' THEN '_T' END) AS breakdown,
    100000 * c.obs_value / w.obs_value AS obs_value,
    format('100000 * {:.0f} / {:.0f}', c.obs_value, w.obs_value) AS worked
FROM core.occupational_injuries AS c
JOIN core.occupational_injuries AS w
    ON w.ref_area = c.ref_area AND w.time_period = c.time_period AND w.sex = c.sex
    AND w.migratory_status = c.migratory_status AND w.activity = c.activity AND w.register = c.register AND w.series = 'WORKERS'
WHERE c.series <> 'WORKERS' AND c.obs_value IS NOT NULL AND w.obs_value > 0
