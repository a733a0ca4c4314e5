"""`migstat new`: from a file nobody has described to a contract, without programming."""

import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.collect.table import Unreadable
from pipelines.contract import load_contract
from pipelines.delivery import State
from pipelines.draft.cells import writing_of
from pipelines.draft.propose import draft, propose
from pipelines.settings import Settings
from tests.bad_inputs.made import WHOLE

MOST_DECISIONS = 3

RUSSIAN = """Численность прибывших;;;
Страна;Пол;Год;Прибыло
Армения;мужчины;2022;1 234,5
Армения;женщины;2022;2 000
Киргизия;мужчины;2022;311
Киргизия;женщины;2022;-
Республика Молдова;мужчины;2022;5
Республика Молдова;женщины;2022;6

Источник: пограничная служба, по данным миграционного учета.
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office with no contracts yet."""
    (tmp_path / "contracts").mkdir()
    monkeypatch.setenv("MIGSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(tmp_path / "contracts"))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output


def test_a_tidy_file_needs_nobody(desk: Path) -> None:
    file = desk / "arrivals 2024.csv"
    file.write_text("iso3,year,sex,arrivals\nMDA,2023,F,10\nMDA,2023,M,12\nKGZ,2023,F,3\nKGZ,2023,M,4\n")
    code, said = run("new", str(file), "--dataset", "arrivals")
    assert code == 0, said
    assert "was accepted" in said
    contract = load_contract(desk / "contracts" / "arrivals.yaml")
    assert contract.keys == ["ref_area", "time_period", "sex"]
    assert contract.source_of(Path("arrivals 2025.csv"))
    assert run("check", str(file), "--dataset", "arrivals")[0] == 0
    code, said = run("new", str(file), "--dataset", "arrivals")
    assert (code, "give another name by --dataset" in said) == (1, True), "an office's contract is never overwritten"


def test_text_in_a_regional_encoding(desk: Path) -> None:
    file = desk / "прибывшие.csv"
    file.write_bytes(RUSSIAN.encode("windows-1251"))
    code, said = run("new", str(file))
    assert code == 1, said
    assert "Decision 1: Say what is meant by “-”" in said
    contract = load_contract(desk / "contracts" / "pribyvshie.yaml")
    source, table = contract.sources[0], contract.sources[0].tables[0]
    assert (source.encoding, source.delimiter, source.decimal, source.thousands) == ("windows-1251", ";", ",", " ")
    assert (table.header_rows, table.ends_at) == ([2], [""])
    assert {n: f.scheme for n, f in table.fields().items()} == {
        "ref_area": "name",
        "time_period": "code",
        "sex": "name",
    }
    assert "AFG" not in said
    for row in ("ARM", "KGZ", "MDA", "1234.5"):
        assert row in said


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("koi8-r", ("Страна", "Узбекистан", "Таджикистан")),
        ("cp866", ("Страна", "Узбекистан", "Таджикистан")),
        ("iso8859-5", ("Страна", "Узбекистан", "Таджикистан")),
        ("koi8-u", ("Країна", "Польща", "Італія")),
        ("windows-1254", ("Ülke", "Türkiye", "Kırgızistan")),
        ("windows-1250", ("Država", "Češka", "Švedska")),
        ("iso8859-2", ("Država", "Češka", "Švedska")),
        ("windows-1256", ("البلد", "تركيا", "العراق")),
        ("utf-16", ("Երկիր", "Ռուսաստան", "Վրաստան")),
    ],
)
def test_encodings_that_statistics_take_for_others(desk: Path, encoding: str, words: tuple[str, str, str]) -> None:
    """The names of areas tell them apart, where a guess by the letters' frequency is wrong in a small file."""
    country, one, other = words
    file = desk / "some.csv"
    file.write_bytes(f"{country};2022;2023\n{one};12;15\n{other};7;9\n".encode(encoding))
    found = propose(file, "some", Settings())
    assert (found.outcome.state, found.draft.decisions) == (State.ACCEPTED, []), found.findings()
    assert found.columns[0] == "ref_area"


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Foreign citizens by citizenship"],
        [],
        ["Citizenship", "2021", None, "2022", None],
        [None, "Males", "Females", "Males", "Females"],
        ["Armenia", 10, 11, 12, 13],
        ["Georgia", 20, 21, "..", 23],
        ["Ukraine", 30, 31, 32, 33],
        ["Türkiye", 1, 2, 3, 4],
        [],
        ["1) Without those who hold two citizenships, and without refugees."],
    ):
        sheet.append(row)
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:E3")
    book.save(path)
    return path


