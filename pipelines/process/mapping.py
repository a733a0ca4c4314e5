"""How one source table becomes tidy columns: texts translated by their distinct values, one SELECT over the rest."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from pipelines.collect.table import RawTable
from pipelines.contract import Contract
from pipelines.delivery import Problem, shown
from pipelines.language import msgid, say
from pipelines.process.editions import edition_of
from pipelines.process.flags import read_status, split_label
from pipelines.process.numbers import fixed, flagged, measured, quoted, status
from pipelines.process.places import Places, fields_of, find_places
from pipelines.process.readings import Reading, m49_of, own_words, reading_of
from pipelines.process.recode import ABOVE, Recoding, Translate
from pipelines.settings import Settings
from pipelines.source import Source, SourceField, Table

LEGIBLE = msgid("legible text: its letters were lost before it was sent")
TEXTS = ["unit_measure", "concept", "source", "vintage", "note"]


@dataclass
class Tidy:
    """One tidy column: its SQL, and the condition and wording of what can be wrong with it.

    `sql`, `wrong`, `column` (the header it comes from) and `text` (the cell) are SQL expressions.
    """

    sql: str
    wrong: str = ""
    kind: str = ""
    column: str = ""
    text: str = ""
    expected: str = ""


@dataclass
class Mapping:
    """The translations and the SELECT of one source table over `raw`, and what is wrong already.

    A `discreet` one quotes no cell in its problems: the table is about persons.
    """

    discreet: bool = False

    tidy: dict[str, Tidy] = field(default_factory=dict)
    recodings: list[Recoding] = field(default_factory=list)
    flat: set[str] = field(default_factory=set)
    rows: str = ""
    remedies: dict[str, Callable[[str], str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)
    values_per_row: int = 1
    problems: list[Problem] = field(default_factory=list)

    def sql(self, constants: dict[str, str]) -> str:
        """Tidy columns, provenance, and `problems`: JSON of what is wrong with the row, or NULL."""
        columns = [f"{t.sql} AS {name}" for name, t in self.tidy.items()]
        columns += [f"{fixed(value)} AS {name}" for name, value in constants.items()] + ["source_row"]
        checks = [t for t in self.tidy.values() if t.wrong]
        found = ", ".join(
            f"CASE WHEN {t.wrong} THEN {{'kind': {quoted(t.kind)}, 'column': {t.column}, "
            f"'value': {'CAST(NULL AS VARCHAR)' if self.discreet else t.text}, 'expected': {quoted(t.expected)}}} END"
            for t in checks
        )
        any_wrong = " OR ".join(f"({t.wrong})" for t in checks)
        columns.append(
            f"CASE WHEN {any_wrong} THEN CAST(to_json(list_filter([{found}], lambda p: p IS NOT NULL)) AS VARCHAR) "
            "END AS problems"
        )
        return f"SELECT {', '.join(columns)} FROM ({self.rows})"


def map_table(
    contract: Contract, source: Source, table: Table, raw: RawTable, said: dict[str, str], settings: Settings
) -> Mapping:
    """Work out how a table's header fills the tidy columns.

    Args:
        said: what the contract, the receipt and the file's name say of every row, by tidy column.

    Returns:
        A mapping; with problems instead of SQL when a header the contract names is not there.
    """
    mapping = Mapping(discreet=bool(contract.persons))
    edition = edition_of(table, raw, source.flags, said)
    if isinstance(edition, Problem):
        mapping.problems = [edition]
        return mapping
    table = edition
    fields = fields_of(table, raw, source.flags)

    @cache
    def reading(name: str) -> Reading:
        return reading_of(name, contract.columns[name], contract, fields.get(name, SourceField()), settings)

    places = find_places(fields, table, source, raw, reading("time_period"), contract.persons)
    mapping.problems = places.problems
    if mapping.problems:
        return mapping
    read = [i for _, i, _ in places.values]
    unread = [i for i, name in enumerate(raw.header) if name and i not in places.read]
    mapping.flat = {f"c{i}" for i in (read if table.rest else read + unread)}
    mapping.values_per_row = len(read)
    mapping.headers = {name: f.header for name, f in fields.items() if f.header}
    if len(read) == 1:
        mapping.headers["obs_value"] = raw.header[read[0]]
    origin = _Origin(mapping, places, raw, said | {k: v for k, v in raw.cells.items() if v} | table.set, source)
    for name in contract.columns:
        if name == table.rest:
            mapping.tidy[name] = Tidy(_rest(places.others(raw.header), table.rest_total))
        else:
            mapping.tidy[name] = origin.tidy(name, reading(name))
            if name in fields:
                mapping.remedies[fields[name].header] = reading(name).remedy
    mapping.tidy["ref_area_m49"] = origin.tidy(
        "ref_area", m49_of(reading("ref_area"), settings.reference), "ref_area_m49"
    )
    _observation(mapping, source, origin)
    mapping.rows = _rows(table, raw.header, origin)
    _unnamed(mapping, table, raw)
    if not table.rest and not source.structure:  # with a structure, each column was looked up in it
        mapping.further = [raw.header[i] for i in unread]
    return mapping


@dataclass
class _Origin:
    """Where the text of a tidy column stands: in a cell, in a value column's header, or once for all rows."""

    mapping: Mapping
    places: Places
    raw: RawTable
    constants: dict[str, str]
    source: Source

    def tidy(self, name: str, reading: Reading, as_name: str = "") -> Tidy:
        """The tidy column `as_name` (or `name`), read from the text of `name`."""
        said = self.places.fields.get(name, SourceField())
        target = as_name or name
        if said.header:
            return self._of_cells(self.places.column(said.header), said, target, reading)
        if self.varies(name):
            for _, i, words in self.places.values:
                text = words.get(name, self.constants.get(name, ""))
                self._complain(self.raw.header[i], text, reading)
                words[f"t_{target}"] = reading.translate(text) or ""
            return Tidy(_cast(f"nullif(t_{target}, '')", reading))
        text = self.constants.get(said.name or name, "")
        self._complain(target, text, reading)
        value = reading.translate(text)
        return Tidy(fixed(value or "") if not reading.sql_type else _cast(fixed(value or ""), reading))

    @property
    def marks(self) -> list[str]:
        """Columns with marks that concern the value: beside its labels, in its header, in a column of their own."""
        labels = [r.name for r in self.mapping.recodings if r.name.startswith("m_")]
        headers = ["h_mark"] * any("h_mark" in words for _, _, words in self.places.values)
        said, note = (self.places.fields.get(name, SourceField()).header for name in ("obs_status", "note"))
        own = [f"trim({self.places.column(said)})"] if said and self.source.flags and said != note else []
        return list(dict.fromkeys(labels + headers + own))

    def varies(self, name: str) -> bool:
        """Whether the headers of the value columns say it."""
        return any(name in words for _, _, words in self.places.values)

    def _of_cells(self, place: str, said: SourceField, target: str, reading: Reading) -> Tidy:
        translate = self._without_marks(place, reading) if reading.expected else reading.translate
        self.mapping.recodings.append(Recoding(place, f"t_{target}", _or_above(translate, said)))
        sql = _cast(f"t_{target}", reading)
        if not reading.expected:
            return Tidy(sql)
        wrong = f"t_{target} IS NULL" + ("" if reading.required else f" AND {place} <> ''")
        return Tidy(sql, wrong, reading.kind, quoted(said.header), place, reading.expected)

    def _without_marks(self, place: str, reading: Reading) -> Translate:
        """Where the contract knows flags, a label is also read without those behind it, and they are kept."""
        flags = self.source.flags
        if not flags:
            return reading.translate

        def marks(text: str) -> str:
            bare, mark = split_label(text, flags)
            return mark if mark and reading.translate(bare) is not None else ""

        if f"m_{place}" not in self.marks:
            self.mapping.recodings.append(Recoding(place, f"m_{place}", marks))
        return lambda text: reading.translate(text) or reading.translate(split_label(text, flags)[0])

    def _complain(self, place: str, text: str, reading: Reading) -> None:
        """What a header or the whole table says wrongly concerns every row: the layout is not the contract's."""
        if reading.wrong(text):
            self.mapping.problems.append(
                Problem(
                    kind="structure",
                    sheet=self.raw.sheet,
                    column=place,
                    value=text,
                    expected=reading.expected,
                    remedy=reading.remedy(text),
                )
            )


