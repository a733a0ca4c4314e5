"""SDMX in every form: what writers write comes back, each form is checked against its structure, errors are no data."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.model import (
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    DataStructureDefinition,
    DataType,
    ItemReference,
    Role,
)

from pipelines.collect.table import Unreadable

from .reading import Cells, read_one, source

ML = [
    Format.DATA_SDMX_ML_2_1_GEN,
    Format.DATA_SDMX_ML_2_1_STR,
    Format.DATA_SDMX_ML_3_0,
    Format.DATA_SDMX_ML_3_1,
]
CSV = [Format.DATA_SDMX_CSV_1_0_0, Format.DATA_SDMX_CSV_2_0_0, Format.DATA_SDMX_CSV_2_1_0]
STRUCTURES = [Format.STRUCTURE_SDMX_ML_2_1, Format.STRUCTURE_SDMX_ML_3_0]
WORDS = st.text("aЖş<>&;:,=[]| ", max_size=8).map(str.strip)  # the writer does not escape quotes


def component(id: str, role: Role, codes: list[str] | None = None, required: bool = True, **more: Any) -> Component:
    listed = (
        Codelist(f"CL_{id}", name=id, agency="XX", version="1.0", items=[Code(c, name=c) for c in codes])
        if codes
        else None
    )
    concept = ItemReference("Concept", "XX", "CS", "1.0", id)
    return Component(id, required, role, concept, local_codes=listed, name=id, **more)


PARTS = [
    component("FREQ", Role.DIMENSION, ["A"]),
    component("REF_AREA", Role.DIMENSION, ["MD", "KG"]),
    component("SEX", Role.DIMENSION, ["M", "F", "_T"]),
    component("TIME_PERIOD", Role.DIMENSION, local_dtype=DataType.PERIOD),
    component("OBS_VALUE", Role.MEASURE, required=False, local_dtype=DataType.DOUBLE),
    component("OBS_STATUS", Role.ATTRIBUTE, ["A", "M"], attachment_level="O"),
    component("COUNT", Role.ATTRIBUTE, required=False, local_dtype=DataType.INTEGER, attachment_level="O"),
    component("NOTE", Role.ATTRIBUTE, required=False, local_dtype=DataType.STRING, attachment_level="O"),
]
DSD = DataStructureDefinition("MIG", agency="XX", version="1.0", name="Migration", components=Components(PARTS))
ROW = {"FREQ": "A", "REF_AREA": "MD", "SEX": "F", "TIME_PERIOD": "2020", "OBS_VALUE": "1.50", "OBS_STATUS": "A"}


def written(rows: list[dict[str, str]], format: Format, folder: Path) -> Path:
    frame = pd.DataFrame(rows).fillna("").astype(str)
    data = PandasDataset(structure=DSD.to_schema(), data=frame)
    path = folder / "data"
    options = {"dimension_at_observation": {data.short_urn: "AllDimensions"}} if format in ML[:1] else {}
    write_sdmx(data, format, str(path), **options)
    return path


def structure(folder: Path, format: Format = STRUCTURES[0]) -> str:
    concepts = [Concept(c.id, name=c.id) for c in PARTS]
    scheme = ConceptScheme("CS", agency="XX", version="1.0", name="CS", items=concepts)
    lists = [c.local_codes for c in PARTS if c.local_codes]
    write_sdmx([*lists, scheme, DSD], format, str(folder / "dsd.xml"))
    return "dsd.xml"


def family(format: Format) -> str:
    return "sdmx-csv" if format in CSV else "sdmx-ml"


def by_name(header: list[str], rows: Cells) -> list[dict[str, str]]:
    return [dict(zip(header, row[:-1], strict=True)) for row in rows]


def comparable(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Rows in one order; the writer writes a value in its own way, and leaves out an attribute nobody has."""
    plain = [{k: v for k, v in row.items() if v} | {"OBS_VALUE": float(row["OBS_VALUE"])} for row in rows]
    return sorted(plain, key=lambda row: [row["REF_AREA"], row["SEX"], row["TIME_PERIOD"]])


