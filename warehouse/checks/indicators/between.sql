/*
title: A rate for all lies between the rates of men and women, and between those of migrants and others.
severity: warning
question: Ask whether the groups are counted by the same source and definition as the total.
*/
WITH
grouped AS (
    SELECT
        indicator,
        series,
        ref_area,
        time_period,
        age,
        concept,
        sex,
        -- Migratory status apart from what else is broken down.
        CASE WHEN contains(breakdown, 'MS_') THEN regexp_extract(breakdown, 'COMPOSITE_BREAKDOWN=(\w+)', 1) ELSE '_T' END AS status,
        CASE
            WHEN contains(breakdown, 'MS_')
                THEN coalesce(nullif(trim(regexp_replace(breakdown, 'COMPOSITE_BREAKDOWN=\w+', ''), '; '), ''), '_T')
            ELSE breakdown
        END AS others,
        obs_value
    FROM computed
    SEMI JOIN (SELECT DISTINCT indicator, series FROM computed WHERE sex IN ('M', 'F') OR contains(breakdown, 'MS_')) AS with_parts USING (indicator, series)
    -- Numbers add up, and a difference or quotient of rates is no rate.
    WHERE obs_value IS NOT NULL AND unit_measure NOT IN ('PS', 'NUMBER', 'USD') AND series NOT IN ('GAP', 'PARITY')
),
parted AS (
    SELECT
        indicator,
        ref_area,
        time_period,
        max(obs_value) FILTER (sex = '_T') AS obs_value,
        max(obs_value) FILTER (sex = 'M') AS one,
        max(obs_value) FILTER (sex = 'F') AS other
    FROM grouped
    GROUP BY indicator, series, ref_area, time_period, age, concept, status, others
    UNION ALL
    SELECT
        indicator,
        ref_area,
        time_period,
        max(obs_value) FILTER (status = '_T'),
        max(obs_value) FILTER (status = 'MS_MIGRANT'),
        max(obs_value) FILTER (status = 'MS_NOMIGRANT')
    FROM grouped
    GROUP BY indicator, series, ref_area, time_period, age, concept, sex, others
),
bound AS (
    SELECT *, least(one, other) AS least, greatest(one, other) AS most
    FROM parted
    WHERE obs_value IS NOT NULL AND one IS NOT NULL AND other IS NOT NULL
)
SELECT
    indicator,
    ref_area,
    time_period,
    obs_value,
    obs_value BETWEEN least - 1e-9 * abs(least) AND most + 1e-9 * abs(most) AS met,
    round(least, 5) AS lowest,
    round(most, 5) AS highest,
    'a figure between {lowest} and {highest}, those of its parts' AS expected
FROM bound
