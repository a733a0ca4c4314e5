"""JSON-stat in all the spellings servers use comes out as the same rows; what does not fit is refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collect.table import Unreadable

from .reading import Cells, read_bytes, source

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), max_size=6)
DATA: dict[str, Any] = {
    "class": "dataset",
    "version": "2.0",
    "id": ["sex", "year"],
    "size": [2, 2],
    "dimension": {
        "sex": {"category": {"index": {"F": 1, "M": 0}, "label": {"M": "Men", "F": "Women"}}},
        "year": {"category": {"index": ["2020", "2021"]}},
    },
    "value": [1, 2.50, None, 4],
}
ROWS = [["M", "2020", "1", 1], ["M", "2021", "2.5", 2], ["F", "2020", "", 3], ["F", "2021", "4", 4]]


def changed(**members: Any) -> dict[str, Any]:
    return {**DATA, **members}


def rows(folder: Path, document: Any, **options: Any) -> Cells:
    return read_bytes(folder, json.dumps(document), source("json-stat", **options))[1]


def old_version() -> dict[str, Any]:
    """Version 1: any name at the root, `id` and `size` within `dimension`."""
    inner = {k: v for k, v in DATA.items() if k in ("dimension", "value")}
    inner["dimension"] = {**DATA["dimension"], "id": DATA["id"], "size": DATA["size"]}
    return {"nama_gdp_c": inner}


@pytest.mark.parametrize(
    "document",
    [
        DATA,
        old_version(),
        changed(size=["2", "2"]),
        changed(value={"0": 1, "1": 2.5, "2": None, "3": 4}),
        changed(value={"3": 4, "2": None, "1": 2.5, "0": 1}),
    ],
    ids=["version 2", "version 1", "sizes as text", "values by place", "values by place, in any order"],
)
def test_spellings_of_one_cube(tmp_path: Path, document: Any) -> None:
    assert rows(tmp_path, document) == ROWS


def test_a_number_keeps_its_digits(tmp_path: Path) -> None:
    text = json.dumps(DATA).replace("2.5", "12345678901234567890.10")
    assert read_bytes(tmp_path, text, source("json-stat"))[1][1][2] == "12345678901234567890.10"


def test_sparse_cube_of_a_billion_cells_takes_no_room(tmp_path: Path) -> None:
    """Eurostat sends the few cells there are of very large cubes; a status alone is a row too."""
    index = {"index": [str(i) for i in range(1000)]}
    document = {
        "id": ["a", "b", "c"],
        "size": [1000, 1000, 1000],
        "dimension": {name: {"category": index} for name in "abc"},
        "value": {"999999999": 7},
        "status": {"1002003": ":"},
    }
    assert rows(tmp_path, document) == [["1", "2", "3", "", ":", 1002004], ["999", "999", "999", "7", "", 1000000000]]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"1": "e"}, ["", "e", "", ""]),
        (["a", "e", ":", "a"], ["a", "e", ":", "a"]),
        ({"value": [None, "e", ":", None]}, ["", "e", ":", ""]),
        ("p", ["p"] * 4),
        (["p"], ["p"] * 4),
    ],
)
def test_status(tmp_path: Path, status: Any, expected: list[str]) -> None:
    raw, found = read_bytes(tmp_path, json.dumps(changed(status=status)), source("json-stat"))
    assert raw.header == ["sex", "year", "value", "status"]
    assert [row[3] for row in found] == expected


def test_single_category_without_index(tmp_path: Path) -> None:
    unit = {"category": {"label": {"PC": "per cent"}}}
    document = changed(id=["unit", *DATA["id"]], size=[1, 2, 2], dimension={**DATA["dimension"], "unit": unit})
    assert rows(tmp_path, document) == [["PC", *row] for row in ROWS]


def test_labels_are_there_for_a_contract_that_names_them(tmp_path: Path) -> None:
    """Codes are what is read: labels change with the language the server was asked in."""
    raw, found = read_bytes(
        tmp_path, json.dumps(DATA), source("json-stat", table={"columns": {"sex": "sex label", "year": "year label"}})
    )
    assert raw.header == ["sex", "sex label", "year", "year label", "value"]
    assert found[2] == ["F", "Women", "2020", "", "", 3]


def test_collection_is_refused_with_its_members(tmp_path: Path) -> None:
    items = [{"class": "dataset", "href": "https://x/1", "label": "Population"}, {"href": "https://x/2"}]
    with pytest.raises(
        Unreadable, match="“Population; https://x/2”; expected one JSON-stat data set, not a collection"
    ):
        rows(tmp_path, {"class": "collection", "link": {"item": items}})


def test_one_of_several_data_sets_is_named_by_the_contract(tmp_path: Path) -> None:
    document = {"oecd": old_version()["nama_gdp_c"], "canada": DATA}
    with pytest.raises(
        Unreadable, match=r"“/oecd; /canada”.* Name the one that is meant in the contract, as `records`"
    ):
        rows(tmp_path, document)
    assert rows(tmp_path, document, records="/oecd") == ROWS


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(value=[1, 2, 3]), "“3 values”; expected JSON-stat with one value for each of the 4"),
        (changed(value={"4": 1}), "“4”; expected JSON-stat with the numbers of its cells, 0 to 3"),
        (changed(value={"x": 1}), "numbers of its cells"),
        (changed(value=7), "one value for each of the 4"),
        (changed(size=[2, 3]), "column “year”: found “2”; expected JSON-stat with 3 categories"),
        (changed(status=["a", "b"]), "one status for each of the 4 cells"),
        (changed(id=["sex"]), "`id` and `size`, one of each"),
        (changed(id=["sex", "month"]), "column “month”: expected JSON-stat with the categories"),
        (changed(dimension={"sex": {"category": {"index": {"M": 0, "F": 2}}}}), "numbered from 0 without a gap"),
        ({"error": [{"status": 404, "label": "No results found"}]}, "a data set: `dimension` and `value`"),
        ([], "a data set"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, document: Any, message: str) -> None:
    """A cube that is cut off would otherwise give its values to other categories."""
    with pytest.raises(Unreadable, match=message):
        rows(tmp_path, document)


@given(st.data(), st.lists(st.lists(WORDS, min_size=1, max_size=3, unique=True), min_size=1, max_size=3), st.booleans())
def test_what_a_writer_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, categories: list[list[str]], sparse: bool
) -> None:
    from itertools import product

    places = list(product(*categories))
    values = data.draw(st.lists(st.integers() | WORDS, min_size=len(places), max_size=len(places)))
    names = [f"d{i}" for i in range(len(categories))]
    document = {
        "class": "dataset",
        "id": names,
        "size": [len(c) for c in categories],
        "dimension": {n: {"category": {"index": c}} for n, c in zip(names, categories, strict=True)},
        "value": {str(i): v for i, v in enumerate(values)} if sparse else values,
    }
    expected = [[*place, str(v), i] for i, (place, v) in enumerate(zip(places, values, strict=True), start=1)]
    assert rows(tmp_path_factory.mktemp("j"), document) == expected
