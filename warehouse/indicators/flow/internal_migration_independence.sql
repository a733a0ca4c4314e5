/*
code: internal_migration_independence
series: INEQUALITY_INDEPENDENCE
title: Inequality of internal migration against independence of origin and destination
definition: Share of all moves that would have to take another way for flows to depend on nothing but how many leave each region and how many reach each. Expected flows are the fit of a Poisson regression on origin and destination over the pairs of different regions, reached by balancing both totals in turn until no factor changes by more than a thousand-millionth.
formula: 0.5 sum|m / M - e / M|, e = a_i b_j with the row and column totals of m
unit_measure: RATIO
concept: global
inputs: [core.internal_migration]
grain: moves by region of origin and of destination
custodian: Standard measure
source: Bell, Blake, Boyle, Duke-Williams, Rees, Stillwell, Hugo 2002, Cross-national comparison of internal migration
verification: equal at printed precision to the published figure of Korea 2020, 0.281
bounds: [0, 1]
*/
WITH RECURSIVE
gap AS (
    SELECT ref_area, time_period, count(*) AS cells
    FROM core.internal_migration
    WHERE series = 'MOVES' AND origin <> destination AND obs_value IS NULL AND obs_status <> 'M'
    GROUP BY ref_area, time_period
),
flow AS (
    SELECT ref_area, time_period, origin, destination, obs_value AS moves
    FROM core.internal_migration
    WHERE series = 'MOVES' AND origin <> destination AND obs_value IS NOT NULL
),
region AS (
    SELECT ref_area, time_period, region, sum(leaving) AS leaving, sum(reaching) AS reaching
    FROM (
        SELECT ref_area, time_period, origin AS region, moves AS leaving, 0 AS reaching FROM flow
        UNION ALL
        SELECT ref_area, time_period, destination, 0, moves FROM flow
    )
    GROUP BY ref_area, time_period, region
),
-- a = leaving / (sum of the other b), then b = reaching / (sum of the other a), and again.
balanced AS (
    SELECT 0 AS step, ref_area, time_period, region, leaving, reaching, CAST(1 AS DOUBLE) AS a, CAST(1 AS DOUBLE) AS b, CAST(1 AS DOUBLE) AS change FROM region
    UNION ALL
    SELECT
        step + 1,
        ref_area,
        time_period,
        region,
        leaving,
        reaching,
        a_new,
        CASE WHEN reaching > 0 THEN reaching / nullif(sum(a_new) OVER of_system - a_new, 0) ELSE 0 END,
        max(abs(a_new - a) / nullif(greatest(a_new, a), 0)) OVER of_system
    FROM (
        SELECT *, CASE WHEN leaving > 0 THEN leaving / nullif(sum(b) OVER of_system - b, 0) ELSE 0 END AS a_new
        FROM balanced
        WHERE step < 1000 AND change > 1e-9
        WINDOW of_system AS (PARTITION BY ref_area, time_period)
    )
    WINDOW of_system AS (PARTITION BY ref_area, time_period)
),
last AS (
    SELECT ref_area, time_period, region, max_by(a, step) AS a, max_by(b, step) AS b, max_by(change, step) AS change
    FROM balanced
    GROUP BY ref_area, time_period, region
),
compared AS (
    SELECT
        o.ref_area,
        o.time_period,
        sum(coalesce(f.moves, 0)) AS m,
        sum(abs(coalesce(f.moves, 0) - o.a * d.b)) AS apart,
        max(o.change) AS change
    FROM last AS o
    JOIN last AS d ON d.ref_area = o.ref_area AND d.time_period = o.time_period AND d.region <> o.region
    LEFT JOIN flow AS f
        ON f.ref_area = o.ref_area AND f.time_period = o.time_period AND f.origin = o.region AND f.destination = d.region
    GROUP BY o.ref_area, o.time_period
)
SELECT
    c.ref_area,
    c.time_period,
    CASE WHEN g.cells IS NULL AND c.change <= 1e-9 THEN round(0.5 * c.apart / c.m, 8) END AS obs_value,
    CASE WHEN g.cells IS NULL AND c.change <= 1e-9 THEN 'A' ELSE 'O' END AS obs_status,
    CASE
        WHEN g.cells > 0 THEN 'No value: ' || g.cells || ' flows of the system have no figure.'
        WHEN c.change <= 1e-9 THEN CAST(c.m AS BIGINT) || ' moves.'
        ELSE 'No value: no flows of this system depend on origin and destination alone.'
    END AS note
FROM compared AS c
LEFT JOIN gap AS g USING (ref_area, time_period)
WHERE c.m > 0 OR g.cells > 0
