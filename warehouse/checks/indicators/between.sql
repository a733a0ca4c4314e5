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
        coalesce(nullif(regexp_extract(breakdown, 'COMPOSITE_BREAKDOWN=(MS_MIGRANT|MS_NOMIGRANT)', 1), ''), '_T') AS status,
        coalesce(nullif(trim(regexp_replace(breakdown, 'COMPOSITE_BREAKDOWN=(MS_MIGRANT|MS_NOMIGRANT)', ''), '; '), ''), '_T') AS others,
        obs_value
    FROM computed
    -- Numbers add up, and a difference or quotient of rates is no rate.
    WHERE obs_value IS NOT NULL AND unit_measure NOT IN ('PS', 'NUMBER', 'USD') AND series NOT IN ('GAP', 'PARITY')
),
parted AS (
    SELECT t.indicator, t.ref_area, t.time_period, t.obs_value, least(m.obs_value, f.obs_value) AS least, greatest(m.obs_value, f.obs_value) AS most
    FROM grouped AS t
    INNER JOIN grouped AS m USING (indicator, series, ref_area, time_period, age, concept, status, others)
    INNER JOIN grouped AS f USING (indicator, series, ref_area, time_period, age, concept, status, others)
    WHERE t.sex = '_T' AND m.sex = 'M' AND f.sex = 'F'
    UNION ALL
    SELECT t.indicator, t.ref_area, t.time_period, t.obs_value, least(m.obs_value, n.obs_value), greatest(m.obs_value, n.obs_value)
    FROM grouped AS t
    INNER JOIN grouped AS m USING (indicator, series, ref_area, time_period, age, concept, sex, others)
    INNER JOIN grouped AS n USING (indicator, series, ref_area, time_period, age, concept, sex, others)
    WHERE t.status = '_T' AND m.status = 'MS_MIGRANT' AND n.status = 'MS_NOMIGRANT'
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
FROM parted
