"""What an indicator is: one SQL file of `warehouse/indicators/` with its header, and the columns it gives."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.analyse.index.definition import load_indices
from pipelines.settings import Settings

HEADER = re.compile(r"\A\s*/\*(.*?)\*/(.*)\Z", re.DOTALL)
COLUMNS = {
    "indicator": ("VARCHAR", "Indicator code: an SDG number, or the product's own name."),
    "series": ("VARCHAR", "Series code."),
    "ref_area": ("VARCHAR", "Area (reference.areas)."),
    "time_period": ("VARCHAR", "Period."),
    "sex": ("VARCHAR", "Sex, SDMX CL_SEX."),
    "age": ("VARCHAR", "Age group; _T for all."),
    "breakdown": ("VARCHAR", "Further dimensions as name=value; _T for none."),
    "obs_value": ("DOUBLE", "Value; NULL when obs_status says why there is none."),
    "unit_measure": ("VARCHAR", "Unit."),
    "unit_mult": ("SMALLINT", "Power of ten."),
    "obs_status": ("VARCHAR", "SDMX observation status."),
    "concept": ("VARCHAR", "global, national_proxy, or product-defined."),
    "source": ("VARCHAR", "Method followed."),
    "vintage": ("VARCHAR", "Editions of the inputs."),
    "note": ("VARCHAR", "What must be read with the value."),
    "worked": ("VARCHAR", "The formula with the figures in it."),
    "weight": ("DOUBLE", "Denominator by which groups are weighted; NULL where they are not."),
    "coverage": ("DOUBLE", "Of an index: share of its items with a figure; NULL for other indicators."),
    "lower": ("DOUBLE", "Of an index: 5th percentile of the score over the choices tried."),
    "upper": ("DOUBLE", "Of an index: 95th percentile of the score over the choices tried."),
    "input_snapshot": ("BIGINT", "Snapshot of the warehouse whose inputs gave the value."),
}
CONTENT = [c for c in COLUMNS if c != "input_snapshot"]


class IndicatorError(Exception):
    """An indicator file is wrong, or its SQL does not give the columns it must."""


class Indicator(BaseModel):
    """One file of `warehouse/indicators/`: the header comment and the SELECT.

    The SELECT gives `ref_area`, `time_period`, `obs_value` and what differs from the header; `worked` shows the formula
    with its figures, and `weight` is the denominator where groups are weighted by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    series: str
    title: str
    definition: str
    formula: str
    unit_measure: str
    unit_mult: int = 0
    concept: str
    inputs: list[str]
    grain: str = Field(description="What one row of the inputs is.")
    disaggregation: list[str] = Field([], description="Beside area and period.")
    custodian: str = Field(description="Who answers for the definition.")
    source: str
    verification: str
    bounds: tuple[float, float] | None = Field(None, description="Between which figures lie that can be right.")
    groups: Literal["none", "sum", "weighted"] = Field("none", description="How regions and organisations are given.")
    area_columns: dict[str, str] | None = Field(
        {},
        description="Column by which an input's rows are an area's, if not ref_area; null: rows of others are needed.",
    )
    sql: str
    digest: str

    @property
    def datasets(self) -> list[str]:
        """The datasets among the inputs."""
        return [i.removeprefix("core.") for i in self.inputs if i.startswith("core.")]


def load_indicators(folder: Path) -> list[Indicator]:
    """All indicator files below a folder, in order of their code.

    Raises:
        IndicatorError: a file has no header, or a header that lacks something.
    """
    found = [_load(path, path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.sql"))]
    codes = [i.code for i in found]
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        raise IndicatorError(f"{folder}: the code {twice[0]} stands in two files")
    return sorted(found, key=lambda i: i.code)


def inputs(settings: Settings) -> set[str]:
    """The datasets that any indicator or index reads."""
    read = {dataset for i in load_indicators(settings.indicators) for dataset in i.datasets}
    tables = [table for index in load_indices(settings.indices).values() for table in index.inputs]
    return read | {table.removeprefix("core.") for table in tables if table.startswith("core.")}


@cache
def _load(path: Path, text: str) -> Indicator:
    """One file, parsed once in a process as long as its text is the same."""
    match = HEADER.match(text)
    if match is None:
        raise IndicatorError(f"{path}:1: expected a header comment /* code: ... */ before the SELECT")
    try:
        header = YAML(typ="safe").load(match[1])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Indicator.model_validate({**header, "sql": match[2].strip(), "digest": digest})
    except (ValidationError, YAMLError, TypeError) as error:
        raise IndicatorError(f"{path}: the header is not as expected: {error}") from error
