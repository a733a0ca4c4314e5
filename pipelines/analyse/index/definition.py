"""What an index is: a tree of nodes with weights and directions, where its figures come from, and its steps."""

import csv
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Imputation = Literal["none", "zero", "mean", "median", "group_mean", "group_median", "last", "knn"]
Outliers = Literal["none", "winsorise", "log", "boxcox"]
Normalisation = Literal[
    "none", "minmax", "goalposts", "zscore", "rank", "percentile", "distance_to_reference", "fraction_of_maximum"
]
Weighting = Literal["given", "equal", "pca", "optimised"]
Aggregation = Literal["arithmetic", "geometric", "harmonic", "median", "copeland", "benefit_of_the_doubt"]
Share = Annotated[float, Field(ge=0, le=1)]


class IndexDefinitionError(Exception):
    """An index file is wrong, or its steps cannot be applied to its figures."""


class Part(BaseModel):
    """Every part of a definition: no key but those that are named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Node(Part):
    """The index, a dimension, or at the leaves an item or indicator series."""

    code: str
    title: str
    weight: float = Field(1.0, ge=0, description="Among its siblings; they need not add up to anything.")
    direction: Literal[1, -1] = Field(1, description="-1 where less is better.")
    unit: str = ""
    source: str = ""
    goalposts: tuple[float, float] | None = Field(None, description="Figures that score nothing and everything.")
    reference: float | None = Field(None, description="For distance_to_reference.")
    aggregate: Aggregation | None = Field(None, description="Where it is not that of the level.")
    question: str = Field("", description="What the form asks; the title if empty.")
    children: list["Node"] = []

    def leaves(self) -> Iterator["Node"]:
        """The items below, in order; itself if it has none."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def inner(self) -> Iterator["Node"]:
        """The nodes with children, itself first."""
        if self.children:
            yield self
        for child in self.children:
            yield from child.inner()

    @property
    def depth(self) -> int:
        """Levels below: 0 for an item."""
        return 1 + max(child.depth for child in self.children) if self.children else 0


class Impute(Part):
    """How a figure that is missing is put in."""

    method: Imputation = "none"
    years: int = Field(5, description="For last: how old it may be.")
    neighbours: int = Field(5, description="For knn.")


class Treat(Part):
    """What is done with outliers, and what counts as one (both limits must be passed)."""

    method: Outliers = "none"
    skewness: float = 2.0
    kurtosis: float = 3.5
    most: int = Field(5, description="Points winsorised before a logarithm is tried.")


class Normalise(Part):
    """How figures of unlike units become comparable."""

    method: Normalisation = "goalposts"
    to: tuple[float, float] = (0.0, 100.0)


class Steps(Part):
    """The steps in the order of the handbook; each can be left out."""

    denominate: dict[str, str] = Field({}, description="Item and the figure it is divided by.")
    impute: Impute = Impute()
    screen: Share = Field(0.0, description="Least share of items a unit must have.")
    treat: Treat = Treat()
    normalise: Normalise = Normalise()
    weights: Weighting = "given"
    aggregate: list[Aggregation] = Field(["arithmetic"], description="By level from the items up; the last goes on.")
    available: list[Share] = Field([0.0], description="Least share of parts a node needs, by level; the last goes on.")


class Uncertainty(Part):
    """Choices the result is tried on."""

    runs: int = 1000
    seed: int = 20_080_101
    normalise: list[Normalisation] = []
    aggregate: list[Aggregation] = []
    treat: list[Outliers] = []
    impute: list[Imputation] = []
    weights: Literal["noise", "dirichlet"] = "noise"
    spread: float = Field(0.25, description="Noise: up to this share of a weight; Dirichlet: its relative deviation.")


class Category(Part):
    """A name for scores from a limit on."""

    code: int
    title: str
    at_least: float


class Index(Part):
    """One YAML of `warehouse/indices/`."""

    index: str
    title: str
    description: str
    version: str
    valid_from: str
    status: Literal["official", "product-defined"]
    source: str
    unit: str = "SCORE"
    inputs: list[str]
    data: str = Field(description="A SELECT of ref_area, time_period, code, value.")
    groups: str = Field("", description="A SELECT of ref_area, group, for imputation by group.")
    tree: Node
    steps: Steps = Steps()
    uncertainty: Uncertainty = Uncertainty()
    categories: list[Category] = []
    form: str = Field("", description="Dataset whose Excel form asks for the items.")
    digest: str = ""

    @field_validator("tree")
    @classmethod
    def _once(cls, tree: Node) -> Node:
        codes = [n.code for n in [*tree.inner(), *tree.leaves()]]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"the code {twice[0]} stands twice in the tree")
        return tree

    @model_validator(mode="after")
    def _complete(self) -> "Index":
        method = self.steps.normalise.method
        for node in self.tree.leaves():
            if method == "goalposts" and node.goalposts is None:
                raise ValueError(f"{node.code} has no goalposts")
            if method == "distance_to_reference" and node.reference is None:
                raise ValueError(f"{node.code} has no reference")
        for node in self.tree.inner():
            if sum(child.weight for child in node.children) <= 0:
                raise ValueError(f"{node.code}: the weights of its parts add up to nothing")
        return self

    @property
    def leaves(self) -> list[Node]:
        """The items, in order."""
        return list(self.tree.leaves())


def load_index(path: Path) -> Index:
    """One index.

    Raises:
        IndexDefinitionError: the file is not as expected.
    """
    text = path.read_text(encoding="utf-8")
    try:
        given = _parsed(text)
        if isinstance(given.get("tree"), str):
            table = path.parent / str(given["tree"])
            text += table.read_text(encoding="utf-8")
            given = {**given, "tree": tree_of(table)}
        return Index.model_validate({**given, "digest": hashlib.sha256(text.encode()).hexdigest()})
    except (ValidationError, YAMLError, TypeError, AttributeError, OSError, KeyError, ValueError) as error:
        raise IndexDefinitionError(f"{path}: the index is not as expected: {error}") from error


@cache
def _parsed(text: str) -> dict[str, object]:
    """Once in a process: most of what reading a definition costs."""
    given: dict[str, object] = YAML(typ="safe").load(text)
    return given


def load_indices(folder: Path) -> dict[str, Index]:
    """All indices of a folder, by name."""
    found = [load_index(path) for path in sorted(folder.glob("*.yaml"))]
    return {index.index: index for index in found}


def tree_of(table: Path) -> dict[str, object]:
    """A tree from a table as published indices come in: iCode, iName, Level, Parent, Direction, Weight, Type.

    Rows of other types than Indicator and Aggregate (denominators, groups) are no part of the tree.
    """
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("Type", "Indicator") in ("Indicator", "Aggregate")]
    nodes: dict[str, dict[str, object]] = {
        row["iCode"]: {
            "code": row["iCode"],
            "title": row.get("iName") or row["iCode"],
            "weight": float(row.get("Weight") or 1),
            "direction": int(float(row.get("Direction") or 1)),
            "unit": row.get("Unit") or "",
            "children": [],
        }
        for row in rows
    }
    tops = []
    for row in rows:
        parent = row.get("Parent") or ""
        if parent in ("", "NA"):
            tops.append(nodes[row["iCode"]])
        else:
            children = nodes[parent]["children"]
            assert isinstance(children, list)
            children.append(nodes[row["iCode"]])
    if len(tops) != 1:
        raise ValueError(f"{table.name}: one row must be without a parent, {len(tops)} are")
    return tops[0]
