"""The data structure definition (DSD) of SDMX data, and the check of data against it.

No library at hand checks data against their DSD, and none reads every DSD offices publish: concepts by URN, codes
of 3.0, namespaces repeated inside annotations. What the check needs of one is read here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from pipelines.collect.looks import refuse_document_type
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

KEPT = 1000
NOTHING = ("", "#N/A")
URN = re.compile(r"=(?P<agency>[^:=]+):(?P<id>[^(]+)\((?P<version>[^)]*)\)(?:\.(?P<item>.+))?$")
NUMERIC = {"Integer", "BigInteger", "Long", "Short", "Count", "Decimal", "Double", "Float", "Numeric"}
WHOLE = {"Integer", "BigInteger", "Long", "Short", "Count"}

Name = tuple[str, str, str]


@dataclass(frozen=True)
class Component:
    """A dimension, measure or attribute, and what its values may be."""

    id: str
    required: bool
    measure: bool = False
    codelist: str = ""
    codes: frozenset[str] | None = None
    text_type: str = ""

    def wrong(self, value: str) -> str:
        """What was expected instead of a value; empty if nothing is wrong."""
        if value in NOTHING:
            return say("a value: the data structure makes it mandatory") if self.required and not self.measure else ""
        if self.codes is not None:
            return "" if value in self.codes else say("a code of {codelist}", codelist=self.codelist)
        if self.measure or self.text_type not in NUMERIC:
            return ""
        pattern = r"[+-]?\d+" if self.text_type in WHOLE else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|-?INF"
        return "" if re.fullmatch(pattern, value) else say("a number ({kind})", kind=self.text_type)


@dataclass(frozen=True)
class Structure:
    """A DSD: its name, its components, and the data flows of the same file that use it."""

    name: Name
    components: dict[str, Component]
    flows: frozenset[Name]
    without_codes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name[1]}({self.name[2]})"


def checked(
    raw: RawTable, source: Source, table: Table, contracts: Path, dsd: Name | None, flow: Name | None = None
) -> RawTable:
    """A table whose rows are checked as they pass, if the contract names a DSD.

    Args:
        dsd: the data structure the data say they follow.
        flow: the data flow they say they belong to, where that is all they say.

    Raises:
        Unreadable: the data follow another structure than the contract's.
    """
    if source.structure:
        structure = read_structure(contracts / source.structure)
        raw.problems += _same(structure, source, dsd, flow) + _columns(raw.header, structure, table)
        raw.rows = pa.RecordBatchReader.from_batches(raw.rows.schema, _checked(raw.rows, raw, structure))
    return raw


def named(text: str) -> Name | None:
    """Agency, id and version in a URN, or written as `ESTAT:NAMA_10_GDP(1.0)`."""
    found = URN.search(text if "=" in text else f"={text}")
    return (found["agency"], found["id"], found["version"]) if found else None


def _same(structure: Structure, source: Source, dsd: Name | None, flow: Name | None) -> list[Problem]:
    """Whether the data are of the contract's structure; a listed other version is accepted with a word."""
    problems = [
        Problem(
            kind="structure version",
            column=name,
            expected=say(
                "the codes of {codelist} in the structure file, to check this column against", codelist=codelist
            ),
            remedy=say("Fetch the structure with all it refers to (references=all)."),
        )
        for name, codelist in (entry.split(" ", 1) for entry in structure.without_codes)
    ]
    known = {flow_name[:2] for flow_name in structure.flows}
    if dsd is None and (flow is None or flow[:2] not in known or flow in structure.flows):
        return problems
    found = dsd or flow
    if dsd == structure.name or found is None:
        return problems
    listed = dsd is not None and dsd[:2] == structure.name[:2] and dsd[2] in source.structure_versions
    problem = Problem(
        kind="structure version" if listed else "structure",
        value=f"{found[1]}({found[2]})",
        expected=say("the data structure {structure}", structure=structure),
        remedy=say("Ask the sender which version holds, or add it to `structure_versions` in the contract."),
    )
    if not listed:
        raise Unreadable(problem)
    return [*problems, problem]


def _columns(header: list[str], structure: Structure, table: Table) -> list[Problem]:
    """A column that is no component and that the contract does not name is not known to anyone."""
    known = structure.components.keys() | {f.header for f in table.fields().values()} | table.leave_out.keys()
    unknown = [name for name in header if name not in known]
    missing = [c.id for c in structure.components.values() if c.required and c.id not in header]
    expected = dict.fromkeys(unknown, say("only columns of {structure}", structure=structure))
    expected |= dict.fromkeys(missing, say("this mandatory column in the data"))
    remedy = say("Ask the sender for data that obey their data structure, or for the one they obey.")
    return [Problem(kind="structure", column=n, expected=text, remedy=remedy) for n, text in expected.items()]


