"""The dataset contract: the typed model of one `expectations/<dataset>.yaml`.

A contract says where a dataset comes from, how its files are laid out, what its tidy columns are and
what must hold of them. Everything else (DAG, table, checks, documentation) is derived from it.
"""

import datetime as dt
import hashlib
import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from pipelines.delivery import Severity
from pipelines.endpoint import HOLE, Endpoint, Pointer, fill

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Marks = dict[str, Literal["O", "M", "L", "Q", "N"]]
Status = Literal["A", "B", "D", "E", "F", "I", "L", "M", "N", "O", "P", "Q", "U"]
Frequency = Literal["A", "S", "Q", "M", "W", "D"]
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

ATTRIBUTES = {
    "obs_value": "Observation value; NULL when obs_status says it is missing.",
    "obs_status": "SDMX observation status (CL_OBS_STATUS): A normal, O missing, M cannot exist, Q suppressed, ...",
    "unit_measure": "Unit of measure, SDMX code.",
    "unit_mult": "Power of ten the value is multiplied by (SDMX UNIT_MULT).",
    "concept": "`global`: the custodian's definition; `national_proxy`: the office's own under the same number.",
    "source": "Who published the figure, and in what.",
    "vintage": "The edition of the source the value was published in.",
    "note": "Footnote mark or text that came with the value.",
}
PROVENANCE = {
    "delivery_id": "The delivery this row came in (ops.deliveries).",
    "source_sheet": "Sheet of the delivered file; empty for text files.",
    "source_row": "Row (record) of the delivered file, counted from 1.",
}


PERIOD_IN_NAME = r"(?:1[89]|20|21)\d\d(?:-Q?\d{1,2})?"


