/*
code: internal_migration_focus
series: GINI_TOTAL
title: Spatial focus of internal migration
definition: "Gini indices of the flows between the regions of a country: of all flows, of the destinations chosen by those who leave each region (rows), of the origins of those who reach each (columns), of the exchanges; the indices of the regions' fields weighted by share of all moves; and the aggregated coefficient of variation. 0 is no focus."
formula: total = sum|m - m'| / (2 n (n - 1) M), corrected with n (n - 1) - 1; rows, columns, exchange = the same over pairs of flows of one origin, one destination, opposite directions; weighted = sum(G_i w_i) / n; ACV = sum(w_i sd_i / mean_i) over origins and over destinations
unit_measure: RATIO
concept: global
inputs: [core.internal_migration]
grain: moves by region of origin and of destination
disaggregation: [weight of the regions]
custodian: Standard measures
source: Plane, Mulligan 1997, Measuring spatial focusing in a migration system; Bell and others 2002; Rogers, Sweeney 1998, Measuring the spatial focus of migration patterns (ACV)
verification: equal to the published test values of a matrix of three regions, and at printed precision to those of Korea 2020. The text of Bell and others weights a field by the region's share in the flows it measures (OWN_SHARE); the published test values weight it by its share in the opposite flows (OPPOSITE_SHARE), so both are given
bounds: [0, 100]
*/
WITH
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
    SELECT ref_area, time_period, origin AS region FROM flow
    UNION
    SELECT ref_area, time_period, destination FROM flow
),
system AS (
    SELECT ref_area, time_period, count(*) AS n FROM region GROUP BY ref_area, time_period HAVING count(*) > 2
),
-- The sum of |x - y| over all ordered pairs of N figures is 2 sum (2 rank - N - 1) x.
pair AS (
    SELECT
        a.ref_area,
        a.time_period,
        a.region AS origin,
        b.region AS destination,
        s.n,
        coalesce(f.moves, 0) AS moves,
        coalesce(r.moves, 0) AS back,
        row_number() OVER (PARTITION BY a.ref_area, a.time_period ORDER BY coalesce(f.moves, 0)) AS place,
        row_number() OVER (PARTITION BY a.ref_area, a.time_period, a.region ORDER BY coalesce(f.moves, 0)) AS place_in_row,
        row_number() OVER (PARTITION BY a.ref_area, a.time_period, b.region ORDER BY coalesce(f.moves, 0)) AS place_in_column
    FROM region AS a
    JOIN region AS b ON b.ref_area = a.ref_area AND b.time_period = a.time_period AND b.region <> a.region
    JOIN system AS s ON s.ref_area = a.ref_area AND s.time_period = a.time_period
    LEFT JOIN flow AS f
        ON f.ref_area = a.ref_area AND f.time_period = a.time_period AND f.origin = a.region AND f.destination = b.region
    LEFT JOIN flow AS r
        ON r.ref_area = a.ref_area AND r.time_period = a.time_period AND r.origin = b.region AND r.destination = a.region
),
field AS (
    SELECT
        ref_area,
        time_period,
        'OUT' AS way,
        origin AS region,
        any_value(n) AS n,
        sum(moves) AS own,
        sum(back) AS opposite,
        2 * sum((2 * place_in_row - n) * moves) AS apart,
        stddev_pop(moves) / nullif(avg(moves), 0) AS variation
    FROM pair
    GROUP BY ref_area, time_period, origin
    UNION ALL
    SELECT
        ref_area,
        time_period,
        'IN',
        destination,
        any_value(n),
        sum(moves),
        sum(back),
        2 * sum((2 * place_in_column - n) * moves),
        stddev_pop(moves) / nullif(avg(moves), 0)
    FROM pair
    GROUP BY ref_area, time_period, destination
),
focus AS (
    SELECT
        ref_area,
        time_period,
        sum(apart) FILTER (way = 'OUT') AS in_rows,
        sum(apart) FILTER (way = 'IN') AS in_columns,
        sum(apart / (2 * (n - 2) * nullif(own, 0)) * own) FILTER (way = 'OUT') / any_value(n) AS out_own,
        sum(apart / (2 * (n - 2) * nullif(own, 0)) * own) FILTER (way = 'IN') / any_value(n) AS in_own,
        sum(apart / (2 * (n - 2) * nullif(own, 0)) * opposite) FILTER (way = 'OUT') / any_value(n) AS out_opposite,
        sum(apart / (2 * (n - 2) * nullif(own, 0)) * opposite) FILTER (way = 'IN') / any_value(n) AS in_opposite,
        sum(own * variation) AS variation
    FROM field
    GROUP BY ref_area, time_period
),
whole AS (
    SELECT
        ref_area,
        time_period,
        any_value(n) AS n,
        sum(moves) AS m,
        2 * sum((2 * place - n * (n - 1) - 1) * moves) AS apart,
        sum(abs(moves - back)) AS exchanged
    FROM pair
    GROUP BY ref_area, time_period
),
measure AS (
    SELECT
        w.ref_area,
        w.time_period,
        w.n,
        w.m,
        unnest([
            {'series': 'GINI_TOTAL', 'breakdown': '_T', 'obs_value': w.apart / (2 * w.n * (w.n - 1) * w.m)},
            {'series': 'GINI_TOTAL_CORRECTED', 'breakdown': '_T', 'obs_value': w.apart / (2 * (w.n * (w.n - 1) - 1) * w.m)},
            {'series': 'GINI_ROWS', 'breakdown': '_T', 'obs_value': f.in_rows / (2 * w.n * (w.n - 1) * w.m)},
            {'series': 'GINI_COLUMNS', 'breakdown': '_T', 'obs_value': f.in_columns / (2 * w.n * (w.n - 1) * w.m)},
            {'series': 'GINI_EXCHANGE', 'breakdown': '_T', 'obs_value': w.exchanged / (2 * w.n * (w.n - 1) * w.m)},
            {'series': 'GINI_ROWS_STANDARDIZED', 'breakdown': '_T', 'obs_value': 100 * f.in_rows / nullif(w.apart, 0)},
            {'series': 'GINI_COLUMNS_STANDARDIZED', 'breakdown': '_T', 'obs_value': 100 * f.in_columns / nullif(w.apart, 0)},
            {'series': 'GINI_EXCHANGE_STANDARDIZED', 'breakdown': '_T', 'obs_value': 100 * w.exchanged / nullif(w.apart, 0)},
            {'series': 'GINI_OUT_WEIGHTED', 'breakdown': 'WEIGHT=OWN_SHARE', 'obs_value': f.out_own / w.m},
            {'series': 'GINI_IN_WEIGHTED', 'breakdown': 'WEIGHT=OWN_SHARE', 'obs_value': f.in_own / w.m},
            {'series': 'GINI_MEAN_WEIGHTED', 'breakdown': 'WEIGHT=OWN_SHARE', 'obs_value': (f.out_own + f.in_own) / 2 / w.m},
            {'series': 'GINI_OUT_WEIGHTED', 'breakdown': 'WEIGHT=OPPOSITE_SHARE', 'obs_value': f.out_opposite / w.m},
            {'series': 'GINI_IN_WEIGHTED', 'breakdown': 'WEIGHT=OPPOSITE_SHARE', 'obs_value': f.in_opposite / w.m},
            {'series': 'GINI_MEAN_WEIGHTED', 'breakdown': 'WEIGHT=OPPOSITE_SHARE', 'obs_value': (f.out_opposite + f.in_opposite) / 2 / w.m},
            {'series': 'ACV', 'breakdown': '_T', 'obs_value': f.variation / w.m}
        ]) AS one
    FROM whole AS w
    JOIN focus AS f USING (ref_area, time_period)
    WHERE w.m > 0
)
SELECT
    m.ref_area,
    m.time_period,
    m.one.series AS series,
    m.one.breakdown AS breakdown,
    CASE WHEN g.cells IS NULL THEN round(m.one.obs_value, 10) END AS obs_value,
    CASE WHEN g.cells IS NULL THEN 'A' ELSE 'O' END AS obs_status,
    CASE WHEN m.one.series LIKE '%STANDARDIZED' THEN 'PT' ELSE 'RATIO' END AS unit_measure,
    CASE
        WHEN g.cells > 0 THEN 'No value: ' || g.cells || ' flows of the system have no figure.'
        ELSE m.n || ' regions, ' || CAST(m.m AS BIGINT) || ' moves.'
    END AS note
FROM measure AS m
LEFT JOIN gap AS g USING (ref_area, time_period)
WHERE g.cells > 0 OR m.one.obs_value IS NOT NULL
