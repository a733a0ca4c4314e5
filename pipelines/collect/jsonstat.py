"""JSON-stat 1 and 2: a cube whose categories are named by code; the labels are there for who wants them."""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.collect.cube import Dimension, not_whole, rows_of
from pipelines.collect.document import at, load, text_of, texts_of
from pipelines.collect.table import RawTable, Unreadable
from pipelines.delivery import Problem
from pipelines.language import msgid, say
from pipelines.source import Source, Table

FORMAT = msgid("JSON-stat")


def read(path: Path, source: Source, table: Table, contracts: Path) -> list[RawTable]:
    """Read the one data set of a JSON-stat document, or the one `records` points at.

    The columns are the dimensions by their ids, `value`, and `status` where there is one. A cell that a sparse
    document does not mention is no row.

    Raises:
        Unreadable: not JSON-stat, several data sets, or sizes that do not fit.
    """
    data = _dataset(load(path, source), source)
    dimensions = _dimensions(data)
    count = prod(len(d.codes) for d in dimensions)
    stated = data["value"]
    status = data.get("status")
    if isinstance(status, dict) and isinstance(status.get("value"), list):  # Eurostat's first version
        status = status["value"]
    if isinstance(stated, dict):
        marked = status if isinstance(status, dict) else {}
        places = np.array(sorted({_place(p, count) for p in (*stated, *marked)}), dtype=np.int64)
        values = texts_of([stated.get(str(p)) for p in places.tolist()])
    elif isinstance(stated, list) and len(stated) == count:
        places = np.arange(count, dtype=np.int64)
        values = texts_of(stated)
    else:
        found = say("{n} values", n=len(stated)) if isinstance(stated, list) else text_of(stated)
        raise not_whole(
            FORMAT, say("one value for each of the {count} combinations of its categories", count=count), found, "value"
        )
    cells: dict[str, Sequence[str]] = {"value": values}
    if status is not None:
        cells["status"] = _status(status, places, count)
    return [rows_of(dimensions, cells, table, places)]


def _dataset(document: Any, source: Source) -> dict[str, Any]:
    """The data set: the document itself, or in version 1 the one member it has, whatever its name."""
    if source.records:
        document = at(document, source.records)
    if _is_dataset(document):
        return dict(document)
    if isinstance(document, dict):
        members = {name: part for name, part in document.items() if _is_dataset(part)}
        if len(members) == 1 and not source.records:
            return dict(next(iter(members.values())))
        inside = document.get("link", {}).get("item", []) if isinstance(document.get("link"), dict) else []
        if members or inside:
            raise _several([f"/{name}" for name in members] or [_member(item) for item in inside], bool(inside))
    if source.records:
        raise not_whole(FORMAT, say("a data set at {pointer}: `dimension` and `value`", pointer=source.records))
    raise not_whole(FORMAT, say("a data set: `dimension` and `value`"))


def _is_dataset(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("dimension"), dict) and "value" in part


def _member(item: Any) -> str:
    named = item if isinstance(item, dict) else {}
    return str(named.get("label") or named.get("href") or say("without a name"))


def _several(members: list[str], collection: bool) -> Unreadable:
    """Which of several tables is meant is for a person to say."""
    return Unreadable(
        Problem(
            kind="format",
            value="; ".join(members[:12]),
            expected=say(
                "one JSON-stat data set, not a collection that lists them" if collection else "one JSON-stat data set"
            ),
            remedy=say("Ask for one of these data sets by its own address.")
            if collection
            else say("Name the one that is meant in the contract, as `records`."),
        )
    )


def _dimensions(data: dict[str, Any]) -> list[Dimension]:
    described = data["dimension"]
    ids, sizes = data.get("id", described.get("id")), data.get("size", described.get("size"))
    if not isinstance(ids, list) or not isinstance(sizes, list) or len(ids) != len(sizes):
        raise not_whole(FORMAT, say("`id` and `size`, one of each for every dimension"))
    found = [_dimension(str(name), described.get(name)) for name in ids]
    for dimension, size in zip(found, sizes, strict=True):
        if str(len(dimension.codes)) != str(size):
            raise not_whole(
                FORMAT, say("{size} categories, as `size` says", size=size), f"{len(dimension.codes)}", dimension.name
            )
    return found


def _dimension(name: str, described: Any) -> Dimension:
    """Categories in order of their index, which may be left out where there is only one."""
    category = described.get("category") if isinstance(described, dict) else None
    if not isinstance(category, dict):
        raise not_whole(FORMAT, say("the categories of each dimension"), column=name)
    labels = category.get("label") or {}
    index = category.get("index") or list(labels)
    if isinstance(index, dict):
        if sorted(map(str, index.values()), key=lambda p: (len(p), p)) != [str(i) for i in range(len(index))]:
            raise not_whole(FORMAT, say("categories numbered from 0 without a gap"), column=name)
        index = sorted(index, key=lambda code: int(index[code]))
    if not isinstance(index, list) or not isinstance(labels, dict) or len(set(map(str, index))) != len(index):
        raise not_whole(FORMAT, say("a list of categories, each named once"), column=name)
    codes = [str(code) for code in index]
    return Dimension(name, codes, [text_of(labels.get(code)) for code in codes])


def _place(text: str, count: int) -> int:
    if not text.isdecimal() or int(text) >= count:
        raise not_whole(FORMAT, say("the numbers of its cells, 0 to {last}", last=count - 1), text, "value")
    return int(text)


def _status(status: Any, places: np.ndarray, count: int) -> Sequence[str]:
    """The status of each cell: one for all, a list, or those of the cells that have one."""
    if isinstance(status, dict):
        return texts_of([status.get(str(p)) for p in places.tolist()])
    if isinstance(status, list) and len(status) != 1:
        if len(status) != count:
            raise not_whole(
                FORMAT, say("one status for each of the {count} cells", count=count), str(len(status)), "status"
            )
        return texts_of([status[p] for p in places.tolist()])
    return [text_of(status[0] if isinstance(status, list) else status)] * len(places)
