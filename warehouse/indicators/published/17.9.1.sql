/*
code: "17.9.1"
series: DC_FTA_TOTAL
title: Official development assistance committed for technical cooperation
definition: Commitments by recipient country, million constant US dollars.
formula: as its custodian publishes it; never recomputed
unit_measure: CON_USD
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: OECD
source: SDG metadata 17.9.1; Global SDG Indicators Database
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
    coalesce(unit_measure, 'CON_USD') AS unit_measure,
    vintage,
    concat_ws(' ', note, 'As published; not recomputed.') AS note
FROM core.sdg_global
WHERE series IN ('DC_FTA_TOTAL') AND reporting_type = 'G'
