/*
code: "10.7.4"
series: SM_POP_REFG_OR
title: Refugees by country of origin per 100 000 population of that country
definition: Refugees from a country at the end of the year, related to its population and those refugees together.
formula: 100000 * R / (P + R)
unit_measure: PER_100000_POP
concept: global
inputs: [core.refugees, core.population, reference.areas, reference.territories]
grain: origin x asylum x year; population by area and year
custodian: UNHCR
source: SDG metadata 10.7.4 (UNHCR, February 2021), computation method
verification: 25 of 25 published values of Kyrgyzstan 2000-2024 equal to 5 decimals; regional aggregates not compared
bounds: [0, 100000]
groups: weighted
area_columns: {core.refugees: counterpart_area}
*/
WITH
-- P is at 31 December: the same day as 1 January of the next year.
population_31dec AS (
    SELECT ref_area, CAST(time_period AS INTEGER) AS year, obs_value * 10 ** unit_mult AS persons
    FROM core.population
    WHERE series = 'POP_DEC31' AND obs_value IS NOT NULL
    UNION
    SELECT ref_area, CAST(time_period AS INTEGER) - 1, obs_value * 10 ** unit_mult
    FROM core.population
    WHERE series = 'POP_JAN1' AND obs_value IS NOT NULL
),
-- UNHCR's figure for an area may cover more than the population's area of that code.
territory AS (
    SELECT ref_area, unnest(string_split(covers, '|')) AS part, first_period, last_period, remark
    FROM reference.territories
    WHERE dataset = 'refugees' AND series = 'REFUGEES'
),
population_of_origin AS (
    SELECT
        p.year,
        coalesce(t.ref_area, p.ref_area) AS ref_area,
        sum(p.persons) AS persons,
        count(*) AS parts,
        any_value(t.remark) AS remark
    FROM (SELECT ref_area, year, max(persons) AS persons FROM population_31dec GROUP BY ref_area, year) AS p
    LEFT JOIN territory AS t
        ON t.part = p.ref_area AND p.year BETWEEN CAST(t.first_period AS INTEGER) AND CAST(t.last_period AS INTEGER)
    GROUP BY p.year, coalesce(t.ref_area, p.ref_area)
),
refugees_by_origin AS (
    SELECT counterpart_area AS ref_area, CAST(time_period AS INTEGER) AS year, sum(obs_value) AS persons
    FROM core.refugees
    WHERE
        series = 'REFUGEES'
        AND ref_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total', 'subnational'))
    GROUP BY counterpart_area, time_period
    HAVING count(obs_value) > 0
),
parts_needed AS (
    SELECT ref_area, count(*) AS parts FROM territory GROUP BY ref_area
)
SELECT
    r.ref_area,
    CAST(r.year AS VARCHAR) AS time_period,
    100000 * r.persons / (p.persons + r.persons) AS obs_value,
    p.persons + r.persons AS weight,
    format('100000 * {:.0f} / ({:.0f} + {:.0f})', r.persons, p.persons, r.persons) AS worked,
    p.remark AS note
FROM refugees_by_origin AS r
JOIN population_of_origin AS p ON p.ref_area = r.ref_area AND p.year = r.year
LEFT JOIN parts_needed AS n ON n.ref_area = r.ref_area
WHERE p.parts = coalesce(n.parts, 1)
