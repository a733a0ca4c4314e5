"""What kind of file it is, and its tables as text: what the contract's `sources` say, found out by looking."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.collect import archive, document, encodings, looks, spreadsheet
from pipelines.collect.delimited import DELIMITERS
from pipelines.collect.read import read_tables
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.draft.region import FIGURE, YEAR, Region, find_region, plain_region
from pipelines.language import say
from pipelines.process.areas import area_names
from pipelines.source import Source, Table

ROWS = 20_000
HEAD = 1 << 18
PX = re.compile(r'\s*[A-Z-]+(\[\w+\])?(\("[^"]*"\))?="?[^;]*"?;')
SEVERAL = re.compile(r"[^,\\]+,[^\\]*\\[^\\]+$")  # Eurostat's text: freq,unit,geo\TIME_PERIOD
SEVEN_BIT = re.compile(r"[^\W\d_]{3,}")


@dataclass
class Sight:
    """A table of the file: the options of its source and of its table, its header and its first rows.

    `others` names tables that were found beside it; `dated` is whether its sheet is one of several named by years.
    """

    options: dict[str, Any]
    layout: dict[str, Any]
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    packed: bool = False
    dated: bool = False


def see(path: Path, reference: Path) -> Sight:
    """Look at a file and give the table in it with the most figures.

    Raises:
        Unreadable: it is no table of a format that can be read; says what it is.
    """
    probe = Source(file="*", format="csv", tables=[Table(values=[])])
    if path.stat().st_size == 0:
        raise Unreadable(Problem(kind="format", expected=say("a file with content"), remedy=say("Send it again.")))
    with archive.opened(path, probe) as members:
        first = members[0].path
        options = _options(first, reference)
        grids = _grids(first, options)
        found = [(name, region) for name, rows in grids if (region := find_region(rows))]
        if options["format"] == "csv" and not found:
            found = [(name, region) for name, rows in grids if (region := plain_region(rows))]
        if options["format"] in ("csv", "excel") and not found:
            raise Unreadable(
                Problem(
                    kind="structure",
                    expected=say("a table: a row of headers, and below it rows with a label and figures"),
                    remedy=say("Open the file and look whether it holds the table that is meant."),
                )
            )
        name, region = max(found, key=lambda one: one[1].figures) if found else ("", None)
        _check_header(dict(grids).get(name, []), region, reference)
        sight = Sight(options, _layout(name, region), packed=first != path)
        if _sheet_per_year(grids, found):
            sight.layout["sheet"], sight.dated, found = "{time_period}", True, found[:1]
            name = found[0][0]
        sight.others = [f"sheet {other}" for other, _ in found if other != name]
        if region and region.again is not None:
            sight.others.insert(0, f"row {region.again + 1}")
        if options["format"] == "csv" and region and SEVERAL.match(dict(grids)[name][region.header[-1]][0]):
            sight.layout["split"] = ","
        raw = _read(first, sight)
        sight.header = raw.header
        for batch in raw.rows:
            columns = [column.cast("string").to_pylist() for column in batch.columns[:-1]]
            sight.rows += [[cell.strip() for cell in row] for row in zip(*columns, strict=True) if any(row)]
            if len(sight.rows) >= ROWS:
                break
    return sight


def _check_header(rows: list[list[str]], region: Region | None, reference: Path) -> None:
    """A first row that holds an area and a figure as those below it do is no header: its figures would be lost.

    Raises:
        Unreadable: there is none.
    """
    if region is None or len(region.header) > 1:
        return
    names = area_names(reference)
    first, below = ([cell.strip() for cell in rows[region.header[0] + n]] for n in (0, 1))
    alike = [(a, b) for a, b in zip(first, below, strict=False) if a and b]
    areas = [names.area_of(a) and names.area_of(b) for a, b in alike]
    figures = [FIGURE.fullmatch(a) and FIGURE.fullmatch(b) and not YEAR.match(a) for a, b in alike]
    if any(areas) and any(figures) and len([cell for cell in first if YEAR.fullmatch(cell)]) < 2:
        raise Unreadable(
            Problem(
                kind="structure",
                row=region.header[0] + 1,
                value="; ".join(filter(None, first))[:160],
                expected=say("a row of headers above the figures, not figures in the first row"),
                remedy=say("Name the columns in a row above them."),
            )
        )


def _read(path: Path, sight: Sight) -> RawTable:
    source = Source(file="*", **sight.options, tables=[Table(**sight.layout, values=[])])
    _, raw = next(iter(read_tables(path, source, path.parent)))
    return raw


def _layout(name: str, region: Region | None) -> dict[str, Any]:
    if region is None:
        return {}
    layout: dict[str, Any] = {"sheet": name} if name else {}
    if region.header != [0]:
        layout["header_rows"] = [row + 1 for row in region.header]
    if region.ends_at is not None:
        layout["ends_at"] = [region.ends_at]
    return layout


def _sheet_per_year(grids: list[tuple[str, list[list[str]]]], found: list[tuple[str, Region]]) -> bool:
    """Whether each table stands on a sheet named by its year, below the same header."""
    cells = dict(grids)
    headers = [[cells[name][row] for row in region.header] for name, region in found]
    return (
        len(found) > 1
        and all(YEAR.fullmatch(name.strip()) for name, _ in found)
        and headers.count(headers[0]) == len(headers)
    )


def _grids(path: Path, options: dict[str, Any]) -> list[tuple[str, list[list[str]]]]:
    if options["format"] == "excel":
        return [(name, list(map(list, rows[:ROWS]))) for name, rows in spreadsheet.shown_sheets(path)]
    if options["format"] == "csv":
        text = path.open("rb").read(1 << 24).decode(_codec(options), "replace")
        return [("", list(islice(_records(text, options.get("delimiter", ",")), ROWS)))]
    return []


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of a text, whichever its line ends, up to one that is none."""
    with suppress(csv.Error):
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _options(path: Path, reference: Path) -> dict[str, Any]:
    kind = looks.looks_like(path)
    if kind in ("workbook", "old Office"):
        return {"format": "excel"}
    if kind == "Parquet":
        return {"format": "parquet"}
    if kind == "XML":
        return {"format": "sdmx-ml"}
    if kind == "JSON":
        return _json(path)
    if kind == "text":
        return _text(path, reference)
    said = looks.words(looks.beginning(path)) if kind == "HTML" else ""
    raise Unreadable(
        Problem(
            kind="format",
            value=said or None,
            expected=say(
                "a table as text, a workbook, SDMX, JSON-stat, PX, JSON or Parquet; by its first bytes this is {found}",
                found=looks.shown_as(kind),
            ),
            remedy=say(looks.REMEDIES.get(kind, looks.REMEDIES["PDF"])),
        )
    )


