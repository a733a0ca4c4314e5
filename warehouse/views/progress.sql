/*
title: Where each prioritised indicator stands on its way to its target, by each method that can be applied; thresholds are those of the method's source, named in each row.
inputs: [indicators.observations, core.targets]
*/
WITH
target AS (
    SELECT b.ref_area, b.indicator, b.series, b.sex, b.breakdown, b.target_source, b.priority, b.direction,
        CAST(left(b.time_period, 4) AS INTEGER) AS baseline_year, b.obs_value AS baseline,
        CAST(left(t.time_period, 4) AS INTEGER) AS target_year, t.obs_value AS target
    FROM core.targets AS b
    LEFT JOIN core.targets AS t
        ON t.ref_area = b.ref_area AND t.indicator = b.indicator AND t.series = b.series AND t.sex = b.sex
        AND t.breakdown = b.breakdown AND t.target_source = b.target_source AND t.point = 'TARGET'
    WHERE b.point = 'BASELINE'
),
observed AS (
    SELECT t.*, o.concept, o.time_period, CAST(left(o.time_period, 4) AS INTEGER) AS year, o.obs_value
    FROM target AS t
    JOIN indicators.observations AS o
        ON o.ref_area = t.ref_area AND o.indicator = t.indicator AND o.series = t.series AND o.sex = t.sex
        AND o.breakdown = t.breakdown AND o.age = '_T' AND o.obs_value IS NOT NULL
        AND CAST(left(o.time_period, 4) AS INTEGER) >= t.baseline_year
    -- A country's global figure if there is one; never the one concept for one year and the other for the next.
    QUALIFY o.concept = min(o.concept) OVER (PARTITION BY t.ref_area, t.indicator, t.series, t.sex, t.breakdown, t.target_source)
),
latest AS (
    SELECT * EXCLUDE (time_period, year, obs_value),
        max(year) AS latest_year,
        arg_max(obs_value, time_period) AS latest,
        count(DISTINCT year) FILTER (year > baseline_year) AS points
    FROM observed
    GROUP BY ALL
),
-- A growth rate knows no zero: the method puts 0.001 in its place.
safe AS (
    SELECT *,
        -- One figure is no progress, not even where it is as good as the target already.
        points >= 1 AND CASE direction WHEN 'UP' THEN latest >= target WHEN 'DOWN' THEN latest <= target ELSE latest = target END AS achieved,
        CASE baseline WHEN 0 THEN 0.001 ELSE baseline END AS y0,
        CASE latest WHEN 0 THEN 0.001 ELSE latest END AS yt,
        CASE target WHEN 0 THEN 0.001 ELSE target END AS tv,
        CASE direction WHEN 'UP' THEN 1 WHEN 'DOWN' THEN -1 END AS sense,
        -- A negative figure that rises has a negative rate of growth.
        sense * sign(y0) AS growth_sense
    FROM latest
),
rates AS (
    SELECT *,
        CASE WHEN points >= 1 AND y0 * yt > 0 THEN (yt / y0) ** (1 / (latest_year - baseline_year)) - 1 END AS observed_rate,
        CASE WHEN y0 * tv > 0 THEN (tv / y0) ** (1 / (target_year - baseline_year)) - 1 END AS required_rate
    FROM safe
),
projected AS (
    SELECT *,
        yt * (1 + observed_rate) ** (target_year - latest_year) AS expected,
        growth_sense * observed_rate / nullif(abs(required_rate), 0) AS ratio
    FROM rates
),
scored AS (
    SELECT *, 'OBSERVED_TO_REQUIRED' AS method,
        'Ratio of observed to required growth; Statistics Canada and Open SDG (base 2015, target 2030), inspired by Eurostat; here from the target''s own baseline' AS method_source,
        ratio AS score,
        CASE
            WHEN achieved THEN 'achieved'
            WHEN ratio >= 0.95 THEN 'on track'
            WHEN ratio >= 0.6 THEN 'acceleration needed'
            WHEN ratio >= 0 THEN 'limited progress'
            WHEN ratio < 0 THEN 'deterioration'
        END AS status
    FROM projected WHERE target IS NOT NULL AND sense IS NOT NULL
    UNION ALL BY NAME
    SELECT *, 'TREND_WITHOUT_TARGET' AS method,
        'Annual growth in the desired direction; Statistics Canada (base 2015); here from the target''s own baseline' AS method_source,
        100 * growth_sense * observed_rate AS score,
        CASE
            WHEN score >= 1.5 THEN 'significant progress'
            WHEN score >= 0.5 THEN 'moderate progress'
            WHEN score >= 0 THEN 'limited progress'
            WHEN score < 0 THEN 'deterioration'
        END AS status
    FROM projected WHERE target IS NULL AND sense IS NOT NULL
    UNION ALL BY NAME
    SELECT *, 'PROJECTION' AS method,
        'Projected share of the way to the target; UNSD progress chart 2023, as applied by Eustat' AS method_source,
        (expected - baseline) / nullif(target - baseline, 0) AS score,
        CASE
            WHEN achieved THEN 'achieved'
            WHEN score >= 0.95 THEN '3 on track'
            WHEN score >= 0.1 THEN '2 fair progress'
            WHEN score < 0.1 THEN '1 little or no progress'
        END AS status
    FROM projected WHERE target IS NOT NULL AND sense IS NOT NULL
    UNION ALL BY NAME
    SELECT *, 'PROJECTION_WITHOUT_TARGET' AS method,
        'Annual growth in the desired direction; UNSD progress chart 2023, as applied by Eustat' AS method_source,
        100 * growth_sense * observed_rate AS score,
        CASE WHEN score >= 2 THEN '3 on track' WHEN score >= 0.5 THEN '2 fair progress' WHEN score < 0.5 THEN '1 little or no progress' END AS status
    FROM projected WHERE target IS NULL AND sense IS NOT NULL
    UNION ALL BY NAME
    SELECT *, 'CURRENT_STATUS' AS method,
        'Current Status Index; ESCAP (base 2015, in older notes 2000), read in a third party''s script; here from the target''s own baseline; it has no classes, as none were confirmed' AS method_source,
        CASE direction
            WHEN 'PARITY' THEN 10 - 10 * abs(target - latest) / nullif(abs(target - baseline), 0)
            ELSE 10 * sense * (latest - baseline) / nullif(abs(target - baseline), 0)
        END AS score,
        CASE WHEN achieved THEN 'achieved' END AS status
    FROM projected WHERE target IS NOT NULL AND points >= 1
)
SELECT
    ref_area, indicator, series, sex, breakdown, concept, target_source, TRY_CAST(priority AS INTEGER) AS priority, direction,
    baseline_year, baseline, target_year, target, latest_year, latest,
    target - latest AS distance_to_target,
    100 * observed_rate AS observed_rate_percent,
    100 * required_rate AS required_rate_percent,
    method, method_source, score, status,
    CASE
        WHEN achieved THEN latest_year
        WHEN growth_sense * ln(1 + observed_rate) > 0 AND yt * tv > 0
            THEN latest_year + CAST(ceil(ln(tv / yt) / ln(1 + observed_rate) - 1e-9) AS INTEGER)
    END AS reached_in,
    CASE
        WHEN points = 0 THEN 'No observation after the baseline: no status.'
        WHEN y0 * yt <= 0 OR y0 * tv <= 0 THEN 'Figures of both signs: a growth rate has no meaning.'
    END AS note
FROM scored
ORDER BY ref_area, priority NULLS LAST, indicator, method
