# ruff: noqa: ARG001, ARG005 (a damage that needs no chance is given it all the same)
"""Ways in which a table is damaged between an office and its statistics, each by a seeded hand."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

Damage = Callable[["Grid", random.Random], bool]
NUMBER = re.compile(r"-?\d[\d\s\u00a0\u202f]*([.,]\d+)?")
DAMAGES: dict[str, Damage] = {}


@dataclass
class Grid:
    """A delivered table as text: its header row, the columns that hold what, and the decimal mark.

    `period` is empty where the years stand in the headers.
    """

    rows: list[list[str]]
    header: int
    area: str
    period: str
    values: list[str]
    other: str = ""
    decimal: str = "."
    raw: bytes | None = field(default=None)

    def at(self, name: str) -> int:
        return self.rows[self.header].index(name)

    @property
    def body(self) -> list[list[str]]:
        return self.rows[self.header + 1 :]

    @body.setter
    def body(self, rows: list[list[str]]) -> None:
        self.rows[self.header + 1 :] = rows

    def cells(self) -> list[tuple[list[str], int]]:
        """The places of figures other than zero."""
        columns = [self.at(v) for v in self.values]
        return [(row, i) for row in self.body for i in columns if NUMBER.fullmatch(row[i]) and self.number(row[i])]

    def number(self, text: str) -> float:
        return float(re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", "."))

    def write(self, value: float) -> str:
        text = f"{value:.10f}".rstrip("0").rstrip(".")
        return text.replace(".", self.decimal)

    def change(self, what: Callable[[float], float], where: Callable[[list[str], int], bool] | None = None) -> bool:
        """Change figures; gives whether any did."""
        changed = False
        for row, i in self.cells():
            if where is None or where(row, i):
                before = row[i]
                row[i] = self.write(what(self.number(before)))
                changed |= row[i] != before
        return changed

    def large(self, chance: random.Random) -> tuple[list[str], int]:
        """The place of one of the larger figures: what is wrong with a small one is no harm."""
        cells = sorted(self.cells(), key=lambda cell: -abs(self.number(cell[0][cell[1]])))
        return chance.choice(cells[: max(3, len(cells) // 4)])


def damage(name: str) -> Callable[[Damage], Damage]:
    def keep(function: Damage) -> Damage:
        DAMAGES[name] = function
        return function

    return keep


def _scaled(name: str, factor: float, alone: bool = False) -> None:
    @damage(name)
    def scale(grid: Grid, chance: random.Random) -> bool:
        if not alone:
            return grid.change(lambda x: x * factor)
        row, i = grid.large(chance)
        row[i] = grid.write(grid.number(row[i]) * factor)
        return True


_scaled("all figures times 1000", 1000)
_scaled("all figures divided by 1000", 0.001)
_scaled("all figures times 100", 100)
_scaled("all figures with the other sign", -1)
_scaled("one figure times 1000", 1000, alone=True)
_scaled("one figure times 10", 10, alone=True)
_scaled("one figure divided by 10", 0.1, alone=True)
_scaled("one figure with the other sign", -1, alone=True)
_scaled("one figure twice as large", 2, alone=True)
_scaled("one figure is zero", 0, alone=True)


@damage("the figures of one country times 1000")
def _country_scaled(grid: Grid, chance: random.Random) -> bool:
    chosen = grid.large(chance)[0][grid.at(grid.area)]
    return grid.change(lambda x: x * 1000, lambda row, _: row[grid.at(grid.area)] == chosen)


@damage("noise of up to 50 % on every figure")
def _noise(grid: Grid, chance: random.Random) -> bool:
    return grid.change(lambda x: x * chance.choice([0.5, 0.7, 1.3, 1.5]))


@damage("figures as shares of the largest, in per cent")
def _shares(grid: Grid, chance: random.Random) -> bool:
    largest = max(abs(grid.number(row[i])) for row, i in grid.cells())
    return grid.change(lambda x: 100 * x / largest)


@damage("figures rounded to a hundred")
def _rounded(grid: Grid, chance: random.Random) -> bool:
    largest = max(abs(grid.number(row[i])) for row, i in grid.cells())
    return largest < 1e7 and grid.change(lambda x: round(x, -2))


@damage("figures added up from row to row")
def _cumulated(grid: Grid, chance: random.Random) -> bool:
    for name in grid.values:
        total = 0.0
        for row in grid.body:
            if NUMBER.fullmatch(row[grid.at(name)]):
                total += grid.number(row[grid.at(name)])
                row[grid.at(name)] = grid.write(total)
    return True


def _replaced(name: str, text: str, share: float) -> None:
    @damage(name)
    def replace(grid: Grid, chance: random.Random) -> bool:
        cells = [grid.large(chance)] if share == 0 else chance.sample(grid.cells(), int(len(grid.cells()) * share) or 1)
        for row, i in cells:
            row[i] = text or row[i].replace("0", "O") + ("O" if "0" not in row[i] else "")
        return True


_replaced("a letter O in a figure", "", 0)
_replaced("a word in place of a figure", "see note", 0)
_replaced("an error cell in place of a figure", "#REF!", 0)
_replaced("NULL in place of a figure", "NULL", 0)
_replaced("one figure blank", " ", 0)
_replaced("half of the figures blank", " ", 0.5)
_replaced("all figures blank", " ", 1)
_replaced("all figures the same", "7", 1)


@damage("missing figures filled with zero")
def _zeros(grid: Grid, chance: random.Random) -> bool:
    blanks = [(row, grid.at(v)) for row in grid.body for v in grid.values if not NUMBER.fullmatch(row[grid.at(v)])]
    for row, i in blanks:
        row[i] = "0"
    return len(blanks) > len(grid.body) // 10


@damage("one digit too many in a figure")
def _digit(grid: Grid, chance: random.Random) -> bool:
    row, i = grid.large(chance)
    row[i] = row[i][0] + row[i]
    return True


@damage("the other decimal mark")
def _decimals(grid: Grid, chance: random.Random) -> bool:
    other = "," if grid.decimal == "." else "."
    marked = [(row, i) for row, i in grid.cells() if grid.decimal in row[i]]
    for row, i in marked:
        row[i] = row[i].replace(grid.decimal, other)
    return bool(marked)


@damage("a unit behind the figures")
def _unit(grid: Grid, chance: random.Random) -> bool:
    for row, i in grid.cells():
        row[i] += " thsd"
    return True


@damage("figures of a column shuffled")
def _shuffled(grid: Grid, chance: random.Random) -> bool:
    i = grid.large(chance)[1]
    cells = [row[i] for row in grid.body]
    shuffled = chance.sample(cells, len(cells))
    for row, cell in zip(grid.body, shuffled, strict=True):
        row[i] = cell
    return shuffled != cells


@damage("figures of a column sorted")
def _sorted(grid: Grid, chance: random.Random) -> bool:
    i = grid.large(chance)[1]
    cells = [row[i] for row in grid.body]
    ordered = sorted(cells, key=lambda c: grid.number(c) if NUMBER.fullmatch(c) else 0)
    for row, cell in zip(grid.body, ordered, strict=True):
        row[i] = cell
    return ordered != cells


@damage("a column pushed down by a row")
def _pushed(grid: Grid, chance: random.Random) -> bool:
    i = grid.large(chance)[1]
    cells = [row[i] for row in grid.body]
    for row, cell in zip(grid.body, cells[-1:] + cells[:-1], strict=True):
        row[i] = cell
    return len(set(cells)) > 1


@damage("two columns of figures swapped")
def _columns_swapped(grid: Grid, chance: random.Random) -> bool:
    if len(grid.values) < 2:
        return False
    one = grid.large(chance)[1]
    two = next(grid.at(v) for v in grid.values if grid.at(v) != one)
    before = [list(row) for row in grid.body]
    for row in grid.body:
        row[one], row[two] = row[two], row[one]
    return before != grid.body


@damage("the figures of two countries swapped")
def _countries_swapped(grid: Grid, chance: random.Random) -> bool:
    areas = list(dict.fromkeys(row[grid.at(grid.area)] for row in grid.body))
    if len(areas) < 2:
        return False
    one = grid.large(chance)[0][grid.at(grid.area)]
    two = chance.choice([area for area in areas if area != one])
    for row in grid.body:
        code = row[grid.at(grid.area)]
        row[grid.at(grid.area)] = two if code == one else one if code == two else code
    return True


@damage("origin and destination swapped")
def _mirrored(grid: Grid, chance: random.Random) -> bool:
    if not grid.other:
        return False
    one, two = grid.at(grid.area), grid.at(grid.other)
    for row in grid.body:
        row[one], row[two] = row[two], row[one]
    return True


def _years(name: str, change: Callable[[str, random.Random], str], one: bool = False) -> None:
    @damage(name)
    def shift(grid: Grid, chance: random.Random) -> bool:
        if not grid.period:
            header = grid.rows[grid.header]
            places = [grid.at(v) for v in grid.values]
            for i in [chance.choice(places)] if one else places:
                header[i] = change(header[i], chance)
            return True
        i = grid.at(grid.period)
        for row in [grid.large(chance)[0]] if one else grid.body:
            row[i] = change(row[i], chance)
        return True


_years("all years one later", lambda year, _: str(int(float(year)) + 1))
_years("all years one earlier", lambda year, _: str(int(float(year)) - 1))
_years("all years a century earlier", lambda year, _: str(int(float(year)) - 100))
_years("years of two digits", lambda year, _: year[2:4])
_years("all rows of one year", lambda year, _: "2019")
_years("years as words", lambda year, _: f"year {year[:2]}-{year[2:4]}")
_years("one year in the future", lambda year, _: "2099", one=True)
_years("one year a century early", lambda year, _: f"19{year[2:4]}", one=True)
_years("one year blank", lambda year, _: "", one=True)


@damage("the last year not there")
def _last_year(grid: Grid, chance: random.Random) -> bool:
    return _without_years(grid, {max(_all_years(grid))})


@damage("a year in the middle not there")
def _middle_year(grid: Grid, chance: random.Random) -> bool:
    years = sorted(_all_years(grid))
    return len(years) > 2 and _without_years(grid, {years[len(years) // 2]})


def _all_years(grid: Grid) -> set[str]:
    return {row[grid.at(grid.period)] for row in grid.body} if grid.period else set(grid.values)


def _without_years(grid: Grid, years: set[str]) -> bool:
    if grid.period:
        grid.body = [row for row in grid.body if row[grid.at(grid.period)] not in years]
    else:
        for year in years:
            i = grid.at(year)
            grid.rows = [row[:i] + row[i + 1 :] if len(row) > i else row for row in grid.rows]
    return True


@damage("a country not there")
def _country_gone(grid: Grid, chance: random.Random) -> bool:
    chosen = grid.large(chance)[0][grid.at(grid.area)]
    grid.body = [row for row in grid.body if row[grid.at(grid.area)] != chosen]
    return bool(grid.body)


@damage("half of the rows not there")
def _half(grid: Grid, chance: random.Random) -> bool:
    grid.body = grid.body[: len(grid.body) // 2]
    return True


@damage("every second row not there")
def _every_second(grid: Grid, chance: random.Random) -> bool:
    grid.body = grid.body[::2]
    return len(grid.body) > 1


@damage("a row twice, with another figure")
def _contradicted(grid: Grid, chance: random.Random) -> bool:
    row, i = grid.large(chance)
    again = list(row)
    again[i] = grid.write(grid.number(row[i]) + 1)
    grid.rows.append(again)
    return True


@damage("an unknown country code")
def _unknown(grid: Grid, chance: random.Random) -> bool:
    grid.large(chance)[0][grid.at(grid.area)] = "XQX"
    return True


@damage("a country code blank")
def _blank_area(grid: Grid, chance: random.Random) -> bool:
    grid.large(chance)[0][grid.at(grid.area)] = ""
    return True


@damage("rows of one country under another's code")
def _relabelled(grid: Grid, chance: random.Random) -> bool:
    areas = list(dict.fromkeys(row[grid.at(grid.area)] for row in grid.body))
    one = grid.large(chance)[0][grid.at(grid.area)]
    two = next((area for area in areas if area != one), "")
    for row in grid.body:
        if row[grid.at(grid.area)] == one:
            row[grid.at(grid.area)] = two
    return bool(two)


def _structure(name: str, change: Callable[[Grid, random.Random], None]) -> None:
    @damage(name)
    def restructure(grid: Grid, chance: random.Random) -> bool:
        change(grid, chance)
        return True


def _drop(grid: Grid, name: str) -> None:
    i = grid.at(name)
    grid.rows = [row[:i] + row[i + 1 :] if len(row) > i else row for row in grid.rows]


def _rename(grid: Grid, name: str, new: str) -> None:
    grid.rows[grid.header][grid.at(name)] = new


_structure("a column of figures not there", lambda g, _: _drop(g, g.values[0]))
_structure("the column of countries not there", lambda g, _: _drop(g, g.area))
_structure("a column of figures under another name", lambda g, _: _rename(g, g.values[0], "Amount (new)"))
_structure("the column of countries under another name", lambda g, _: _rename(g, g.area, "Territory"))
_structure("no header", lambda g, _: g.rows.pop(g.header) and None)
_structure("two headers", lambda g, _: g.rows.insert(g.header, list(g.rows[g.header])))
_structure("a title above the header", lambda g, _: g.rows.insert(0, ["Table 1"] + [""] * (len(g.rows[g.header]) - 1)))
_structure("one cell too many in a row", lambda g, _: g.body[len(g.body) // 2].append("1"))
_structure("one cell too few in a row", lambda g, _: g.body[len(g.body) // 2].pop() and None)
_structure("rows and columns turned", lambda g, _: setattr(g, "rows", [list(r) for r in zip(*g.body, strict=False)]))
_structure("a web page", lambda g, _: setattr(g, "raw", b"<html><title>Service unavailable</title></html>"))
_structure("an empty file", lambda g, _: setattr(g, "raw", b""))
_structure("bytes of something else", lambda g, _: setattr(g, "raw", bytes(range(256)) * 20))