def _or_above(translate: Translate, said: SourceField) -> Translate:
    """A translation in which some texts mean: as in the row above."""
    if not said.above:
        return translate
    above, own = {text.strip().lower() for text in said.above}, own_words(said)

    def read(text: str) -> str | None:
        if text.lower() in above or ("*" in above and text.lower() not in own and (own or not translate(text))):
            return ABOVE
        return translate(text)

    return read


def _rest(others: dict[str, str], total: str) -> str:
    """All columns the contract does not name, as `name=value` pairs; `_T` when every one is empty."""
    parts = [
        f"CASE WHEN {c} NOT IN ('', {quoted(total)}) THEN {quoted(name + '=')} || {c} END" for name, c in others.items()
    ]
    return f"coalesce(nullif(concat_ws('; ', {', '.join(parts)}), ''), '_T')" if parts else "'_T'"


def _unnamed(mapping: Mapping, table: Table, raw: RawTable) -> None:
    """A value in a column without a name would be a dimension nobody can read."""
    filled = [f"nullif(c{i}, '')" for i, name in enumerate(raw.header) if not name]
    if table.rest and filled:
        text = f"coalesce({', '.join(filled)}, '')"
        rest = mapping.tidy[table.rest]
        rest.wrong, rest.kind, rest.column, rest.text = f"{text} <> ''", "shape", quoted(say("(no header)")), text
        rest.expected = say("no value in a column that has no header")