@pytest.mark.parametrize("format", [*ML, *CSV], ids=lambda f: f.name)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_pysdmx_writes_comes_back(tmp_path: Path, format: Format, data: st.DataObject) -> None:
    keys = data.draw(
        st.lists(
            st.sampled_from(list(product(["MD", "KG"], ["M", "F", "_T"], ["2020", "2021"]))), min_size=1, unique=True
        )
    )
    rows = [
        {
            "FREQ": "A",
            "REF_AREA": area,
            "SEX": sex,
            "TIME_PERIOD": period,
            "OBS_VALUE": data.draw(st.floats(-1e9, 1e9).map(str)),
            "OBS_STATUS": "A",
            "NOTE": data.draw(WORDS),
        }
        for area, sex, period in keys
    ]
    path = written(rows, format, tmp_path)
    raw, found = read_one(path, source(family(format), "OBS_VALUE", structure=structure(tmp_path)))
    assert comparable(by_name(raw.header, found)) == comparable(rows)
    assert raw.problems == []


@pytest.mark.parametrize("format", [*ML, *CSV], ids=lambda f: f.name)
@pytest.mark.parametrize("of_structure", STRUCTURES, ids=lambda f: f.name)
def test_each_form_is_checked_against_its_structure(tmp_path: Path, format: Format, of_structure: Format) -> None:
    """Neither library compares data with their structure: a wrong code would be loaded as it is."""
    wrong = [
        ROW,
        {**ROW, "TIME_PERIOD": "2021", "SEX": "male", "COUNT": "777"},
        {**ROW, "TIME_PERIOD": "2022", "OBS_STATUS": ""},
    ]
    path = written(wrong, format, tmp_path)
    path.write_text(path.read_text().replace("777", "many"))
    raw, _ = read_one(path, source(family(format), "OBS_VALUE", structure=structure(tmp_path, of_structure)))
    first, missing = (2, "#N/A") if format in CSV else (1, "")
    assert {(p.row, p.column, p.value, p.expected) for p in raw.problems} == {
        (first + 1, "SEX", "male", "a code of CL_SEX(1.0)"),
        (first + 1, "COUNT", "many", "a number (Integer)"),
        (first + 2, "OBS_STATUS", missing, "a value: the data structure makes it mandatory"),
    }


@pytest.mark.parametrize("format", [*ML, *CSV], ids=lambda f: f.name)
def test_unknown_and_missing_columns(tmp_path: Path, format: Format) -> None:
    text = written([{**ROW, "NOTE": "x"}], format, tmp_path).read_text()
    (tmp_path / "data").write_text(text.replace("NOTE", "NOTES").replace("OBS_STATUS", "STATUS"))
    raw, _ = read_one(tmp_path / "data", source(family(format), "OBS_VALUE", structure=structure(tmp_path)))
    assert {(p.kind, p.column) for p in raw.problems} == {
        ("structure", "NOTES"),
        ("structure", "STATUS"),
        ("structure", "OBS_STATUS"),
    }


@pytest.mark.parametrize("format", [*ML, *CSV[1:]], ids=lambda f: f.name)
def test_version_of_the_structure(tmp_path: Path, format: Format) -> None:
    """Silently read under another version, a code could mean something else."""
    text = written([ROW], format, tmp_path).read_text()
    (tmp_path / "data").write_text(
        text.replace("(1.0)", "(0.9)")
        .replace('version="1.0"', 'version="0.9"')
        .replace('<?xml version="0.9"', '<?xml version="1.0"')
    )
    dsd = structure(tmp_path)
    with pytest.raises(Unreadable, match=r"found “MIG\(0.9\)”; expected the data structure MIG\(1.0\)"):
        read_one(tmp_path / "data", source(family(format), "OBS_VALUE", structure=dsd))
    accepted = source(family(format), "OBS_VALUE", structure=dsd, structure_versions=["0.9"])
    assert [p.kind for p in read_one(tmp_path / "data", accepted)[0].problems] == ["structure version"]


