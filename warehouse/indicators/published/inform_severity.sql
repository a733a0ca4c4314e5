/*
code: inform_severity
series: INFORM_SEVERITY
title: INFORM Severity Index
definition: Severity of humanitarian crises, 0 to 5.
formula: as its custodian publishes it; never recomputed
unit_measure: SCORE
concept: global
inputs: [core.external_scores]
grain: country x year x component
disaggregation: [component]
custodian: European Commission Joint Research Centre, ACAPS
source: INFORM Severity Index, as published
verification: stored as published
bounds: [0, 5]
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
WHERE index_name = 'INFORM_SEVERITY'
