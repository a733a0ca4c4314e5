"""SDMX-CSV 1.0 and 2.0: delimited text whose header names the components of a data structure.

A server writes codes, codes with their labels in one cell, or a column of labels beside each column of codes. The
codes are what is read; `<component> label` is there if the contract names it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.collect import delimited
from pipelines.collect.document import encoding
from pipelines.collect.sdmx import Structure, checked, named, read_structure
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source, Table

BEGINNING = re.compile(r'"?(?P<version>DATAFLOW|STRUCTURE)(\[(?P<within>.)\])?(: [^"\n]*?)?"?(?P<delimiter>[,;|\t])')
WITH_LABEL = re.compile(r"([A-Za-z0-9_@$.\-]+): (.*)", re.DOTALL)
ABOUT = {"DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY", "LAST UPDATE"}
WORDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class _Column:
    """A column that is handed on: where it stands in the file, and what is done to its texts."""

    name: str
    place: int
    text: Callable[[str], str] | None = None


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read SDMX-CSV. Columns that say what the file is (STRUCTURE, ACTION, ...) are there if the contract names them.

    Raises:
        Unreadable: not SDMX-CSV, or of another structure than the contract's.
    """
    begins = _beginning(path, source)
    if "delimiter" not in source.model_fields_set:
        source = source.model_copy(update={"delimiter": begins["delimiter"]})
    (raw,) = delimited.read(path, source, table, contracts)
    structure = read_structure(contracts / source.structure) if source.structure else None
    first, raw.rows = _peeked(raw.rows)
    columns = _columns(raw.header, table, structure, begins["within"])
    about = {name.partition("[")[0].partition(": ")[0]: i for i, name in enumerate(raw.header)}
    raw.rows = _handed_on(raw, columns, about, table)
    raw.header = [column.name for column in columns]
    kind = _first(first, about.get("STRUCTURE")) if begins["version"] == "STRUCTURE" else "dataflow"
    of = named(_first(first, about.get("STRUCTURE_ID", about.get("DATAFLOW"))).partition(": ")[0])
    dsd, flow = (of, None) if kind == "datastructure" else (None, of)
    return [checked(raw, source, table, contracts, dsd, flow)]


def _beginning(path: Path, source: Source) -> re.Match[str]:
    with path.open(encoding=encoding(source), errors="replace") as file:
        head = file.read(1000)
    found = BEGINNING.match(head)
    if found is None:
        raise Unreadable(
            Problem(
                kind="format",
                row=1,
                value=head.partition("\n")[0][:120],
                expected=say("SDMX-CSV, whose header begins with DATAFLOW or STRUCTURE"),
                remedy=say("Ask for SDMX-CSV, or read the file as `csv`."),
            )
        )
    return found


def _columns(header: list[str], table: Table, structure: Structure | None, within: str | None) -> list[_Column]:
    """The columns that are handed on, each under the id of its component."""
    wanted = {f.header for f in table.fields().values()} | set(table.leave_out)
    paired = "STRUCTURE_NAME" in header
    columns: list[_Column] = []
    label_of = ""
    for place, written in enumerate(header):
        id, both, _ = written.partition(": ")
        several = id.endswith("[]")
        id = id.partition("[")[0]
        if id in ABOUT:
            if id in wanted:
                columns.append(_Column(id, place))
        elif label_of:
            if f"{label_of} label" in wanted:
                columns.append(_Column(f"{label_of} label", place))
            label_of = ""
        else:
            coded = structure is None or id not in structure.components or bool(structure.components[id].codelist)
            split = bool(both) and coded and not table.is_value(id)
            columns.append(_Column(id, place, _cell(within if several else None, 1 if split else 0)))
            if split and f"{id} label" in wanted:
                columns.append(_Column(f"{id} label", place, _cell(within if several else None, 2)))
            label_of = id if paired and (structure is None or id in structure.components) else ""
    return columns


def _cell(within: str | None, part: int) -> Callable[[str], str] | None:
    """What is done to the texts of a column: several values set apart, codes (1) or labels (2) taken."""
    return partial(_split, within, part) if within or part else None


def _split(within: str | None, part: int, text: str) -> str:
    pieces = text.split(within) if within else [text]
    if part:
        matches = [(piece, WITH_LABEL.fullmatch(piece)) for piece in pieces]
        pieces = [match[part] if match else piece if part == 1 else "" for piece, match in matches]
    return "; ".join(pieces)


def _peeked(rows: pa.RecordBatchReader) -> tuple[pa.RecordBatch | None, pa.RecordBatchReader]:
    """The first batch, and all of them."""
    first = next(iter(rows), None)

    def batches() -> Iterator[pa.RecordBatch]:
        if first is not None:
            yield first
            yield from rows

    return first, pa.RecordBatchReader.from_batches(rows.schema, batches())


def _first(batch: pa.RecordBatch | None, place: int | None) -> str:
    return batch.column(place)[0].as_py() if batch is not None and batch.num_rows and place is not None else ""


def _handed_on(raw: RawTable, columns: list[_Column], about: dict[str, int], table: Table) -> pa.RecordBatchReader:
    """The columns by id; rows of another structure, and rows to be deleted, are reported."""
    rows = raw.rows
    types = [pa.string() if c.text is None and table.is_value(c.name) else WORDS for c in columns]
    schema = pa.schema([(f"c{i}", t) for i, t in enumerate(types)]).append(pa.field("source_row", pa.int64()))
    of = about.get("STRUCTURE_ID", about.get("DATAFLOW"))
    seen: set[str] = set()

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            _note_structures(batch, of, seen, raw)
            if "ACTION" in about:
                _refuse_deletion(batch, about["ACTION"], raw)
            arrays = [
                batch.column(c.place) if kind == pa.string() else _texts(batch.column(c.place), c.text)
                for c, kind in zip(columns, types, strict=True)
            ]
            yield pa.record_batch([*arrays, batch.column("source_row")], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _texts(column: pa.Array, change: Callable[[str], str] | None) -> pa.DictionaryArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if change is None:
        return encoded
    words = pa.array([change(word) for word in encoded.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(encoded.indices, words)


def _note_structures(batch: pa.RecordBatch, place: int | None, seen: set[str], raw: RawTable) -> None:
    """A file may hold rows of several structures; their columns mean different things."""
    for name in batch.column(place).unique().to_pylist() if place is not None else []:
        if seen and name not in seen:
            raw.problems.append(
                Problem(
                    kind="structure",
                    value=name,
                    expected=say("rows of one structure, {structure}", structure=min(seen)),
                    remedy=say("Send the data of each structure in a file of its own."),
                )
            )
        seen.add(name)


def _refuse_deletion(batch: pa.RecordBatch, place: int, raw: RawTable) -> None:
    actions = batch.column(place).to_pylist()
    row = next((i for i, action in enumerate(actions) if action.strip().upper() in ("D", "DELETE")), None)
    if row is not None and not any(p.column == "ACTION" for p in raw.problems):
        raw.problems.append(
            Problem(
                kind="structure",
                row=batch.column("source_row")[row].as_py(),
                column="ACTION",
                value=actions[row],
                expected=say("rows to be stored"),
                remedy=say("Data are never deleted by a delivery: send what holds now."),
            )
        )
