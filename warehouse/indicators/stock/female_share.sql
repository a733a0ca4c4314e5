/*
code: female_share
series: MIGRANT_FEMALE_SHARE
title: Women as a share of international migrants
definition: Female international migrants related to all international migrants at mid-year.
formula: 100 * female stock / stock
unit_measure: PT
concept: global
inputs: [core.migrant_stock]
grain: stock by area, year and sex
custodian: UN DESA
source: UN DESA International Migrant Stock 2019, table 4
verification: equal to every published value
bounds: [0, 100]
*/
SELECT
    women.ref_area,
    women.time_period,
    'F' AS sex,
    100 * women.obs_value / everyone.obs_value AS obs_value,
    format('100 * {:.0f} / {:.0f}', women.obs_value, everyone.obs_value) AS worked
FROM core.migrant_stock AS women
JOIN core.migrant_stock AS everyone
    ON everyone.ref_area = women.ref_area AND everyone.time_period = women.time_period
    AND everyone.series = women.series AND everyone.sex = '_T'
WHERE women.series = 'MIGRANT_STOCK' AND women.sex = 'F' AND women.obs_value IS NOT NULL AND everyone.obs_value > 0
