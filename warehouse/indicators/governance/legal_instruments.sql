/*
code: legal_instruments
series: INSTRUMENTS_IN_FORCE
title: Migration-related instruments a country is bound by
definition: How many universal and regional instruments of the register a country had ratified and not denounced at the end of the year, how many are in force there, and how many acquis chapters it had closed.
formula: count of instruments
unit_measure: NUMBER
concept: product-defined
inputs: [core.legal_instruments, reference.instruments]
grain: country x instrument x step
custodian: Product-defined; depositaries for the steps
source: Register of the office; list of instruments in reference.instruments
verification: by the hand-worked case
bounds: [0, 100]
*/
WITH
years AS (
    SELECT ref_area, unnest(generate_series(min(CAST(time_period AS INTEGER)), max(CAST(time_period AS INTEGER)))) AS year
    FROM core.legal_instruments
    GROUP BY ref_area
),
state AS (
    SELECT
        y.ref_area,
        y.year,
        l.instrument,
        i.kind,
        max(l.time_period) FILTER (l.step = 'RATIFIED' AND l.obs_value = 1) AS ratified,
        max(l.time_period) FILTER (l.step = 'IN_FORCE' AND l.obs_value = 1) AS in_force,
        max(l.time_period) FILTER (l.step = 'CLOSED' AND l.obs_value = 1) AS closed,
        max(l.time_period) FILTER (l.step = 'DENOUNCED' AND l.obs_value = 1) AS denounced,
        count(*) FILTER (l.step = 'RESERVATION' AND l.obs_value = 1) > 0 AS reserved
    FROM years AS y
    JOIN core.legal_instruments AS l ON l.ref_area = y.ref_area AND CAST(l.time_period AS INTEGER) <= y.year
    JOIN reference.instruments AS i ON i.code = l.instrument
    GROUP BY y.ref_area, y.year, l.instrument, i.kind
)
SELECT
    ref_area,
    CAST(year AS VARCHAR) AS time_period,
    k.series,
    count(*) FILTER (
        CASE k.series
            WHEN 'INSTRUMENTS_RATIFIED' THEN kind <> 'acquis' AND ratified IS NOT NULL AND coalesce(denounced, '') <= ratified
            WHEN 'INSTRUMENTS_IN_FORCE' THEN kind <> 'acquis' AND in_force IS NOT NULL AND coalesce(denounced, '') <= in_force
            WHEN 'INSTRUMENTS_WITH_RESERVATION' THEN kind <> 'acquis' AND ratified IS NOT NULL AND coalesce(denounced, '') <= ratified AND reserved
            ELSE kind = 'acquis' AND closed IS NOT NULL
        END
    ) AS obs_value,
    'Counted are the instruments in the office''s register, not all there are.' AS note
FROM state
CROSS JOIN (VALUES ('INSTRUMENTS_RATIFIED'), ('INSTRUMENTS_IN_FORCE'), ('INSTRUMENTS_WITH_RESERVATION'), ('ACQUIS_CHAPTERS_CLOSED')) AS k(series)
GROUP BY ref_area, year, k.series
