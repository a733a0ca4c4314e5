/*
code: "17.19.1"
series: SG_STT_CAPTY
title: Resources made available to strengthen statistical capacity
definition: US dollars of all resources for statistical capacity in developing countries.
formula: as its custodian publishes it; never recomputed
unit_measure: USD
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: PARIS21
source: SDG metadata 17.19.1; Global SDG Indicators Database
verification: stored as published
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
    coalesce(unit_measure, 'USD') AS unit_measure,
    vintage,
    concat_ws(' ', note, 'As published; not recomputed.') AS note
FROM core.sdg_global
WHERE series IN ('SG_STT_CAPTY') AND reporting_type = 'G'
