/*
code: "17.18.2"
series: SG_STT_FPOS
title: National statistical legislation that complies with the Fundamental Principles
definition: "1 where the law complies with the Fundamental Principles of Official Statistics, 0 where not."
formula: as its custodian publishes it; never recomputed
unit_measure: FLAG
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: PARIS21
source: SDG metadata 17.18.2; Global SDG Indicators Database
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
WHERE series IN ('SG_STT_FPOS') AND reporting_type = 'G'
