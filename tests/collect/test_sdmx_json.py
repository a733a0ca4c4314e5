"""SDMX-JSON 1.0 and 2.0: observations flat, in series and in cross-sections, with attributes at every level."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.collect.table import Unreadable

from .reading import read_bytes, source


def values(*ids: str) -> list[dict[str, str]]:
    return [{"id": id, "name": f"{id} in words"} for id in ids]


AREA = {"id": "REF_AREA", "keyPosition": 0, "values": values("MD")}
SEX = {"id": "SEX", "keyPosition": 1, "values": values("M", "F")}
TIME = {"id": "TIME_PERIOD", "keyPosition": 2, "values": values("2020", "2021")}
ATTRIBUTES = {
    "dataSet": [
        {"id": "UNIT_MULT", "values": values("6")},
        {"id": "FORMAT", "default": "P1Y", "values": values("P1M")},
    ],
    "series": [{"id": "TITLE", "values": [{"name": "Men"}, {"name": "Women"}]}],
    "observation": [{"id": "OBS_STATUS", "values": values("A", "E")}, {"id": "NOTE"}],
}
ONCE = {"UNIT_MULT": "6", "FORMAT": "P1Y", "REF_AREA": "MD"}
EXPECTED = [
    ONCE | {"SEX": "M", "TITLE": "Men", "TIME_PERIOD": "2020", "OBS_VALUE": "1.50", "OBS_STATUS": "A", "NOTE": "so"},
    ONCE | {"SEX": "M", "TITLE": "Men", "TIME_PERIOD": "2021", "OBS_VALUE": "", "OBS_STATUS": "E", "NOTE": ""},
    ONCE | {"SEX": "F", "TITLE": "Women", "TIME_PERIOD": "2020", "OBS_VALUE": "3", "OBS_STATUS": "", "NOTE": ""},
]
SERIES = {
    "0": {"attributes": [0], "observations": {"0": ["VALUE", 0, "so"], "1": [None, 1, None]}},
    "1": {"attributes": [1], "observations": {"0": [3, None]}},
}


def structure() -> dict[str, Any]:
    dimensions = {"dataSet": [AREA], "series": [SEX], "observation": [TIME]}
    links = [{"rel": "datastructure", "urn": "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=XX:MIG(1.0)"}]
    return {"dimensions": dimensions, "attributes": ATTRIBUTES, "links": links}


def data_set(**more: Any) -> dict[str, Any]:
    return {"action": "Information", "attributes": [0, None], "series": SERIES, **more}


def version_1() -> dict[str, Any]:
    return {"meta": {}, "data": {"structure": structure(), "dataSets": [data_set()]}}


def version_2() -> dict[str, Any]:
    return {"meta": {}, "data": {"structures": [structure()], "dataSets": [data_set(structure=0)]}}


def draft() -> dict[str, Any]:
    """What servers gave before 1.0, and some still do."""
    return {"header": {}, "structure": structure(), "dataSets": [data_set()]}


def flat() -> dict[str, Any]:
    """All dimensions at the observation, all attributes too."""
    described = structure()
    described["dimensions"] = {"dataSet": [], "series": [], "observation": [AREA, SEX, TIME]}
    described["attributes"] = {
        "dataSet": ATTRIBUTES["dataSet"],
        "observation": [*ATTRIBUTES["series"], *ATTRIBUTES["observation"]],
    }
    cells = {"0:0:0": ["VALUE", 0, 0, "so"], "0:0:1": [None, 0, 1], "0:1:0": [3, 1, None, None, 7]}
    return {"data": {"structure": described, "dataSets": [{"attributes": [0], "observations": cells}]}}


def grouped() -> dict[str, Any]:
    """2.0: what is stated for a part of the key."""
    described = structure()
    described["attributes"] = {**ATTRIBUTES, "series": [], "dimensionGroup": ATTRIBUTES["series"]}
    groups = {":0:": [0], ":1:": [1]}
    return {"data": {"structures": [described], "dataSets": [data_set(structure=0, dimensionGroupAttributes=groups)]}}


def rows(folder: Path, message: Any) -> list[dict[str, str]]:
    text = json.dumps(message).replace('"VALUE"', "1.50")
    raw, found = read_bytes(folder, text, source("sdmx-json", "OBS_VALUE"))
    return [dict(zip(raw.header, row[:-1], strict=True)) for row in found]


@pytest.mark.parametrize("message", [version_1, version_2, draft, flat, grouped])
def test_forms_of_one_message(tmp_path: Path, message: Any) -> None:
    assert rows(tmp_path, message()) == EXPECTED


def test_several_values_and_languages(tmp_path: Path) -> None:
    message = version_2()
    message["data"]["dataSets"][0]["series"] = {"0": {"observations": {"0": [1, [0, 1], {"en": "a", "ru": "б"}]}}}
    (row,) = rows(tmp_path, message)
    assert (row["OBS_STATUS"], row["NOTE"]) == ("A; E", "a; б")


def test_several_measures(tmp_path: Path) -> None:
    message = version_2()
    message["data"]["structures"][0]["measures"] = {"observation": [{"id": "IN"}, {"id": "OUT"}]}
    message["data"]["dataSets"][0]["series"] = {"0": {"observations": {"0": [10, 20, 1]}}}
    (row,) = rows(tmp_path, message)
    assert (row["IN"], row["OUT"], row["OBS_STATUS"]) == ("10", "20", "E")


def test_another_structure_than_the_contracts(tmp_path: Path) -> None:
    (tmp_path / "dsd.xml").write_text(
        '<Structure><DataStructures><DataStructure agencyID="XX" id="MIG" version="2.0"/></DataStructures></Structure>'
    )
    with pytest.raises(Unreadable, match=r"found “MIG\(1.0\)”; expected the data structure MIG\(2.0\)"):
        read_bytes(tmp_path, json.dumps(version_1()), source("sdmx-json", "OBS_VALUE", structure="dsd.xml"))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"errors": [{"code": 150, "title": "Not found"}]},
            "found “Not found”; expected an SDMX-JSON data message with",
        ),
        ({"data": {"structure": structure(), "dataSets": []}}, "expected an SDMX-JSON data message with observations"),
        ({"data": {"structure": structure(), "dataSets": [data_set(action="Delete")]}}, "“action Delete”"),
        ({"data": {"structure": {}, "dataSets": [data_set()]}}, "The message is cut off or was written wrongly"),
        ({"data": {"structure": structure(), "dataSets": [data_set(series={"9": SERIES["0"]})]}}, "cut off or"),
        ([], "cut off or"),
    ],
)
def test_no_data_is_no_success(tmp_path: Path, message: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        rows(tmp_path, message)
