/*
code: asylum_application_rate
series: ASYLUM_APPLICATIONS_PER_1000
title: Asylum applications per 1 000 population
definition: Applications at first instance lodged in a year related to the mean population of the country of asylum. Repeated applications are in it where the country reports them so.
formula: "1000 * applications / population"
unit_measure: PER_1000_POP
concept: product-defined
inputs: [core.asylum_applications, core.population, reference.areas]
grain: asylum x origin x year x procedure x kind x level; population by area and year
custodian: Product-defined; UNHCR for the applications
source: UNHCR Refugee Data Finder; World Population Prospects
verification: by definition
bounds: [0, 1000]
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
lodged AS (
    SELECT
        ref_area,
        time_period,
        sum(obs_value) AS applications,
        coalesce(sum(obs_value) FILTER (counted = 'C'), 0) AS cases
    FROM core.asylum_applications
    WHERE
        level IN ('FI', 'NA', '_U') AND obs_value IS NOT NULL
        AND counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
    GROUP BY ref_area, time_period
)
SELECT
    a.ref_area,
    a.time_period,
    1000 * a.applications / p.persons AS obs_value,
    format('1000 * {:.0f} / {:.0f}', a.applications, p.persons) AS worked,
    CASE WHEN a.cases > 0 THEN CAST(a.cases AS BIGINT) || ' of the applications are cases, which can be of several persons.' END AS note
FROM lodged AS a
JOIN population AS p USING (ref_area, time_period)
WHERE p.persons > 0
