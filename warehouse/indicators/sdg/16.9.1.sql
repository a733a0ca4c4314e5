/*
code: "16.9.1"
series: SG_REG_BRTH
title: Children under five whose birth is registered
definition: Children under five years whose birth is registered with a civil authority, related to all children under five.
formula: "100 * registered / children under five"
unit_measure: PT
concept: global
inputs: [core.birth_registration]
grain: country x year x sex x migratory status
disaggregation: [sex, migratory status]
custodian: UNICEF
source: SDG metadata 16.9.1
verification: by definition
bounds: [0, 100]
groups: weighted
*/
SELECT
    r.ref_area,
    r.time_period,
    r.sex,
    'Y0T4' AS age,
    CASE r.migratory_status WHEN '_T' THEN '_T' ELSE 'COMPOSITE_BREAKDOWN=' || r.migratory_status END AS breakdown,
    100 * r.obs_value / c.obs_value AS obs_value,
    c.obs_value AS weight,
    format('100 * {:.0f} / {:.0f}', r.obs_value, c.obs_value) AS worked
FROM core.birth_registration AS r
JOIN core.birth_registration AS c
    ON c.ref_area = r.ref_area AND c.time_period = r.time_period AND c.sex = r.sex
    AND c.migratory_status = r.migratory_status AND c.series = 'CHILDREN'
WHERE r.series = 'REGISTERED' AND r.obs_value IS NOT NULL AND c.obs_value > 0
