/*
title: The same observation as computed after the global definition, as computed for a national proxy, and as published, side by side.
inputs: [indicators.observations, core.sdg_published]
*/
WITH
computed AS (
    SELECT indicator, series, ref_area, time_period, sex, age, breakdown,
        any_value(obs_value) FILTER (concept = 'global') AS computed_global,
        any_value(obs_value) FILTER (concept = 'national_proxy') AS computed_national,
        any_value(unit_measure) AS computed_unit,
        any_value(note) FILTER (concept = 'national_proxy') AS proxy_note,
        any_value(vintage) AS computed_from
    FROM indicators.observations
    WHERE obs_value IS NOT NULL
    GROUP BY ALL
),
-- An office may publish the same cell in several units, such as persons and per cent: each is a row of its own.
published AS (
    SELECT indicator, series, ref_area, time_period, sex, age,
        coalesce(nullif(trim(regexp_replace(breakdown, '(FREQ|NATURE)=[^;]*(; )?', '', 'g'), '; '), ''), '_T') AS breakdown,
        ref_area_office,
        unit_published,
        unit_measure AS published_unit,
        source AS published_by,
        vintage AS published_vintage,
        first(obs_value ORDER BY breakdown) FILTER (concept = 'global') AS published_global,
        first(obs_value ORDER BY breakdown) FILTER (concept = 'national_proxy') AS published_national
    FROM core.sdg_published
    WHERE obs_value IS NOT NULL
    GROUP BY ALL
)
SELECT
    coalesce(c.indicator, p.indicator) AS indicator,
    coalesce(c.series, p.series) AS series,
    coalesce(c.ref_area, p.ref_area) AS ref_area,
    coalesce(c.time_period, p.time_period) AS time_period,
    coalesce(c.sex, p.sex) AS sex,
    coalesce(c.age, p.age) AS age,
    coalesce(c.breakdown, p.breakdown) AS breakdown,
    c.computed_global,
    c.computed_national,
    p.published_global,
    p.published_national,
    c.computed_unit,
    p.published_unit,
    p.published_by,
    concat_ws(' ',
        CASE WHEN p.published_national IS NOT NULL THEN 'The office publishes a national proxy under this number: not to be compared with the global concept.' END,
        CASE WHEN c.computed_national IS NOT NULL THEN 'Computed national: ' || coalesce(c.proxy_note, 'inputs follow a national definition.') END,
        CASE WHEN c.computed_unit <> p.published_unit THEN 'Units differ: computed ' || c.computed_unit || ', published ' || p.published_unit || '.' END,
        CASE
            WHEN abs(c.computed_global - p.published_global) > 1e-6 * abs(p.published_global) AND c.computed_unit = p.published_unit
                THEN 'Same concept and unit, another value: vintages are computed ' || coalesce(c.computed_from, 'unknown') || ', published ' || coalesce(p.published_vintage, 'unknown') || '.'
        END
    ) AS why
FROM computed AS c
FULL JOIN published AS p USING (indicator, series, ref_area, time_period, sex, age, breakdown)
