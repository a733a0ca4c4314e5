"""SDMX-JSON data messages, 1.0 and 2.0: values are at places in lists of codes, and so are their attributes.

pysdmx has no reader for them, and sdmx1 fails on 2.0 and keeps state from one file to the next.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.collect import looks
from pipelines.collect.document import load, text_of
from pipelines.collect.sdmx import Name, checked, named
from pipelines.collect.table import RawTable, Unreadable, stream
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

Cells = dict[str, str]
LEVELS = ("dataSet", "dimensionGroup", "series", "observation")


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the observations of a message, numbered in its order.

    Raises:
        Unreadable: not an SDMX-JSON data message, none with observations, or of another structure than the contract's.
    """
    message = load(path, source)
    try:
        rows = list(_observations(message))
        of = _structure_named(message)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _not_data(say("The message is cut off or was written wrongly: ask the sender for it again.")) from error
    if not rows:
        said = _errors(message)
        raise _not_data(
            say("Ask for less, or send the message once it has figures."), said or looks.words(looks.beginning(path))
        )
    header = list(dict.fromkeys(name for row in rows for name in row))
    raw = RawTable(header=header, rows=stream(iter(enumerate(rows, start=1)), header))
    return [checked(raw, source, table, contracts, of)]


def _observations(message: Any) -> Iterator[Cells]:
    body = message.get("data", message)
    structures = body.get("structures") or [body.get("structure") or message.get("structure")]
    for data in body.get("dataSets") or []:
        if data.get("action") == "Delete":
            raise _not_data(say("Data are never deleted by a delivery: send what holds now."), say("action Delete"))
        structure = _Structure(structures[int(data.get("structure", 0))])
        shared = structure.attributes("dataSet", data.get("attributes")) | structure.shared()
        groups = structure.groups(data.get("dimensionGroupAttributes"))
        for key, observation in (data.get("observations") or {}).items():
            yield structure.row(shared, groups, key, observation, "observation")
        for key, series in (data.get("series") or {}).items():
            stated = shared | structure.key("series", key) | structure.attributes("series", series.get("attributes"))
            for at, observation in (series.get("observations") or {}).items():
                yield structure.row(stated, groups, at, observation, "observation")


class _Structure:
    """The lists that the places in a message refer to."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.dimensions: dict[str, list[Any]] = described["dimensions"]
        stated = described.get("attributes") or {}
        self.stated: dict[str, list[Any]] = {level: stated.get(level) or [] for level in LEVELS}
        measures = (described.get("measures") or {}).get("observation") or [{"id": "OBS_VALUE"}]
        self.measures: list[Any] = measures

    def shared(self) -> Cells:
        """The dimensions that have one value in the whole data set."""
        return {d["id"]: _code(d, "0") for d in self.dimensions.get("dataSet") or []}

    def key(self, level: str, key: str) -> Cells:
        dimensions = self.dimensions[level]
        return {d["id"]: _code(d, place) for d, place in zip(dimensions, key.split(":"), strict=True)}

    def attributes(self, level: str, places: list[Any] | None) -> Cells:
        """The attributes of a level: what is not stated has its default, if there is one."""
        found = {}
        for i, attribute in enumerate(self.stated[level]):
            place = places[i] if places and i < len(places) else None
            found[attribute["id"]] = _value(attribute, place)
        return found

    def groups(self, stated: dict[str, list[Any]] | None) -> list[tuple[Cells, Cells]]:
        """What is stated for a part of the key: that part, and the attributes (2.0)."""
        every = [d for level in ("dataSet", "series", "observation") for d in self.dimensions.get(level) or []]
        ordered = sorted(every, key=lambda d: int(d.get("keyPosition", len(every))))
        found = []
        for key, places in (stated or {}).items():
            parts = zip(ordered, key.split(":"), strict=False)
            found.append(
                ({d["id"]: _code(d, place) for d, place in parts if place}, self.attributes("dimensionGroup", places))
            )
        return found

    def row(self, stated: Cells, groups: list[tuple[Cells, Cells]], key: str, cells: list[Any], level: str) -> Cells:
        """One observation: measures first, then attributes, then places of annotations, which say nothing here."""
        row = stated | self.key(level, key)
        for part, attributes in groups:
            if part.items() <= row.items():
                row |= attributes
        count = len(self.measures)
        values = {m["id"]: _value(m, cell) for m, cell in zip(self.measures, [*cells, *[None] * count], strict=False)}
        return row | values | self.attributes(level, cells[count:])


def _code(component: dict[str, Any], place: str) -> str:
    value = component["values"][int(place)]
    return text_of(value.get("id", value.get("value", value.get("name"))))


def _value(component: dict[str, Any], place: Any) -> str:
    """A value by its place, or as it stands where the component has no list; several are set apart."""
    if isinstance(place, list):
        return "; ".join(_value(component, part) for part in place)
    if place is None:
        return text_of(component.get("default"))
    if component.get("values"):
        return _code(component, place)
    return "; ".join(map(text_of, place.values())) if isinstance(place, dict) else text_of(place)


def _structure_named(message: Any) -> Name | None:
    """The data structure the message says it follows, in a link."""
    body = message.get("data", message)
    described = body.get("structures") or [body.get("structure") or message.get("structure") or {}]
    for link in described[0].get("links") or []:
        if link.get("rel") in ("datastructure", "DataStructure"):
            return named(str(link.get("urn", "")))
    return None


def _errors(message: Any) -> str:
    errors = message.get("errors") or []
    return "; ".join(text_of(e.get("detail") or e.get("title") or e.get("message")) for e in errors)


def _not_data(remedy: str, value: str | None = None) -> Unreadable:
    expected = say("an SDMX-JSON data message with observations to be stored")
    return Unreadable(Problem(kind="format", value=value, expected=expected, remedy=remedy))
