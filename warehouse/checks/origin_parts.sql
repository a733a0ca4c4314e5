/*
title: Countries of origin or destination add up to more than the total, or to less although those not listed have a row of their own.
arguments: [tolerance]
*/
WITH totals AS (
    SELECT *
    FROM delivery
    WHERE counterpart_area IN ('_T', '900') AND obs_value IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY {but_origin} ORDER BY counterpart_area DESC) = 1
),

parts AS (
    SELECT
        {but_origin},
        sum(obs_value) AS parts,
        bool_or(counterpart_area IN ('_O', 'UNK')) AND count(*) = count(obs_value) AS complete
    FROM delivery AS d
    INNER JOIN areas AS a ON d.counterpart_area = a.code
    WHERE a.kind NOT IN ('aggregate', 'total', 'subnational')
    GROUP BY {but_origin}
)

SELECT
    t.ref_area,
    t.time_period,
    t.source_sheet,
    t.source_row,
    'counterpart_area' AS column_name,
    t.obs_value,
    round(p.parts, 3) AS together,
    CASE WHEN p.parts > t.obs_value THEN 'at least the countries together, {together}' ELSE 'the countries together, {together}' END AS expected
FROM totals AS t
INNER JOIN parts AS p USING ({but_origin})
WHERE p.parts - t.obs_value > tolerance OR (p.complete AND t.obs_value - p.parts > tolerance)
