/*
code: remittance_concentration
series: REMITTANCE_HHI
title: Concentration of remittances by sending country
definition: "Sum of the squared shares of the sending countries in all remittances received (Herfindahl-Hirschman index): 1 where all come from one country. What is not said to come from one country has a share in none, so that the index is then a lower bound."
formula: sum of s_i^2
unit_measure: RATIO
concept: by the figures of the central bank
inputs: [core.remittances_by_sender, reference.areas]
grain: receiving country x sending country x year
custodian: Product-defined; central banks for the figures
source: Herfindahl-Hirschman index, applied to remittances by sending country
verification: by definition
bounds: [0, 1]
*/
WITH
sent AS (
    SELECT
        r.ref_area,
        r.time_period,
        r.concept,
        r.counterpart_area,
        a.kind,
        r.obs_value * 10 ** r.unit_mult AS money
    FROM core.remittances_by_sender AS r
    JOIN reference.areas AS a ON a.code = r.counterpart_area
    WHERE a.kind NOT IN ('aggregate', 'subnational')
),
received AS (
    SELECT
        ref_area,
        time_period,
        concept,
        greatest(coalesce(max(money) FILTER (kind = 'total'), 0), sum(money) FILTER (kind <> 'total')) AS total,
        count(*) FILTER (kind <> 'total' AND money IS NULL) AS gaps,
        count(money) FILTER (kind = 'total') AS totals
    FROM sent
    GROUP BY ref_area, time_period, concept
),
summed AS (
    SELECT
        s.ref_area,
        s.time_period,
        s.concept,
        any_value(r.total) AS total,
        any_value(r.gaps > 0 AND r.totals = 0) AS open_ended,
        any_value(r.gaps) AS gaps,
        count(s.money) AS senders,
        sum(s.money) AS named,
        sum((s.money / r.total) ** 2) AS concentration,
        max(s.money) AS largest,
        first(s.counterpart_area ORDER BY s.money DESC NULLS LAST, s.counterpart_area) AS sender
    FROM sent AS s
    JOIN received AS r USING (ref_area, time_period, concept)
    WHERE r.total > 0 AND s.kind NOT IN ('total', 'other', 'unknown', 'stateless')
    GROUP BY s.ref_area, s.time_period, s.concept
)
SELECT
    ref_area,
    time_period,
    concept,
    CASE WHEN NOT open_ended THEN round(concentration, 10) END AS obs_value,
    CASE WHEN open_ended THEN 'O' ELSE 'A' END AS obs_status,
    CASE
        WHEN open_ended THEN 'No value: ' || gaps || ' sending countries have no figure, and no total is given.'
        ELSE senders || ' sending countries, ' || sender || ' the largest with ' || round(100 * largest / total, 1) || ' %; '
            || CASE
                WHEN named < 0.9995 * total THEN round(100 * (1 - named / total), 1) || ' % come from no country that is named.'
                ELSE 'all come from a country that is named.'
            END
    END AS note
FROM summed
