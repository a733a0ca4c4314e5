/*
code: internal_migration_preference
series: PREFERENCE
title: Preference and velocity of internal migration
definition: Moves of every pair of regions related to what the populations of both would let expect, summed over the pairs; the preference relates to all moves, the velocity to the populations alone. The velocity depends on the unit of the population, here persons.
formula: preference = sum m / (M p_i p_j) with p = P_i / P; velocity = P * sum m / (P_i P_j)
unit_measure: RATIO
concept: global
inputs: [core.internal_migration]
grain: moves by region of origin and of destination; population of the region
custodian: Standard measures
source: United Nations, Manual VI, Methods of measuring internal migration (preference after Bachi 1957, velocity after Bogue, Shryock, Hoermann 1957)
verification: equal at printed precision to the published measures of Korea 2012-2020, whose velocity is for a population in millions, a million times that for persons
bounds: [0, 10000000]
*/
WITH
gap AS (
    SELECT ref_area, time_period, count(*) AS cells
    FROM core.internal_migration
    WHERE obs_value IS NULL AND obs_status <> 'M'
    GROUP BY ref_area, time_period
),
region AS (
    SELECT ref_area, time_period, origin AS region, obs_value AS persons, sum(obs_value) OVER (PARTITION BY ref_area, time_period) AS p
    FROM core.internal_migration
    WHERE series = 'POPULATION' AND obs_status <> 'M'
),
flow AS (
    SELECT ref_area, time_period, origin, destination, obs_value AS moves
    FROM core.internal_migration
    WHERE series = 'MOVES' AND origin <> destination AND obs_status <> 'M'
),
system AS (
    SELECT
        f.ref_area,
        f.time_period,
        any_value(a.p) AS p,
        sum(f.moves) AS m,
        count(*) AS pairs,
        sum(f.moves / (a.persons * b.persons)) AS related,
        min(least(a.persons, b.persons)) AS smallest
    FROM flow AS f
    JOIN region AS a ON a.ref_area = f.ref_area AND a.time_period = f.time_period AND a.region = f.origin
    JOIN region AS b ON b.ref_area = f.ref_area AND b.time_period = f.time_period AND b.region = f.destination
    GROUP BY f.ref_area, f.time_period
)
SELECT
    s.ref_area,
    s.time_period,
    k.series,
    CASE
        WHEN g.cells > 0 OR s.smallest <= 0 THEN NULL
        WHEN k.series = 'PREFERENCE' THEN round(s.related * s.p * s.p / s.m, 10)
        ELSE round(s.related * s.p, 10)
    END AS obs_value,
    CASE WHEN g.cells > 0 OR s.smallest <= 0 THEN 'O' ELSE 'A' END AS obs_status,
    CASE
        WHEN g.cells > 0 THEN 'No value: ' || g.cells || ' flows or populations of the system have no figure.'
        WHEN s.smallest <= 0 THEN 'No value: a region with moves has no population.'
        ELSE s.pairs || ' pairs of regions, ' || CAST(s.m AS BIGINT) || ' moves, population ' || CAST(s.p AS BIGINT) || '.'
    END AS note
FROM system AS s
LEFT JOIN gap AS g USING (ref_area, time_period)
CROSS JOIN (VALUES ('PREFERENCE'), ('VELOCITY')) AS k(series)
WHERE s.m > 0 OR g.cells > 0
