/*
code: children_ever_born
series: CHILDREN_EVER_BORN
title: Children ever born per woman, by migratory status
definition: Children ever born to women of an age group per woman, and to women from 15 to 49 together, where the age groups delivered cover these years without gap or overlap.
formula: children ever born / women
unit_measure: RATIO
concept: global
inputs: [core.children_ever_born]
grain: country x year x migratory status x age group of women
disaggregation: [migratory status, age]
custodian: Standard measure
source: United Nations, Principles and Recommendations for Population and Housing Censuses, children ever born alive
verification: by definition
bounds: [0, 15]
*/
WITH
borne AS (
    SELECT
        ref_area,
        time_period,
        migratory_status,
        age,
        max(obs_value) FILTER (series = 'WOMEN') AS women,
        max(obs_value) FILTER (series = 'CHILDREN') AS children
    FROM core.children_ever_born
    GROUP BY ref_area, time_period, migratory_status, age
    HAVING women > 0 AND children IS NOT NULL
),
spanned AS (
    SELECT
        *,
        CAST(regexp_extract(age, '^Y([0-9]+)', 1) AS INTEGER) AS first_year,
        CAST(regexp_extract(age, '([0-9]+)$', 1) AS INTEGER) AS last_year
    FROM borne
    WHERE regexp_matches(age, '^Y[0-9]+(T[0-9]+)?$')
),
together AS (
    SELECT
        ref_area,
        time_period,
        migratory_status,
        sum(women) AS women,
        sum(children) AS children
    FROM spanned
    WHERE first_year >= 15 AND last_year <= 49 AND age <> 'Y15T49'
    GROUP BY ref_area, time_period, migratory_status
    HAVING min(first_year) = 15 AND max(last_year) = 49 AND sum(last_year - first_year + 1) = 35
),
every AS (
    SELECT ref_area, time_period, migratory_status, age, women, children FROM borne
    UNION ALL
    SELECT t.ref_area, t.time_period, t.migratory_status, 'Y15T49', t.women, t.children
    FROM together AS t
    ANTI JOIN borne AS b
        ON b.ref_area = t.ref_area AND b.time_period = t.time_period AND b.migratory_status = t.migratory_status AND b.age = 'Y15T49'
)
SELECT
    ref_area,
    time_period,
    age,
    CASE migratory_status WHEN '_T' THEN '_T' ELSE 'COMPOSITE_BREAKDOWN=' || migratory_status END AS breakdown,
    children / women AS obs_value,
    format('{:.0f} / {:.0f}', children, women) AS worked
FROM every
