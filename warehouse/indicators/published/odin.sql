/*
code: odin
series: ODIN
title: Open Data Inventory
definition: Coverage and openness of official statistics by category; weights of the aggregation are not confirmed.
formula: as its custodian publishes it; never recomputed
unit_measure: SCORE
concept: global
inputs: [core.external_scores]
grain: country x year x component
disaggregation: [component]
custodian: Open Data Watch
source: Open Data Inventory, as published
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
WHERE index_name = 'ODIN'
