/*
code: "10.7.1"
series: RECRUITMENT_COST_MEAN
title: Recruitment cost borne by migrant workers, in months of their income
definition: For each worker, what was paid to be recruited divided by the income of the first full month in the job; the weighted mean and median over workers.
formula: f(C / E), with f the mean and the median
unit_measure: MONTHS
concept: global
inputs: [core.recruitment_costs]
grain: person x job
disaggregation: [sex, age, destination, education, documents, occupation, activity]
custodian: ILO, World Bank
source: SDG metadata 10.7.1 (May 2022); monthly income since 2019
verification: no published value of the region found; the names of the series are our own, as the code is not confirmed; nor is the definition of the fourth quintile of the metadata, so it is not given
bounds: [0, 120]
*/
WITH
job AS (
    SELECT
        ref_area,
        time_period,
        person,
        job,
        any_value(sex) AS sex,
        any_value(age) AS age,
        [
            'DESTINATION=' || any_value(counterpart_area),
            'EDUCATION_LEV=' || nullif(any_value(education), '_T'),
            'DOCUMENTS=' || nullif(any_value(documents), '_T'),
            'OCCUPATION=' || nullif(any_value(occupation), '_T'),
            'ACTIVITY=' || nullif(any_value(activity), '_T')
        ] AS breakdowns,
        max(obs_value) FILTER (series = 'COST') AS cost,
        max(obs_value) FILTER (series = 'EARNINGS') AS earnings,
        coalesce(max(obs_value) FILTER (series = 'WEIGHT'), 1) AS weight
    FROM core.recruitment_costs
    GROUP BY ref_area, time_period, person, job
),
-- Each worker counts in the total and in one group of each disaggregation.
grouped AS (
    SELECT ref_area, time_period, '_T' AS sex, '_T' AS age, '_T' AS breakdown, cost, earnings, weight FROM job
    UNION ALL
    SELECT ref_area, time_period, sex, '_T', '_T', cost, earnings, weight FROM job WHERE sex <> '_T'
    UNION ALL
    SELECT ref_area, time_period, '_T', age, '_T', cost, earnings, weight FROM job WHERE age <> '_T'
    UNION ALL
    SELECT ref_area, time_period, '_T', '_T', breakdown, cost, earnings, weight
    FROM (SELECT *, unnest(breakdowns) AS breakdown FROM job)
    WHERE breakdown IS NOT NULL
),
ratio AS (
    SELECT
        *,
        cost / earnings AS months,
        sum(weight) OVER up AS below,
        sum(weight) OVER everyone AS total
    FROM grouped
    WHERE cost IS NOT NULL AND earnings > 0 AND weight > 0
    WINDOW
        up AS (PARTITION BY ref_area, time_period, sex, age, breakdown ORDER BY cost / earnings RANGE UNBOUNDED PRECEDING),
        everyone AS (PARTITION BY ref_area, time_period, sex, age, breakdown)
),
left_out AS (
    SELECT ref_area, time_period, sex, age, breakdown, count(*) AS workers
    FROM grouped
    WHERE cost IS NULL OR coalesce(earnings, 0) <= 0 OR weight <= 0
    GROUP BY ALL
),
summed AS (
    SELECT
        ref_area,
        time_period,
        sex,
        age,
        breakdown,
        count(*) AS workers,
        sum(months * weight ORDER BY months, weight) / sum(weight ORDER BY weight) AS mean,
        -- The middle: where half of the weight is reached, and, if it is reached exactly, half way to the next; sums of
        -- fractions miss it by their last digit.
        (min(months) FILTER (below >= total * (0.5 - 1e-12)) + min(months) FILTER (below > total * (0.5 + 1e-12))) / 2 AS median
    FROM ratio
    GROUP BY ref_area, time_period, sex, age, breakdown
)
SELECT
    s.ref_area,
    s.time_period,
    s.sex,
    s.age,
    s.breakdown,
    'RECRUITMENT_COST_' || f.statistic AS series,
    CASE f.statistic WHEN 'MEAN' THEN s.mean ELSE s.median END AS obs_value,
    s.workers || ' workers; ' || coalesce(l.workers, 0) || ' left out, their cost or income is missing or the income zero.' AS note
FROM summed AS s
CROSS JOIN (VALUES ('MEAN'), ('MEDIAN')) AS f(statistic)
LEFT JOIN left_out AS l USING (ref_area, time_period, sex, age, breakdown)
