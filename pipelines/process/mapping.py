"""How one source table becomes tidy columns: the contract's mapping, written out as one SELECT."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.contract import Contract, Source, SourceField, Table, Values, template
from pipelines.delivery import Problem
from pipelines.process.codelists import lookup, nearest

PERIODS = {"A": r"(1[89]|20|21)\d\d", "Q": r"(1[89]|20|21)\d\d-Q[1-4]", "M": r"(1[89]|20|21)\d\d-(0[1-9]|1[0-2])"}
EXAMPLES = {"A": "a year such as 2024", "Q": "a quarter such as 2024-Q1", "M": "a month such as 2024-03"}
CODES_NAMED = 8
LEGIBLE = "legible text: its letters were lost before it was sent"

ValueColumn = tuple[Values, int, dict[str, str]]


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
    constant: str | None = None


@dataclass
class Mapping:
    """The SELECT of one source table over `raw`, the lookups it joins, and what is wrong already."""

    tidy: dict[str, Tidy] = field(default_factory=dict)
    long: str = ""
    joins: list[str] = field(default_factory=list)
    lookups: dict[str, pa.Table] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    values_per_row: int = 1
    problems: list[Problem] = field(default_factory=list)

    def sql(self, constants: dict[str, str]) -> str:
        """Tidy columns, provenance, and `problems`: JSON of what is wrong with the row, or NULL."""
        columns = [f"{t.sql} AS {name}" for name, t in self.tidy.items()]
        columns += [f"{_fixed(value)} AS {name}" for name, value in constants.items()] + ["source_row"]
        checks = [t for t in self.tidy.values() if t.wrong]
        found = ", ".join(
            f"CASE WHEN {t.wrong} THEN {{'kind': {_text(t.kind)}, 'column': {t.column}, "
            f"'value': {t.text}, 'expected': {_text(t.expected)}}} END"
            for t in checks
        )
        any_wrong = " OR ".join(f"({t.wrong})" for t in checks)
        columns.append(
            f"CASE WHEN {any_wrong} THEN CAST(to_json(list_filter([{found}], lambda p: p IS NOT NULL)) AS VARCHAR) "
            "END AS problems"
        )
        return f"SELECT {', '.join(columns)} FROM ({self.long}) {' '.join(self.joins)}"


def map_table(
    contract: Contract, source: Source, table: Table, raw: RawTable, said: dict[str, str], reference: Path
) -> Mapping:
    """Work out how a table's header fills the tidy columns.

    Args:
        said: what the contract, the receipt and the file's name say of every row, by tidy column.

    Returns:
        A mapping; with problems instead of SQL when a header the contract names is not there.
    """
    mapping = Mapping()
    places = _places(raw.header)
    fields = {n: f for n, f in table.fields().items() if not f.optional or f.header in places}
    wanted = [f.header for f in fields.values() if f.header] + list(table.leave_out)
    missing = [header for header in wanted if header not in places]
    values = _values(table, raw.header, PERIODS[contract.frequency])
    missing += [v.header for v in table.values if not any(v is spec for spec, _, _ in values)]
    mapping.problems = [_no_header(header, raw) for header in missing]
    if mapping.problems:
        return mapping
    constants = said | {k: v for k, v in raw.cells.items() if v} | table.set
    varying = _long(mapping, table, raw, values, places)
    texts = {name: places[f.header] for name, f in fields.items() if f.header} | varying
    if table.rest:
        used = {places[f.header] for f in fields.values() if f.header} | {f"c{i}" for _, i, _ in values}
        texts[table.rest] = _rest({name: c for name, c in places.items() if c not in used}, table.rest_total)
    for name in contract.columns:
        _column(mapping, contract, reference, name, fields.get(name, SourceField()), texts, constants)
    mapping.tidy["ref_area_m49"] = _m49(mapping, reference)
    _observation(mapping, source, fields, texts, constants)
    _unnamed(mapping, table, raw)
    return mapping


def _places(header: list[str]) -> dict[str, str]:
    """Header to raw column; the first of two equal headers counts."""
    places: dict[str, str] = {}
    for i, name in enumerate(header):
        places.setdefault(name, f"c{i}")
    return places


def _values(table: Table, header: list[str], period: str) -> list[ValueColumn]:
    """Each value column with its specification and what its header says."""
    found = []
    for spec in table.values:
        for i, name in enumerate(header):
            match = template(spec.header, period).fullmatch(name)
            if match is not None:
                found.append((spec, i, spec.set | match.groupdict()))
    return found


def _long(
    mapping: Mapping,
    table: Table,
    raw: RawTable,
    values: list[ValueColumn],
    places: dict[str, str],
) -> dict[str, str]:
    """One row per value cell. Returns the SQL of the tidy columns that vary between value columns."""
    names = sorted({name for _, _, said in values for name in said})
    cells = ", ".join(
        "{"
        + ", ".join(
            [f"'v_value': c{i}", f"'v_header': {_text(raw.header[i])}"]
            + [f"'v_{n}': {_text(said.get(n, ''))}" for n in names]
        )
        + "}"
        for _, i, said in values
    )
    columns = ", ".join(f"trim(c{i}) AS c{i}" for i in range(len(raw.header)))
    trimmed = f"SELECT {columns}, source_row FROM raw"
    blank = " AND ".join(f"c{i} = ''" for i in range(len(raw.header)))
    keep = [f"NOT ({blank})"] + [
        f"{places[header]} NOT IN ({', '.join(map(_text, marks))})" for header, marks in table.leave_out.items()
    ]
    if len(values) == 1:
        _, i, said = values[0]
        single = ", ".join(
            [f"c{i} AS v_value", f"{_text(raw.header[i])} AS v_header"] + [f"{_text(said[n])} AS v_{n}" for n in names]
        )
        mapping.long = f"SELECT *, {single} FROM ({trimmed}) WHERE {' AND '.join(keep)}"
    else:
        mapping.long = f"SELECT *, unnest([{cells}], recursive := true) FROM ({trimmed}) WHERE {' AND '.join(keep)}"
    mapping.values_per_row = len(values)
    return {n: f"v_{n}" for n in names}


def _rest(places: dict[str, str], total: str) -> str:
    """All columns the contract does not name, as `name=value` pairs; `_T` when every one is empty."""
    parts = [
        f"CASE WHEN {c} NOT IN ('', {_text(total)}) THEN {_text(name + '=')} || {c} END"
        for name, c in places.items()
        if name
    ]
    return f"coalesce(nullif(concat_ws('; ', {', '.join(parts)}), ''), '_T')" if parts else "'_T'"


def _unnamed(mapping: Mapping, table: Table, raw: RawTable) -> None:
    """A value in a column without a name would be a dimension nobody can read."""
    filled = [f"nullif(c{i}, '')" for i, name in enumerate(raw.header) if not name]
    if table.rest and filled:
        text = f"coalesce({', '.join(filled)}, '')"
        rest = mapping.tidy[table.rest]
        rest.wrong, rest.kind, rest.column, rest.text = f"{text} <> ''", "shape", "'(no header)'", text
        rest.expected = "no value in a column that has no header"


def _column(
    mapping: Mapping,
    contract: Contract,
    reference: Path,
    name: str,
    source_field: SourceField,
    texts: dict[str, str],
    constants: dict[str, str],
) -> None:
    """Cast one declared column by its type."""
    column = contract.columns[name]
    stated = constants.get(source_field.name or name, "")
    text = texts.get(name, _text(stated))
    header = _text(source_field.header or name)
    if column.type in ("area", "code"):
        known = _codes(column.codelist or "areas", column.codes, source_field, reference)
        expected = _code_of(column.codelist or name, known)
        if name in texts:
            _coded(mapping, name, text, header, known, expected, column.key)
        else:
            _constant(mapping, name, stated, known, expected, column.key)
    elif column.type == "period":
        clean = f"CASE WHEN ends_with({text}, '.0') THEN left({text}, -2) ELSE {text} END"
        mapping.tidy[name] = Tidy(
            clean, _no_period(clean, contract.frequency), "cell", header, text, EXAMPLES[contract.frequency]
        )
    elif column.type in ("integer", "number"):
        cast = f"TRY_CAST({text} AS {'BIGINT' if column.type == 'integer' else 'DOUBLE'})"
        wrong = f"{text} <> '' AND {cast} IS NULL"
        mapping.tidy[name] = Tidy(cast, wrong, "cell", header, text, f"a {column.type}")
    elif column.key:
        for written, code in source_field.codes.items():
            text = f"CASE WHEN {text} = {_text(written)} THEN {_text(code)} ELSE {text} END"
        mapping.tidy[name] = Tidy(text, f"{text} = ''", "cell", header, text, "a value: it is part of the key")
    else:
        mapping.tidy[name] = Tidy(f"nullif({text}, '')" if name in texts else _fixed(stated))


def _no_period(text: str, frequency: str) -> str:
    """The condition that a text is no period; years, which most files hold, without a pattern for each row."""
    if frequency == "A":
        return f"coalesce(NOT (length({text}) = 4 AND TRY_CAST({text} AS INTEGER) BETWEEN 1800 AND 2199), true)"
    return f"NOT regexp_full_match({text}, '{PERIODS[frequency]}')"


def _codes(codelist: str, codes: list[str] | None, source_field: SourceField, reference: Path) -> dict[str, str]:
    """Source code (lower case) to tidy code: the contract's own words before the code list's."""
    listed = {c.lower(): c for c in codes} if codes else lookup(reference, codelist, source_field.scheme)
    return listed | _own(source_field)


def _own(source_field: SourceField) -> dict[str, str]:
    return {written.strip().lower(): code for written, code in source_field.codes.items()}


def _code_of(codelist: str, known: dict[str, str]) -> str:
    some = ", ".join(sorted(filter(None, known), key=lambda code: (code[0].isdigit(), code))[:CODES_NAMED]) + (
        " ..." if len(known) > CODES_NAMED else ""
    )
    return f"a code of `{codelist}` ({some})"


def _coded(
    mapping: Mapping, name: str, text: str, header: str, known: dict[str, str], expected: str, key: bool
) -> None:
    """Translate codes by a join; an unknown one is a problem, an empty one only in a key."""
    table = f"codes_{name}"
    mapping.known[header.strip("'")] = sorted({code for code in known.values() if not code.isdigit()})
    mapping.lookups[table] = pa.table({"written": list(known), "code": list(known.values())})
    mapping.joins.append(f"LEFT JOIN {table} ON {table}.written = lower({text})")
    wrong = f"{table}.code IS NULL" + ("" if key else f" AND {text} <> ''")
    mapping.tidy[name] = Tidy(f"{table}.code", wrong, "code", header, text, expected)


def _constant(mapping: Mapping, name: str, value: str, known: dict[str, str], expected: str, key: bool) -> None:
    """Translate a code that holds for the whole table, such as an area in the file's name."""
    code = known.get(value.strip().lower())
    if code is None and (key or value):
        mapping.problems.append(Problem(kind="structure", column=name, value=value, expected=expected))
    mapping.tidy[name] = Tidy(_fixed(code or ""), constant=code or "")


