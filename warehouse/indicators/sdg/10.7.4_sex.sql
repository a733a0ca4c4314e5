/*
code: "10.7.4_sex"
series: SM_POP_REFG_OR_SEX
title: Refugees by country of origin and sex per 100 000 men or women of that country
definition: Women, or men, among the refugees from a country at the end of the year, related to the women, or men, of its population and those refugees together. Refugees whose sex is not known are in neither, so that both are lower bounds; the note says how many are known.
formula: 100000 * R / (P + R), of each sex
unit_measure: PER_100000_POP
concept: global
inputs: [core.refugees_demographics, core.population_by_age, reference.areas, reference.territories]
grain: origin x asylum x year x sex; population by sex on 1 January of the next year
disaggregation: [sex]
custodian: UNHCR; the series is a name of our own
source: SDG metadata 10.7.4 (UNHCR, February 2021), disaggregation
verification: by definition
bounds: [0, 100000]
area_columns: {core.refugees_demographics: counterpart_area}
*/
WITH
-- P is at 31 December: the same day as 1 January of the next year.
population AS (
    SELECT ref_area, CAST(time_period AS INTEGER) - 1 AS year, sex, obs_value * 10 ** unit_mult AS persons
    FROM core.population_by_age
    WHERE
        series = 'POP_JAN1' AND region = '_T' AND migratory_status = '_T' AND age = '_T' AND sex IN ('M', 'F')
        AND obs_value IS NOT NULL
),
refugee AS (
    SELECT
        counterpart_area AS ref_area,
        CAST(time_period AS INTEGER) AS year,
        sex,
        sum(obs_value) AS persons
    FROM core.refugees_demographics
    WHERE
        population_type = 'REF' AND age = '_T' AND obs_value IS NOT NULL
        AND ref_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total', 'subnational'))
    GROUP BY counterpart_area, time_period, sex
),
known AS (
    SELECT ref_area, year, sum(persons) FILTER (sex <> '_T') AS with_sex, sum(persons) FILTER (sex = '_T') AS everyone
    FROM refugee
    GROUP BY ref_area, year
)
SELECT
    r.ref_area,
    CAST(r.year AS VARCHAR) AS time_period,
    r.sex,
    100000 * r.persons / (p.persons + r.persons) AS obs_value,
    format('100000 * {0:.0f} / ({1:.0f} + {0:.0f})', r.persons, p.persons) AS worked,
    CASE
        WHEN k.everyone > k.with_sex
            THEN format('The sex of {:.0f} of {:.0f} refugees is known.', k.with_sex, k.everyone)
    END AS note
FROM refugee AS r
JOIN population AS p USING (ref_area, year, sex)
JOIN known AS k USING (ref_area, year)
-- Where UNHCR counts people of more territories than the population, nothing can be related.
WHERE r.ref_area NOT IN (SELECT ref_area FROM reference.territories WHERE dataset = 'refugees' AND series = 'REFUGEES')
