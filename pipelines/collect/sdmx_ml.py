"""SDMX-ML data, 2.1 and 3.0, generic and structure-specific, read as a stream.

pysdmx holds a whole message in memory, leaves out what is stated once for a data set (such as the power of ten of
all its values), and refuses the messages of a widely used web service; so the four elements that matter are read here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lxml import etree

from pipelines.collect.looks import refuse_document_type
from pipelines.collect.sdmx import Name, checked, named
from pipelines.collect.table import RawTable, Unreadable, stream
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

Cells = dict[str, str]
LEVELS = ("DataSet", "Group", "Atts", "Series", "Obs")
SAYING = ("Text", "faultstring", "ErrorMessage")
OF_THE_MESSAGE = {
    "action",
    "setID",
    "structureRef",
    "dataScope",
    "validFromDate",
    "validToDate",
    "publicationYear",
    "publicationPeriod",
    "reportingBeginDate",
    "reportingEndDate",
}
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass
class Survey:
    """What a first pass over a message finds: its columns, its groups, and what it says of itself."""

    header: Cells = field(default_factory=dict)
    keyed: set[str] = field(default_factory=set)
    groups: list[Cells] = field(default_factory=list)
    dsd: set[Name] = field(default_factory=set)
    flows: set[Name] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    at_observation: str = "TIME_PERIOD"
    root: str = ""
    observations: int = 0


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the observations of a message; what is stated for a series, group or data set holds for each of them.

    Rows are numbered by observation, in the order of the message.

    Raises:
        Unreadable: not SDMX-ML, no observations in it (an error footer), or another structure than the contract's.
    """
    survey = Survey()
    try:
        for level, cells in _walk(path, survey):
            _note(survey, level, cells)
    except etree.XMLSyntaxError as error:
        detail = " ".join(str(error).split())[:160]
        raise _not_data(
            say("The file is cut off or was written wrongly: ask the sender for it again ({detail}).", detail=detail)
        ) from error
    if not survey.observations:
        said = " ".join(" ".join(survey.said).split())[:300]
        remedy = say(
            "Ask for less, or send the message once it has figures." if said else "Send the data message itself."
        )
        raise _not_data(remedy, said or say("a {root} message", root=survey.root))
    if len(survey.dsd) > 1:
        found = "; ".join(f"{name[1]}({name[2]})" for name in sorted(survey.dsd))
        raise _not_data(
            say("Send the data of each structure by themselves."),
            found,
            say("an SDMX-ML data message of one data structure"),
        )
    raw = RawTable(header=list(survey.header), rows=stream(_rows(path, survey), list(survey.header)))
    return [checked(raw, source, table, contracts, next(iter(survey.dsd), None), next(iter(survey.flows), None))]


def _walk(path: Path, survey: Survey) -> Iterator[tuple[str, Cells]]:
    """Levels as they open, with what is stated for them; `+Series` adds to the one that is open. Memory stays flat."""
    within: list[str] = []
    for event, element in etree.iterparse(str(path), events=("start", "end"), resolve_entities=False, no_network=True):
        name = _local(element)
        if event == "start":
            if not within:
                refuse_document_type(element)
                survey.root = name
            within.append(name)
            if name in LEVELS and name != "Obs":
                yield name, _stated_for_all(element) if name == "DataSet" else _stated(element)
            continue
        within.pop()
        parent = within[-1] if within else ""
        if name == "Obs":
            yield name, _observation(element, survey)
        elif name in ("SeriesKey", "GroupKey", "Attributes") and parent in LEVELS[:-1]:
            yield f"+{parent}", _values(element)
        elif name == "Comp" and parent in LEVELS[:-1]:
            yield f"+{parent}", _several(element)
        elif name == "Structure" and parent == "Header":
            _structure(element, survey)
        elif name == "Structures" and parent == "Structure":
            survey.root = "structure"
        elif name in SAYING and element.text and "DataSet" not in within:
            survey.said.append(element.text)
        elif name == "DataSetAction" and (element.text or "").strip() == "Delete":
            raise _to_be_deleted()
        if name in LEVELS:
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]


def _local(element: etree._Element) -> str:
    """The name of an element without its namespace; comments have none."""
    return _without_namespace(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=256)
def _without_namespace(tag: str) -> str:
    return re.split("[}:]", tag)[-1]


def _stated(element: etree._Element) -> Cells:
    """What the attributes of an element state; those of generic data and of namespaces say nothing of the data."""
    return {} if "/data/generic}" in element.tag else {k: v for k, v in element.items() if k[0] != "{"}


