/*
code: "8.7.1"
series: SL_TLF_CHLDEC
title: Proportion of children engaged in child labour
definition: Children in child labour in the reference week related to all children of the age group; by economic activity alone, and with household chores.
formula: "100 * children in child labour / children"
unit_measure: PT
concept: global
inputs: [core.child_labour]
grain: country x year x age group x sex x migratory status
disaggregation: [sex, age, migratory status]
custodian: ILO, UNICEF
source: SDG metadata 8.7.1
verification: by definition; the thresholds of hours by age are those of the survey
bounds: [0, 100]
*/
SELECT
    l.ref_area,
    l.time_period,
    CASE l.series WHEN 'ECONOMIC_ACTIVITY' THEN 'SL_TLF_CHLDEC' ELSE 'SL_TLF_CHLDEA' END AS series,
    l.sex,
    l.age,
    CASE l.migratory_status WHEN '_T' THEN '_T' ELSE 'COMPOSITE_BREAKDOWN=' || l.migratory_status END AS breakdown,
    100 * l.obs_value / c.obs_value AS obs_value,
    format('100 * {:.0f} / {:.0f}', l.obs_value, c.obs_value) AS worked
FROM core.child_labour AS l
JOIN core.child_labour AS c
    ON c.ref_area = l.ref_area AND c.time_period = l.time_period AND c.sex = l.sex AND c.age = l.age
    AND c.migratory_status = l.migratory_status AND c.series = 'CHILDREN'
WHERE l.series <> 'CHILDREN' AND l.obs_value IS NOT NULL AND c.obs_value > 0
