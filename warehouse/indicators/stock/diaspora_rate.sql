/*
code: diaspora_rate
series: EMIGRANT_STOCK
title: Emigrant stock and diaspora rate
definition: People born in a country who live abroad; their share in those and the population at home together (diaspora rate); and, as others state it, related to the population at home alone.
formula: S; 100 * S / (P + S); 100 * S / P
unit_measure: PS
concept: global
inputs: [core.migrant_stock_origin, core.migrant_stock, reference.areas]
grain: stock by destination, origin, year and sex; population at mid-year
disaggregation: [sex]
custodian: UN DESA for the stock
source: UN DESA International Migrant Stock; the two denominators are two series
verification: by definition
area_columns: {core.migrant_stock_origin: counterpart_area}
*/
WITH
abroad AS (
    SELECT counterpart_area AS ref_area, time_period, sex, sum(obs_value) AS persons
    FROM core.migrant_stock_origin
    WHERE
        obs_value IS NOT NULL
        AND ref_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total', 'subnational'))
    GROUP BY counterpart_area, time_period, sex
),
home AS (
    SELECT ref_area, time_period, sex, obs_value * 10 ** unit_mult AS persons
    FROM core.migrant_stock
    WHERE series = 'POPULATION_MIDYEAR' AND obs_value IS NOT NULL
)
SELECT ref_area, time_period, 'EMIGRANT_STOCK' AS series, sex, persons AS obs_value, 'PS' AS unit_measure, NULL AS worked
FROM abroad
UNION ALL
SELECT
    a.ref_area,
    a.time_period,
    k.series,
    a.sex,
    100 * a.persons / (h.persons + CASE k.series WHEN 'DIASPORA_RATE' THEN a.persons ELSE 0 END),
    'PT',
    CASE k.series
        WHEN 'DIASPORA_RATE' THEN format('100 * {0:.0f} / ({1:.0f} + {0:.0f})', a.persons, h.persons)
        ELSE format('100 * {:.0f} / {:.0f}', a.persons, h.persons)
    END
FROM abroad AS a
JOIN home AS h USING (ref_area, time_period, sex)
CROSS JOIN (VALUES ('DIASPORA_RATE'), ('EMIGRANTS_TO_POPULATION')) AS k(series)
WHERE h.persons > 0