def _checked(rows: pa.RecordBatchReader, raw: RawTable, structure: Structure) -> Iterator[pa.RecordBatch]:
    """Each batch is looked at by its distinct values."""
    components = [(i, structure.components[n]) for i, n in enumerate(raw.header) if n in structure.components]
    left = dict.fromkeys(structure.components, KEPT)
    for batch in rows:
        for i, component in components:
            column = batch.column(i)
            encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
            words = encoded.dictionary.to_pylist()
            wrong = {place: expected for place, word in enumerate(words) if (expected := component.wrong(word))}
            if not wrong:
                continue
            places = pc.indices_nonzero(pc.is_in(encoded.indices, pa.array(wrong, encoded.indices.type))).to_pylist()
            for place in places[: left[component.id]]:
                at = encoded.indices[place].as_py()
                raw.problems.append(
                    Problem(
                        kind="code",
                        row=batch.column("source_row")[place].as_py(),
                        column=component.id,
                        value=words[at],
                        expected=wrong[at],
                        remedy=say("Ask the sender to correct it, or for the structure that has it."),
                    )
                )
            left[component.id] -= min(left[component.id], len(places))
        yield batch


@lru_cache(maxsize=8)
def read_structure(path: Path) -> Structure:
    """The DSD of an SDMX-ML structure message, 2.1 or 3.0.

    Raises:
        Unreadable: the file is not one; its contract must be mended.
    """
    try:
        root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise _not_a_structure(path, str(error)) from error
    refuse_document_type(root)
    found = root.findall(".//{*}DataStructures/{*}DataStructure")
    if len(found) != 1:
        raise _not_a_structure(path, say("it holds {n} data structures", n=len(found)))
    reader = _Reader(root)
    components = {c.id: c for c in map(reader.component, found[0].xpath(LISTED))}
    flows = frozenset(_name_of(flow) for flow in root.findall(".//{*}Dataflows/{*}Dataflow"))
    without = tuple(f"{c.id} {c.codelist}" for c in components.values() if c.codelist and c.codes is None)
    return Structure(_name_of(found[0]), components, flows, without)


LISTED = (
    "./*/*[contains(local-name(), 'List')]/*[not(local-name() = 'Group')]"
    + "[@id or ./*[local-name() = 'ConceptIdentity']]"
)


class _Reader:
    """Looks up what the components of a structure message refer to."""

    def __init__(self, root: etree._Element) -> None:
        self.codes = {
            _name_of(element): frozenset(item.get("id") for item in element if item.get("id"))
            for kind in ("Codelist", "ValueList")
            for element in root.iterfind(".//{*}" + kind)
        }
        self.concepts = {
            (*_name_of(scheme), concept.get("id")): concept
            for scheme in root.iterfind(".//{*}ConceptScheme")
            for concept in scheme.iterfind("{*}Concept")
        }

    def component(self, element: etree._Element) -> Component:
        kind = etree.QName(element).localname
        concept = _reference(element.find("{*}ConceptIdentity"))
        described = element.find("{*}LocalRepresentation")
        if described is None and concept in self.concepts:
            described = self.concepts[concept].find("{*}CoreRepresentation")
        listed = _reference(described.find("{*}Enumeration")) if described is not None else None
        format = described.find("{*}TextFormat") if described is not None else None
        stated = (element.get("assignmentStatus") or element.get("usage") or "").lower()
        measure = kind in ("PrimaryMeasure", "Measure")
        default = {"TimeDimension": "TIME_PERIOD", "PrimaryMeasure": "OBS_VALUE"}.get(kind, "")
        return Component(
            id=element.get("id") or default or (concept[3] if concept else ""),
            required="Dimension" in kind or stated == "mandatory" or kind == "PrimaryMeasure",
            measure=measure,
            codelist=f"{listed[1]}({listed[2]})" if listed else "",
            codes=self._listed(listed[:3]) if listed else None,
            text_type=format.get("textType", "") if format is not None else "",
        )

    def _listed(self, name: Name) -> frozenset[str] | None:
        """The codes of a list; a version such as 1.0+ is whichever is there."""
        if name not in self.codes and "+" in name[2]:
            name = next((other for other in self.codes if other[:2] == name[:2]), name)
        return self.codes.get(name) or None


def _reference(element: etree._Element | None) -> tuple[str, str, str, str] | None:
    """What an element refers to, by `Ref` or by URN: agency, id, version, and the item in it."""
    if element is None:
        return None
    ref = element.find("{*}Ref")
    if ref is None:
        found = URN.search("".join(element.itertext()).strip())
        return (found["agency"], found["id"], found["version"], found["item"] or "") if found else None
    scheme = ref.get("maintainableParentID")
    if scheme:
        return ref.get("agencyID"), scheme, ref.get("maintainableParentVersion", "1.0"), ref.get("id")
    return ref.get("agencyID"), ref.get("id"), ref.get("version", "1.0"), ""


def _name_of(element: etree._Element) -> Name:
    return element.get("agencyID", ""), element.get("id", ""), element.get("version", "1.0")


def _not_a_structure(path: Path, detail: str) -> Unreadable:
    return Unreadable(
        Problem(
            kind="structure",
            column="structure",
            value=path.name,
            expected=say("an SDMX-ML structure message with one data structure definition"),
            remedy=say("Correct `structure` in the contract ({detail}).", detail=" ".join(detail.split())[:160]),
        )
    )
