/*
code: "1.5.1"
series: VC_DSR_MTMP
title: Deaths, missing and directly affected persons attributed to disasters per 100 000 population
definition: Deaths and missing persons together, and these with the directly affected, related to the population (also 11.5.1 and 13.1.1); beside them the numbers of each, by sex. Displacement is no term of it.
formula: "100000 * (deaths + missing) / population; 100000 * (deaths + missing + directly affected) / population"
unit_measure: PER_100000_POP
concept: global
inputs: [core.disasters, core.population]
grain: country x year x sex; population by area and year
disaggregation: [sex]
custodian: UNDRR
source: SDG metadata 1.5.1
verification: by definition; the series of the three together is a name of our own
bounds: [0, 100000000]
groups: weighted
*/
WITH
population AS (
    -- Mean of the year's first and last day, in persons.
    SELECT ref_area, time_period, avg(obs_value * 10 ** unit_mult) AS persons
    FROM core.population
    WHERE series IN ('POP_JAN1', 'POP_DEC31') AND obs_value IS NOT NULL
    GROUP BY ref_area, time_period
    HAVING count(DISTINCT series) = 2
),
losses AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value) FILTER (series = 'DEATHS') AS deaths,
        max(obs_value) FILTER (series = 'MISSING') AS missing,
        max(obs_value) FILTER (series = 'AFFECTED') AS affected
    FROM core.disasters
    WHERE sex = '_T'
    GROUP BY ref_area, time_period
)
SELECT
    l.ref_area,
    l.time_period,
    'VC_DSR_MTMP' AS series,
    '_T' AS sex,
    100000 * (l.deaths + coalesce(l.missing, 0)) / p.persons AS obs_value,
    'PER_100000_POP' AS unit_measure,
    p.persons AS weight,
    format('100000 * ({:.0f} + {:.0f}) / {:.0f}', l.deaths, coalesce(l.missing, 0), p.persons) AS worked,
    CASE WHEN l.missing IS NULL THEN 'Missing persons are not reported.' END AS note
FROM losses AS l
JOIN population AS p USING (ref_area, time_period)
WHERE l.deaths IS NOT NULL AND p.persons > 0
UNION ALL
SELECT
    l.ref_area,
    l.time_period,
    'DISASTER_VICTIMS',
    '_T',
    100000 * (l.deaths + coalesce(l.missing, 0) + l.affected) / p.persons,
    'PER_100000_POP',
    p.persons,
    format('100000 * ({:.0f} + {:.0f} + {:.0f}) / {:.0f}', l.deaths, coalesce(l.missing, 0), l.affected, p.persons),
    CASE WHEN l.missing IS NULL THEN 'Missing persons are not reported.' END
FROM losses AS l
JOIN population AS p USING (ref_area, time_period)
WHERE l.deaths IS NOT NULL AND l.affected IS NOT NULL AND p.persons > 0
UNION ALL
SELECT
    ref_area,
    time_period,
    CASE series WHEN 'DEATHS' THEN 'VC_DSR_MORT' WHEN 'MISSING' THEN 'VC_DSR_MISS' ELSE 'VC_DSR_DAFF' END,
    sex,
    obs_value,
    'PS',
    NULL,
    NULL,
    NULL
FROM core.disasters
WHERE obs_value IS NOT NULL
