/*
code: refugee_share
series: MIGRANT_REFUGEE_SHARE
title: Refugees as a share of international migrants
definition: Refugees including asylum seekers related to the international migrant stock, at mid-year.
formula: 100 * refugees / stock
unit_measure: PT
concept: global
inputs: [core.migrant_stock]
grain: stock by area and year
custodian: UN DESA
source: UN DESA International Migrant Stock 2019, table 6
verification: equal to every published value
bounds: [0, 1000]
*/
SELECT
    refugees.ref_area,
    refugees.time_period,
    100 * refugees.obs_value / migrants.obs_value AS obs_value,
    format('100 * {:.0f} / {:.0f}', refugees.obs_value, migrants.obs_value) AS worked
FROM core.migrant_stock AS refugees
JOIN core.migrant_stock AS migrants
    ON migrants.ref_area = refugees.ref_area AND migrants.time_period = refugees.time_period
    AND migrants.sex = '_T' AND migrants.series = 'MIGRANT_STOCK'
WHERE refugees.series = 'REFUGEE_STOCK' AND refugees.obs_value IS NOT NULL AND migrants.obs_value > 0
