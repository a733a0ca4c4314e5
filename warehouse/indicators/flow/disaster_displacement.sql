/*
code: disaster_displacement
series: DISASTER_DISPLACEMENT_RATE
title: New displacements by disasters per 100 000 population
definition: New internal displacements of the year by disasters related to the population; it stands beside SDG 1.5.1, of which displacement is no term.
formula: "100000 * new displacements / population"
unit_measure: PER_100000_POP
concept: product-defined
inputs: [core.displacement, core.population]
grain: event x country x year; population by area and year
custodian: IDMC for the displacements; product-defined rate
source: IDMC Global Internal Displacement Database
verification: by definition
bounds: [0, 100000]
groups: weighted
*/
WITH
population AS (
    -- Mean of the year's first and last day, in persons.
    SELECT ref_area, time_period, avg(obs_value * 10 ** unit_mult) AS persons
    FROM core.population
    WHERE series IN ('POP_JAN1', 'POP_DEC31') AND obs_value IS NOT NULL
    GROUP BY ref_area, time_period
    HAVING count(DISTINCT series) = 2
)
SELECT
    d.ref_area,
    d.time_period,
    100000 * sum(d.obs_value) / any_value(p.persons) AS obs_value,
    any_value(p.persons) AS weight,
    format('100000 * {:.0f} / {:.0f}', sum(d.obs_value), any_value(p.persons)) AS worked
FROM core.displacement AS d
JOIN population AS p USING (ref_area, time_period)
WHERE d.series = 'NEW' AND d.obs_value IS NOT NULL AND p.persons > 0
GROUP BY d.ref_area, d.time_period
