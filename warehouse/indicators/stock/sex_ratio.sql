/*
code: migrant_sex_ratio
series: MIGRANT_SEX_RATIO
title: Men per 100 women among international migrants
definition: Male international migrant stock related to the female, at mid-year.
formula: "100 * M / F"
unit_measure: RATIO
concept: global
inputs: [core.migrant_stock]
grain: stock by area, year and sex
custodian: UN DESA
source: UN DESA International Migrant Stock 2019
verification: from the published stocks; equal to 100 * (100 - share of women) / share of women
bounds: [0, 100000]
*/
SELECT
    men.ref_area,
    men.time_period,
    100 * men.obs_value / women.obs_value AS obs_value,
    format('100 * {:.0f} / {:.0f}', men.obs_value, women.obs_value) AS worked
FROM core.migrant_stock AS men
JOIN core.migrant_stock AS women
    ON women.ref_area = men.ref_area AND women.time_period = men.time_period AND women.series = men.series AND women.sex = 'F'
WHERE men.series = 'MIGRANT_STOCK' AND men.sex = 'M' AND men.obs_value IS NOT NULL AND women.obs_value > 0
