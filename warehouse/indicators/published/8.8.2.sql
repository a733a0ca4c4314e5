/*
code: "8.8.2"
series: SL_LBR_NTLCPL
title: Level of national compliance with labour rights
definition: Score from 0 (best) to 10 (worst) that the ILO codes from textual sources; not for comparison between countries.
formula: as its custodian publishes it; never recomputed
unit_measure: SCORE
concept: global
inputs: [core.sdg_global]
grain: country x year x series
custodian: ILO
source: SDG metadata 8.8.2; Global SDG Indicators Database
verification: stored as published
bounds: [0, 10]
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
    coalesce(unit_measure, 'SCORE') AS unit_measure,
    vintage,
    concat_ws(' ', note, 'Compiled and coded by the ILO; not for comparison between countries. As published; not recomputed.') AS note
FROM core.sdg_global
WHERE series IN ('SL_LBR_NTLCPL') AND reporting_type = 'G'
