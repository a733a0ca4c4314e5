/*
code: internal_migration_distance
series: MIGRATION_DISTANCE_MEAN
title: Distance of internal migration
definition: "Mean and median of the distance between the regions people moved between, weighted by the moves, and the decay of flows with distance: the coefficient of the logarithm of distance in a Poisson regression of the flows on origin, destination and it. The fit is reached by balancing both totals and moving the coefficient in turn until it changes by less than a thousand-millionth; with up to three regions and equal ways there and back there is none."
formula: sum(m d) / M; distance within which half of the moves lie; beta of m ~ origin + destination + ln(d)
unit_measure: KM
concept: global
inputs: [core.internal_migration, core.region_distances]
grain: moves by region of origin and of destination; distance between them
disaggregation: [statistic]
custodian: Standard measures
source: Bell, Blake, Boyle, Duke-Williams, Rees, Stillwell, Hugo 2002, Cross-national comparison of internal migration
verification: decay equal to an independent fit by iteratively reweighted least squares; the published figures of Korea were not compared, as the distances they rest on are not published with them
bounds: [-20, 20000]
*/
WITH RECURSIVE
-- Those of the latest year up to that of the moves; one direction serves for both where the other is not given.
distance AS (
    SELECT ref_area, time_period, origin, destination, obs_value AS km, true AS given FROM core.region_distances WHERE obs_value > 0
    UNION ALL
    SELECT ref_area, time_period, destination, origin, obs_value, false FROM core.region_distances WHERE obs_value > 0
),
flow AS (
    SELECT
        m.ref_area,
        m.time_period,
        m.origin,
        m.destination,
        any_value(m.obs_value) AS moves,
        any_value(m.obs_status) AS obs_status,
        max_by(d.km, (d.time_period, d.given)) AS km
    FROM core.internal_migration AS m
    LEFT JOIN distance AS d
        ON d.ref_area = m.ref_area AND d.origin = m.origin AND d.destination = m.destination AND d.time_period <= m.time_period
    WHERE m.series = 'MOVES' AND m.origin <> m.destination
    GROUP BY m.ref_area, m.time_period, m.origin, m.destination
),
system AS (
    SELECT
        ref_area,
        time_period,
        count(*) FILTER (moves IS NULL AND obs_status <> 'M') AS gaps,
        count(*) FILTER (moves > 0 AND km IS NULL) AS placeless,
        sum(moves) AS m
    FROM flow
    GROUP BY ref_area, time_period
    HAVING count(km) > 0 AND sum(moves) > 0
),
link AS (
    SELECT f.ref_area, f.time_period, f.origin, f.destination, f.moves, f.km
    FROM flow AS f
    JOIN system AS s USING (ref_area, time_period)
    WHERE s.gaps = 0 AND s.placeless = 0 AND f.moves IS NOT NULL AND f.km IS NOT NULL
),
ordered AS (
    SELECT *, sum(moves) OVER up AS below, sum(moves) OVER (PARTITION BY ref_area, time_period) AS total
    FROM link
    WINDOW up AS (PARTITION BY ref_area, time_period ORDER BY km RANGE UNBOUNDED PRECEDING)
),
middle AS (
    SELECT
        ref_area,
        time_period,
        sum(moves * km ORDER BY km, moves) / sum(moves ORDER BY moves) AS mean,
        -- Half is half although sums of fractions miss it by their last digit.
        (min(km) FILTER (below >= total * (0.5 - 1e-12)) + min(km) FILTER (below > total * (0.5 + 1e-12))) / 2 AS median
    FROM ordered
    WHERE moves > 0
    GROUP BY ref_area, time_period
),
-- x is what origin and destination leave of the logarithm of distance; nothing is left if it is but their sum.
fit AS (
    SELECT
        0 AS step,
        ref_area,
        time_period,
        origin,
        destination,
        moves,
        ln(km) AS x,
        CAST(1 AS DOUBLE) AS expected,
        CAST(0 AS DOUBLE) AS decay,
        CAST(1 AS DOUBLE) AS change
    FROM link
    UNION ALL
    SELECT
        step + 1,
        ref_area,
        time_period,
        origin,
        destination,
        moves,
        x_left,
        balanced * exp(shift * x_left),
        decay + shift,
        greatest(abs(shift), max(abs(x_left - x)) OVER (PARTITION BY ref_area, time_period))
    FROM (
        SELECT
            *,
            CASE
                WHEN sum(balanced * x_left * x_left) OVER of_system > 1e-8 * sum(balanced) OVER of_system
                    THEN sum((moves - balanced) * x_left) OVER of_system / sum(balanced * x_left * x_left) OVER of_system
            END AS shift
        FROM (
            SELECT *, x_of_others - coalesce(sum(balanced * x_of_others) OVER there / nullif(sum(balanced) OVER there, 0), 0) AS x_left
            FROM (
                SELECT *, x - coalesce(sum(balanced * x) OVER here / nullif(sum(balanced) OVER here, 0), 0) AS x_of_others
                FROM (
                    SELECT *, coalesce(by_origin * sum(moves) OVER there / nullif(sum(by_origin) OVER there, 0), 0) AS balanced
                    FROM (
                        SELECT *, coalesce(expected * sum(moves) OVER here / nullif(sum(expected) OVER here, 0), 0) AS by_origin
                        FROM fit
                        WHERE step < 1000 AND change > 1e-9
                        WINDOW here AS (PARTITION BY ref_area, time_period, origin)
                    )
                    WINDOW there AS (PARTITION BY ref_area, time_period, destination)
                )
                WINDOW here AS (PARTITION BY ref_area, time_period, origin)
            )
            WINDOW there AS (PARTITION BY ref_area, time_period, destination)
        )
        WINDOW of_system AS (PARTITION BY ref_area, time_period)
    )
),
fitted AS (
    SELECT ref_area, time_period, max_by(decay, step) AS decay, max_by(change, step) AS change, count(*) FILTER (decay IS NULL) > 0 AS nothing_left
    FROM fit
    GROUP BY ref_area, time_period
)
SELECT
    s.ref_area,
    s.time_period,
    k.series,
    CASE
        WHEN k.series = 'MIGRATION_DISTANCE_MEAN' THEN round(m.mean, 9)
        WHEN k.series = 'MIGRATION_DISTANCE_MEDIAN' THEN m.median
        WHEN NOT f.nothing_left AND f.change <= 1e-9 THEN round(f.decay, 8)
    END AS obs_value,
    CASE
        WHEN m.mean IS NULL OR (k.series = 'MIGRATION_DISTANCE_DECAY' AND (coalesce(f.nothing_left, true) OR f.change > 1e-9)) THEN 'O'
        ELSE 'A'
    END AS obs_status,
    CASE k.series WHEN 'MIGRATION_DISTANCE_DECAY' THEN 'RATIO' ELSE 'KM' END AS unit_measure,
    CASE
        WHEN s.gaps > 0 THEN 'No value: ' || s.gaps || ' flows of the system have no figure.'
        WHEN s.placeless > 0 THEN 'No value: ' || s.placeless || ' flows are between regions whose distance is not known.'
        WHEN k.series = 'MIGRATION_DISTANCE_DECAY' AND (coalesce(f.nothing_left, true) OR f.change > 1e-9)
            THEN 'No value: origin and destination leave nothing for the distance to explain.'
        ELSE CAST(s.m AS BIGINT) || ' moves.'
    END AS note
FROM system AS s
LEFT JOIN middle AS m USING (ref_area, time_period)
LEFT JOIN fitted AS f USING (ref_area, time_period)
CROSS JOIN (VALUES ('MIGRATION_DISTANCE_MEAN'), ('MIGRATION_DISTANCE_MEDIAN'), ('MIGRATION_DISTANCE_DECAY')) AS k(series)
