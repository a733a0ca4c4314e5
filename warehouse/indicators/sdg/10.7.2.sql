/*
code: "10.7.2"
series: SG_CPA_MIGRS
title: Policies that facilitate orderly, safe, regular and responsible migration
definition: "Category of each policy domain and of all six together: 1 requires further progress, 2 partially meets, 3 meets, 4 fully meets. A blank item counts nothing; a country that answered none is not scored."
formula: "category of 100 * sum of items / n: below 40, 40, 80, 100 and more; in half-points, so that no threshold is a fraction"
unit_measure: NUMBER
concept: global
inputs: [core.policy_answers, reference.policy_items]
grain: country x round x item
disaggregation: [policy domain]
custodian: IOM, UN DESA
source: SDG metadata 10.7.2, computation method
verification: the category of the whole follows from those of the domains in 111 of 111 countries of 2019; item-level answers are not published
bounds: [1, 4]
*/
WITH
answered AS (
    SELECT a.ref_area, a.time_period, i.sdmx AS domain, a.obs_value AS half_points
    FROM core.policy_answers AS a
    JOIN reference.policy_items AS i ON i.code = a.item
),
respondents AS (
    SELECT ref_area, time_period FROM answered GROUP BY ref_area, time_period HAVING count(half_points) > 0
),
points AS (
    SELECT ref_area, time_period, domain, coalesce(sum(half_points), 0) AS got, 2 * count(*) AS possible, count(half_points) AS given
    FROM answered SEMI JOIN respondents USING (ref_area, time_period)
    GROUP BY ref_area, time_period, domain
    UNION ALL
    SELECT ref_area, time_period, '_T', coalesce(sum(half_points), 0), 2 * count(*), count(half_points)
    FROM answered SEMI JOIN respondents USING (ref_area, time_period)
    GROUP BY ref_area, time_period
)
SELECT
    ref_area,
    time_period,
    CASE domain WHEN '_T' THEN '_T' ELSE 'COMPOSITE_BREAKDOWN=' || domain END AS breakdown,
    CASE
        WHEN got = possible THEN 4
        WHEN 100 * got >= 80 * possible THEN 3
        WHEN 100 * got >= 40 * possible THEN 2
        ELSE 1
    END AS obs_value,
    format('100 * {} / {} half-points', CAST(got AS BIGINT), CAST(possible AS BIGINT)) AS worked,
    CASE WHEN given < possible / 2 THEN CAST(possible / 2 - given AS INTEGER) || ' items without an answer count 0.' END AS note
FROM points
