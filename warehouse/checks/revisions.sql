/*
title: A value published before has changed more than expected; both are compared in whole units.
arguments: [relative, absolute]
*/
SELECT
    n.ref_area,
    n.time_period,
    n.source_sheet,
    n.source_row,
    'obs_value' AS column_name,
    n.obs_value,
    s.obs_value AS published,
    'about {published}, as it was published before' AS expected
FROM delivery AS n
INNER JOIN stored AS s USING ({keys})
WHERE
    abs(n.obs_value * 10 ** coalesce(n.unit_mult, 0) - s.obs_value * 10 ** coalesce(s.unit_mult, 0))
    > greatest(relative * abs(s.obs_value * 10 ** coalesce(s.unit_mult, 0)), absolute)
