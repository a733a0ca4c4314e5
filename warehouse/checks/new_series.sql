/*
title: A series appears that was never published before, of an area that was.
arguments: []
*/
SELECT
    ref_area,
    min(time_period) AS time_period,
    any_value(source_sheet) AS source_sheet,
    min(source_row) AS source_row,
    'ref_area' AS column_name,
    concat_ws(', ', {series}) AS named,
    'one of the series published before; {named} is new' AS expected
FROM (SELECT * FROM delivery AS n ANTI JOIN stored AS s USING ({series}) SEMI JOIN stored AS k USING (ref_area)) AS fresh
GROUP BY {series}