def _text(path: Path, reference: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        head = file.read(HEAD)
    encoding = _encoding(head, reference)
    said: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    text = head.decode(_codec(said), "ignore")
    if PX.match(text) and "DATA" in text:
        return {"format": "px"} | said
    delimiter = _delimiter(text)
    if re.match(r'"?(DATAFLOW|STRUCTURE)"?\s*[,;\t]', text):
        return {"format": "sdmx-csv"} | said | ({} if delimiter == "," else {"delimiter": delimiter})
    return {"format": "csv"} | said | ({} if delimiter == "," else {"delimiter": delimiter})


def _codec(options: dict[str, Any]) -> str:
    encoding = str(options.get("encoding", "utf-8"))
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _encoding(head: bytes, reference: Path) -> str:
    """UTF-8 where it fits; else the encoding in which most words are names of areas, before what statistics propose."""
    for mark, encoding in encodings.BOMS.items():
        if head.startswith(mark):
            return encoding
    try:
        head[: HEAD - 4].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > HEAD - 8:
            return "utf-8"
    names = area_names(reference)

    def known(encoding: str) -> int:
        cells = set(re.split(r"[,;\t|\r\n\"]+", head.decode(encoding, "ignore")))
        return sum(names.area_of(cell) is not None for cell in cells if not cell.isascii() and SEVEN_BIT.search(cell))

    best = max(encodings.CANDIDATES.split()[1:], key=known)
    return best if known(best) > 1 else encodings.proposal(head, []) or "windows-1252"


def _delimiter(text: str) -> str:
    """The mark that divides most lines into the same number of cells, and into the most; tabs in Eurostat's text."""
    if SEVERAL.match(text.split("\n", 1)[0].split("\t")[0]):
        return "\t"

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in islice(_records(text, delimiter), 200) if any(row)]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    return max(DELIMITERS, key=fit)


def _json(path: Path) -> dict[str, Any]:
    """Which JSON it is, and where in it the data stand."""
    try:
        whole = document.load(path, Source(file="*", format="json", tables=[Table(values=[])]))
    except Unreadable:
        return {"format": "json"}  # perhaps one object in each line
    if isinstance(whole, dict) and ("dataSets" in whole or "dataSets" in (whole.get("data") or {})):
        return {"format": "sdmx-json"}
    if isinstance(whole, dict) and (places := list(_cubes(whole, ""))):
        return {"format": "json-stat"} | ({"records": places[0]} if places != [""] else {})
    lists = sorted(_lists(whole, ""), key=lambda found: -found[0])
    if not lists:
        raise Unreadable(
            Problem(
                kind="structure",
                expected=say("a list of records, a JSON-stat data set or an SDMX message"),
                remedy=say("This may describe data without holding any: ask for the data themselves."),
            )
        )
    return {"format": "json"} | ({"records": lists[0][1]} if lists[0][1] else {})


def _cubes(node: Any, place: str) -> Any:
    if isinstance(node, dict):
        if "value" in node and ("dimension" in node or "id" in node):
            yield place
        else:
            for name, child in node.items():
                yield from _cubes(child, f"{place}/{name.replace('~', '~0').replace('/', '~1')}")


def _lists(node: Any, place: str) -> Any:
    if isinstance(node, list) and node and all(isinstance(one, dict) for one in node):
        yield len(node), place
    elif isinstance(node, list | dict):
        for name, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _lists(child, f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}")
