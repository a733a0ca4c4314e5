/*
code: remittance_dependence
series: REMITTANCES_TO_EXPORTS
title: Personal remittances against exports, and against investment and development assistance
definition: Personal remittances received in a year related to exports of goods and services, and to net inflows of foreign direct investment and net official development assistance received together. Beside them stand SDG 17.3.2 (of GDP), remittances_per_capita and remittance_concentration.
formula: 100 * remittances / exports; 100 * remittances / (FDI + ODA)
unit_measure: PT
concept: by the accounting of the remittances
inputs: [core.remittances, core.external_finance]
grain: balance-of-payments item by country and year
custodian: Product-defined; central banks and World Bank for the figures
source: Balance of payments (BPM6); World Development Indicators
verification: by definition
bounds: [0, 10000]
*/
WITH
money AS (
    SELECT
        ref_area,
        time_period,
        max(obs_value * 10 ** unit_mult) FILTER (item = 'EXPORTS') AS exports,
        max(obs_value * 10 ** unit_mult) FILTER (item = 'FDI_INFLOWS') AS investment,
        max(obs_value * 10 ** unit_mult) FILTER (item = 'ODA_RECEIVED') AS assistance
    FROM core.external_finance
    GROUP BY ref_area, time_period
),
received AS (
    SELECT r.ref_area, r.time_period, r.concept, r.obs_value * 10 ** r.unit_mult AS remittances, m.exports, m.investment, m.assistance
    FROM core.remittances AS r
    JOIN money AS m USING (ref_area, time_period)
    WHERE r.item = 'PERSONAL_REMITTANCES' AND r.obs_value IS NOT NULL
)
SELECT
    ref_area,
    time_period,
    'REMITTANCES_TO_EXPORTS' AS series,
    concept,
    100 * remittances / exports AS obs_value,
    'A' AS obs_status,
    format('100 * {:.0f} / {:.0f}', remittances, exports) AS worked,
    NULL AS note
FROM received
WHERE exports > 0
UNION ALL
SELECT
    ref_area,
    time_period,
    'REMITTANCES_TO_FDI_AND_ODA',
    concept,
    CASE WHEN investment + assistance > 0 THEN 100 * remittances / (investment + assistance) END,
    CASE WHEN investment + assistance > 0 THEN 'A' ELSE 'M' END,
    CASE WHEN investment + assistance > 0 THEN format('100 * {:.0f} / ({:.0f} + {:.0f})', remittances, investment, assistance) END,
    CASE WHEN investment + assistance <= 0 THEN 'No value: more was invested and given away than came in.' END
FROM received
WHERE investment IS NOT NULL AND assistance IS NOT NULL
