"""SDMX-ML, read with pysdmx and checked against its data structure definition (DSD).

pysdmx reads data without asking whether it obeys its DSD (codes, mandatory attributes, unknown
columns, version), so those are checked here. Rows are numbered by observation, in document order.
"""

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree
from pysdmx.errors import PysdmxError
from pysdmx.io import read_sdmx
from pysdmx.io.pd import PandasDataset
from pysdmx.model import DataStructureDefinition

from pipelines.collect.read import RawTable, Unreadable, table_of
from pipelines.contract import Source, Table
from pipelines.delivery import Problem

COMMON = {"com": "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"}


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the one data set of an SDMX-ML message.

    Raises:
        Unreadable: not SDMX-ML, no data set in it (an error footer), or another DSD than the contract's.
    """
    data = _dataset(path)
    frame = data.data.dropna(subset=["TIME_PERIOD"]).fillna("").astype(str)
    problems: list[Problem] = []
    if source.structure:
        dsd = _structure(contracts / source.structure)
        problems = _version(str(data.structure), dsd, source) + _against(frame, dsd)
    header = [str(name) for name in frame.columns]
    rows = table_of(frame.to_numpy().tolist(), list(range(1, len(frame) + 1)), len(header))
    return [RawTable(header=header, rows=rows, problems=problems)]


def _dataset(path: Path) -> PandasDataset:
    """The message's data; a message that only says why there is none is an error, not an empty success."""
    text = path.read_text(encoding="utf-8-sig")
    if "<!DOCTYPE" in text[:4096]:
        raise _not_sdmx("a document type declaration is not accepted")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            message = read_sdmx(text, validate=False)
    except (PysdmxError, KeyError, TypeError, ValueError, etree.XMLSyntaxError) as error:
        raise _not_sdmx(str(error)) from error
    found: list[Any] = list(message.data or [])
    if len(found) != 1 or not isinstance(found[0], PandasDataset) or found[0].data.empty:
        raise _not_sdmx(f"it holds {len(found)} data sets with observations")
    return found[0]


@lru_cache(maxsize=8)
def _structure(path: Path) -> DataStructureDefinition:
    """A DSD. pysdmx stumbles over namespaces repeated inside annotations, which say nothing of data."""
    tree = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True))
    etree.strip_elements(tree, "{*}Annotations", with_tail=False)
    etree.cleanup_namespaces(tree, top_nsmap=COMMON)
    text = etree.tostring(tree, xml_declaration=True, encoding="UTF-8").decode()
    return read_sdmx(text, validate=False).get_data_structure_definitions()[0]


def _version(urn: str, dsd: DataStructureDefinition, source: Source) -> list[Problem]:
    """The version a message names against the contract's; a listed other one is accepted with a word."""
    named = urn.rpartition("(")[2].rstrip(")")
    if named == dsd.version:
        return []
    problem = Problem(
        kind="structure version" if named in source.structure_versions else "structure",
        value=f"{dsd.id}({named})",
        expected=f"the data structure {dsd.id}({dsd.version})",
        remedy="Ask the sender which version holds, or add it to `structure_versions` in the contract.",
    )
    if problem.kind == "structure":
        raise Unreadable(problem)
    return [problem]


def _against(frame: pd.DataFrame, dsd: DataStructureDefinition) -> list[Problem]:
    """Codes, mandatory attributes and unknown columns, each with the observations concerned."""
    problems = [
        Problem(kind="structure", column=str(name), expected=f"only columns of {dsd.id}({dsd.version})")
        for name in frame.columns
        if name not in {c.id for c in dsd.components}
    ]
    for component in dsd.components:
        if component.id not in frame.columns:
            if component.required:
                problems.append(
                    Problem(kind="structure", column=component.id, expected="this mandatory column in the data")
                )
            continue
        values = frame[component.id]
        wrong = (values == "") & bool(component.required) & (component.id != "OBS_VALUE")
        expected = "a value: the data structure makes it mandatory"
        if component.enumeration is not None:
            wrong = wrong | ((values != "") & ~values.isin({code.id for code in component.enumeration}))
            expected = f"a code of {component.enumeration.id}({component.enumeration.version})"
        problems += [
            Problem(kind="code", row=int(i) + 1, column=component.id, value=str(values.iloc[i]), expected=expected)
            for i in wrong.to_numpy().nonzero()[0]
        ]
    return problems


def _not_sdmx(detail: str) -> Unreadable:
    return Unreadable(
        Problem(
            kind="format",
            expected="an SDMX-ML data message with observations",
            remedy=f"Ask the sender for the data message itself ({' '.join(detail.split())[:160]}).",
        )
    )
