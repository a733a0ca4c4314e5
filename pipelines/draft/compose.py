"""The text of a drafted contract: what was seen as YAML, and what only a person can say as numbered DECIDE comments."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from pipelines.collect.table import letter_of
from pipelines.draft.cells import Writing, writing_of
from pipelines.draft.questions import has_totals, questions, some_of
from pipelines.draft.roles import LISTED, Role
from pipelines.draft.shape import Shape, said_by, slug_of, two_years
from pipelines.draft.sight import Sight
from pipelines.language import msgid, say
from pipelines.source import PERIOD_IN_NAME

TO_SAY = "TO BE WRITTEN"
OPEN = "DECIDE"
DESCRIPTIONS = {
    "ref_area": msgid("Country or area the figure is about."),
    "counterpart_area": msgid("The other country or area, such as that of origin."),
    "time_period": msgid("Period the figure is about."),
    "sex": msgid("Sex, SDMX CL_SEX."),
    "age": msgid("Age or age group."),
    "series": msgid("What is counted: the column the figure stands in."),
}


@dataclass
class Draft:
    """A contract as text, and what a person must decide, in sentences."""

    dataset: str
    text: str = ""
    decisions: list[str] = field(default_factory=list)


@dataclass
class _Text:
    """The lines of the contract, with the decisions told where they stand; what belongs together is one decision."""

    questions: dict[str, list[str]]
    lines: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    def add(self, line: str, indent: int = 0) -> None:
        self.lines.append(" " * indent + line)

    def decide(self, about: str, indent: int = 0) -> None:
        if self.questions.get(about):
            self.decisions.append(" ".join(self.questions[about]))
            self.add(f"# {OPEN} {len(self.decisions)}: {self.decisions[-1]}", indent)


def compose(sight: Sight, shape: Shape, dataset: str, name: str, reference: Path) -> Draft:
    """Write the contract.

    Args:
        name: the file's name, from which the pattern of later deliveries is made.
    """
    texts = [t for role in shape.values for t in role.texts] + _family_texts(sight, shape)
    writing = writing_of(list(dict.fromkeys(texts)))
    for mark in [mark for family in shape.families for mark in family.marks]:
        if writing.flags.setdefault(mark, "A") == "A" and mark not in writing.open_marks:
            writing.open_marks.append(mark)
    loose = [letter_of(role.index) for role in shape.unread if role.texts and not sight.header[role.index]]
    if loose:
        sight.layout["ignore_columns"] = loose
    file, named = _pattern(name, "time_period" not in said_by(shape) and not sight.dated)
    named |= sight.dated
    text = _Text(questions(sight, shape, writing, named, reference))
    for key in ("title", "description", "provider", "licence"):
        text.add(f"{key}: {TO_SAY}" if key != "title" else f"title: {flow(Path(name).stem)}")
    text.lines.insert(0, f"dataset: {dataset}")
    text.add(f"frequency: {shape.frequency}")
    _columns(text, shape, sight)
    unit = "PT" if texts and "%" in writing.flags else "_Z"
    text.add(f"set: {{unit_measure: {unit}, source: {TO_SAY}}}  # the unit: PS persons, PT per cent, USD ...")
    _source(text, sight, shape, writing, file, named)
    _expectations(text, shape)
    return Draft(dataset, "\n".join(text.lines) + "\n", text.decisions)


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    yaml = YAML()
    yaml.default_flow_style, yaml.width = True, 10_000
    yaml.allow_unicode = True
    out = io.StringIO()
    yaml.dump(_quoted(value), out)
    return out.getvalue().removesuffix("...\n").strip()


def _quoted(value: Any) -> Any:
    """The same, with texts in quotes that begin like a key; the writer of YAML leaves these bare."""
    if isinstance(value, dict):
        return {_quoted(key): _quoted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_quoted(one) for one in value]
    return SingleQuotedScalarString(value) if isinstance(value, str) and re.match(r"[:?-]\s", value) else value


def _family_texts(sight: Sight, shape: Shape) -> list[str]:
    inside = [i for family in shape.families for i in family.indices]
    return [row[i] for row in sight.rows for i in inside if row[i]]


def _pattern(name: str, wanting_period: bool) -> tuple[str, bool]:
    """The names of later deliveries: what counts up is open; a year in it is the period where nothing else says it."""
    years = re.findall(rf"(?<!\d){PERIOD_IN_NAME}(?!\d)", name)
    if wanting_period and len(years) == 1:
        return name.replace(years[0], "{time_period}"), True
    stem, dot, ending = name.rpartition(".")
    return re.sub(r"(?<!\d)\d{4,}(?!\d)", "*", stem) + dot + ending, False


def _columns(text: _Text, shape: Shape, sight: Sight) -> None:
    text.add("columns:")
    said = said_by(shape)
    for name in ("ref_area", "time_period"):
        if name not in said:
            _column(text, name, {"type": "area" if name == "ref_area" else "period", "key": True})
    for name, role in shape.columns.items():
        if name not in ("obs_status", "unit_measure", "unit_mult"):
            _column(text, name, _declared(name, role, shape, sight))
    kinds = {"time_period": "period", "counterpart_area": "area", "age": "age"}
    for hole in sorted(said - set(shape.columns)):
        kind = {"type": "code", "codelist": "sex"} if hole == "sex" else {"type": kinds[hole]}
        _column(text, hole, kind | {"key": True})
    if series := _series(shape, sight):
        _column(text, "series", {"type": "code", "codes": list(series.values()), "key": True})
    text.decide("key", 2)


def _column(text: _Text, name: str, declared: dict[str, Any]) -> None:
    description = say(DESCRIPTIONS.get(name, "")) or str(
        declared.pop("description", say("As in the file: {name}.", name=name))
    )
    declared.pop("description", None)
    text.add(f"{name}: {flow(declared | {'description': description})}", 2)


def _declared(name: str, role: Role, shape: Shape, sight: Sight) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "area": {"type": "area"},
        "period": {"type": "period"} if name == "time_period" else {},
        "sex": {"type": "code", "codelist": "sex"},
        "age": {"type": "age"},
    }
    declared = dict(kinds.get(role.kind, {}))
    if role.kind == "code" and name in shape.keys and len(role.texts) <= LISTED:
        declared = {"type": "code", "codes": role.texts + (["_T"] if has_totals(name, role, shape, sight) else [])}
    if name in shape.keys:
        declared["key"] = True
    return declared | {"description": say("Column “{header}”.", header=" ".join(role.header.split()))}


def _series(shape: Shape, sight: Sight) -> dict[str, str]:
    """The code of each value column where there are several: its last words, or all where those are not its own."""
    headers = [family.pattern for family in shape.families] or [_header(role, sight) for role in shape.values]
    bare = {header: re.sub(r"\{\w+\}", "", header) for header in headers}
    last = {header: slug_of(text.split(" | ")[-1]) for header, text in bare.items()}
    if len(set(last.values())) < len(headers):
        last = {header: slug_of(text) for header, text in bare.items()}
    codes: dict[str, str] = {}
    for header, code in last.items() if len(headers) > 1 else ():
        codes[header] = code.upper() if code.upper() not in codes.values() else f"{code.upper()}_{len(codes) + 1}"
    return codes


def _source(text: _Text, sight: Sight, shape: Shape, writing: Writing, file: str, named: bool) -> None:
    text.add("sources:")
    text.add(f"- file: {flow(file)}", 2)
    for key, value in sight.options.items():
        text.add(f"{key}: {flow(value)}", 4)
    _figures(text, writing)
    text.decide("whole", 4)
    unsaid = {"ref_area": OPEN} if "ref_area" not in shape.columns else {}
    if "time_period" not in said_by(shape) and not named:
        unsaid["time_period"] = OPEN
    if unsaid:
        text.add(f"set: {flow(unsaid)}", 4)
    text.add("tables:", 4)
    lines = [f"{key}: {flow(value)}" for key, value in sight.layout.items()]
    for number, line in enumerate([*lines, "columns:"]):
        text.add(("- " if number == 0 else "  ") + line, 6)
    _fields(text, sight, shape)
    text.add("values:", 8)
    series = _series(shape, sight)
    for header in [family.pattern for family in shape.families] or [_header(role, sight) for role in shape.values]:
        text.add("- " + flow({"header": header} | ({"set": {"series": series[header]}} if series else {})), 10)
    unread = [role for role in shape.unread if sight.header[role.index]]
    if unread:
        text.add(f"# {say('not read: {columns}', columns=some_of([role.header for role in unread]))}", 8)


def _figures(text: _Text, writing: Writing) -> None:
    if writing.decimal != ".":
        text.add(f"decimal: {flow(writing.decimal)}", 4)
    if writing.thousands:
        text.add(f'thousands: "{_escaped(writing.thousands)}"', 4)
    text.decide("cells", 4)
    if writing.missing:
        text.add(f"missing: {flow({'': 'O'} | writing.missing)}", 4)
    if writing.flags:
        text.add(f"flags: {flow(writing.flags)}", 4)


def _escaped(marks: str) -> str:
    return "".join(mark if mark.isascii() else f"\\u{ord(mark):04x}" for mark in marks)


def _fields(text: _Text, sight: Sight, shape: Shape) -> None:
    text.decide("areas", 10)
    for name, role in shape.columns.items():
        said: dict[str, Any] = {"header": _header(role, sight)}
        if role.kind in ("area", "sex") and role.scheme != "code":
            said["scheme"] = role.scheme
        if name == "time_period" and role.fiscal:
            said["fiscal_year"] = "start"
        if name == "time_period" and role.dates:
            said["dates"] = "dmy"
        if role.above:
            said["above"] = role.above
        if role.codes or has_totals(name, role, shape, sight):
            said["codes"] = role.codes or {"": "_T"}
        text.add(f"{name}: {flow(said if len(said) > 1 else said['header'])}", 10)
    for hole in shape.families[0].holes if shape.families else ():
        if hole in ("counterpart_area", "sex"):
            text.add(f"{hole}: {{scheme: name}}", 10)
        elif hole == "time_period" and two_years(shape):
            text.add("time_period: {fiscal_year: start}", 10)
    if text.lines[-1].endswith("columns:"):
        text.lines[-1] += " {}"


def _header(role: Role, sight: Sight) -> str:
    """How the contract calls a column: by its header, or by its letter where it has none of its own."""
    alone = sight.header.count(role.header) == 1
    return role.header if alone else f"column {letter_of(role.index)}"


def _expectations(text: _Text, shape: Shape) -> None:
    """Checks that hold of what was seen, and the usual ones against what was published before."""
    text.add("expectations:")
    texts = [t for role in shape.values for t in role.texts]
    if texts and not any(re.match(r"[-−]\s?\d", t) for t in texts):
        _expect(text, "expect_column_values_to_be_between", {"column": "obs_value", "min_value": 0}, "critical")
        text.add(f"notes: {flow(say('No figure is negative.'))}", 4)
    for query, severity, notes in (
        (
            "revisions(0.2, 10)",
            "warning",
            say("No published value changes by more than 20 % (or 10, if that is more)."),
        ),
        (
            "vanished()",
            "warning",
            say("No value that was published before is missing where its area and period are there."),
        ),
        ("stale(2)", "info", say("The latest period is at most 2 years old.")),
    ):
        kwargs = {"unexpected_rows_query": f"SELECT * FROM {query} /* {{batch}} */"}
        _expect(text, "unexpected_rows_expectation", kwargs, severity)
        text.add(f"notes: {flow(notes)}", 4)


def _expect(text: _Text, name: str, kwargs: dict[str, Any], severity: str) -> None:
    text.add(f"- type: {name}", 2)
    text.add(f"kwargs: {flow(kwargs)}", 4)
    text.add(f"severity: {severity}", 4)
