"""The part of a contract that says where a dataset comes from: the files or endpoints, and how each is laid out."""

import re
from functools import cache
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from pipelines.endpoint import HOLE, Endpoint, Pointer, Strict, fill

Marks = dict[str, Literal["O", "M", "L", "Q", "N"]]
Status = Literal["A", "B", "D", "E", "F", "I", "L", "M", "N", "O", "P", "Q", "U"]
DateOrder = Literal["dmy", "mdy"]
FiscalYear = Literal["start", "end"]
Format = Literal["csv", "excel", "sdmx-ml", "sdmx-csv", "sdmx-json", "json-stat", "px", "parquet", "json"]

OPTIONS: dict[str, tuple[Format, ...]] = {
    "encoding": ("csv", "sdmx-csv", "px", "json", "json-stat", "sdmx-json"),
    "delimiter": ("csv", "sdmx-csv"),
    "records": ("json", "json-stat"),
    "structure": ("sdmx-ml", "sdmx-csv", "sdmx-json"),
    "structure_versions": ("sdmx-ml", "sdmx-csv", "sdmx-json"),
}
TABLE_OPTIONS: dict[str, tuple[Format, ...]] = {
    "sheet": ("excel",),
    "header_rows": ("csv", "excel"),
    "ignore_columns": ("csv", "excel"),
    "context": ("excel",),
    "cells": ("csv", "excel"),
    "starts_at": ("csv", "excel"),
    "ends_at": ("csv", "excel"),
    "split": ("csv",),
}
PERIOD_IN_NAME = r"(?:1[89]|20|21)\d\d(?:-Q?\d{1,2})?"


class SourceField(Strict):
    """Where a tidy column is found in the source, and how the source writes its codes."""

    header: str = Field("", description="Header in the source; empty: what the file's name or a cell says.")
    name: str = Field("", description="Another tidy column whose text, from the file's name, fills this one too.")
    scheme: str = "code"
    codes: dict[str, str] = Field({})
    optional: bool = Field(False, description="The column may be absent; then what `set` says holds.")
    above: list[str] = Field([], description="Texts that mean: as in the row above; `*` is any that has no code.")
    dates: DateOrder | None = Field(None, description="Which comes first in a date such as 03/04/2024.")
    fiscal_year: FiscalYear | None = Field(None, description="Which of its two years 2023/24 is stored as.")


class Values(Strict):
    """A value column, or a family of them: `{name}` in the header fills the tidy column of that name."""

    header: str
    set: dict[str, str] = Field({})


class Context(Strict):
    """A column made of what rows above say by their place: the last heading, which is a row with a label and no
    figures; or the last label that is indented no further than so many blanks.
    """

    header: str = Field(description="The column the labels stand in.")
    indent: int | None = Field(None, ge=0, description="How far a label that counts is indented; none: headings.")


class Table(Strict):
    """One table in the source: its place, its header, and which header fills which tidy column."""

    sheet: str | None = Field(None, description="Its sheet, or the pattern of the names of several, as in `{sex} *`.")
    starts_at: str = Field("", description="Text of a cell; `header_rows` are counted from its row, wherever it is.")
    header_rows: list[int] = Field([1])
    ends_at: list[str] = Field([], description="First text of the row that ends the table; empty: a blank row.")
    split: str = Field("", description="Text files: the mark that divides the first column into several.")
    ignore_columns: list[str] = Field([], description="Letters of columns without a header that are not to be read.")
    context: dict[str, Context] = Field({}, description="New headers: columns made of what rows above say.")
    cells: dict[str, str] = Field({}, description="Tidy column: address of the one cell that holds it, e.g. B3.")
    leave_out: dict[str, list[str]] = Field({}, description="Header: values that mark a row without observations.")
    columns: dict[str, str | SourceField] = Field({})
    rest: str | None = Field(None, description="Tidy text column that takes all further columns as `name=value`.")
    rest_total: str = Field("", description="The value that, in a further column, means there is no breakdown.")
    values: list[Values]
    editions: dict[str, dict[str, str]] = Field(
        {}, description="Edition of the source: tidy column, or `obs_value`, and the header it has there."
    )
    set: dict[str, str] = Field({})

    @model_validator(mode="after")
    def _one_value_by_edition(self) -> Self:
        if any("obs_value" in row for row in self.editions.values()) and len(self.values) != 1:
            raise ValueError("`obs_value` in `editions` needs exactly one entry in `values`")
        return self

    def is_value(self, header: str) -> bool:
        """Whether a column of this name holds values."""
        by_edition = [row["obs_value"] for row in self.editions.values() if "obs_value" in row]
        return any(template(text, ".+?").fullmatch(header) for text in [*by_edition, *(v.header for v in self.values)])

    def by_edition(self) -> dict[str, "Table"]:
        """The table as each edition lays it out; as it stands under no name where there are none."""
        return {name: self._with(row) for name, row in self.editions.items()} or {"": self}

    def _with(self, headers: dict[str, str]) -> "Table":
        fields = self.fields()
        columns = {
            name: fields.get(name, SourceField()).model_copy(update={"header": header})
            for name, header in headers.items()
            if name != "obs_value"
        }
        values = [v.model_copy(update={"header": headers.get("obs_value", v.header)}) for v in self.values]
        return self.model_copy(update={"columns": self.columns | columns, "values": values})

    def fields(self) -> dict[str, SourceField]:
        """Tidy column to source field, the short form spelt out."""
        return {c: f if isinstance(f, SourceField) else SourceField(header=f) for c, f in self.columns.items()}


