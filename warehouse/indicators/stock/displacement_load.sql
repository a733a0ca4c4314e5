/*
code: displacement_load
series: REFUGEES_PER_1000
title: Refugees, asylum seekers and displaced people per 1 000 population
definition: People of concern in a country at the end of the year related to its population on that day.
formula: "1000 * people / population on 31 December"
unit_measure: PER_1000_POP
concept: product-defined
inputs: [core.refugees, core.population, reference.areas]
grain: origin x asylum x year; population by area and year
custodian: Product-defined; UNHCR for the people
source: UNHCR Refugee Data Finder; World Population Prospects
verification: by definition
bounds: [0, 1000]
*/
WITH
population_31dec AS (
    SELECT ref_area, time_period, max(obs_value * 10 ** unit_mult) AS persons
    FROM core.population
    WHERE series = 'POP_DEC31' AND obs_value IS NOT NULL
    GROUP BY ref_area, time_period
),
people AS (
    SELECT
        ref_area,
        time_period,
        CASE series
            WHEN 'REFUGEES' THEN 'REFUGEES_PER_1000'
            WHEN 'ASYLUM_SEEKERS' THEN 'ASYLUM_SEEKERS_PER_1000'
            ELSE 'IDPS_PER_1000'
        END AS series,
        sum(obs_value) AS persons
    FROM core.refugees
    WHERE series IN ('REFUGEES', 'ASYLUM_SEEKERS', 'IDPS') AND obs_value IS NOT NULL
        AND counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
    GROUP BY ALL
)
SELECT
    r.ref_area,
    r.time_period,
    r.series,
    1000 * r.persons / p.persons AS obs_value,
    format('1000 * {:.0f} / {:.0f}', r.persons, p.persons) AS worked,
    'The sum over the origins that were delivered.' AS note
FROM people AS r
JOIN population_31dec AS p USING (ref_area, time_period)
WHERE p.persons > 0
