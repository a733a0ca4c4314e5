/*
title: Age groups that cover all ages without overlap do not add up to the total.
arguments: [tolerance]
*/
WITH bounded AS (
    SELECT
        *,
        CASE WHEN starts_with(age, 'Y_LT') THEN 0 ELSE CAST(regexp_extract(age, '\d+') AS INTEGER) END AS youngest,
        CASE
            WHEN starts_with(age, 'Y_GE') THEN 999
            WHEN starts_with(age, 'Y_LT') THEN CAST(regexp_extract(age, '\d+') AS INTEGER) - 1
            ELSE CAST(regexp_extract(age, '\d+$') AS INTEGER)
        END AS oldest
    FROM delivery
    WHERE starts_with(age, 'Y')
),

-- Of five-year and broader groups side by side only the narrow ones are added.
wider AS (
    SELECT DISTINCT {but_age}, b.age
    FROM bounded AS b
    INNER JOIN bounded AS i USING ({but_age})
    WHERE i.youngest >= b.youngest AND i.oldest <= b.oldest AND i.age <> b.age
),

finest AS (SELECT * FROM bounded ANTI JOIN wider USING ({but_age}, age)),

chained AS (
    SELECT *, coalesce(lag(oldest) OVER (PARTITION BY {but_age} ORDER BY youngest), -1) + 1 = youngest AS linked
    FROM finest
),

parts AS (
    SELECT {but_age}, sum(obs_value) AS parts
    FROM chained
    GROUP BY {but_age}
    HAVING bool_and(linked) AND max(oldest) = 999 AND count(*) = count(obs_value)
),

unknown AS (SELECT {but_age}, obs_value FROM delivery WHERE age = '_U')

SELECT
    t.ref_area,
    t.time_period,
    t.source_sheet,
    t.source_row,
    'age' AS column_name,
    t.obs_value,
    round(p.parts + coalesce(u.obs_value, 0), 3) AS together,
    'all ages together, {together}' AS expected
FROM delivery AS t
INNER JOIN parts AS p USING ({but_age})
LEFT JOIN unknown AS u USING ({but_age})
WHERE t.age = '_T' AND abs(t.obs_value - p.parts - coalesce(u.obs_value, 0)) > tolerance
