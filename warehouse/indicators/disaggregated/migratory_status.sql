/*
code: migratory_status
series: GAP
title: "Indicators by migratory status: gap and parity"
definition: An indicator's value for migrants less that for others, and the one divided by the other, where both rest on at least 30 people.
formula: migrants - others; migrants / others
unit_measure: AS_PUBLISHED
concept: global
inputs: [core.disaggregated]
grain: indicator x country x year x sex x age x migratory status
disaggregation: [indicator, sex, age]
custodian: Product-defined; the indicator's custodian for the values
source: SDG target 17.18; expert group on disaggregation by migratory status, 2017; the rule of 30 people is the product's own
verification: by the hand-worked case
*/
WITH
wide AS (
    SELECT
        ref_area,
        time_period,
        indicator AS of_indicator,
        series AS of_series,
        sex,
        age,
        migratory_status,
        any_value(unit_measure) AS unit_measure,
        max(obs_value) FILTER (figure = 'ESTIMATE') AS value,
        max(obs_value) FILTER (figure = 'SAMPLE') AS sample,
        max(obs_value) FILTER (figure = 'STANDARD_ERROR') AS error
    FROM core.disaggregated
    GROUP BY ALL
),
pair AS (
    SELECT
        m.*,
        n.value AS other_value,
        n.sample AS other_sample,
        sqrt(m.error * m.error + n.error * n.error) AS gap_error,
        m.sample >= 30 AND n.sample >= 30 AS enough
    FROM wide AS m
    JOIN wide AS n
        ON n.ref_area = m.ref_area AND n.time_period = m.time_period AND n.of_indicator = m.of_indicator
        AND n.of_series = m.of_series AND n.sex = m.sex AND n.age = m.age
    WHERE m.migratory_status = 'MS_MIGRANT' AND n.migratory_status = 'MS_NOMIGRANT'
        AND m.value IS NOT NULL AND n.value IS NOT NULL
)
SELECT
    ref_area,
    time_period,
    k.series,
    sex,
    age,
    'INDICATOR=' || of_indicator || CASE of_series WHEN '_Z' THEN '' ELSE '; SERIES=' || of_series END AS breakdown,
    CASE
        WHEN enough AND k.series = 'GAP' THEN value - other_value
        WHEN enough AND other_value <> 0 THEN value / other_value
    END AS obs_value,
    CASE WHEN NOT coalesce(enough, false) THEN 'Q' WHEN k.series = 'PARITY' AND other_value = 0 THEN 'M' ELSE 'A' END AS obs_status,
    CASE k.series WHEN 'GAP' THEN coalesce(unit_measure, 'AS_PUBLISHED') ELSE 'RATIO' END AS unit_measure,
    CASE WHEN enough THEN format('{} {} {}', value, CASE k.series WHEN 'GAP' THEN '-' ELSE '/' END, other_value) END AS worked,
    CASE
        WHEN NOT coalesce(enough, false)
            THEN format('Not published: it rests on {} migrants and {} others; at least 30 each are needed.',
                coalesce(CAST(CAST(sample AS BIGINT) AS VARCHAR), 'an unknown number of'), coalesce(CAST(CAST(other_sample AS BIGINT) AS VARCHAR), 'an unknown number of'))
        WHEN k.series = 'GAP' THEN format('{:.0f} migrants and {:.0f} others; standard error {}.', sample, other_sample, coalesce(CAST(round(gap_error, 4) AS VARCHAR), 'not given'))
        ELSE format('{:.0f} migrants and {:.0f} others.', sample, other_sample)
    END AS note
FROM pair
CROSS JOIN (VALUES ('GAP'), ('PARITY')) AS k(series)
