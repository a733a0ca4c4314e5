/*
code: "17.3.2"
series: BX_TRF_PWKR
title: Volume of remittances as a proportion of total GDP
definition: Personal remittances received in US dollars, related to GDP in current US dollars.
formula: 100 * remittances / GDP
unit_measure: PT
concept: by the accounting of the remittances; gross compensation of employees is global, net a national proxy
inputs: [core.remittances, core.gdp]
grain: balance-of-payments item by country and year; GDP by country and year
custodian: World Bank
source: SDG metadata 17.3.2 (World Bank), personal remittances after BPM6
verification: Moldova 2011-2018 within 0.3 percentage points of the published figures (vintage of GDP)
bounds: [0, 100]
groups: weighted
*/
SELECT
    r.ref_area,
    r.time_period,
    100 * (r.obs_value * 10 ** r.unit_mult) / (g.obs_value * 10 ** g.unit_mult) AS obs_value,
    g.obs_value * 10 ** g.unit_mult AS weight,
    format('100 * {:.0f} / {:.0f}', r.obs_value * 10 ** r.unit_mult, g.obs_value * 10 ** g.unit_mult) AS worked,
    r.concept,
    CASE r.accounting
        WHEN 'NET' THEN 'Compensation of employees counted net.'
        ELSE 'Compensation of employees counted gross.'
    END AS note
FROM core.remittances AS r
JOIN core.gdp AS g ON g.ref_area = r.ref_area AND g.time_period = r.time_period
WHERE r.item = 'PERSONAL_REMITTANCES' AND r.obs_value IS NOT NULL AND g.obs_value > 0
