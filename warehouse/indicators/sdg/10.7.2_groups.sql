/*
code: "10.7.2_groups"
series: SG_CPA_MIGRP
title: Share of countries whose migration policies meet or fully meet the standard
definition: Of the countries of a region that responded, the share in category 3 or 4, by policy domain. Countries that did not respond are not counted.
formula: "100 * countries in category 3 or 4 / countries that responded"
unit_measure: PT
concept: global
inputs: [core.sdg_global, reference.groups]
grain: country x year x domain, categories as the custodians publish them
disaggregation: [policy domain, region]
custodian: IOM, UN DESA
source: SDG metadata 10.7.2, regional aggregates
verification: "7 of 7 world values of 2019 equal to one decimal"
bounds: [0, 100]
area_columns: null
*/
WITH
category AS (
    SELECT
        ref_area,
        time_period,
        CASE WHEN policy_domain IN ('_T', 'ALLDOMAINS') THEN '_T' ELSE 'COMPOSITE_BREAKDOWN=PD_' || right(policy_domain, 1) END AS breakdown,
        obs_value
    FROM core.sdg_global
    WHERE series = 'SG_CPA_MIGRS' AND obs_value IS NOT NULL
)
SELECT
    g.code AS ref_area,
    c.time_period,
    c.breakdown,
    100 * count(*) FILTER (c.obs_value >= 3) / count(*) AS obs_value,
    format('100 * {} / {}', count(*) FILTER (c.obs_value >= 3), count(*)) AS worked,
    count(*) || ' countries responded.' AS note
FROM category AS c
JOIN reference.groups AS g
    ON g.area = c.ref_area
    AND coalesce(g.first_day, '') <= c.time_period || '-12-31'
    AND coalesce(nullif(g.last_day, ''), '9999') > c.time_period || '-12-31'
GROUP BY g.code, c.time_period, c.breakdown
