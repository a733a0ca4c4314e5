/*
title: A value that would be replaced by the delivery is not in it.
arguments: []
*/
WITH replaced AS (
    SELECT {replaces}, any_value(source_sheet) AS sheet, min(source_row) AS line
    FROM delivery
    GROUP BY {replaces}
)

SELECT
    gone.ref_area,
    gone.time_period,
    replaced.sheet AS source_sheet,
    replaced.line AS source_row,
    'obs_value' AS column_name,
    concat_ws(', ', {keys}) AS named,
    gone.obs_value AS published,
    'a value for {named}; {published} was published before' AS expected
FROM (SELECT * FROM stored AS s ANTI JOIN (SELECT * FROM delivery WHERE obs_value IS NOT NULL) AS n USING ({keys})) AS gone
INNER JOIN replaced USING ({replaces})
WHERE gone.obs_value IS NOT NULL
