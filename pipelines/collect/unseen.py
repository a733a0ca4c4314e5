"""What a workbook shows beside its values and a reader of values does not: raised letters, errors, what is hidden.

A year with a raised footnote, `2022¹`, is stored as the text 20221; a cell that shows #REF! has no value at all.
"""

import re
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl.utils.cell import coordinate_to_tuple

RAISED = str.maketrans("0123456789()+-=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁼ⁿ")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
OPEN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TABLE, TEXT, STYLE = OPEN % "table", OPEN % "text", OPEN % "style"
CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
LINES = (f"{TABLE}table-row", f"{TABLE}table-column")
UNSHOWN = ("collapse", "filter")
TELLING = [  # a pattern that begins with plain letters is found much faster
    re.compile(rb"""hidden=["'](?:1|true)["']"""),
    re.compile(rb"""t=["']e["']"""),
    re.compile(rb"vertAlign"),
    re.compile(rb"f>(?:</[\w:]*c>|<[\w:]*v ?/>|<[\w:]*v></)"),  # a formula that was never calculated
]
SUPERSCRIPT = 1


@dataclass
class Unseen:
    """Of one sheet, with rows and columns counted from 0: cells as they are shown, and what is hidden."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)


def raised(text: str) -> str:
    """Raised letters as text: digits as ¹²³, `*` as it is, anything else after ^."""
    marked = text.strip().translate(RAISED)
    return marked if not marked or marked != text.strip() or marked == "*" * len(marked) else f"^{marked}"


class Xlsx:
    """The parts of an .xlsx, streamed; most tell nothing, and are not parsed a second time."""

    def __init__(self, path: Path, telling: set[str]) -> None:
        self._path, self._telling = path, telling

    def sheet(self, name: str) -> Unseen:
        """What is unseen on one sheet."""
        found = Unseen()
        part = self._parts.get(name)
        if part is None or not (self._strings or part in self._telling):
            return found
        with zipfile.ZipFile(self._path) as book, book.open(part) as file:
            for _, node in etree.iterparse(file, tag=(f"{MAIN}row", f"{MAIN}col"), **SAFE):
                self._look_at(node, found)
                _forget(node)
        return found

    def _look_at(self, node: Any, found: Unseen) -> None:
        hidden = node.get("hidden") in ("1", "true")
        if node.tag == f"{MAIN}col":
            if hidden:
                found.columns += range(int(node.get("min")) - 1, int(node.get("max")))
            return
        if hidden:
            found.rows.append(int(node.get("r")) - 1)
        for cell in node:
            text = self._shown(cell)
            if text is not None:
                row, column = coordinate_to_tuple(cell.get("r"))
                found.texts[row - 1, column - 1] = text

    def _shown(self, cell: Any) -> str | None:
        kind = cell.get("t")
        if kind == "e":
            return cell.findtext(f"{MAIN}v") or "#N/A"
        if kind == "s":
            return self._strings.get(cell.findtext(f"{MAIN}v") or "")
        if kind == "inlineStr":
            return _rich(cell.find(f"{MAIN}is"))
        formula = cell.findtext(f"{MAIN}f") if kind in (None, "n") else None
        return f"={formula}" if formula and not cell.findtext(f"{MAIN}v") else None

    @cached_property
    def _parts(self) -> dict[str, str]:
        """The part of each sheet by its name."""
        with zipfile.ZipFile(self._path) as book:
            links = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), PARSER)
            targets = {link.get("Id"): link.get("Target").lstrip("/").removeprefix("xl/") for link in links}
            sheets = etree.fromstring(book.read("xl/workbook.xml"), PARSER).iter(f"{MAIN}sheet")
            parts = {sheet.get("name"): f"xl/{targets[sheet.get(f'{OFFICE}id')]}" for sheet in sheets}
            return {name: part for name, part in parts.items() if part in book.namelist()}

    @cached_property
    def _strings(self) -> dict[str, str]:
        """The shared texts with raised letters, by their number."""
        part, found = "xl/sharedStrings.xml", {}
        if part in self._telling:
            with zipfile.ZipFile(self._path) as book, book.open(part) as file:
                for number, (_, node) in enumerate(etree.iterparse(file, tag=f"{MAIN}si", **SAFE)):
                    text = _rich(node)
                    if text is not None:
                        found[str(number)] = text
                    _forget(node)
        return found


class Xls:
    """An old .xls: xlrd alone tells fonts, errors and what is hidden."""

    def __init__(self, path: Path) -> None:
        import xlrd

        self._errors = xlrd.error_text_from_code
        self._book = xlrd.open_workbook(path, formatting_info=True, on_demand=True, logfile=_Silent())

    def sheet(self, name: str) -> Unseen:
        """What is unseen on one sheet."""
        sheet = self._book.sheet_by_name(name)
        found = Unseen(
            rows=sorted(i for i, row in sheet.rowinfo_map.items() if row.hidden and i < sheet.nrows),
            columns=sorted(i for i, column in sheet.colinfo_map.items() if column.hidden and i < sheet.ncols),
        )
        for i in range(sheet.nrows):
            for j, kind in enumerate(sheet.row_types(i)):
                if kind == 5:
                    found.texts[i, j] = self._errors.get(sheet.cell_value(i, j), "#N/A")
        for place, runs in sheet.rich_text_runlist_map.items():
            text = self._raised_in(str(sheet.cell_value(*place)), runs)
            if text is not None:
                found.texts[place] = text
        return found

    def _raised_in(self, text: str, runs: list[tuple[int, int]]) -> str | None:
        starts = [0, *(start for start, _ in runs), len(text)]
        fonts = [None, *(font for _, font in runs)]
        parts, changed = [], False
        for i, font in enumerate(fonts):
            part = text[starts[i] : starts[i + 1]]
            up = font is not None and self._book.font_list[font].escapement == SUPERSCRIPT and bool(part.strip())
            parts.append(raised(part) if up else part)
            changed = changed or up
        return "".join(parts) if changed else None


class Ods:
    """An OpenDocument spreadsheet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sheet(self, name: str) -> Unseen:
        """What is unseen on one sheet; what is repeated and empty is passed over in one step."""
        found = Unseen()
        nodes = [
            n for t in self._content.iter(f"{TABLE}table") if t.get(f"{TABLE}name") == name for n in t.iter(*LINES)
        ]
        row = column = 0
        for node in nodes:
            hidden = node.get(f"{TABLE}visibility") in UNSHOWN
            if node.tag == f"{TABLE}table-column":
                after = column + int(node.get(f"{TABLE}number-columns-repeated", 1))
                found.columns += range(column, after) if hidden else ()
                column = after
            else:
                after = row + int(node.get(f"{TABLE}number-rows-repeated", 1))
                found.rows += range(row, after) if hidden else ()
                self._look_at(node, row, found)
                row = after
        return found

    def _look_at(self, row_node: Any, row: int, found: Unseen) -> None:
        column = 0
        for cell in row_node.iter(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            text = self._shown(cell)
            if text is not None:
                found.texts[row, column] = text
            column += int(cell.get(f"{TABLE}number-columns-repeated", 1))

    def _shown(self, cell: Any) -> str | None:
        if cell.get(f"{CALC}value-type") == "error":
            return "".join(cell.itertext()) or "#N/A"
        if not any(span.get(f"{TEXT}style-name") in self._raised for span in cell.iter(f"{TEXT}span")):
            return None
        return "".join(
            raised(text) if node.get(f"{TEXT}style-name") in self._raised else text
            for node in cell.iter(f"{TEXT}p", f"{TEXT}span")
            for text in [node.text or ""]
        )

    @cached_property
    def _raised(self) -> set[str]:
        """The names of the styles that raise letters."""
        styles = self._content.iter(f"{STYLE}style")
        return {
            style.get(f"{STYLE}name")
            for style in styles
            for form in style.iter(f"{STYLE}text-properties")
            if (form.get(f"{STYLE}text-position") or "").startswith("super")
        }

    @cached_property
    def _content(self) -> Any:
        with zipfile.ZipFile(self._path) as book:
            return etree.fromstring(book.read("content.xml"), PARSER)


class _Silent:
    def write(self, text: str) -> None:
        """Remarks on a file's form that concern no cell."""


def of(path: Path, telling: set[str]) -> Xlsx | Xls | Ods | None:
    """What tells of a workbook's unseen side, by its content; nothing does for the binary .xlsb.

    Args:
        telling: the parts of an .xlsx in which one of `TELLING` is found.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"\xd0\xcf\x11\xe0":
        return Xls(path)
    with zipfile.ZipFile(path) as book:
        names = book.namelist()
    return Xlsx(path, telling) if "xl/workbook.xml" in names else Ods(path) if "content.xml" in names else None


def _rich(node: Any) -> str | None:
    """A text whose runs are partly raised; None if none is."""
    parts, changed = [], False
    for run in () if node is None else node.iter(f"{MAIN}r"):
        text = run.findtext(f"{MAIN}t") or ""
        place = run.find(f"{MAIN}rPr/{MAIN}vertAlign")
        up = place is not None and place.get("val") == "superscript" and bool(text.strip())
        parts.append(raised(text) if up else text)
        changed = changed or up
    return "".join(parts) if changed else None


def _forget(node: Any) -> None:
    """Memory does not grow with what has been read."""
    node.clear()
    while node.getprevious() is not None:
        del node.getparent()[0]


SAFE = {"resolve_entities": False, "no_network": True, "huge_tree": True}
PARSER = etree.XMLParser(**SAFE)
