/*
code: mirror_gap
series: MIRROR_GAP
title: Mirror statistics gap
definition: What the country of destination reports of a flow less what the country of origin reports, related to their mean; given for the destination. Rules of stay of both stand in the note.
formula: "100 * (destination - origin) / ((destination + origin) / 2)"
unit_measure: PT
concept: global where both countries count by the recommendations, otherwise a national proxy
inputs: [core.migration_flows, reference.areas]
grain: country x year x direction x partner
disaggregation: [origin, rules of stay]
custodian: Product-defined; ESS asymmetry indicator CC1 is its absolute value
source: Mirror statistics, ESS guidelines on quality indicators (CC1, not confirmed)
verification: by definition
bounds: [-200, 200]
area_columns: null
*/
SELECT
    d.ref_area,
    d.time_period,
    'ORIGIN=' || d.counterpart_area || '; DURATION=' || d.duration || '/' || o.duration AS breakdown,
    100 * (d.obs_value - o.obs_value) / ((d.obs_value + o.obs_value) / 2) AS obs_value,
    format('100 * ({0:.0f} - {1:.0f}) / (({0:.0f} + {1:.0f}) / 2)', d.obs_value, o.obs_value) AS worked,
    CASE WHEN d.concept = 'global' AND o.concept = 'global' THEN 'global' ELSE 'national_proxy' END AS concept,
    CASE WHEN d.duration <> o.duration THEN 'The two countries count from different lengths of stay.' END AS note
FROM core.migration_flows AS d
JOIN core.migration_flows AS o
    ON o.ref_area = d.counterpart_area AND o.counterpart_area = d.ref_area AND o.time_period = d.time_period
    AND o.sex = d.sex AND o.age = d.age AND o.criterion = d.criterion AND o.direction = 'EMIGRATION'
WHERE
    d.direction = 'IMMIGRATION' AND d.sex = '_T' AND d.age = '_T' AND d.criterion = 'CPR'
    AND d.counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
    AND d.obs_value IS NOT NULL AND o.obs_value IS NOT NULL AND d.obs_value + o.obs_value > 0
