/*
code: age_structure
series: MEDIAN_AGE
title: Median age, dependency ratios and shares of children and old people, of migrants and of all
definition: "Median age, interpolated within its age group; people under 15, from 65 on, and both together per 100 from 15 to 64; share of those under 15 and of those from 65 on. By sex, region and migratory status. If half of the people are in the open group, the median is but known to be at least where that begins; age groups that overlap, leave a gap, or cut across 15 or 65 leave no value. People of unknown age are left out."
formula: a + (N / 2 - people below a) / n_a * width; 100 * P0-14 / P15-64; 100 * P65+ / P15-64; their sum; 100 * P0-14 / P; 100 * P65+ / P
unit_measure: YR
concept: global
inputs: [core.population_by_age]
grain: country x year x region x day x migratory status x sex x age group
disaggregation: [sex, migratory status, region, day of the count]
custodian: UN DESA
source: UN DESA International Migrant Stock, definitions of median age and dependency; standard measures of demography
verification: by definition; no published value could be computed from inputs at hand
bounds: [0, 1000]
*/
WITH
aged AS (
    SELECT
        ref_area,
        time_period,
        region,
        series AS day,
        migratory_status,
        sex,
        age,
        obs_value AS persons,
        obs_status,
        CASE
            WHEN starts_with(age, 'Y_LT') THEN 0
            WHEN starts_with(age, 'Y_GE') THEN TRY_CAST(substr(age, 5) AS INTEGER)
            ELSE TRY_CAST(regexp_extract(age, '^Y([0-9]+)', 1) AS INTEGER)
        END AS first_year,
        -- The first year of the next group; nothing for the open one.
        CASE
            WHEN starts_with(age, 'Y_LT') THEN TRY_CAST(substr(age, 5) AS INTEGER)
            WHEN NOT starts_with(age, 'Y_GE') THEN TRY_CAST(regexp_extract(age, '([0-9]+)$', 1) AS INTEGER) + 1
        END AS next_year
    FROM core.population_by_age
    WHERE age <> '_T'
),
followed AS (
    SELECT
        *,
        lead(first_year) OVER up AS follows,
        coalesce(sum(persons) OVER (up ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS below
    FROM aged
    WHERE first_year IS NOT NULL
    WINDOW up AS (PARTITION BY ref_area, time_period, region, day, migratory_status, sex ORDER BY first_year, next_year)
),
counted AS (
    SELECT
        ref_area,
        time_period,
        region,
        day,
        migratory_status,
        sex,
        min(first_year) = 0 AND count(*) FILTER (next_year IS DISTINCT FROM follows) = 0 AS whole,
        count(*) FILTER (persons IS NULL AND obs_status <> 'M') AS gaps,
        count(*) FILTER (first_year < 15 AND coalesce(next_year, 1000) > 15) > 0 AS across_15,
        count(*) FILTER (first_year < 65 AND coalesce(next_year, 1000) > 65) > 0 AS across_65,
        sum(persons) AS persons,
        coalesce(sum(persons) FILTER (next_year <= 15), 0) AS young,
        coalesce(sum(persons) FILTER (first_year >= 15 AND next_year <= 65), 0) AS middle,
        coalesce(sum(persons) FILTER (first_year >= 65), 0) AS old
    FROM followed
    GROUP BY ref_area, time_period, region, day, migratory_status, sex
),
unknown AS (
    SELECT ref_area, time_period, region, day, migratory_status, sex, sum(persons) AS unknown
    FROM aged
    WHERE first_year IS NULL
    GROUP BY ref_area, time_period, region, day, migratory_status, sex
),
half AS (
    SELECT
        f.ref_area,
        f.time_period,
        f.region,
        f.day,
        f.migratory_status,
        f.sex,
        f.first_year,
        f.next_year,
        f.below,
        f.persons AS here
    FROM followed AS f
    JOIN counted AS c USING (ref_area, time_period, region, day, migratory_status, sex)
    WHERE f.below < c.persons / 2 AND f.below + f.persons >= c.persons / 2
),
measure AS (
    SELECT
        c.*,
        h.first_year,
        h.next_year,
        k.series,
        coalesce(u.unknown, 0) AS unknown,
        CASE k.series
            WHEN 'MEDIAN_AGE' THEN h.first_year + (c.persons / 2 - h.below) / h.here * (h.next_year - h.first_year)
            WHEN 'CHILD_DEPENDENCY' THEN 100 * c.young / nullif(c.middle, 0)
            WHEN 'OLD_AGE_DEPENDENCY' THEN 100 * c.old / nullif(c.middle, 0)
            WHEN 'TOTAL_DEPENDENCY' THEN 100 * (c.young + c.old) / nullif(c.middle, 0)
            WHEN 'CHILD_SHARE' THEN 100 * c.young / c.persons
            ELSE 100 * c.old / c.persons
        END AS value,
        CASE k.series
            WHEN 'MEDIAN_AGE' THEN format('{} + ({:.0f} / 2 - {:.0f}) / {:.0f} * {}', h.first_year, c.persons, h.below, h.here, h.next_year - h.first_year)
            WHEN 'CHILD_DEPENDENCY' THEN format('100 * {:.0f} / {:.0f}', c.young, c.middle)
            WHEN 'OLD_AGE_DEPENDENCY' THEN format('100 * {:.0f} / {:.0f}', c.old, c.middle)
            WHEN 'TOTAL_DEPENDENCY' THEN format('100 * ({:.0f} + {:.0f}) / {:.0f}', c.young, c.old, c.middle)
            WHEN 'CHILD_SHARE' THEN format('100 * {:.0f} / {:.0f}', c.young, c.persons)
            ELSE format('100 * {:.0f} / {:.0f}', c.old, c.persons)
        END AS worked,
        CASE
            WHEN c.gaps > 0 THEN 'No value: ' || c.gaps || ' age groups have no figure.'
            WHEN NOT c.whole THEN 'No value: the age groups do not follow one another from 0 on to an open one.'
            WHEN c.across_15 AND k.series NOT IN ('MEDIAN_AGE', 'OLD_AGE_SHARE') THEN 'No value: an age group cuts across 15.'
            WHEN c.across_65 AND k.series NOT IN ('MEDIAN_AGE', 'CHILD_SHARE') THEN 'No value: an age group cuts across 65.'
            WHEN k.series = 'MEDIAN_AGE' AND h.next_year IS NULL THEN '>= ' || h.first_year || ': half of the people are in the open age group.'
            WHEN k.series LIKE '%DEPENDENCY' AND c.middle = 0 THEN 'No value: there is nobody from 15 to 64.'
        END AS reason
    FROM counted AS c
    LEFT JOIN half AS h USING (ref_area, time_period, region, day, migratory_status, sex)
    LEFT JOIN unknown AS u USING (ref_area, time_period, region, day, migratory_status, sex)
    CROSS JOIN (
        VALUES ('MEDIAN_AGE'), ('CHILD_DEPENDENCY'), ('OLD_AGE_DEPENDENCY'), ('TOTAL_DEPENDENCY'), ('CHILD_SHARE'), ('OLD_AGE_SHARE')
    ) AS k(series)
    WHERE c.persons > 0 OR c.gaps > 0
)
SELECT
    ref_area,
    time_period,
    series,
    sex,
    concat_ws('; ',
        CASE WHEN migratory_status <> '_T' THEN 'COMPOSITE_BREAKDOWN=' || migratory_status END,
        CASE WHEN region <> '_T' THEN 'REGION=' || region END,
        CASE WHEN day <> 'POP_MIDYEAR' THEN 'DAY=' || day END,
        CASE WHEN migratory_status = '_T' AND region = '_T' AND day = 'POP_MIDYEAR' THEN '_T' END) AS breakdown,
    CASE WHEN reason IS NULL THEN value END AS obs_value,
    CASE WHEN reason IS NULL THEN 'A' ELSE 'O' END AS obs_status,
    CASE series WHEN 'MEDIAN_AGE' THEN 'YR' ELSE 'PT' END AS unit_measure,
    CASE WHEN reason IS NULL THEN worked END AS worked,
    coalesce(reason, CASE WHEN unknown > 0 THEN CAST(unknown AS BIGINT) || ' people of unknown age are left out.' END) AS note
FROM measure