def test_version_of_a_data_flow(tmp_path: Path) -> None:
    """A file that names only its data flow is of the structure if the structure file says so."""
    dsd = structure(tmp_path)
    text = (tmp_path / dsd).read_text()
    flow = '<Dataflows><Dataflow agencyID="XX" id="F" version="2.0"/></Dataflows><'
    (tmp_path / dsd).write_text(re.sub(r"<(?=\w+:DataStructures)", flow, text, count=1))
    for version, refused in (("1.0", True), ("2.0", False)):
        row = f"XX:F({version}),A,MD,F,2020,1,A"
        (tmp_path / "data").write_text(f"DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n{row}\n")
        described = source("sdmx-csv", "OBS_VALUE", structure=dsd)
        if refused:
            with pytest.raises(Unreadable, match=r"found “F\(1.0\)”; expected the data structure MIG\(1.0\)"):
                read_one(tmp_path / "data", described)
        else:
            assert read_one(tmp_path / "data", described)[0].problems == []


def test_code_list_that_is_not_in_the_structure_file_is_said(tmp_path: Path) -> None:
    dsd = structure(tmp_path)
    text = (tmp_path / dsd).read_text()
    (tmp_path / dsd).write_text(text.replace('id="CL_SEX"', 'id="CL_OTHER"', 1))
    path = written([ROW], Format.DATA_SDMX_ML_2_1_STR, tmp_path)
    raw, _ = read_one(path, source("sdmx-ml", "OBS_VALUE", structure=dsd))
    assert "SEX" in str(raw.problems[0]) and "references=all" in str(raw.problems[0])


HEAD = """<m:{kind} xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
 xmlns:g="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic"
 xmlns:s="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific"
 xmlns:f="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message/footer"
 xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
 xmlns:e="urn:e" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><m:Header>
 <m:Structure structureID="A" dimensionAtObservation="{at}"><c:Structure><Ref agencyID="XX" id="MIG" version="1.0"/>
 </c:Structure></m:Structure></m:Header>"""


def message(
    tmp_path: Path, body: str, kind: str = "StructureSpecificData", at: str = "TIME_PERIOD"
) -> list[dict[str, str]]:
    (tmp_path / "data").write_text(f"{HEAD.format(kind=kind, at=at)}{body}</m:{kind}>")
    raw, rows = read_one(tmp_path / "data", source("sdmx-ml", "OBS_VALUE"))
    return by_name(raw.header, rows)


def test_what_is_stated_once_holds_for_all(tmp_path: Path) -> None:
    """A power of ten stated for the whole data set is not lost: values would be a million times too small."""
    body = """<m:DataSet s:structureRef="not-in-the-header" s:action="Replace" UNIT_MULT="6">
      <e:Group xsi:type="e:Sibling" SEX="F" TITLE="Women"/>
      <Series SEX="F" UNIT="PS"><Obs TIME_PERIOD="2020" OBS_VALUE="1"/><Obs TIME_PERIOD="2021" OBS_VALUE=""/></Series>
      <Series SEX="M" UNIT="PS"/>
      <Series SEX="M" UNIT="HH"><Obs TIME_PERIOD="2020" OBS_VALUE="NaN" NOTE="x"/></Series></m:DataSet>"""
    once = {"UNIT_MULT": "6", "UNIT": "PS", "NOTE": ""}
    women = once | {"SEX": "F", "TITLE": "Women"}
    assert message(tmp_path, body) == [
        women | {"TIME_PERIOD": "2020", "OBS_VALUE": "1"},
        women | {"TIME_PERIOD": "2021", "OBS_VALUE": ""},
        once | {"SEX": "M", "TITLE": "", "TIME_PERIOD": "2020", "OBS_VALUE": "NaN", "UNIT": "HH", "NOTE": "x"},
    ]


def test_generic_series_groups_and_attributes(tmp_path: Path) -> None:
    def values(**pairs: str) -> str:
        return "".join(f'<g:Value id="{k}" value="{v}"/>' for k, v in pairs.items())

    body = f"""<m:DataSet structureRef="A" action="Append"><g:Attributes>{values(UNIT_MULT="3")}</g:Attributes>
      <g:Group type="Sibling"><g:GroupKey>{values(SEX="F")}</g:GroupKey>
      <g:Attributes>{values(TITLE="Women")}</g:Attributes></g:Group>
      <g:Series><g:SeriesKey>{values(FREQ="A", SEX="F")}</g:SeriesKey><g:Attributes>{values(UNIT="PS")}</g:Attributes>
      <g:Obs><g:ObsDimension value="2020"/><g:ObsValue value=""/>
      <g:Attributes>{values(OBS_STATUS="M")}</g:Attributes></g:Obs>
      <g:Obs><g:ObsDimension value="2021"/><g:ObsValue value="7"/></g:Obs></g:Series></m:DataSet>"""
    once = {"UNIT_MULT": "3", "TITLE": "Women", "FREQ": "A", "SEX": "F", "UNIT": "PS"}
    assert message(tmp_path, body, "GenericData") == [
        once | {"TIME_PERIOD": "2020", "OBS_VALUE": "", "OBS_STATUS": "M"},
        once | {"TIME_PERIOD": "2021", "OBS_VALUE": "7", "OBS_STATUS": ""},
    ]


