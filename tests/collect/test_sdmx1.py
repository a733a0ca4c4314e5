"""Messages that the other SDMX library writes come back: flat and in series, with attributes at every level."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sdmx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sdmx.message import DataMessage
from sdmx.model import common, v21

from .reading import read_one, source

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=8)
DIMENSIONS = ("REF_AREA", "SEX", "TIME_PERIOD")
STRUCTURE = v21.DataStructureDefinition(id="MIG", maintainer=common.Agency(id="XX"), version="1.0")
STRUCTURE.dimensions.extend(v21.Dimension(id=name, order=i) for i, name in enumerate(DIMENSIONS, start=1))
STRUCTURE.measures.append(v21.PrimaryMeasure(id="OBS_VALUE"))
STRUCTURE.attributes.extend(v21.DataAttribute(id=name) for name in ("UNIT_MULT", "TITLE", "NOTE"))


def attribute(name: str, value: str) -> dict[str, Any]:
    return {name: v21.AttributeValue(value=value, value_for=STRUCTURE.attributes.get(name))}


def written(
    series: dict[tuple[str, str], dict[str, tuple[str, str]]], in_series: bool, generic: bool, titles: str
) -> bytes:
    """A message of series by area and sex, each with its values and notes by period."""
    data = (v21.GenericDataSet if generic else v21.StructureSpecificDataSet)(structured_by=STRUCTURE)
    data.attrib.update(attribute("UNIT_MULT", "3"))
    for (area, sex), observations in series.items():
        key = STRUCTURE.make_key(v21.SeriesKey, {"REF_AREA": area, "SEX": sex})
        key.attrib.update(attribute("TITLE", titles))
        found = []
        for period, (value, note) in observations.items():
            at = {"TIME_PERIOD": period} if in_series else {"REF_AREA": area, "SEX": sex, "TIME_PERIOD": period}
            one = v21.Observation(
                dimension=STRUCTURE.make_key(v21.Key, at), value=value, value_for=STRUCTURE.measures[0]
            )
            one.attached_attribute.update(attribute("NOTE", note))
            found.append(one)
        data.add_obs(found, key if in_series else None)
    return bytes(sdmx.to_xml(DataMessage(data=[data])))


@pytest.mark.parametrize("in_series", [True, False], ids=["in series", "flat"])
@pytest.mark.parametrize("generic", [True, False], ids=["generic", "structure-specific"])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_sdmx1_writes_comes_back(tmp_path: Path, generic: bool, in_series: bool, data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.sampled_from(list(product(["MD", "KG"], ["M", "F"]))), min_size=1, unique=True))
    cells = st.tuples(st.decimals(-1000, 1000, places=2).map(str), WORDS)
    series = {key: data.draw(st.dictionaries(st.sampled_from(["2020", "2021"]), cells, min_size=1)) for key in keys}
    title = data.draw(WORDS)
    (tmp_path / "data").write_bytes(written(series, in_series, generic, title))
    raw, rows = read_one(tmp_path / "data", source("sdmx-ml", "OBS_VALUE"))
    names = ["REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "NOTE", "UNIT_MULT", *(["TITLE"] if in_series else [])]
    found = [[dict(zip(raw.header, row, strict=False))[name] for name in names] for row in rows]
    assert sorted(found) == sorted(
        [*key, period, value, note, "3", *([title] if in_series else [])]
        for key, observations in series.items()
        for period, (value, note) in observations.items()
    )
