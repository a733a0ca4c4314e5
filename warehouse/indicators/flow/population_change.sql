/*
code: population_change
series: CRUDE_BIRTH_RATE
title: Crude birth and death rate, natural change and growth of the population
definition: Births, deaths and their difference per 1 000 person-years, and the exponential rate of growth of the year.
formula: "1000 * B / PY; 1000 * D / PY; 1000 * (B - D) / PY; 100 * ln(P_dec31 / P_jan1)"
unit_measure: PER_1000_POP
concept: global
inputs: [core.population]
grain: component of population change by area and year
custodian: UN DESA
source: World Population Prospects 2024, definition of indicators
verification: growth of 18 areas by 23 years within 0.0005 of the published rate
bounds: [-500, 500]
*/
WITH
wide AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_JAN1') AS jan1,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'POP_DEC31') AS dec31,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'BIRTHS') AS births,
        max(obs_value * 10 ** unit_mult) FILTER (series = 'DEATHS') AS deaths
    FROM core.population
    GROUP BY ref_area, time_period
),
person_years AS (
    SELECT *, (jan1 + dec31) / 2 AS py FROM wide WHERE jan1 > 0 AND dec31 > 0
)
SELECT
    w.ref_area,
    w.time_period,
    m.series,
    CASE m.series
        WHEN 'CRUDE_BIRTH_RATE' THEN 1000 * w.births / w.py
        WHEN 'CRUDE_DEATH_RATE' THEN 1000 * w.deaths / w.py
        WHEN 'NATURAL_CHANGE_RATE' THEN 1000 * (w.births - w.deaths) / w.py
        ELSE 100 * ln(w.dec31 / w.jan1)
    END AS obs_value,
    CASE m.series WHEN 'POPULATION_GROWTH' THEN 'PT' ELSE 'PER_1000_POP' END AS unit_measure,
    CASE m.series
        WHEN 'CRUDE_BIRTH_RATE' THEN format('1000 * {:.0f} / {:.0f}', w.births, w.py)
        WHEN 'CRUDE_DEATH_RATE' THEN format('1000 * {:.0f} / {:.0f}', w.deaths, w.py)
        WHEN 'NATURAL_CHANGE_RATE' THEN format('1000 * ({:.0f} - {:.0f}) / {:.0f}', w.births, w.deaths, w.py)
        ELSE format('100 * ln({:.0f} / {:.0f})', w.dec31, w.jan1)
    END AS worked
FROM person_years AS w
CROSS JOIN (VALUES ('CRUDE_BIRTH_RATE'), ('CRUDE_DEATH_RATE'), ('NATURAL_CHANGE_RATE'), ('POPULATION_GROWTH')) AS m(series)
WHERE m.series = 'POPULATION_GROWTH' OR (w.births IS NOT NULL AND w.deaths IS NOT NULL)
