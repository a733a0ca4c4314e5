/*
code: "17.18.1"
series: SG_STT_ODIN
title: Statistical capacity indicator for monitoring the SDGs
definition: Open Data Inventory coverage and World Bank Statistical Performance Indicators, pillars 4 and 5, 0 to 100.
formula: as its custodian publishes it; never recomputed
unit_measure: INDEX
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: Open Data Watch, World Bank
source: SDG metadata 17.18.1; Global SDG Indicators Database
verification: stored as published
bounds: [0, 100]
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
    coalesce(unit_measure, 'INDEX') AS unit_measure,
    vintage,
    concat_ws(' ', note, 'As published; not recomputed.') AS note
FROM core.sdg_global
WHERE series IN ('SG_STT_ODIN', 'IQ_SPI_PIL4', 'IQ_SPI_PIL5') AND reporting_type = 'G'