def test_cross_section(tmp_path: Path) -> None:
    """In a cross-section an observation's type may be all that says which measure it is."""
    body = """<m:DataSet><Series TIME_PERIOD="2020"><Obs xsi:type="e:PJAN" OBS_VALUE="1"/>
      <Obs xsi:type="e:PJUN" OBS_VALUE="2"/></Series></m:DataSet>"""
    assert message(tmp_path, body, at="DEMO") == [
        {"TIME_PERIOD": "2020", "DEMO": "PJAN", "OBS_VALUE": "1"},
        {"TIME_PERIOD": "2020", "DEMO": "PJUN", "OBS_VALUE": "2"},
    ]


def test_attributes_with_several_values(tmp_path: Path) -> None:
    body = """<m:DataSet><Series SEX="F"><Comp id="AGENCY"><Value>4F0</Value><Value>4D0</Value></Comp>
      <Obs TIME_PERIOD="2020" OBS_VALUE="1"><Comp id="OBS_STATUS"><Value>A</Value><Value>F</Value></Comp></Obs>
      </Series></m:DataSet>"""
    (row,) = message(tmp_path, body)
    assert (row["AGENCY"], row["OBS_STATUS"], row["SEX"]) == ("4F0; 4D0", "A; F", "F")


FOOTER = """<f:Footer><f:Message code="413" severity="Information"><c:Text>The extraction is too big; see</c:Text>
 <c:Text>http://example.org/file.zip</c:Text></f:Message></f:Footer>"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FOOTER, "“The extraction is too big; see http://example.org/file.zip”; expected an SDMX-ML data message with"),
        (f"<m:DataSet/>{FOOTER}", "“The extraction is too big; see http://example.org/file.zip”"),
        ("<m:DataSet><Series SEX='F'/></m:DataSet>", "“a StructureSpecificData message”; expected an SDMX-ML data"),
        ("<m:DataSet action='Delete'><Obs OBS_VALUE='1'/></m:DataSet>", "“action Delete”; expected .* to be stored"),
        ("<m:DataSet><Obs OBS_VALUE='1'/>", "The file is cut off"),
    ],
)
def test_no_data_is_no_success(tmp_path: Path, body: str, said: str) -> None:
    """Eurostat answers a question that is too big with a message that has no data, and HTTP 200."""
    with pytest.raises(Unreadable, match=said):
        message(tmp_path, body)


def test_structure_message_is_no_data(tmp_path: Path) -> None:
    structure(tmp_path)
    with pytest.raises(Unreadable, match="found “a structure message”"):
        read_one(tmp_path / "dsd.xml", source("sdmx-ml", "OBS_VALUE"))


@pytest.mark.parametrize("inside", ["<!ENTITY a 'x'>", "<!ENTITY a SYSTEM 'file:///etc/hostname'>", ""])
def test_document_types_are_refused(tmp_path: Path, inside: str) -> None:
    """Entities read other files, or grow a small file until memory is full."""
    (tmp_path / "data").write_text(f"<!DOCTYPE d [{inside}]><d><DataSet><Obs OBS_VALUE='1'/></DataSet></d>")
    with pytest.raises(Unreadable, match="expected XML without a document type declaration"):
        read_one(tmp_path / "data", source("sdmx-ml", "OBS_VALUE"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("DATAFLOW,SEX,TIME_PERIOD,OBS_VALUE,NOTE\nXX:F(1.0),F,2020,12.4,a: b\n", {}),
        ("DATAFLOW,SEX: Sex,TIME_PERIOD: Time,OBS_VALUE: Value,NOTE\nXX:F(1.0): Flow,F: Female,2020,12.4,a: b\n", {}),
        ("STRUCTURE,STRUCTURE_ID,ACTION,SEX,TIME_PERIOD,OBS_VALUE,NOTE\ndataflow,XX:F(1.0),I,F,2020,12.4,a: b\n", {}),
        (
            "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,SEX,Sex,TIME_PERIOD,Time,OBS_VALUE,Value,NOTE,Remark\n"
            "dataflow,XX:F(1.0),Flow,F,Female,2020,,12.4,,a: b,\n",
            {},
        ),
        (
            "STRUCTURE[|];STRUCTURE_ID;ACTION;SERIES_KEY;SEX: Sex;TIME_PERIOD: Time;OBS_VALUE: Value;NOTE\n"
            "dataflow;XX:F(1.0): Flow;I;F;F: Female;2020: 2020;12,4;a: b\n",
            {"decimal": ","},
        ),
        ("STRUCTURE\tSTRUCTURE_ID\tSEX\tTIME_PERIOD\tOBS_VALUE\tNOTE\ndataflow\tXX:F(1.0)\tF\t2020\t12.4\ta: b\n", {}),
        (
            '\ufeff"STRUCTURE","STRUCTURE_ID","SEX","TIME_PERIOD","OBS_VALUE","NOTE"\n'
            '"dataflow","XX:F(1.0)","F","2020","12.4","a: b"\n',
            {},
        ),
    ],
    ids=["1.0", "1.0 with labels", "2.0", "2.0 with names", "2.0 with labels, semicolon", "2.0, tab", "2.0, quoted"],
)
def test_header_styles_of_csv(tmp_path: Path, text: str, options: dict[str, str]) -> None:
    (tmp_path / "data").write_text(text, encoding="utf-8")
    raw, rows = read_one(tmp_path / "data", source("sdmx-csv", "OBS_VALUE", **options))
    assert raw.header == ["SEX", "TIME_PERIOD", "OBS_VALUE", "NOTE"]
    assert rows == [["F", "2020", "12,4" if options else "12.4", "a: b", 2]]
    assert raw.problems == []


def test_labels_of_csv_for_a_contract_that_names_them(tmp_path: Path) -> None:
    columns = {"sex": "SEX", "note": "SEX label", "source": "STRUCTURE_ID"}
    for text in (
        "STRUCTURE,STRUCTURE_ID,SEX: Sex,OBS_VALUE\ndataflow,F,F: Female: all,1\n",
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,SEX,Sex,OBS_VALUE,Value\ndataflow,F,Flow,F,Female: all,1,\n",
    ):
        (tmp_path / "data").write_text(text)
        raw, rows = read_one(tmp_path / "data", source("sdmx-csv", "OBS_VALUE", table={"columns": columns}))
        found = by_name(raw.header, rows)
        assert found == [{"STRUCTURE_ID": "F", "SEX": "F", "SEX label": "Female: all", "OBS_VALUE": "1"}]


def test_several_values_in_a_cell_of_csv(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("STRUCTURE[;],STRUCTURE_ID,OBS_VALUE,A[],B[]: B\ndataflow,F,1,x;y,M: Mm;N: Nn\n")
    raw, rows = read_one(tmp_path / "data", source("sdmx-csv", "OBS_VALUE"))
    assert by_name(raw.header, rows) == [{"OBS_VALUE": "1", "A": "x; y", "B": "M; N"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "STRUCTURE,STRUCTURE_ID,OBS_VALUE\ndataflow,A,1\ndataflow,B,1\n",
            "found “B”; expected rows of one structure, A",
        ),
        (
            "STRUCTURE,STRUCTURE_ID,ACTION,OBS_VALUE\ndataflow,A,I,1\ndataflow,A,D,1\n",
            "row 3, column “ACTION”: found “D”; expected rows to be",
        ),
    ],
)
def test_rows_that_are_no_observations_of_the_structure(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "data").write_text(text)
    raw, _ = read_one(tmp_path / "data", source("sdmx-csv", "OBS_VALUE"))
    assert message in str(raw.problems[0])


def test_csv_that_is_not_sdmx(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("geo,time,value\nMD,2020,1\n")
    with pytest.raises(Unreadable, match="row 1: found “geo,time,value”; expected SDMX-CSV, whose header begins with"):
        read_one(tmp_path / "data", source("sdmx-csv"))
