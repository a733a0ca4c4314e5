"""The figures an index is made of: units by items."""

from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.analyse.index.definition import Index, IndexDefinitionError

Matrix = NDArray[Any]
Unit = tuple[str, str]


@dataclass(frozen=True)
class Panel:
    """Figures by unit (area and period) and item, in the order of the tree; NaN where there is none."""

    units: list[Unit]
    codes: list[str]
    values: Matrix
    groups: dict[str, str]
    denominators: dict[str, Matrix]

    def with_values(self, values: Matrix) -> "Panel":
        """The same units and items with other figures."""
        return replace(self, values=values)


def read_panel(con: duckdb.DuckDBPyConnection, index: Index) -> Panel:
    """Ask the warehouse for an index's figures.

    Raises:
        IndexDefinitionError: the SELECT fails, gives two values for one item, or a figure of an item no one knows.
    """
    try:
        rows = con.execute(f"SELECT ref_area, time_period, code, value FROM ({index.data})").fetchall()
        groups = dict(con.execute(index.groups).fetchall()) if index.groups else {}
    except duckdb.Error as error:
        raise IndexDefinitionError(f"{index.index}: its data cannot be asked for: {error}") from error
    return panel_of(rows, index, groups)


def panel_of(rows: list[tuple[str, str, str, float | None]], index: Index, groups: dict[str, str]) -> Panel:
    """Rows of area, period, item and value as a matrix."""
    codes = [node.code for node in index.leaves]
    others = sorted(set(index.steps.denominate.values()))
    unknown = sorted({row[2] for row in rows} - {*codes, *others})
    if unknown:
        raise IndexDefinitionError(
            f"{index.index}: there are figures of {unknown[0]}, which is no item of it; "
            f"items are {', '.join(codes[:12])}"
        )
    units = sorted({(row[0], row[1]) for row in rows})
    place = {unit: i for i, unit in enumerate(units)}
    column = {code: i for i, code in enumerate([*codes, *others])}
    values = np.full((len(units), len(column)), np.nan)
    seen: set[tuple[Unit, str]] = set()
    for area, period, code, value in rows:
        if ((area, period), code) in seen:
            raise IndexDefinitionError(f"{index.index}: {code} of {area} in {period} has more than one value")
        seen.add(((area, period), code))
        values[place[area, period], column[code]] = np.nan if value is None else value
    denominators = {code: values[:, column[code]] for code in others}
    return Panel(units, codes, values[:, : len(codes)], groups, denominators)
