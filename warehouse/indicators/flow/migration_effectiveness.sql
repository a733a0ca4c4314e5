/*
code: migration_effectiveness
series: MIGRATION_EFFECTIVENESS
title: Effectiveness of a country's migration
definition: "Net migration related to the turnover: 100 where all migration changes the population, 0 where none does."
formula: "100 * (I - E) / (I + E)"
unit_measure: PT
concept: by the figures of the office; global where they count by the recommendations, otherwise a national proxy
inputs: [core.migration_flows]
grain: country x year x direction x partner x sex
disaggregation: [sex, rule of stay]
custodian: UN DESA for the flows; standard measure
source: Bell and others 2002 (effectiveness); Recommendations on Statistics of International Migration
verification: by definition
bounds: [-100, 100]
*/
WITH
both_ways AS (
    SELECT
        ref_area,
        time_period,
        duration,
        sex,
        max(obs_value) FILTER (direction = 'IMMIGRATION') AS i,
        max(obs_value) FILTER (direction = 'EMIGRATION') AS e,
        CASE WHEN bool_and(concept = 'global') THEN 'global' ELSE 'national_proxy' END AS concept
    FROM core.migration_flows
    WHERE counterpart_area = '_T' AND age = '_T' AND criterion = 'CPR'
    GROUP BY ref_area, time_period, duration, sex
)
SELECT
    ref_area,
    time_period,
    sex,
    concept,
    'DURATION=' || duration AS breakdown,
    100 * (i - e) / (i + e) AS obs_value,
    format('100 * ({0:.0f} - {1:.0f}) / ({0:.0f} + {1:.0f})', i, e) AS worked
FROM both_ways
WHERE i IS NOT NULL AND e IS NOT NULL AND i + e > 0
