/*
code: net_migration_survival
series: NET_MIGRATION_FORWARD
title: Net migration by age from two counts and survival ratios
definition: "What a second count has more of an age group than would be left of it by deaths alone: seen from the second count (forward), from the first (reverse), and the mean of both. By age at the second count, sex and region; those of all ages together were alive at the first count."
formula: "forward = P1(x + n) - s P0(x); reverse = P1(x + n) / s - P0(x); average = (forward + reverse) / 2"
unit_measure: PS
concept: global
inputs: [core.survival_ratios, core.population_by_age]
grain: country x year x region x sex x age group; population by age at both counts
disaggregation: [age, sex, region, years between the counts]
custodian: Standard method
source: United Nations, Manual VI, Methods of measuring internal migration, survival-ratio methods
verification: equal to the published estimates of Bombay 1941-1951, males, table 24
bounds: [-20000000, 20000000]
*/
WITH
counted AS (
    SELECT
        ref_area,
        CAST(time_period AS INTEGER) AS year,
        region,
        series,
        sex,
        age,
        obs_value * 10 ** unit_mult AS persons,
        CASE WHEN starts_with(age, 'Y_GE') THEN substr(age, 5) ELSE regexp_extract(age, '^Y([0-9]+)', 1) END AS first_year,
        CASE WHEN NOT starts_with(age, 'Y_GE') THEN regexp_extract(age, '([0-9]+)$', 1) END AS last_year
    FROM core.population_by_age
    WHERE migratory_status = '_T' AND obs_value IS NOT NULL AND age NOT IN ('_T', '_U') AND NOT starts_with(age, 'Y_LT')
),
followed AS (
    SELECT
        s.ref_area,
        s.time_period,
        s.region,
        s.sex,
        s.years,
        s.obs_value AS ratio,
        p0.series,
        p0.persons AS before,
        p1.persons AS after,
        p1.age,
        CAST(p1.first_year AS INTEGER) AS first_year
    FROM core.survival_ratios AS s
    JOIN counted AS p0
        ON p0.ref_area = s.ref_area AND p0.region = s.region AND p0.sex = s.sex AND p0.age = s.age
        AND p0.year = CAST(s.time_period AS INTEGER) - s.years
    JOIN counted AS p1
        ON p1.ref_area = s.ref_area AND p1.region = s.region AND p1.sex = s.sex AND p1.series = p0.series
        AND p1.year = CAST(s.time_period AS INTEGER)
        AND CAST(p1.first_year AS INTEGER) = CAST(p0.first_year AS INTEGER) + s.years
        AND CAST(p1.last_year AS INTEGER) IS NOT DISTINCT FROM CAST(p0.last_year AS INTEGER) + s.years
    WHERE s.obs_value > 0
),
estimate AS (
    SELECT *, after - ratio * before AS forward, after / ratio - before AS reverse FROM followed
),
summed AS (
    SELECT ref_area, time_period, region, sex, years, series, age, forward, reverse, 1 AS groups, ratio, before, after FROM estimate
    UNION ALL
    SELECT ref_area, time_period, region, sex, years, series, 'Y_GE' || min(first_year), sum(forward), sum(reverse), count(*), NULL, NULL, NULL
    FROM estimate
    GROUP BY ref_area, time_period, region, sex, years, series
    HAVING count(*) > 1
)
SELECT
    ref_area,
    time_period,
    k.series,
    sex,
    age,
    concat_ws('; ', CASE WHEN region <> '_T' THEN 'REGION=' || region END, 'YEARS=' || years,
        CASE WHEN s.series <> 'POP_CENSUS' THEN 'DAY=' || s.series END) AS breakdown,
    CASE k.series
        WHEN 'NET_MIGRATION_FORWARD' THEN round(forward, 6)
        WHEN 'NET_MIGRATION_REVERSE' THEN round(reverse, 6)
        ELSE round((forward + reverse) / 2, 6)
    END AS obs_value,
    CASE k.series
        WHEN 'NET_MIGRATION_FORWARD' THEN format('{:.0f} - {} * {:.0f}', after, ratio, before)
        WHEN 'NET_MIGRATION_REVERSE' THEN format('{:.0f} / {} - {:.0f}', after, ratio, before)
        ELSE format('({:.2f} + {:.2f}) / 2', forward, reverse)
    END AS worked,
    CASE WHEN groups > 1 THEN 'Sum of ' || groups || ' age groups; who was born between the counts is not in it.' END AS note
FROM summed AS s
CROSS JOIN (VALUES ('NET_MIGRATION_FORWARD'), ('NET_MIGRATION_REVERSE'), ('NET_MIGRATION_AVERAGE')) AS k(series)
