/*
code: internal_migration
series: CMI
title: Intensity, effectiveness and connectivity of internal migration
definition: "Measures of a system of flows between the regions of a country: crude migration intensity, Courgeau k, migration effectiveness index, aggregate net migration rate, connectivity and inequality of the flows. A pair of regions that was not delivered has no flow; a flow or population that was delivered without a figure leaves the system without a value."
formula: CMI = 100 M / P; k = CMI / ln(n^2); MEI = 100 sum|D - O| / sum(D + O); ANMR = CMI * MEI / 100; connectivity = flows above zero / (n (n - 1)); inequality = 0.5 sum|m / M - 1 / (n (n - 1))|
unit_measure: PT
concept: global
inputs: [core.internal_migration]
grain: moves by region of origin and of destination; population of the region
custodian: Standard measures
source: Bell, Blake, Boyle, Duke-Williams, Rees, Stillwell, Hugo 2002, Cross-national comparison of internal migration; Courgeau 1973
verification: equal at printed precision to the published measures of Korea 2012-2020
bounds: [0, 100]
*/
WITH
gap AS (
    SELECT ref_area, time_period, count(*) AS cells
    FROM core.internal_migration
    WHERE obs_value IS NULL AND obs_status <> 'M'
    GROUP BY ref_area, time_period
),
region AS (
    SELECT ref_area, time_period, origin AS region, obs_value AS persons
    FROM core.internal_migration
    WHERE series = 'POPULATION' AND obs_status <> 'M'
),
flow AS (
    SELECT ref_area, time_period, origin, destination, obs_value AS moves
    FROM core.internal_migration
    WHERE series = 'MOVES' AND origin <> destination
),
system AS (
    SELECT ref_area, time_period, sum(persons ORDER BY persons) AS p, count(*) AS n
    FROM region SEMI JOIN flow USING (ref_area, time_period)
    GROUP BY ref_area, time_period
    HAVING count(*) > 1
),
pair AS (
    SELECT a.ref_area, a.time_period, a.region AS origin, b.region AS destination, coalesce(f.moves, 0) AS moves
    FROM region AS a
    JOIN region AS b ON b.ref_area = a.ref_area AND b.time_period = a.time_period AND b.region <> a.region
    LEFT JOIN flow AS f
        ON f.ref_area = a.ref_area AND f.time_period = a.time_period AND f.origin = a.region AND f.destination = b.region
),
moved AS (
    SELECT ref_area, time_period, sum(moves ORDER BY moves) AS m, count(*) FILTER (moves > 0) AS linked FROM pair GROUP BY ref_area, time_period
),
net AS (
    SELECT ref_area, time_period, sum(abs(gain) ORDER BY abs(gain)) AS shifted
    FROM (
        SELECT ref_area, time_period, region, sum(change ORDER BY change) AS gain
        FROM (
            SELECT ref_area, time_period, destination AS region, moves AS change FROM pair
            UNION ALL
            SELECT ref_area, time_period, origin, -moves FROM pair
        )
        GROUP BY ref_area, time_period, region
    )
    GROUP BY ref_area, time_period
),
spread AS (
    SELECT p.ref_area, p.time_period, 0.5 * sum(abs(p.moves * s.n * (s.n - 1) - v.m) ORDER BY p.moves) / any_value(v.m * s.n * (s.n - 1)) AS inequality
    FROM pair AS p
    JOIN moved AS v USING (ref_area, time_period)
    JOIN system AS s USING (ref_area, time_period)
    WHERE v.m > 0
    GROUP BY p.ref_area, p.time_period
)
SELECT
    s.ref_area,
    s.time_period,
    k.series,
    CASE
        WHEN g.cells > 0 THEN NULL
        WHEN k.series = 'CMI' THEN 100 * v.m / s.p
        WHEN k.series = 'COURGEAU_K' THEN 100 * v.m / s.p / ln(s.n * s.n)
        WHEN k.series = 'MEI' THEN 100 * e.shifted / (2 * v.m)
        WHEN k.series = 'ANMR' THEN 100 * 0.5 * e.shifted / s.p
        WHEN k.series = 'CONNECTIVITY' THEN v.linked / (s.n * (s.n - 1))
        ELSE i.inequality
    END AS obs_value,
    CASE WHEN g.cells > 0 THEN 'O' ELSE 'A' END AS obs_status,
    CASE WHEN k.series IN ('CONNECTIVITY', 'INEQUALITY', 'COURGEAU_K') THEN 'RATIO' ELSE 'PT' END AS unit_measure,
    CASE
        WHEN g.cells > 0 THEN 'No value: ' || g.cells || ' flows or populations of the system have no figure.'
        ELSE s.n || ' regions, ' || CAST(v.m AS BIGINT) || ' moves, population ' || CAST(s.p AS BIGINT) || '.'
    END AS note
FROM system AS s
JOIN moved AS v USING (ref_area, time_period)
JOIN net AS e USING (ref_area, time_period)
LEFT JOIN spread AS i USING (ref_area, time_period)
LEFT JOIN gap AS g USING (ref_area, time_period)
CROSS JOIN (VALUES ('CMI'), ('COURGEAU_K'), ('MEI'), ('ANMR'), ('CONNECTIVITY'), ('INEQUALITY')) AS k(series)
WHERE g.cells > 0 OR (s.p > 0 AND (v.m > 0 OR k.series NOT IN ('MEI', 'INEQUALITY')))
