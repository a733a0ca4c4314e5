/*
code: "10.c.1"
series: SI_RMT_COST
title: Remittance costs as a proportion of the amount remitted
definition: Mean total cost of the services quoted in a quarter for sending 200 US dollars, by receiving country and by corridor; beside it the mean of the three cheapest quick services of a corridor (SmaRT), and the share of a country's corridors that cost more than the 5 per cent of the target. Services that are not transparent are left out.
formula: mean over services of fee / amount * 100 + margin; 100 * corridors above 5 % / corridors
unit_measure: PT
concept: global
inputs: [core.remittance_prices, reference.areas]
grain: service x corridor x quarter
disaggregation: [corridor]
custodian: World Bank
source: SDG metadata 10.c.1; Remittance Prices Worldwide, method
verification: formula of a row within 0.01 points in 99.96 % of 204 445 rows of the workbook (third-party audit); which quarters make a published year is not confirmed, so only quarters are given; SmaRT is read without its criterion of access; the mean over the world is not given, as which corridors it leaves out is not confirmed; the share of corridors is a measure of our own
bounds: [-20, 100]
area_columns: null
*/
WITH
quote AS (
    SELECT ref_area AS sender, counterpart_area AS receiver, time_period, obs_value AS cost, lower(speed) AS speed, firm
    FROM core.remittance_prices
    WHERE series = 'COST_200' AND transparent = 'Y' AND obs_value IS NOT NULL
        AND ref_area NOT IN (SELECT code FROM reference.areas WHERE kind IN ('aggregate', 'total'))
),
corridor AS (
    SELECT sender, receiver, time_period, avg(cost ORDER BY cost) AS cost, count(*) AS services FROM quote GROUP BY sender, receiver, time_period
),
quick AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY sender, receiver, time_period ORDER BY cost, firm) AS place
    FROM quote
    WHERE speed NOT LIKE '%6 days%' AND speed NOT LIKE '%more than 5%'
)
SELECT receiver AS ref_area, time_period, 'SI_RMT_COST' AS series, '_T' AS breakdown, avg(cost ORDER BY cost) AS obs_value, count(*) || ' services.' AS note
FROM quote
GROUP BY receiver, time_period
UNION ALL
SELECT sender, time_period, 'SI_RMT_COST_BC', 'CUST_BREAKDOWN=C' || receiver, cost, services || ' services.'
FROM corridor
UNION ALL
SELECT receiver, time_period, 'CORRIDORS_ABOVE_5', '_T', 100 * count(*) FILTER (cost > 5) / count(*), count(*) || ' corridors.'
FROM corridor
GROUP BY receiver, time_period
UNION ALL
SELECT sender, time_period, 'SMART_CORRIDOR', 'CUST_BREAKDOWN=C' || receiver, avg(cost ORDER BY cost), 'The three cheapest services within five days.'
FROM quick
WHERE place <= 3
GROUP BY sender, receiver, time_period
HAVING count(*) = 3