class Source(Strict):
    """One layout in which the dataset is delivered."""

    kind: Literal["file"] = "file"
    file: str = Field(description="File name; `{name}` fills the tidy column of that name, `*` is anything.")
    format: Format
    member: str = Field("", description="In an archive: the name of the files that count; `*` is anything.")
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    missing: Marks = Field({"": "O"})
    flags: dict[str, Status] = Field({}, description="Marks beside a value or a label, and the status they mean.")
    labels: dict[str, float] = Field({}, description="Words that stand for a value, such as yes and no.")
    records: Pointer | None = Field(
        None,
        description="JSON pointer to the list of records, or to one JSON-stat data set; none: the document itself.",
    )
    structure: str | None = Field(None, description="SDMX structure file (DSD), beside the contract.")
    structure_versions: list[str] = Field([], description="Other DSD versions accepted, with a warning.")
    set: dict[str, str] = Field({})
    tables: list[Table] = Field(min_length=1)

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Self:
        given = [(name, OPTIONS) for name in sorted(self.model_fields_set)]
        given += [(name, TABLE_OPTIONS) for table in self.tables for name in sorted(table.model_fields_set)]
        for name, options in given:
            if self.format not in options.get(name, (self.format,)):
                raise ValueError(f"`{name}` says nothing of {self.format}; it belongs to {', '.join(options[name])}")
        if self.structure_versions and not self.structure:
            raise ValueError("`structure_versions` needs the `structure` they are versions of")
        return self

    def match(self, path: PurePath) -> dict[str, str] | None:
        """What the file's name says, or None when it is not of this layout."""
        depth = self.file.count("/") + 1
        found = template(self.file, PERIOD_IN_NAME).fullmatch("/".join(path.parts[-depth:]))
        return None if found is None else found.groupdict()


class EndpointSource(Endpoint, Source):
    """A layout that is fetched; `file` is the name the delivery gets."""

    kind: Literal["endpoint"]  # type: ignore[assignment]

    @model_validator(mode="after")
    def _name_is_whole(self) -> Self:
        parts = {part for holes in self.requests() for part in PurePath(fill(self.file, holes)).parts}
        if "*" in self.file or set(HOLE.findall(self.file)) != set(self.each) or {"..", "/"} & parts:
            raise ValueError("`file` of an endpoint is a plain name, with a hole for each name in `each` and no other")
        if self.paging and not self.file.endswith(".zip"):
            raise ValueError("`file` of a paged answer ends in .zip: the pages are kept together as they came")
        return self


def _kind(source: Any) -> str:
    kind = source.get("kind", "file") if isinstance(source, dict) else getattr(source, "kind", "file")
    return f"kind: {kind}"


AnySource = Annotated[
    Annotated[Source, Tag("kind: file")] | Annotated[EndpointSource, Tag("kind: endpoint")], Discriminator(_kind)
]


@cache
def template(text: str, period: str) -> re.Pattern[str]:
    """A name with holes as a pattern: `{sex}` is a part that fills the column `sex`, `*` is anything.

    Args:
        period: what a `{time_period}` looks like, so that it does not match any word.
    """
    pattern = re.escape(text).replace(r"\*", ".*").replace(r"\{time_period\}", f"(?P<time_period>{period})")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", pattern), re.IGNORECASE)
