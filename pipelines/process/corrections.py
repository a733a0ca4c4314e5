"""Apply the corrections a contract holds: cells the office has settled with the sender, who has not mended them yet.

A correction names the row by what stands in it and expects the old value: once the sender has mended the file it meets
nothing, or something else, and says so instead of changing a cell it was not made for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.collect.table import RawTable
from pipelines.contract import Contract, Correction
from pipelines.delivery import Problem, Receipt
from pipelines.language import say
from pipelines.source import template


@dataclass
class Corrections:
    """The corrections made for one delivery, with what they met."""

    waiting: list[Correction]
    met: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    discarded: int = 0

    @classmethod
    def of(cls, contract: Contract, receipt: Receipt) -> "Corrections":
        """Those whose file pattern the delivery's name matches."""
        return cls([c for c in contract.corrections if template(c.file, ".+").fullmatch(receipt.file_name)])

    def applied(self, raw: RawTable) -> pa.RecordBatchReader:
        """The rows of a table, corrected; `discarded` counts the rows taken out of it."""
        self.discarded = 0
        fitting = [(i, c) for i, c in enumerate(self.waiting) if _fits(c, raw)]
        if not fitting:
            return raw.rows
        schema = pa.schema([(f.name, pa.int64() if f.name == "source_row" else pa.string()) for f in raw.rows.schema])
        return pa.RecordBatchReader.from_batches(schema, self._batches(raw, fitting, schema))

    def unmet(self) -> list[Problem]:
        """Corrections that met no row of the whole delivery."""
        return [
            Problem(
                kind="correction",
                sheet=c.sheet,
                column=c.column,
                expected=say(
                    "a row where {place}, to be corrected as {by} wrote on {date}",
                    place=_where(c),
                    by=c.by,
                    date=c.date,
                ),
                remedy=say("If the sender has mended the file, take the correction out of the contract."),
            )
            for i, c in enumerate(self.waiting)
            if i not in self.met
        ]

    def _batches(
        self, raw: RawTable, fitting: list[tuple[int, Correction]], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        for batch in raw.rows:
            columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
            kept = pa.array([True] * batch.num_rows)
            for i, correction in fitting:
                mask = _meets(correction, raw.header, columns)
                for place in pc.indices_nonzero(mask).to_pylist():
                    self.met.add(i)
                    kept = self._correct(correction, raw, columns, place, kept)
            yield pa.record_batch(columns, schema=schema).filter(kept)

    def _correct(
        self, correction: Correction, raw: RawTable, columns: list[pa.Array], place: int, kept: pa.Array
    ) -> pa.Array:
        """Change one cell, or take the row out; gives the mask of rows kept."""
        at = raw.header.index(correction.column) if correction.column else 0
        found, row = columns[at][place].as_py().strip(), columns[-1][place].as_py()
        said = say(
            "{reason} ({by}, {date}; reported to {reported_to})",
            reason=correction.reason,
            by=correction.by,
            date=correction.date,
            reported_to=correction.reported_to,
        )
        problem = Problem(
            kind="corrected", sheet=raw.sheet, row=row, column=correction.column, value=found, expected=""
        )
        if correction.new is None:
            self.discarded += 1
            self.problems.append(
                problem.model_copy(update={"kind": "discarded", "expected": say("no such row: {said}", said=said)})
            )
            return _replaced(kept, place, False)
        if found != correction.old:
            expected = say(
                "“{old}”, which a correction of {date} replaces by “{new}”",
                old=correction.old,
                date=correction.date,
                new=correction.new,
            )
            remedy = say(
                "Nothing was changed. If the sender has mended the file, take the correction out of the contract."
            )
            self.problems.append(
                problem.model_copy(update={"kind": "correction", "expected": expected, "remedy": remedy})
            )
            return kept
        columns[at] = _replaced(columns[at], place, correction.new)
        self.problems.append(
            problem.model_copy(
                update={"expected": say("“{new}”, as it was loaded: {said}", new=correction.new, said=said)}
            )
        )
        return kept


def _fits(correction: Correction, raw: RawTable) -> bool:
    """Whether a table has the sheet and the columns a correction speaks of."""
    named = {*correction.where, *([correction.column] if correction.column else [])}
    return named <= set(raw.header) and correction.sheet in ("", raw.sheet)


def _meets(correction: Correction, header: list[str], columns: list[pa.Array]) -> pa.Array:
    masks = [
        pc.equal(pc.utf8_trim_whitespace(columns[header.index(name)]), text) for name, text in correction.where.items()
    ]
    mask = masks[0]
    for other in masks[1:]:
        mask = pc.and_(mask, other)
    return mask


def _replaced(column: pa.Array, place: int, value: object) -> pa.Array:
    return pa.concat_arrays([column[:place], pa.array([value], column.type), column[place + 1 :]])


def _where(correction: Correction) -> str:
    return say(" and ").join(
        say("“{name}” is “{text}”", name=name, text=text) for name, text in correction.where.items()
    )
