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

from pydantic import Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from pipelines.delivery import Severity
from pipelines.endpoint import HOLE, Strict, fill
from pipelines.source import AnySource, EndpointSource, Source, SourceField, Table

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Frequency = Literal["A", "S", "Q", "M", "W", "D"]

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


class ContractError(Exception):
    """A contract is wrong; the message says in which file and line, and what was expected."""


class Column(Strict):
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


class Expectation(Strict):
    """A check under Great Expectations' own name and arguments."""

    type: str
    kwargs: dict[str, Any] = Field({})
    severity: Severity
    notes: str = Field(description="What is expected, in a sentence a statistician can read.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.type not in expectation_names():
            raise ValueError(f"`{self.type}` is not an expectation of Great Expectations")
        return self


class Correction(Strict):
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


class Contract(Strict):
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
    set: dict[str, str] = Field({})
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
    expectations: list[Expectation] = Field([])
    corrections: list[Correction] = Field([])
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
