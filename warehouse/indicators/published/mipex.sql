/*
code: mipex
series: MIPEX
title: Migrant Integration Policy Index
definition: Policies that integrate migrants, mean of eight areas.
formula: as its custodian publishes it; never recomputed
unit_measure: SCORE
concept: global
inputs: [core.external_scores]
grain: country x year x component
disaggregation: [component]
custodian: Migration Policy Group
source: Migrant Integration Policy Index, as published
verification: stored as published
bounds: [0, 100]
*/
SELECT
    ref_area,
    time_period,
    CASE component WHEN '_T' THEN '_T' ELSE 'COMPONENT=' || component END AS breakdown,
    obs_value,
    obs_status,
    source,
    vintage,
    'As published; not recomputed.' AS note
FROM core.external_scores
WHERE index_name = 'MIPEX'