def _m49(mapping: Mapping, reference: Path) -> Tidy:
    """The M49 code of the area: one more column of its lookup or, where one area holds for the table, as it is."""
    known = {code: m49 for m49, code in lookup(reference, "areas", "m49").items() if len(m49) >= 3}
    area = mapping.tidy["ref_area"]
    if area.constant is not None:
        return Tidy(_fixed(known.get(area.constant, "")))
    codes = mapping.lookups["codes_ref_area"]
    numbers = pa.array([known.get(code) for code in codes["code"].to_pylist()], pa.string())
    mapping.lookups["codes_ref_area"] = codes.append_column("m49", numbers)
    return Tidy("codes_ref_area.m49")


def _observation(
    mapping: Mapping, source: Source, fields: dict[str, SourceField], texts: dict[str, str], constants: dict[str, str]
) -> None:
    """Value, status and the other attributes; a mark for a missing value becomes its status."""

    def text(name: str, default: str = "") -> str:
        return texts.get(name, _text(constants.get(name, default)))

    cell = "v_value"
    mark = _case(f"lower({cell})", {m.lower(): _text(status) for m, status in source.missing.items()})
    plain = cell
    for unwanted in source.thousands:
        plain = f"replace({plain}, {_text(unwanted)}, '')"
    if source.decimal != ".":
        plain = f"replace({plain}, {_text(source.decimal)}, '.')"
    cast = f"TRY_CAST({plain} AS DOUBLE)"
    number = f"CASE WHEN isfinite({cast}) AND NOT contains({cell}, '_') THEN {cast} END"
    if source.labels:
        label = _case(f"lower({cell})", {w.lower(): repr(float(v)) for w, v in source.labels.items()})
        number = f"coalesce({label}, {number})"
    wrong = f"({mark}) IS NULL AND ({number}) IS NULL"
    decimal = f"a number with “{source.decimal}” as decimal mark"
    expected = f"{decimal}, or one of the marks for missing: {', '.join(map(repr, source.missing))}"
    mapping.tidy["obs_value"] = Tidy(
        f"CASE WHEN ({mark}) IS NULL THEN {number} END", wrong, "cell", "v_header", cell, expected
    )
    stated = text("obs_status")
    mapping.tidy["obs_status"] = Tidy(f"coalesce({mark}, nullif({stated}, ''), 'A')")
    power = f"TRY_CAST({text('unit_mult', '0')} AS SMALLINT)"
    mapping.tidy["unit_mult"] = Tidy(
        power, f"{power} IS NULL", "cell", "'unit_mult'", text("unit_mult", "0"), "a power of ten such as 0, 3 or 6"
    )
    for name, default in {"unit_measure": "", "concept": "global", "source": "", "vintage": "", "note": ""}.items():
        if name in fields and fields[name].codes:
            known = _own(fields[name])
            expected = f"one of: {', '.join(fields[name].codes)}"
            _coded(mapping, name, text(name), _text(fields[name].header), known, expected, key=False)
        else:
            words, lost = texts.get(name, ""), f"contains({texts.get(name)}, '\ufffd')"
            mapping.tidy[name] = (
                Tidy(f"nullif({words}, '')", lost, "lost text", f"'{name}'", words, LEGIBLE)
                if words
                else Tidy(_fixed(constants.get(name, default)))
            )


def _case(subject: str, words: dict[str, str]) -> str:
    """A CASE that gives NULL for any word it does not know."""
    branches = " ".join(f"WHEN {_text(word)} THEN {sql}" for word, sql in words.items())
    return f"CASE {subject} {branches} END" if words else "NULL"


def _no_header(header: str, raw: RawTable) -> Problem:
    present = [name for name in raw.header if name]
    close = nearest(header, present)
    return Problem(
        kind="header",
        sheet=raw.sheet,
        column=header,
        expected=f"a column of this name; the closest are: {', '.join(close) or 'none'}",
        remedy=f"The header reads: {'; '.join(present[:12])}.",
    )


def _text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _fixed(value: str) -> str:
    """A text that is the same in every row: as an enumeration it is written without looking at each row."""
    return f"CAST({_text(value)} AS ENUM({_text(value)}))" if value else "CAST(NULL AS VARCHAR)"
