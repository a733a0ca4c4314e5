/*
code: "10.7.2_groups"
series: SG_CPA_MIGRP
title: Share of countries whose migration policies meet or fully meet the standard
definition: Of the countries of a region that responded, the share in category 3 or 4, and their number, by policy domain; and the share in each category. Countries that did not respond are not counted.
formula: "100 * countries in category 3 or 4 / countries that responded"
unit_measure: PT
concept: global
inputs: [core.sdg_global, reference.groups]
grain: country x year x domain, categories as the custodians publish them
disaggregation: [policy domain, region, category]
custodian: IOM, UN DESA
source: SDG metadata 10.7.2, regional aggregates
verification: "7 of 7 world values of 2019 equal to one decimal; the series by category is a name of our own"
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
),
counted AS (
    SELECT
        g.code AS ref_area,
        c.time_period,
        c.breakdown,
        count(*) AS responded,
        count(*) FILTER (c.obs_value = 1) AS category_1,
        count(*) FILTER (c.obs_value = 2) AS category_2,
        count(*) FILTER (c.obs_value = 3) AS category_3,
        count(*) FILTER (c.obs_value = 4) AS category_4
    FROM category AS c
    JOIN reference.groups AS g
        ON g.area = c.ref_area
        AND coalesce(g.first_day, '') <= c.time_period || '-12-31'
        AND coalesce(nullif(g.last_day, ''), '9999') > c.time_period || '-12-31'
    GROUP BY g.code, c.time_period, c.breakdown
),
measured AS (
    SELECT
        ref_area,
        time_period,
        breakdown,
        responded,
        k.series,
        k.category,
        CASE k.category
            WHEN '1' THEN category_1
            WHEN '2' THEN category_2
            WHEN '3' THEN category_3
            WHEN '4' THEN category_4
            ELSE category_3 + category_4
        END AS countries
    FROM counted
    CROSS JOIN (
        VALUES ('SG_CPA_MIGRP', '_T'), ('SG_CPA_MIGR', '_T'), ('SG_CPA_MIGRP_CATEGORY', '1'), ('SG_CPA_MIGRP_CATEGORY', '2'),
            ('SG_CPA_MIGRP_CATEGORY', '3'), ('SG_CPA_MIGRP_CATEGORY', '4')
    ) AS k(series, category)
)
SELECT
    ref_area,
    time_period,
    series,
    concat_ws('; ', nullif(breakdown, '_T'), CASE WHEN category <> '_T' THEN 'CATEGORY=' || category END,
        CASE WHEN breakdown = '_T' AND category = '_T' THEN '_T' END) AS breakdown,
    CASE series WHEN 'SG_CPA_MIGR' THEN countries ELSE 100 * countries / responded END AS obs_value,
    CASE series WHEN 'SG_CPA_MIGR' THEN 'NUMBER' ELSE 'PT' END AS unit_measure,
    CASE WHEN series <> 'SG_CPA_MIGR' THEN format('100 * {} / {}', countries, responded) END AS worked,
    responded || ' countries responded.' AS note
FROM measured