class ContractError(Exception):
    """A contract is wrong; the message says in which file and line, and what was expected."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """One dimension or attribute of the tidy table."""

    description: str
    type: Literal["string", "integer", "number", "period", "area", "age", "code"] = "string"
    codelist: str | None = None
    codes: list[str] | None = None
    key: bool = False
    person: bool = Field(False, description="It identifies a person: a keyed pseudonym takes its place.")

    @model_validator(mode="after")
    def _codes_known(self) -> Self:
        if self.person and self.type != "string":
            raise ValueError("a column with `person: true` is of type `string`")
        if self.type == "code" and (self.codelist is None) == (self.codes is None):
            raise ValueError("a column of type `code` needs either `codelist` (a file) or `codes` (a list)")
        return self


class SourceField(_Strict):
    """Where a tidy column is found in the source, and how the source writes its codes."""

    header: str = Field("", description="Header in the source; empty: what the file's name or a cell says.")
    name: str = Field("", description="Another tidy column whose text, from the file's name, fills this one too.")
    scheme: str = "code"
    codes: dict[str, str] = {}
    optional: bool = Field(False, description="The column may be absent; then what `set` says holds.")
    above: list[str] = Field([], description="Texts that mean: as in the row above; `*` is any that has no code.")
    dates: DateOrder | None = Field(None, description="Which comes first in a date such as 03/04/2024.")
    fiscal_year: FiscalYear | None = Field(None, description="Which of its two years 2023/24 is stored as.")


class Values(_Strict):
    """A value column, or a family of them: `{name}` in the header fills the tidy column of that name."""

    header: str
    set: dict[str, str] = {}


class Context(_Strict):
    """A column made of what rows above say by their place: the last heading, which is a row with a label and no
    figures; or the last label that is indented no further than so many blanks.
    """

    header: str = Field(description="The column the labels stand in.")
    indent: int | None = Field(None, ge=0, description="How far a label that counts is indented; none: headings.")


class Table(_Strict):
    """One table in the source: its place, its header, and which header fills which tidy column."""

    sheet: str | None = Field(None, description="Its sheet, or the pattern of the names of several, as in `{sex} *`.")
    starts_at: str = Field("", description="Text of a cell; `header_rows` are counted from its row, wherever it is.")
    header_rows: list[int] = [1]
    ends_at: list[str] = Field([], description="First text of the row that ends the table; empty: a blank row.")
    split: str = Field("", description="Text files: the mark that divides the first column into several.")
    ignore_columns: list[str] = Field([], description="Letters of columns without a header that are not to be read.")
    context: dict[str, Context] = Field({}, description="New headers: columns made of what rows above say.")
    cells: dict[str, str] = Field({}, description="Tidy column: address of the one cell that holds it, e.g. B3.")
    leave_out: dict[str, list[str]] = Field({}, description="Header: values that mark a row without observations.")
    columns: dict[str, str | SourceField] = {}
    rest: str | None = Field(None, description="Tidy text column that takes all further columns as `name=value`.")
    rest_total: str = Field("", description="The value that, in a further column, means there is no breakdown.")
    values: list[Values]
    editions: dict[str, dict[str, str]] = Field(
        {}, description="Edition of the source: tidy column, or `obs_value`, and the header it has there."
    )
    set: dict[str, str] = {}

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


class Source(_Strict):
    """One layout in which the dataset is delivered."""

    kind: Literal["file"] = "file"
    file: str = Field(description="File name; `{name}` fills the tidy column of that name, `*` is anything.")
    format: Format
    member: str = Field("", description="In an archive: the name of the files that count; `*` is anything.")
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    missing: Marks = {"": "O"}
    flags: dict[str, Status] = Field({}, description="Marks beside a value or a label, and the status they mean.")
    labels: dict[str, float] = Field({}, description="Words that stand for a value, such as yes and no.")
    records: Pointer | None = Field(
        None,
        description="JSON pointer to the list of records, or to one JSON-stat data set; none: the document itself.",
    )
    structure: str | None = Field(None, description="SDMX structure file (DSD), beside the contract.")
    structure_versions: list[str] = Field([], description="Other DSD versions accepted, with a warning.")
    set: dict[str, str] = {}
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


class Expectation(_Strict):
    """A check under Great Expectations' own name and arguments."""

    type: str
    kwargs: dict[str, Any] = {}
    severity: Severity
    notes: str = Field(description="What is expected, in a sentence a statistician can read.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.type not in expectation_names():
            raise ValueError(f"`{self.type}` is not an expectation of Great Expectations")
        return self


class Correction(_Strict):
    """A cell the office has settled with the sender, or a row it discards, until the sender mends the file."""

    file: str = Field(description="Name of the deliveries concerned; `*` is anything.")
    sheet: str = ""
    where: dict[str, str] = Field(min_length=1, description="Header and text that tell the row.")
    column: str = Field("", description="Header of the cell.")
    old: str = Field("", description="What stands there; anything else is left alone and reported.")
    new: str | None = Field(None, description="What is read instead; without it the row is discarded.")
    reason: str
    reported_to: str
    by: str
    date: dt.date

    @model_validator(mode="after")
    def _cell_named(self) -> Self:
        if self.new is not None and not self.column:
            raise ValueError("`new` needs the `column` of the cell it stands in")
        return self


class Contract(_Strict):
    """A dataset: what it is, how it comes, its columns and what must hold."""

    dataset: Name
    title: str
    description: str
    provider: str
    licence: str
    frequency: Frequency
    schedule: str | None = None
    columns: dict[Name, Column]
    replaces: list[str] = Field(
        ["time_period"], description="A delivery replaces all rows that agree with one of its own on these."
    )
    set: dict[str, str] = {}
    mostly: float = Field(
        1.0, ge=0, le=1, description="Share of rows that must be readable for them to be loaded without the others."
    )
    on_warning: Literal["load", "hold"] = Field(
        "load", description="A delivery with a warning is loaded and flagged, or held until a person approves it."
    )
    on_silence: Literal["wait", "load", "reject"] = Field(
        "wait", description="What becomes of a held delivery nobody decides on in time: it goes on waiting, or not."
    )
    notify: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]] = Field(
        [], description="Mail addresses told of its deliveries, beside those of the settings."
    )
    sources: list[AnySource] = Field(min_length=1)
    expectations: list[Expectation] = []
    corrections: list[Correction] = []
    version: str = Field("", description="Digest of the contract's text; filled in when it is read.")

    @model_validator(mode="after")
    def _columns_agree(self) -> Self:
        for name in self.columns:
            if name in sql_words():
                raise ValueError(f"`{name}` is a word of SQL: give the column another name")
        known = set(self.columns) | set(ATTRIBUTES)
        for where, name in self._named_columns():
            if name not in known:
                raise ValueError(f"{where} names a column that is not among `columns`: `{name}`")
        for name in ("ref_area", "time_period"):
            if name not in self.columns or not self.columns[name].key:
                raise ValueError(f"`columns` needs `{name}` with `key: true`")
        return self

    @model_validator(mode="after")
    def _persons_stay_unnamed(self) -> Self:
        for source in self.sources:
            for name in self.persons:
                if name in {*self.set, *source.set, *HOLE.findall(source.file)}:
                    raise ValueError(f"who a row is about stands in its own column, not in `set` or `file`: `{name}`")
                for edition in (edition for table in source.tables for edition in table.by_edition().values()):
                    self._person_has_its_column(name, edition)
        return self

    def _person_has_its_column(self, name: str, table: Table) -> None:
        fields = table.fields()
        said = fields.get(name, SourceField())
        holes = {hole for text in (table.sheet or "", *(v.header for v in table.values)) for hole in HOLE.findall(text)}
        elsewhere = {*table.cells, *table.set, *holes, *(n for v in table.values for n in v.set)}
        others = [f for n, f in fields.items() if n != name]
        shared = any(said.header == f.header or f.name == name for f in others)
        if not said.header or said.codes or name in elsewhere or shared:
            raise ValueError(f"every table needs a column of its own for `{name}`, which nothing else is read from")
        if any(said.header in {*c.where, c.column} for c in self.corrections):
            raise ValueError(f"`corrections` cannot name “{said.header}”: it identifies persons (`{name}`)")

    @model_validator(mode="after")
    def _fetched_names_are_told_apart(self) -> Self:
        for source in self.endpoints:
            for holes in source.requests():
                name = fill(source.file, holes)
                found = self.source_of(PurePath(name))
                if found is None or found[0] is not source:
                    raise ValueError(f"`file`: another source, {found and found[0].file}, also takes the name {name}")
        return self

    def _named_columns(self) -> Iterable[tuple[str, str]]:
        yield from (("`set`", c) for c in self.set)
        yield from (("`replaces`", c) for c in self.replaces)
        for source in self.sources:
            yield from ((f"`set` of {source.file}", c) for c in source.set)
            for table in source.tables:
                named = [
                    *table.columns,
                    *(c for row in table.editions.values() for c in row),
                    *table.cells,
                    *table.set,
                    *(c for v in table.values for c in v.set),
                ]
                named += HOLE.findall((table.sheet or "") + table.starts_at)
                yield from ((f"a table of {source.file}", c) for c in named)
                if table.rest:
                    yield f"`rest` of {source.file}", table.rest

    @property
    def endpoints(self) -> list[EndpointSource]:
        """The sources that are fetched."""
        return [source for source in self.sources if isinstance(source, EndpointSource)]

    @property
    def persons(self) -> list[str]:
        """The columns that identify persons."""
        return [name for name, column in self.columns.items() if column.person]

    @property
    def keys(self) -> list[str]:
        """The grain: the columns that together identify one observation."""
        return [name for name, column in self.columns.items() if column.key]

    def sql_types(self) -> dict[str, str]:
        """Every column of the stored table with its DuckDB type."""
        types = {"integer": "BIGINT", "number": "DOUBLE"}
        declared = {name: types.get(c.type, "VARCHAR") for name, c in self.columns.items()}
        attributes = dict.fromkeys(ATTRIBUTES, "VARCHAR") | {"obs_value": "DOUBLE", "unit_mult": "SMALLINT"}
        provenance = dict.fromkeys(PROVENANCE, "VARCHAR") | {"source_row": "BIGINT"}
        return declared | {"ref_area_m49": "VARCHAR"} | attributes | provenance

    def comments(self) -> dict[str, str]:
        """Every column of the stored table with its description."""
        declared = {name: c.description for name, c in self.columns.items()}
        m49 = {"ref_area_m49": "UN M49 code of ref_area; NULL where it has none."}
        return declared | m49 | ATTRIBUTES | PROVENANCE

    def source_of(self, path: PurePath) -> tuple[Source, dict[str, str]] | None:
        """The layout a file is in, by its name, and what the name says."""
        for source in self.sources:
            captured = source.match(path)
            if captured is not None:
                return source, captured
        return None


