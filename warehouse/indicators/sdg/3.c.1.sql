/*
code: "3.c.1"
series: SH_MED_DEN
title: Health worker density per 10 000 population
definition: Doctors, nursing and midwifery personnel, dentists and pharmacists related to the population, and the share of each sex.
formula: "10000 * staff / population"
unit_measure: PER_10000_POP
concept: global
inputs: [core.health_workforce, core.population]
grain: country x year x occupation x sex; population by area and year
disaggregation: [occupation, sex]
custodian: WHO
source: SDG metadata 3.c.1
verification: by definition; the share of foreign-trained staff, which migration policy asks for, is not in 3.c.1
bounds: [0, 10000]
*/
WITH
population AS (
    -- Mean of the year's first and last day, in persons.
    SELECT ref_area, time_period, avg(obs_value * 10 ** unit_mult) AS persons
    FROM core.population
    WHERE series IN ('POP_JAN1', 'POP_DEC31') AND obs_value IS NOT NULL
    GROUP BY ref_area, time_period
    HAVING count(DISTINCT series) = 2
),
staff AS (
    SELECT
        ref_area,
        time_period,
        sex,
        CASE
            WHEN occupation = '221' THEN 'ISCO08_221'
            WHEN occupation IN ('2221', '2222', '3221', '3222') THEN 'ISCO08_222_322'
            WHEN occupation = '2261' THEN 'ISCO08_2261'
            ELSE 'ISCO08_2262'
        END AS occupation,
        sum(obs_value) AS persons
    FROM core.health_workforce
    WHERE obs_value IS NOT NULL
    GROUP BY ALL
)
SELECT
    s.ref_area,
    s.time_period,
    'SH_MED_DEN' AS series,
    '_T' AS sex,
    'OCCUPATION=' || s.occupation AS breakdown,
    10000 * s.persons / p.persons AS obs_value,
    'PER_10000_POP' AS unit_measure,
    format('10000 * {:.0f} / {:.0f}', s.persons, p.persons) AS worked
FROM staff AS s
JOIN population AS p USING (ref_area, time_period)
WHERE s.sex = '_T' AND p.persons > 0
UNION ALL
SELECT
    s.ref_area,
    s.time_period,
    'HEALTH_WORKERS_SEX_SHARE',
    s.sex,
    'OCCUPATION=' || s.occupation,
    100 * s.persons / t.persons,
    'PT',
    format('100 * {:.0f} / {:.0f}', s.persons, t.persons)
FROM staff AS s
JOIN staff AS t ON t.ref_area = s.ref_area AND t.time_period = s.time_period AND t.occupation = s.occupation AND t.sex = '_T'
WHERE s.sex IN ('M', 'F') AND t.persons > 0