def _stated_for_all(element: etree._Element) -> Cells:
    """What the attributes of a data set state, but for those of the message itself."""
    if any(name.endswith("action") and value == "Delete" for name, value in element.items()):
        raise _to_be_deleted()
    return {name: value for name, value in _stated(element).items() if name not in OF_THE_MESSAGE}


def _observation(element: etree._Element, survey: Survey) -> Cells:
    """One observation with all that is stated at its level; in a cross-section its type may be its dimension."""
    cells = _stated(element)
    for part in element:
        name = _local(part)
        if name in ("ObsKey", "Attributes"):
            cells |= _values(part)
        elif name == "ObsDimension":
            cells[part.get("id") or survey.at_observation] = part.get("value", "")
        elif name == "ObsValue":
            cells[part.get("id") or "OBS_VALUE"] = part.get("value", "")
        elif name == "Comp":
            cells |= _several(part)
    kind = element.get(TYPE, "").rpartition(":")[2]
    if kind and survey.at_observation not in (*cells, "AllDimensions") and kind != "ObsType":
        cells[survey.at_observation] = kind
    return cells


def _values(element: etree._Element) -> Cells:
    return {part.get("id", ""): part.get("value", "") for part in element if part.get("id")}


def _several(element: etree._Element) -> Cells:
    """An attribute of 3.0 with several values, or one in several languages."""
    texts = [" ".join("".join(value.itertext()).split()) for value in element.iterfind("{*}Value")]
    return {element.get("id", ""): "; ".join(texts)}


def _structure(element: etree._Element, survey: Survey) -> None:
    """Which structure the data follow: by reference, by URN, or in the namespace they have."""
    survey.at_observation = element.get("dimensionAtObservation") or survey.at_observation
    for part in element:
        ref = part.find("{*}Ref")
        text = " ".join("".join(part.itertext()).split())
        name = named(text) if ref is None else (ref.get("agencyID"), ref.get("id"), ref.get("version", "1.0"))
        if name:
            (survey.dsd if _local(part) == "Structure" else survey.flows).add(name)
    found = named((element.get("namespace") or "").partition(":ObsLevelDim")[0])
    if found and ".DataStructure=" in element.get("namespace", ""):
        survey.dsd.add(found)


def _note(survey: Survey, level: str, cells: Cells) -> None:
    if level.lstrip("+") in ("Group", "Atts"):
        if level.startswith("+"):
            survey.groups[-1] |= cells
        else:
            survey.groups.append(cells)
    elif level.lstrip("+") in ("Series", "Obs"):
        survey.keyed |= cells.keys()
    survey.observations += level == "Obs"
    survey.header |= dict.fromkeys(cells, "")


def _rows(path: Path, survey: Survey) -> Iterator[tuple[int, Cells]]:
    groups = _Groups(survey)
    data_set: Cells = {}
    series: Cells = {}
    number = 0
    for level, cells in _walk(path, Survey(at_observation=survey.at_observation)):
        if level == "DataSet":
            data_set, series = cells, {}
        elif level == "+DataSet":
            data_set = data_set | cells
        elif level == "Series":
            series = cells
        elif level == "+Series":
            series = series | cells
        elif level == "Obs":
            number += 1
            row = series | cells
            yield number, data_set | groups.of(row) | row


class _Groups:
    """What is stated for groups: the part of their key that series and observations have too tells them apart."""

    def __init__(self, survey: Survey) -> None:
        self.stated: dict[tuple[str, ...], dict[tuple[str, ...], Cells]] = {}
        for group in survey.groups:
            names = tuple(sorted(group.keys() & survey.keyed))
            key = tuple(group[name] for name in names)
            rest = {name: value for name, value in group.items() if name not in names}
            known = self.stated.setdefault(names, {})
            known[key] = known.get(key, {}) | rest

    def of(self, row: Cells) -> Cells:
        """What the groups a row belongs to state."""
        found: Cells = {}
        for names, known in self.stated.items():
            found |= known.get(tuple(row.get(name, "") for name in names), {})
        return found


def _to_be_deleted() -> Unreadable:
    return _not_data(
        say("Data are never deleted by a delivery: send what holds now."),
        say("action Delete"),
        say("an SDMX-ML data message to be stored"),
    )


def _not_data(remedy: str, value: str | None = None, expected: str = "") -> Unreadable:
    expected = expected or say("an SDMX-ML data message with observations")
    return Unreadable(Problem(kind="format", value=value, expected=expected, remedy=remedy))