@cache
def template(text: str, period: str) -> re.Pattern[str]:
    """A name with holes as a pattern: `{sex}` is a part that fills the column `sex`, `*` is anything.

    Args:
        period: what a `{time_period}` looks like, so that it does not match any word.
    """
    pattern = re.escape(text).replace(r"\*", ".*").replace(r"\{time_period\}", f"(?P<time_period>{period})")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", pattern), re.IGNORECASE)


@cache
def sql_words() -> frozenset[str]:
    """The words that cannot name a column unless every query quotes them."""
    import duckdb

    found = duckdb.sql("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    return frozenset(row[0] for row in found)


@cache
def expectation_names() -> frozenset[str]:
    """The names Great Expectations knows, read from its files: importing it would take seconds."""
    spec = importlib.util.find_spec("great_expectations")
    folders = list(spec.submodule_search_locations or []) if spec else []
    core = (p for folder in folders for p in Path(folder, "expectations", "core").glob("*expect*.py"))
    return frozenset(p.stem for p in core)


def load_contract(path: Path) -> Contract:
    """Read one contract.

    Raises:
        ContractError: with file, line and what was expected.
    """
    return _read(path, path.read_text(encoding="utf-8"))


@cache
def _read(path: Path, text: str) -> Contract:
    """A contract, parsed once in a process as long as its text is the same."""
    try:
        document: Any = YAML(typ="rt").load(text)
        if not isinstance(document, CommentedMap):
            raise ContractError(f"{path}:1: expected a mapping that starts with `dataset:`")
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        contract = Contract.model_validate({**document, "version": version})
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{path}:{line}: not readable as YAML: {error.problem}") from error
    except ValidationError as error:
        raise ContractError("\n".join(_located(path, text, document, e) for e in error.errors())) from error
    if contract.dataset != path.stem:
        raise ContractError(f"{path}:1: `dataset: {contract.dataset}` must be the file's own name, {path.stem}")
    return contract


def load_contracts(folder: Path) -> dict[str, Contract]:
    """All contracts of a folder by dataset name.

    Raises:
        ContractError: the folder holds none, or one of them is wrong.
    """
    contracts = {c.dataset: c for c in map(load_contract, sorted(folder.glob("*.yaml")))}
    if not contracts:
        raise ContractError(f"{folder}: expected at least one <dataset>.yaml")
    return contracts


def _located(path: Path, text: str, document: Any, error: Any) -> str:
    """One finding of the model as `file:line: where: what`."""
    node, line, place = document, 1, []
    for key in error["loc"]:
        try:
            marks = node.lc
            line = (marks.key(key) if isinstance(node, dict) else marks.item(key))[0] + 1
            node = node[key]
        except (KeyError, IndexError, TypeError, AttributeError):
            if error["type"] != "missing":
                continue
        place.append(str(key))
    message = error["msg"].removeprefix("Value error, ")
    if not place:
        line = _first_mention(text, re.findall(r"`(\w+)`", message)) or line
    found = error["input"]
    tell = isinstance(found, str | int | float | bool) and place[-1:] != ["secret"]
    shown = f" (found {found!r})" if tell else ""
    return f"{path}:{line}: {'.'.join(place) or 'contract'}: {message}{shown}"


def _first_mention(text: str, names: list[str]) -> int | None:
    """The first line that mentions the last of some names: where a rule across the contract is broken."""
    for number, line in enumerate(text.splitlines(), start=1):
        if names and re.search(rf"\b{names[-1]}\b", line):
            return number
    return None
