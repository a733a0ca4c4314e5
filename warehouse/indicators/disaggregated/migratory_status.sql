/*
code: migratory_status
series: GAP
title: "Indicators by migratory status: value, gap and parity"
definition: An indicator's value for migrants, others and all; the value for migrants less that for others; and the one divided by the other. Given where what it rests on is at least 30 people; the size of the sample and the standard error stand in the note.
formula: value; migrants - others, with error sqrt(e_m^2 + e_o^2); migrants / others, with error parity * sqrt((e_m / migrants)^2 + (e_o / others)^2)
unit_measure: AS_PUBLISHED
concept: global
inputs: [core.disaggregated]
grain: indicator x country x year x sex x age x migratory status
disaggregation: [indicator, migratory status, sex, age]
custodian: Product-defined; the indicator's custodian for the values
source: SDG target 17.18; expert group on disaggregation by migratory status, 2017; the rule of 30 people is the product's own; the error of the parity is that of a quotient to first order
verification: by the hand-worked case
*/
WITH
rule AS (
    SELECT 30 AS least_people
),
estimate AS (
    SELECT
        ref_area,
        time_period,
        'INDICATOR=' || indicator || CASE series WHEN '_Z' THEN '' ELSE '; SERIES=' || series END AS of_indicator,
        sex,
        age,
        migratory_status,
        any_value(unit_measure) AS unit_measure,
        max(obs_value) FILTER (figure = 'ESTIMATE') AS value,
        CAST(max(obs_value) FILTER (figure = 'SAMPLE') AS BIGINT) AS sample,
        max(obs_value) FILTER (figure = 'STANDARD_ERROR') AS error
    FROM core.disaggregated
    GROUP BY ALL
    HAVING value IS NOT NULL
),
pair AS (
    SELECT
        m.*,
        n.value AS other_value,
        n.sample AS other_sample,
        n.error AS other_error,
        coalesce(m.sample >= r.least_people AND n.sample >= r.least_people, false) AS enough,
        r.least_people
    FROM estimate AS m
    JOIN estimate AS n
        ON n.ref_area = m.ref_area AND n.time_period = m.time_period AND n.of_indicator = m.of_indicator
        AND n.sex = m.sex AND n.age = m.age
    CROSS JOIN rule AS r
    WHERE m.migratory_status = 'MS_MIGRANT' AND n.migratory_status = 'MS_NOMIGRANT'
),
compared AS (
    SELECT
        *,
        k.series,
        CASE k.series WHEN 'GAP' THEN value - other_value ELSE value / nullif(other_value, 0) END AS figure,
        CASE k.series
            WHEN 'GAP' THEN sqrt(error * error + other_error * other_error)
            ELSE abs(value / nullif(other_value, 0)) * sqrt((error / nullif(value, 0)) ** 2 + (other_error / nullif(other_value, 0)) ** 2)
        END AS figure_error
    FROM pair
    CROSS JOIN (VALUES ('GAP'), ('PARITY')) AS k(series)
)
SELECT
    e.ref_area,
    e.time_period,
    'VALUE' AS series,
    e.sex,
    e.age,
    e.of_indicator || CASE e.migratory_status WHEN '_T' THEN '' ELSE '; COMPOSITE_BREAKDOWN=' || e.migratory_status END AS breakdown,
    CASE WHEN e.sample >= r.least_people THEN e.value END AS obs_value,
    CASE WHEN coalesce(e.sample >= r.least_people, false) THEN 'A' ELSE 'Q' END AS obs_status,
    coalesce(e.unit_measure, 'AS_PUBLISHED') AS unit_measure,
    NULL AS worked,
    CASE
        WHEN coalesce(e.sample >= r.least_people, false)
            THEN format('{} people; standard error {}.', e.sample, coalesce(CAST(round(e.error, 4) AS VARCHAR), 'not given'))
        ELSE format('Not published: it rests on {} people; at least {} are needed.', coalesce(CAST(e.sample AS VARCHAR), 'an unknown number of'), r.least_people)
    END AS note
FROM estimate AS e
CROSS JOIN rule AS r
UNION ALL
SELECT
    ref_area,
    time_period,
    series,
    sex,
    age,
    of_indicator,
    CASE WHEN enough THEN figure END,
    CASE WHEN NOT enough THEN 'Q' WHEN figure IS NULL THEN 'M' ELSE 'A' END,
    CASE series WHEN 'GAP' THEN coalesce(unit_measure, 'AS_PUBLISHED') ELSE 'RATIO' END,
    CASE WHEN enough AND figure IS NOT NULL THEN format('{} {} {}', value, CASE series WHEN 'GAP' THEN '-' ELSE '/' END, other_value) END,
    CASE
        WHEN NOT enough
            THEN format('Not published: it rests on {} migrants and {} others; at least {} each are needed.',
                coalesce(CAST(sample AS VARCHAR), 'an unknown number of'), coalesce(CAST(other_sample AS VARCHAR), 'an unknown number of'), least_people)
        WHEN figure IS NULL THEN 'No value: that of others is zero.'
        ELSE format('{} migrants and {} others; standard error {}.', sample, other_sample, coalesce(CAST(round(figure_error, 4) AS VARCHAR), 'not given'))
    END
FROM compared
