/*
code: "17.18.3"
series: SG_STT_NSDSFND
title: National statistical plan that is fully funded and under implementation
definition: "1 or 0 for a plan that is fully funded, under implementation, and funded by government, donors or others."
formula: as its custodian publishes it; never recomputed
unit_measure: FLAG
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: PARIS21
source: SDG metadata 17.18.3; Global SDG Indicators Database
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
WHERE series IN ('SG_STT_NSDSFND', 'SG_STT_NSDSIMPL', 'SG_STT_NSDSFDGVT', 'SG_STT_NSDSFDDNR', 'SG_STT_NSDSFDOTHR') AND reporting_type = 'G'