def test_a_workbook_with_years_and_sexes_as_columns(desk: Path) -> None:
    found = propose(workbook(desk / "citizens.xlsx"), "citizens", Settings())
    assert found.outcome.rows_read == 16
    assert found.outcome.state == State.ACCEPTED
    assert "{header: '{time_period} | {sex}'}" in found.draft.text
    assert "ends_at: ['']" in found.draft.text
    assert "missing: {'': O, ..: O}" in found.draft.text
    assert found.draft.decisions == []


def test_json_stat_and_records(desk: Path) -> None:
    cube = {
        "version": "2.0",
        "class": "dataset",
        "id": ["geo", "time"],
        "size": [2, 2],
        "dimension": {
            "geo": {"category": {"index": ["MD", "KG"]}},
            "time": {"category": {"index": ["2022", "2023"]}},
        },
        "value": [1, 2, 3, 4],
    }
    (desk / "cube.json").write_text(json.dumps(cube))
    records = [{"iso3": area, "year": 2022, "n": n} for n, area in enumerate(["MDA", "KGZ", "UKR"])]
    (desk / "list.json").write_text(json.dumps({"page": 1, "items": records}))
    for name in ("cube.json", "list.json"):
        found = propose(desk / name, "some", Settings())
        assert (found.outcome.state, found.draft.decisions) == (State.ACCEPTED, []), found.findings()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("page.xls", b"<html><title>Error 404</title></html>", "Error 404"),
        ("empty.csv", b"", "expected a file with content"),
        ("codes.csv", b"code,name\nA,Alpha\nB,Beta\n", "expected a column of figures"),
        ("letter.txt", "Уважаемые коллеги!\n".encode(), "expected a table: a row of headers"),
        ("photo.jpg", b"\xff\xd8\xff\xe0", "this is a picture file"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(desk: Path, name: str, content: bytes, message: str) -> None:
    (desk / name).write_bytes(content)
    code, said = run("new", str(desk / name))
    assert (code, message in said) == (2, True), said
    assert list((desk / "contracts").iterdir()) == []


def test_what_only_a_person_can_say_is_asked(desk: Path) -> None:
    file = desk / "districts.csv"
    file.write_text("District,Arrived\nNorth,5\nNorth,6\nSouth,7*\n")
    code, said = run("new", str(file))
    assert code == 1
    for question in ("which country or area", "which period", "belongs to the key", "“*”"):
        assert question in said
    assert run("check", str(file), "--dataset", "districts")[0] == 1, "the draft alone loads nothing"


@given(
    st.lists(
        st.tuples(st.sampled_from(["MDA", "KGZ", "ARM", "UKR"]), st.integers(1990, 2030)),
        min_size=3, max_size=30, unique=True,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)  # fmt: skip
def test_every_tidy_table_is_read_as_it_is(keys: list[tuple[str, int]], delimiter: str, encoding: str) -> None:
    from tempfile import TemporaryDirectory

    lines = [delimiter.join(["country", "year", "persons"])]
    lines += [delimiter.join([area, str(year), str(1000 + i)]) for i, (area, year) in enumerate(keys)]
    with TemporaryDirectory() as folder:
        file = Path(folder, "any.csv")
        file.write_text("\n".join(lines) + "\n", encoding=encoding)
        proposal = draft(file, "any", Settings())
        assert proposal.decisions == []
        Path(folder, "any.yaml").write_text(proposal.text, encoding="utf-8")
        contract = load_contract(Path(folder, "any.yaml"))
    assert contract.keys == ["ref_area", "time_period"]
    assert contract.sources[0].tables[0].values[0].header == "persons"


@given(st.lists(st.one_of(st.floats(-1e9, 1e9).map(lambda x: f"{x:.2f}"), st.integers().map(str)), min_size=1))
def test_plain_numbers_ask_nothing(texts: list[str]) -> None:
    writing = writing_of(texts)
    assert (writing.decimal, writing.thousands, writing.open_marks) == (".", "", [])


def test_years_that_are_two_as_columns(desk: Path) -> None:
    file = desk / "years.csv"
    file.write_text("citizenship;2022/23;2023/24\nMDA;5;6\nUKR;6;7\n")
    code, said = run("new", str(file))
    assert (code, "was accepted" in said) == (1, True), said
    assert "“2022/23” is stored as its first year; if its second counts, write `end`." in " ".join(said.split())
    assert "│ MDA      │ 2022        │ 5.0" in said


def test_columns_of_one_name_are_told_apart(desk: Path) -> None:
    """Or two figures would stand under one key."""
    file = desk / "twice.csv"
    file.write_text("country,year,arrivals,arrivals\nMDA,2023,5,6\nUKR,2023,6,7\n")
    code, said = run("new", str(file))
    assert (code, "was accepted" in said) == (0, True), said
    assert load_contract(desk / "contracts" / "twice.yaml").columns["series"].codes == ["COLUMN_C", "COLUMN_D"]


def test_line_ends_of_old_computers(desk: Path) -> None:
    file = desk / "old.csv"
    file.write_bytes(b"iso3,year,n\rMDA,2023,10\rKGZ,2023,12\rARM,2023,3\r")
    found = propose(file, "old", Settings())
    assert (found.outcome.state, found.outcome.rows_read, found.draft.decisions) == (State.ACCEPTED, 3, [])


def test_marks_of_numbers() -> None:
    assert writing_of(["1.234.567,8"]).decimal == ","
    assert writing_of(["1'234'567.8"]).thousands == "'"
    assert writing_of(["1,234", "12"]).ambiguous == "1,234"
    assert writing_of(["1\u202f234,5"]).thousands == "\u202f"
    found = writing_of(["12 b", "13 e", "14*", ":", "x"])
    assert (found.flags, found.missing) == ({"b": "B", "e": "E", "*": "A"}, {":": "O", "x": "O"})
    assert found.open_marks == ["*", "x"]


REST = [["Georgia", 31, 47], ["Ukraine", 52, 68], ["Belarus", 77, 81]]
PAIRS = [(row[:2], year if row is REST[0] else "") for year in (2021, 2022) for row in REST]
NESTED = [label for region in ("Всего", "Ошская", "Чуйская") for label in (region, "мужчины", "женщины")]
LAYOUTS = {
    "no header": ([["Moldova", 2021, 5], ["Georgia", 2022, 3], ["Armenia", 2022, 7]], "not figures in the first row"),
    "notes right below": (
        [["Country", "2021", "2022"], *REST, ["* provisional", None, None], ["Source: border police", None, None]],
        "ends_at: ['* provisional']",
    ),
    "quarters below their year": (
        [["Страна", 2023, None, None], [None, "I", "II", "III"], *([*row, 9] for row in REST)],
        "frequency: Q",
    ),
    "months below their year": (
        [["Страна", "2024 год", None], [None, "январь", "февраль"], *REST],
        "frequency: M",
    ),
    "footnotes in the headers": ([["Страна", "2021 1)", "2022*"], *REST], "flags: {1): A, '*': A}"),
    "a sum beside the table": ([["Страна", "2021", "2022", None], *([*row, 9] for row in REST)], "ignore_columns: [D]"),
    "an error in a cell": ([["Country", "2021", "2022"], *REST, ["Moldova", "#REF!", 4]], "found “#REF!”"),
    "per cents": ([["Country", "2021", "2022"], *([a, f"{b},5%", f"{c} %"] for a, b, c in REST)], "unit_measure: PT"),
    "years written once": (
        [["Year", "Country", "Persons"], *([y, *pair] for pair, y in PAIRS)],
        "time_period: {header: Year, above: ['']}",
    ),
    "men and women below each region": (
        [["Область", "2021", "2022"], *([label, n, n + 4] for n, label in enumerate(NESTED))],
        "above: [мужчины, женщины]",
    ),
    "the same header again": (
        [["Country", "2021", "2022"], *REST, [], ["Emigrants"], ["Country", "2021", "2022"], *REST],
        "say whether these are wanted too: “row 7”",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_offices(desk: Path, layout: str) -> None:
    """Each is found by looking; what cannot be is said, and nothing is taken for a header or a row that is none."""
    rows, wanted = LAYOUTS[layout]
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(desk / "some.xlsx")
    code, said = run("new", str(desk / "some.xlsx"))
    file = desk / "contracts" / "some.yaml"
    assert wanted in said + (file.read_text(encoding="utf-8") if file.exists() else "")
    refused = {"no header": 2, "an error in a cell": 1, "the same header again": 1}
    asked = {"footnotes in the headers", "a sum beside the table", "men and women below each region"}
    assert code == refused.get(layout, int(layout in asked)), said


def test_a_sheet_for_each_year(desk: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for year in ("2021", "2022"):
        sheet = book.create_sheet(year)
        for row in [["Country", "Persons"], *(row[:2] for row in REST)]:
            sheet.append(row)
    book.save(desk / "years.xlsx")
    found = propose(desk / "years.xlsx", "years", Settings())
    assert (found.outcome.state, found.outcome.rows_read, found.draft.decisions) == (State.ACCEPTED, 6, [])
    assert "sheet: '{time_period}'" in found.draft.text


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_every_format_is_drafted(desk: Path, name: str) -> None:
    """Also out of an archive, with the letters T, M and F for the sexes, and with three labels in one column."""
    file = desk / Path(name).name
    file.write_bytes(WHOLE[name])
    found = propose(file, "some", Settings())
    assert (found.outcome.state, found.draft.decisions) == (State.ACCEPTED, []), found.findings()


NO_TABLE = {
    "armstat_sdg/indicator_10-7-3.csv",  # a header alone
    "files/kg_excel/10-7-2.xlsx",  # answers in words
    "files/rosstat_migration/coutries.txt",  # a list of names
    "files/pxweb_v1_rpxweb/api.json",
    "files/pxweb_v1_rpxweb/json-stat_query_example.json",
    "files/pxweb_v1_rpxweb/test_query_px.json",
    "files/pxweb_v1_rpxweb/v1_POST_json_BefolkningNy.json",
    "files/pxweb_v2_pxwebpy/TAB6471_metadata.json",
    "files/pxweb_v2_pxwebpy/config.json",
    "files/pxweb_v2_pxwebpy/tables.json",
    "files/pysdmx_samples/estat_metadata.xml",
    "files/sdmx_test_data/ng-structure-full.xml",
    "kg_nsc_sdg/SDG_DSD.KG_1.8.xml",
    "oracles/sdg_10_7_2_questionnaire.json",
    *(f"unsd_sdg_2020/ddf--entities--{name}.csv" for name in ("age", "geo_area", "migratory_status", "nature")),
    *(f"unsd_sdg_2020/ddf--entities--{name}.csv" for name in ("policy_domains", "sex", "units")),
}


@pytest.mark.real_data
def test_every_real_file_needs_three_decisions_at_most(real: Path, tmp_path: Path) -> None:
    refused = set()
    for file in sorted(p for p in real.rglob("*") if p.is_file() and p.name != "SOURCE.txt"):
        try:
            proposal = draft(file, "some", Settings())
        except Unreadable:
            refused.add(file.relative_to(real).as_posix())
            continue
        assert len(proposal.decisions) <= MOST_DECISIONS, file
        (tmp_path / "some.yaml").write_text(proposal.text, encoding="utf-8")
        load_contract(tmp_path / "some.yaml")
    assert refused == NO_TABLE


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "state", "rows", "decisions"),
    [
        ("wpp2024/wpp2024_seeeca_components.csv", "accepted", 4554, 0),
        ("files/unhcr_hdx/HDX_AsylumDecisions.csv", "accepted", 2004, 0),
        ("files/derived/mvd_regions_2016_cp1251.csv", "accepted", 282, 2),
        ("files/tuik_xls/tuik_iller_sosyoekonomik_2023.xls", "accepted", 738, 1),
        ("files/pysdmx_samples/estat_data.xml", "accepted", 33, 0),
        ("files/pxweb_v2_pxwebpy/TAB6471_data.json", "accepted", 2772, 1),
        ("files/kg_excel/16.2.2.xlsx", "accepted", 378, 2),
        ("armstat_sdg/indicator_16-2-2.csv", "accepted", 42, 2),
        ("un_desa_ims2019/UN_MigrantStockTotal_2019.xlsx", "rejected", 5943, 2),
    ],
)
def test_real_files_under_their_draft(real: Path, name: str, state: str, rows: int, decisions: int) -> None:
    """What is still refused is refused for what a person is asked."""
    found = propose(real / name, "some", Settings())
    assert (found.outcome.state, found.outcome.rows_read) == (state, rows), found.findings()
    assert len(found.draft.decisions) == decisions
