/*
code: refugees_to_gdp
series: REFUGEES_TO_GDP_PER_CAPITA
title: Refugees hosted per US dollar of GDP per capita
definition: Refugees in a country at the end of the year related to its GDP per head, a measure of what hosting them weighs on an economy.
formula: refugees / (GDP / population)
unit_measure: RATIO
concept: product-defined
inputs: [core.refugees, core.population, core.gdp, reference.areas]
grain: origin x asylum x year; population by area and year; GDP by country and year
custodian: Product-defined, after a measure UNHCR published in its Global Trends
source: UNHCR Refugee Data Finder; World Population Prospects; World Development Indicators
verification: by definition
bounds: [0, 1000000]
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
hosted AS (
    SELECT ref_area, time_period, sum(obs_value) AS refugees
    FROM core.refugees
    WHERE series = 'REFUGEES' AND obs_value IS NOT NULL
        AND counterpart_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
    GROUP BY ref_area, time_period
)
SELECT
    h.ref_area,
    h.time_period,
    h.refugees / (g.obs_value * 10 ** g.unit_mult / p.persons) AS obs_value,
    format('{:.0f} / ({:.0f} / {:.0f})', h.refugees, g.obs_value * 10 ** g.unit_mult, p.persons) AS worked,
    'The sum over the origins that were delivered.' AS note
FROM hosted AS h
JOIN population AS p USING (ref_area, time_period)
JOIN core.gdp AS g USING (ref_area, time_period)
WHERE p.persons > 0 AND g.obs_value > 0
