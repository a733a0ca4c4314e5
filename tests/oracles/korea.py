"""Internal migration of Korea: moves and populations of its 17 provinces, and what is published of them."""

import csv
from collections.abc import Iterable
from pathlib import Path

import openpyxl

from pipelines.analyse.definition import Indicator
from tests.analyse.cases import computed

HERE = Path(__file__).parent
Move = tuple[str, str, str, str]  # year, origin, destination, persons
Cell = tuple[tuple[str, ...], float | None, float]


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def moves_of_2020() -> list[Move]:
    """The 272 flows of a year, from the file beside this one."""
    return [("2020", row["origin"], row["destination"], row["moves"]) for row in _rows("korea_moves_2020.csv")]


def moves_of_all_years(workbook: Path) -> list[Move]:
    """The flows between all provinces since there are 17, from the office's workbook."""
    rows = openpyxl.load_workbook(workbook, data_only=True)["Data"].iter_rows(values_only=True)
    years = [str(cell).rpartition(" ")[2] for cell in next(rows)]
    return [
        (year, str(row[0])[3:], str(row[1])[3:], str(moves))
        for row in rows
        if row[0] and row[0] != row[1]
        for year, moves in zip(years, row, strict=True)
        if year.isdigit() and year >= "2012" and isinstance(moves, float)
    ]


def compared(indicator: Indicator, moves: Iterable[Move]) -> list[Cell]:
    """Published figures of an indicator beside the computed ones, these to as many decimals as are published."""
    given = list(moves)
    lines = ["ref_area,time_period,series,origin,destination,obs_value"]
    lines += [f"KOR,{year},MOVES,{origin},{destination},{persons}" for year, origin, destination, persons in given]
    years = sorted({year for year, *_ in given})
    for row in _rows("korea_population.csv"):
        lines += [f"KOR,{year},POPULATION,{row['region']},_T,{row[year]}" for year in years]
    found = computed(indicator, {"core.internal_migration": "\n".join(lines)})
    values = {(row["time_period"], row["series"], row["breakdown"]): row["obs_value"] for row in found}
    series = {series for _, series, _ in values}
    cells: list[Cell] = []
    for row in _rows("korea_internal_migration.csv"):
        key = row["time_period"], row["series"], row["breakdown"]
        if row["time_period"] in years and row["series"] in series:
            value = values.get(key)
            decimals = len(row["published"].partition(".")[2])
            cells.append((key, None if value is None else round(float(str(value)), decimals), float(row["published"])))
    return cells
