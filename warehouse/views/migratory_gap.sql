/*
title: For indicators computed by migratory status, the values of migrants and of others side by side, with gap and parity. Estimates of surveys, which come with sample size and error, are the indicator migratory_status.
inputs: [indicators.observations]
*/
WITH
apart AS (
    SELECT
        indicator,
        series,
        ref_area,
        time_period,
        sex,
        age,
        coalesce(nullif(trim(regexp_replace(breakdown, 'COMPOSITE_BREAKDOWN=MS_(NO)?MIGRANT', ''), '; '), ''), '_T') AS breakdown,
        concept,
        unit_measure,
        max(obs_value) FILTER (contains(breakdown, 'COMPOSITE_BREAKDOWN=MS_MIGRANT')) AS migrants,
        max(obs_value) FILTER (contains(breakdown, 'COMPOSITE_BREAKDOWN=MS_NOMIGRANT')) AS others
    FROM indicators.observations
    WHERE contains(breakdown, 'COMPOSITE_BREAKDOWN=MS_') AND indicator <> 'migratory_status' AND obs_value IS NOT NULL
    GROUP BY ALL
)
SELECT *, migrants - others AS gap, migrants / nullif(others, 0) AS parity
FROM apart
WHERE migrants IS NOT NULL AND others IS NOT NULL
