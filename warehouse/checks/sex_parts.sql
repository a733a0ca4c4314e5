/*
title: Men and women do not add up to both sexes.
arguments: [tolerance]
*/
WITH wide AS (
    SELECT
        {others},
        any_value(source_sheet) AS source_sheet,
        min(source_row) FILTER (sex = '_T') AS source_row,
        max(obs_value) FILTER (sex = '_T') AS total,
        max(obs_value) FILTER (sex = 'M') + max(obs_value) FILTER (sex = 'F') AS parts
    FROM delivery
    GROUP BY {others}
)

SELECT
    ref_area,
    time_period,
    source_sheet,
    source_row,
    'both sexes' AS column_name,
    total AS obs_value,
    round(parts, 3) AS together,
    'men and women together, {together}' AS expected
FROM wide
WHERE abs(total - parts) > tolerance
