"""How the columns of a table become tidy ones: which make the key, which are figures, and what the headers say."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from slugify import slugify

from pipelines.collect.table import letter_of
from pipelines.contract import ATTRIBUTES, Frequency, sql_words
from pipelines.draft.nested import sexes_below
from pipelines.draft.roles import ORIGIN_WORDS, Role, frequency_of, role_of, sexes
from pipelines.draft.sight import Sight
from pipelines.process.ages import age_of
from pipelines.process.areas import area_names
from pipelines.process.periods import read_period
from pipelines.source import Status

YEAR = re.compile(r"(?<!\d)(?:1[89]|20|21)\d\d(?!\d)")
FOOTNOTE = re.compile(r"\s*(?:(?<![\d.])\d{1,2}\)|(?<=\d)[¹²³⁴-⁹]+\)?|\*+)$")
FEWEST = {"time_period": 2, "sex": 2, "counterpart_area": 4, "age": 3}
TAKEN = {"obs_status": "OBS_STATUS", "unit_measure": "UNIT_MEASURE", "unit_mult": "UNIT_MULT"}
MOST_KEYS = 12


@dataclass
class Family:
    """Value columns whose headers follow one pattern, such as `{time_period}`, and the footnote marks behind them."""

    pattern: str
    holes: dict[str, list[str]]
    indices: list[int]
    marks: list[str] = field(default_factory=list)


@dataclass
class Shape:
    """The tidy columns with their roles, the value columns, and the columns that are not read."""

    columns: dict[str, Role] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    values: list[Role] = field(default_factory=list)
    unread: list[Role] = field(default_factory=list)
    frequency: Frequency = "A"
    doubled: int = 0


def shape_of(sight: Sight, reference: Path) -> Shape:
    """Work it out from the header and the first rows."""
    shape = Shape()
    families = _families(sight.header, reference)
    inside = {i for family in families for i in family.indices}
    cells = list(zip(*sight.rows, strict=True)) if sight.rows else [()] * len(sight.header)
    roles = [
        role_of(name or f"column {letter_of(i)}", i, list(cells[i]), reference)
        for i, name in enumerate(sight.header)
        if i not in inside and (name or any(cells[i]))
    ]
    shape.families = families
    if families:
        shape.unread = [role for role in roles if role.kind in ("value", "empty")]
    else:
        shape.values, left_out = _value_roles(roles)
        shape.unread = [role for role in roles if role.kind == "empty"] + left_out
    dimensions = [role for role in roles if role not in shape.values and role not in shape.unread]
    _name(shape, dimensions)
    periods = [h for family in families for h in family.holes.get("time_period", [])]
    if "time_period" in shape.columns:
        shape.frequency = shape.columns["time_period"].frequency
    elif periods:
        shape.frequency = frequency_of(periods) or "A"
    _say_again(shape.columns.get("time_period"), sight)
    _choose_keys(shape, sight)
    if shape.doubled and "sex" not in said_by(shape):
        _below(shape, sight, reference)
    if shape.doubled:
        _fill_down(shape, sight)
    return shape


def said_by(shape: Shape) -> set[str]:
    """The tidy columns that stand in columns of the file or in the headers of its figures."""
    return {*shape.columns, *(hole for family in shape.families for hole in family.holes)}


def two_years(shape: Shape) -> str:
    """A period such as 2023/24 that stands in the column of periods or in the headers; "" if none does."""
    period = shape.columns.get("time_period")
    texts = period.texts if period else [t for family in shape.families for t in family.holes.get("time_period", [])]
    yearly = texts if shape.frequency == "A" else []
    return next((t for t in yearly if not read_period(t, "A") and read_period(t, "A", None, "start")), "")


def _below(shape: Shape, sight: Sight, reference: Path) -> None:
    """Men and women below each region are told apart by it."""
    for role in [role for role in shape.columns.values() if role.kind in ("area", "code", "text")]:
        if sex := sexes_below(role, sight, reference):
            shape.columns["sex"] = sex
            _choose_keys(shape, sight)
            return


def _say_again(period: Role | None, sight: Sight) -> None:
    """A period written once above the rows it is for: no row is without one."""
    cells = [row[period.index] for row in sight.rows] if period else []
    if period and cells and cells[0] and 2 * cells.count("") >= len(cells):
        period.above, last = [""], ""
        for row in sight.rows:
            last = row[period.index] = row[period.index] or last


def _value_roles(roles: list[Role]) -> tuple[list[Role], list[Role]]:
    """The columns of figures, and those that look like figures and are none, beside a column called value."""
    figures = [role for role in roles if role.kind == "value"]
    named = [role for role in figures if role.header.lower() in ("obs_value", "value")]
    if len(named) == 1:
        others = [role for role in figures if role not in named]
        for role in others:
            role.kind = "code"
        return named, []
    return figures, []


def _families(header: list[str], reference: Path) -> list[Family]:
    """Headers that say a period, a sex, an age or an area, grouped by what else they say."""
    found: dict[str, Family] = {}
    for i, name in enumerate(header):
        bare, mark = _without_mark(name)
        pattern, said = _pattern(bare, reference)
        if said:
            family = found.setdefault(pattern, Family(pattern, {}, []))
            family.indices.append(i)
            family.marks += [mark] if mark and mark not in family.marks else []
            for hole, text in said.items():
                family.holes.setdefault(hole, []).append(text)
    return [
        family
        for family in found.values()
        if all(len(set(texts)) >= (FEWEST[hole] if hole != "sex" else 1) for hole, texts in family.holes.items())
        and len(family.indices) > 1
    ]


def _without_mark(name: str) -> tuple[str, str]:
    found = FOOTNOTE.search(name)
    return (name[: found.start()], found[0].strip()) if found else (name, "")


def _pattern(name: str, reference: Path) -> tuple[str, dict[str, str]]:
    if any(read_period(name, frequency) for frequency in ("Q", "M", "S")):
        return "{time_period}", {"time_period": name}
    said: dict[str, str] = {}
    parts = name.split(" | ") if name else []
    for i, part in enumerate(parts):
        hole = _hole(part, reference)
        if hole and hole not in said:
            said[hole], parts[i] = part, f"{{{hole}}}"
    years = YEAR.findall(name)
    if not said and len(years) == 1:
        return name.replace(years[0], "{time_period}"), {"time_period": years[0]}
    return " | ".join(parts), said


def _hole(part: str, reference: Path) -> str:
    if any(read_period(part, frequency, None, "start") for frequency in ("A", "Q", "M", "S")):
        return "time_period"
    if part.lower() in sexes(reference, "name"):
        return "sex"
    if len(part) > 3 and area_names(reference).area_of(part):
        return "counterpart_area"
    return "age" if age_of(part) and re.search(r"\D", part) else ""


def _name(shape: Shape, dimensions: list[Role]) -> None:
    """A tidy name for each dimension; the usual ones for what is usual."""
    said = {hole for family in shape.families for hole in family.holes}
    periods = [role for role in dimensions if role.kind == "period"]
    areas = sorted((r for r in dimensions if r.kind == "area"), key=lambda r: (len(r.odd), r.scheme == "name", r.index))
    period = min(periods, key=lambda role: (len(role.texts) == 1, role.frequency != "A", role.index), default=None)
    origins = [role for role in areas if ORIGIN_WORDS.search(role.header)]
    here = next((role for role in areas if role not in origins), areas[0] if areas else None)
    if here:
        shape.columns["ref_area"] = here
    there = next((role for role in origins if role is not here), None)
    if there and "counterpart_area" not in said:
        shape.columns["counterpart_area"] = there
    if period and "time_period" not in said:
        shape.columns["time_period"] = period
    for kind in ("sex", "age"):
        first = next((role for role in dimensions if role.kind == kind and kind not in said), None)
        if first:
            shape.columns[kind] = first
    for role in dimensions:
        if not any(role is other for other in shape.columns.values()):
            role.kind = "text" if role.kind == "area" and role.odd else role.kind
            shape.columns[_free_name(role, shape.columns)] = role


def _free_name(role: Role, taken: dict[str, Role]) -> str:
    header = role.header
    attribute = next((name for name, usual in TAKEN.items() if header.upper() == usual and name not in taken), "")
    if attribute and not (attribute == "obs_status" and any(text not in get_args(Status) for text in role.texts)):
        return attribute
    slug = slug_of(header.split(" | ")[-1])
    known = {*taken, *ATTRIBUTES, *sql_words(), "ref_area", "time_period", "series", "sex", "age"}
    name, number = slug, 2
    while name in known:
        name, number = f"{slug}_{number}", number + 1
    return name


def slug_of(text: str) -> str:
    """A name of letters, digits and underscores, also of text in another script."""
    return re.sub(r"^[^a-z]+", "", slugify(text, separator="_", max_length=48)).strip("_") or "column"


def _choose_keys(shape: Shape, sight: Sight) -> None:
    """The fewest columns, taken in order of what they are, that tell all rows apart."""
    order = ("ref_area", "counterpart_area", "time_period", "sex", "age")
    usual = [name for name in order if name in shape.columns]
    others = [n for n, role in shape.columns.items() if n not in usual and n not in ATTRIBUTES and len(role.texts) > 1]
    others = sorted(others, key=lambda n: (shape.columns[n].kind not in ("code", "area"), len(shape.columns[n].texts)))
    rows = [row for row in sight.rows if len(row) == len(sight.header)]
    keys = list(usual)
    for name in others:
        if _repeated(rows, keys, shape) == 0 or len(keys) >= MOST_KEYS:
            break
        if _groups(rows, [*keys, name], shape) > _groups(rows, keys, shape):
            keys.append(name)
    shape.keys, shape.doubled = keys, _repeated(rows, keys, shape)


def _fill_down(shape: Shape, sight: Sight) -> None:
    """A label written once above the rows it is for: taken so where that tells rows apart that were not."""
    rows, doubled, keys = sight.rows, shape.doubled, shape.keys
    for role in shape.columns.values():
        cells = [row[role.index] for row in rows]
        if role.kind not in ("code", "text", "area", "sex") or not cells[0] or 2 * cells.count("") < len(cells):
            continue
        filled, last = [], ""
        for row in rows:
            last = row[role.index] or last
            filled.append([*row[: role.index], last, *row[role.index + 1 :]])
        sight.rows = filled
        _choose_keys(shape, sight)
        if shape.doubled < doubled:
            role.above, rows, doubled, keys = [""], filled, shape.doubled, shape.keys
        sight.rows, shape.doubled, shape.keys = rows, doubled, keys


def _groups(rows: list[list[str]], names: list[str], shape: Shape) -> int:
    return len({tuple(row[shape.columns[name].index] for name in names) for row in rows})


def _repeated(rows: list[list[str]], names: list[str], shape: Shape) -> int:
    """How many rows give other figures for a key that another row has."""
    figures = [role.index for role in shape.values] + [i for family in shape.families for i in family.indices]
    seen = {tuple(row[i] for i in [*(shape.columns[n].index for n in names), *figures]) for row in rows}
    return sum(n - 1 for n in Counter(key[: len(names)] for key in seen).values())
