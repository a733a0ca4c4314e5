"""Forty checks on the same rows by pandera with polars, and by one SQL statement written by hand."""

from pathlib import Path

import duckdb

YEARS = [str(year) for year in range(1990, 2025)]
AREAS, SEXES = ["MDA", "KGZ", "SRB", "ARM", "UKR"], ["_T", "M", "F"]


def with_pandera(parquet: Path) -> None:
    """The same forty as a pandera schema over a polars frame."""
    import pandera.polars as pa
    import polars as pl

    def whole(told: "pl.Expr") -> pa.Check:
        return pa.Check(lambda data: data.lazyframe.select(told))

    def distinct(column: str, least: int, most: int) -> pa.Check:
        return whole(pl.col(column).n_unique().is_between(least, most))

    lengths = {"ref_area": (1, 3), "time_period": (1, 4), "sex": (1, 2), "item": (1, 12)}
    length = {column: pa.Check.str_length(least, most) for column, (least, most) in lengths.items()}
    value = pl.col("obs_value")
    between = [pa.Check.in_range(0, most) for most in (99_999, 100_000, 200_000, 300_000, 400_000)]
    least = [pa.Check.ge(low) for low in (-1, -10, -100)]
    figures = [
        whole(value.max() <= 100_000), whole(value.min() >= 0), whole(value.mean().is_between(49_000, 51_000)),
        whole(value.sum() >= 1), whole(value.std().is_between(1_000, 50_000)),
        whole(value.median().is_between(40_000, 60_000)), distinct("obs_value", 1_000, 100_000),
    ]  # fmt: skip
    sets = {"ref_area": AREAS, "time_period": YEARS, "sex": SEXES}
    columns = {
        name: [pa.Check.isin(codes), whole(pl.col(name).unique().is_in(codes).all()), length[name],
               distinct(name, len(codes), len(codes))]
        for name, codes in sets.items()
    }  # fmt: skip
    columns["ref_area"].append(pa.Check.str_length(3, 3))
    columns["time_period"].append(pa.Check.str_length(4, 4))
    columns["sex"].append(whole(pl.col("sex").n_unique() / pl.len() <= 0.1))
    columns |= {"item": [length["item"]], "obs_value": [*between, *least, *figures], "source_row": [pa.Check.ge(0)]}
    schema = pa.DataFrameSchema({name: pa.Column(checks=checks, nullable=False) for name, checks in columns.items()})
    frame = pl.read_parquet(parquet, columns=list(columns))
    assert len(frame) >= 1
    schema.validate(frame, lazy=True)


def by_hand(parquet: Path) -> None:
    """The limit: one statement that computes what the forty look at."""
    sets = {"ref_area": AREAS, "time_period": YEARS, "sex": SEXES}
    told = [
        f"count(*) FILTER ({c} IS NULL)" for c in ("ref_area", "time_period", "sex", "item", "obs_value", "source_row")
    ]
    for column, codes in sets.items():
        told += [
            f"count(*) FILTER ({column} NOT IN {tuple(codes)})",
            f"list(DISTINCT {column})",
            f"count(DISTINCT {column})",
        ]
    told += [
        f"count(*) FILTER (obs_value NOT BETWEEN 0 AND {most})" for most in (99_999, 100_000, 200_000, 300_000, 400_000)
    ]
    told += [f"count(*) FILTER (obs_value < {low})" for low in (-1, -10, -100)]
    told += ["count(*) FILTER (length(ref_area) <> 3)", "count(*) FILTER (length(time_period) <> 4)"]
    told += [
        f"count(*) FILTER (length({c}) NOT BETWEEN 1 AND {most})"
        for c, most in (("ref_area", 3), ("time_period", 4), ("sex", 2), ("item", 12))
    ]
    told += [f"{name}(obs_value)" for name in ("max", "min", "avg", "sum", "stddev_samp", "median")]
    told += [
        "count(DISTINCT obs_value)",
        "count(*)",
        "count(DISTINCT sex) / count(*)",
        "count(*) FILTER (source_row < 0)",
    ]
    duckdb.sql(f"SELECT {', '.join(told)} FROM '{parquet}'").fetchall()