def _observation(mapping: Mapping, source: Source, origin: _Origin) -> None:
    """Value, status and the other attributes; a mark for a missing value becomes its status."""
    decimal = say("a number with “{decimal}” as decimal mark", decimal=source.decimal)
    marks = ", ".join(shown(mark) for mark in source.missing)
    expected = say("{decimal}, or a mark for missing: {marks}", decimal=decimal, marks=marks) if marks else decimal
    wrong = "v_number IS NULL AND v_mark IS NULL"
    mapping.tidy["obs_value"] = Tidy("v_number", wrong, "cell", "v_header", "trim(v_value)", expected)
    mapping.tidy["obs_status"] = _status(source, origin)
    power = re.compile(r"-?\d{1,2}")
    origin.constants.setdefault("unit_mult", "0")
    origin.constants.setdefault("concept", "global")
    reading = Reading(
        lambda text: text if power.fullmatch(text) else None,
        say("a power of ten such as 0, 3 or 6"),
        "cell",
        True,
        "SMALLINT",
    )
    mapping.tidy["unit_mult"] = origin.tidy("unit_mult", reading)
    for name in TEXTS:
        mapping.tidy[name] = _attribute(name, origin)


def _status(source: Source, origin: _Origin) -> Tidy:
    """The status: that of the marks beside the value, of a mark in its place, or the one a column states."""
    field = origin.places.fields.get("obs_status", SourceField())
    codes = say("a status of CL_OBS_STATUS or one of the `flags`" if source.flags else "a status of CL_OBS_STATUS")
    reading = Reading(lambda text: read_status(text, source.flags, own_words(field)), codes, "code")
    stated = origin.tidy("obs_status", reading)
    if stated.sql != fixed(""):
        kept = f"CASE WHEN v_number IS NOT NULL OR {stated.sql} IN ('O', 'M', 'L', 'Q', 'N') THEN {stated.sql} END"
        stated.sql = f"coalesce({kept}, v_mark, 'A')"
    else:
        stated.sql = f"coalesce(v_mark, {status('A', source)})"
    if source.flags:
        stated.sql = f"coalesce({flagged(source)}, {stated.sql})"
    return stated


def _attribute(name: str, origin: _Origin) -> Tidy:
    """Text that came with the value; where the contract lists its words, no other."""
    said = origin.places.fields.get(name, SourceField())
    if said.codes:
        own = own_words(said)
        return origin.tidy(
            name,
            Reading(lambda text: own.get(text.lower()), say("one of: {codes}", codes=", ".join(said.codes)), "code"),
        )
    tidy = origin.tidy(name, Reading(lambda text: text or None))
    if name == "note" and (origin.marks or origin.source.flags):
        tidy.sql = f"nullif(concat_ws('; ', {tidy.sql}, v_marks), '')"
    if said.header:
        place = origin.places.column(said.header)
        lost = f"contains({place}, '\ufffd')"
        return Tidy(tidy.sql, lost, "lost text", quoted(name), place, say(LEGIBLE))
    return tidy


def _rows(table: Table, header: list[str], origin: _Origin) -> str:
    """One row per value cell, with its number or its mark; `v_header` and what the header says beside it."""
    names = sorted({name for _, _, words in origin.places.values for name in words if name.startswith(("t_", "h_"))})
    cells = [
        {"v_value": f"c{i}", "v_header": quoted(header[i])} | {n: quoted(words.get(n, "")) for n in names}
        for _, i, words in origin.places.values
    ]
    if len(cells) == 1:
        long = ", ".join(f"{sql} AS {name}" for name, sql in cells[0].items())
    else:
        structs = ", ".join("{" + ", ".join(f"'{n}': {sql}" for n, sql in cell.items()) + "}" for cell in cells)
        long = f"unnest([{structs}], recursive := true)"
    keep = [
        f"{origin.places.column(h)} NOT IN ({', '.join(map(quoted, marks))})" for h, marks in table.leave_out.items()
    ]
    rows = f"SELECT *, {long} FROM raw" + (f" WHERE {' AND '.join(keep)}" if keep else "")
    return measured(rows, origin.source, origin.marks)


def _cast(sql: str, reading: Reading) -> str:
    return f"CAST({sql} AS {reading.sql_type})" if reading.sql_type else sql
