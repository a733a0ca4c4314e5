/*
code: "17.19.2"
series: SG_REG_CENSUSN
title: Census in the last ten years, and complete registration of births and deaths
definition: "1 or 0 for a census in the last ten years, birth registration of at least 90 % and death registration of at least 75 %."
formula: as its custodian publishes it; never recomputed
unit_measure: FLAG
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: UNSD
source: SDG metadata 17.19.2; Global SDG Indicators Database
verification: stored as published
bounds: [0, 1]
*/
SELECT
    ref_area,
    time_period,
    series,
    sex,
    CASE age WHEN 'ALLAGE' THEN '_T' ELSE age END AS age,
    CASE migratory_status WHEN '_T' THEN '_T' ELSE 'MIGRATORY_STATUS=' || migratory_status END AS breakdown,
    obs_value,
    obs_status,
    coalesce(unit_measure, 'FLAG') AS unit_measure,
    vintage,
    concat_ws(' ', note, 'As published; not recomputed.') AS note
FROM core.sdg_global
WHERE series IN ('SG_REG_CENSUSN', 'SG_REG_BRTH90N', 'SG_REG_DETH75N') AND reporting_type = 'G'
