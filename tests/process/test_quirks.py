"""What real files hold that a careless loader gets wrong, each seen through a contract."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import load_contract
from pipelines.process.codelists import lookup
from pipelines.settings import Settings

from .tidying import contract, excel, harmonised, harmonised_book, said, tidy, workbook

RENAMED = "If it is now called “{}” for good, write that in the contract in place of the old name."


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_every_kind_of_space_in_thousands(tmp_path: Path, space: str) -> None:
    """The fast CSV engines keep such a number as text without a word."""
    described = contract(delimiter=";", decimal=",", thousands=" \u00a0\u202f")
    result = harmonised(f"area;year;value\nMDA;2020;14{space}337{space}084,5\n", tmp_path, described)
    assert tidy(result) == [("MDA", "2020", 14337084.5, "A")]


def test_marks_keep_their_meaning(tmp_path: Path) -> None:
    described = contract(missing={"..": "O", "-": "M", "x": "Q", "": "L"})
    result = harmonised(
        "area,year,value\nMDA,2020,..\nMDA,2021,-\nMDA,2022,X\nMDA,2023,\nMDA,2024,0\n", tmp_path, described
    )
    assert [row[2:] for row in tidy(result)] == [(None, "O"), (None, "M"), (None, "Q"), (None, "L"), (0.0, "A")]


def test_five_marks_of_one_office(tmp_path: Path) -> None:
    """One sign of three dots, three dots, a blank, a star in brackets, a value in brackets; numbers typed as text."""
    cells = ["1\u00a0280,6", "2 756,0", 15.5, " ", "…", "...", "(*)", "(18,7)"]
    book = workbook({"S": [["area", "year", "value"], *(["MDA", 2010 + i, cell] for i, cell in enumerate(cells))]})
    described = excel(
        [{"columns": {"ref_area": "area", "time_period": "year"}, "values": [{"header": "value"}]}],
        decimal=",",
        thousands=" \u00a0",
        missing={"": "O", "…": "L", "...": "N", "(*)": "Q"},
        flags={"()": "U"},
    )
    found = tidy(harmonised_book(book, tmp_path, described), "obs_value, obs_status")
    figures = [(1280.6, "A"), (2756.0, "A"), (15.5, "A")]
    assert found == [*figures, (None, "O"), (None, "L"), (None, "N"), (None, "Q"), (18.7, "U")]


EUROSTAT = {"missing": {":": "O"}, "flags": {"b": "B", "e": "E", "p": "P", "c": "Q"}}


@pytest.mark.parametrize(
    ("text", "columns", "value"),
    [
        (
            "freq,unit,geo\\TIME_PERIOD\t2019 \t2020 \nA,PER,MD\t-27007 e\t: \nA,PER,EL\t: c\t12 bep\n",
            {"ref_area": {"header": "geo\\TIME_PERIOD", "scheme": "eurostat"}},
            "{time_period}",
        ),
        (
            "freq,unit,time\\geo\tMD \tEL \nA,PER,2019\t-27007 e\t: c\nA,PER,2020\t: \t12 bep\n",
            {"time_period": "time\\geo", "ref_area": {"scheme": "eurostat"}},
            "{ref_area}",
        ),
    ],
    ids=["periods side by side", "areas side by side"],
)
def test_text_of_eurostat(tmp_path: Path, text: str, columns: dict[str, Any], value: str) -> None:
    """The first column holds several; blanks stand behind headers and values, flags behind both."""
    table = {"split": ",", "columns": columns, "values": [{"header": value}]}
    result = harmonised(text, tmp_path, contract(delimiter="\t", tables=[table], **EUROSTAT), "file.csv")
    assert [p.kind for p in result.problems] == ["further columns"]
    assert sorted(tidy(result, "ref_area, time_period, obs_value, obs_status, note")) == [
        ("GRC", "2019", None, "Q", "c"),
        ("GRC", "2020", 12.0, "B", "bep"),
        ("MDA", "2019", -27007.0, "E", "e"),
        ("MDA", "2020", None, "O", None),
    ]


def test_custom_view_of_eurostat_in_sdmx_csv(tmp_path: Path) -> None:
    """A view's own name, a day that is no date of ours, sex T, and flags in a column: none of them is lost."""
    flow = "ESTAT:MIGR_EIRFS$DEFAULTVIEW(1.0)"
    text = (
        "DATAFLOW,LAST UPDATE,freq,sex,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
        f"{flow},03/03/25 11:00:00,A,T,DE,2022,,d,\n{flow},27/03/25 11:00:00,A,T,UK,2022,5,be,\n"
    )
    columns = {
        "ref_area": {"header": "geo", "scheme": "eurostat"},
        "time_period": "TIME_PERIOD",
        "obs_status": "OBS_FLAG",
        "source": "LAST UPDATE",
    }
    table = {"columns": columns, "values": [{"header": "OBS_VALUE"}]}
    described = contract(format="sdmx-csv", tables=[table], flags={"b": "B", "e": "E", "d": "D"})
    assert tidy(harmonised(text, tmp_path, described), "ref_area, obs_value, obs_status, note, source") == [
        ("DEU", None, "O", "d", "03/03/25 11:00:00"),
        ("GBR", 5.0, "B", "be", "27/03/25 11:00:00"),
    ]


def test_bulk_download_of_the_world_bank(tmp_path: Path) -> None:
    """Lists beside the data, lines above the header, an edition in a cell, a comma behind the last column."""
    data = (
        '\ufeff"Data Source","World Development Indicators",\n\n"Last Updated Date","2026-07-13",\n\n'
        '"Country Name","Country Code","2023","2024",\n"Moldova","MDA","-5","",\n"Romania","ROM","1","2",\n'
    )
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Metadata_Country_API_SM.POP.NETM_DS2.csv", "a,b\n1,2\n")
        archive.writestr("API_SM.POP.NETM_DS2_en_csv_v2_1.csv", data)
    table = {
        "header_rows": [5],
        "cells": {"vintage": "B3"},
        "columns": {"ref_area": {"header": "Country Code", "scheme": "worldbank"}},
        "values": [{"header": "{time_period}"}],
    }
    result = harmonised(packed.getvalue(), tmp_path, contract(member="API_*.csv", tables=[table]), "file.csv")
    assert sorted(tidy(result, "ref_area, time_period, obs_value, obs_status, vintage")) == [
        ("MDA", "2023", -5.0, "A", "2026-07-13"),
        ("MDA", "2024", None, "O", "2026-07-13"),
        ("ROU", "2023", 1.0, "A", "2026-07-13"),
        ("ROU", "2024", 2.0, "A", "2026-07-13"),
    ]


def test_unhcr_has_codes_that_are_not_iso() -> None:
    known = lookup(Settings().reference, "areas", "unhcr")
    assert [known[code] for code in ("ukn", "sta", "tib")] == ["UNK", "XXA", "XTB"]


def test_namibia_is_not_missing(tmp_path: Path) -> None:
    table = {
        "columns": {"ref_area": {"header": "area", "scheme": "iso2"}, "time_period": "year"},
        "values": [{"header": "value"}],
    }
    result = harmonised("area,year,value\nNA,2020,1\n", tmp_path, contract(tables=[table]))
    assert tidy(result) == [("NAM", "2020", 1.0, "A")]


def test_year_written_as_a_float(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2020.0,1\n", tmp_path, contract())
    assert tidy(result) == [("MDA", "2020", 1.0, "A")]


@pytest.mark.parametrize("cell", ["nan", "inf", "1_000", "12a", "1,5", "0x10", "--1", "1 000"])
def test_what_is_not_a_number_is_a_problem_not_a_value(tmp_path: Path, cell: str) -> None:
    result = harmonised(f'area,year,value\nMDA,2020,"{cell}"\nMDA,2021,1\n', tmp_path, contract())
    assert [str(p) for p in result.problems] == [
        f"row 2, column “value”: found “{cell}”; expected a number with “.” as decimal mark, "
        "or a mark for missing: an empty cell. Correct the cell, or say in the contract how the sender writes it."
    ]
    assert tidy(result)[0][2] is None


def test_unknown_area_is_never_guessed(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDB,2020,1\nMDA,2021,1\n", tmp_path, contract())
    assert [(p.kind, p.row, p.value) for p in result.problems] == [("code", 2, "MDB")]
    assert result.problems[0].remedy.startswith("The closest are: ")


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        ("area,jahr,value", RENAMED.format("jahr")),
        ("area,a,Year of event,value", RENAMED.format("Year of event")),
        ("area,a,b,value", "Name the column so, or correct the contract."),
        ("area,value", "Ask the sender for it; if it will not come any more, take it out of the contract."),
    ],
)
def test_what_may_have_become_of_a_missing_column(tmp_path: Path, header: str, advice: str) -> None:
    """A renamed column proposes the change of the contract; where several could be meant, none is guessed."""
    cells = ",".join(["MDA", *["2020"] * (header.count(",") - 1), "1"])
    result = harmonised(f"{header}\n{cells}\n", tmp_path, contract())
    (problem,) = [p for p in result.problems if p.kind == "header"]
    assert str(problem).startswith("column “year”: expected a column of this name; the closest are: ")
    assert str(problem).endswith(f"The header reads: {header.replace(',', '; ')}. {advice}")
    assert result.files == []


@pytest.mark.parametrize(("rows", "retyped"), [(2, False), (3, True)])
def test_a_column_of_which_no_row_can_be_read_holds_something_else_now(
    tmp_path: Path, rows: int, retyped: bool
) -> None:
    years = "".join(f"MDA,spring {year},1\n" for year in range(rows))
    result = harmonised(f"area,year,value\n{years}", tmp_path, contract())
    assert [p.kind for p in result.problems].count("cell") == rows
    found = [str(p) for p in result.problems if p.kind == "retyped"]
    assert bool(found) == retyped
    if retyped:
        assert found[0].startswith("column “year”: found “spring 0, spring 1, spring 2”; expected ")
        assert found[0].endswith(
            "; none of its 3 rows has it. "
            "Ask the sender what the column holds now, and correct its entry in the contract."
        )
    mixed = harmonised(f"area,year,value\n{years}MDA,2020,1\n", tmp_path, contract())
    assert "retyped" not in {p.kind for p in mixed.problems}


def test_equal_repetition_is_kept_once_and_counted(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2020,1\nMDA,2020,1\nMDA,2021,2\n", tmp_path, contract())
    assert tidy(result) == [("MDA", "2020", 1.0, "A"), ("MDA", "2021", 2.0, "A")]
    assert (result.rows_read, result.rows_discarded, result.counts) == (3, 1, {"repeated": 1})


def test_contradicting_repetition_is_a_problem_and_neither_is_dropped(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2020,1\nMDA,2020,2\n", tmp_path, contract())
    assert result.counts == {"duplicate": 1}
    assert len(tidy(result)) == 2


@pytest.mark.parametrize(("second", "kind", "kept"), [(1, "repeated", 1), (2, "duplicate", 2)])
def test_columns_of_one_row_can_say_the_same_key_twice(tmp_path: Path, second: int, kind: str, kept: int) -> None:
    """Two columns that the contract tells apart by nothing: what they contradict each other in is found in one row."""
    columns = {"ref_area": "area", "time_period": "year"}
    described = contract(tables=[{"columns": columns, "values": [{"header": "men"}, {"header": "women"}]}])
    result = harmonised(f"area,year,men,women\nMDA,2020,1,{second}\n", tmp_path, described)
    assert (result.counts, len(tidy(result))) == ({kind: 1}, kept)
    assert ("another column gives another" in said(result)[0]) == (kind == "duplicate")


def test_nothing_but_missing_marks_is_no_success(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2020,\nMDA,2021,\n", tmp_path, contract())
    assert result.counts == {"no data": 1}


def test_blank_lines_are_left_out_and_shift_no_number(tmp_path: Path) -> None:
    result = harmonised("area,year,value\nMDA,2020,1\n,,\nMDA,2021,2\n", tmp_path, contract())
    assert tidy(result, "obs_value, source_row") == [(1.0, 2), (2.0, 4)]
    assert result.rows_left_out == 1


@given(
    value=st.floats(allow_nan=False, allow_infinity=False, width=64),
    separators=st.sampled_from([(".", ""), (",", " "), (",", "."), (".", ",")]),
)
def test_numbers_come_back_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, value: float, separators: tuple[str, str]
) -> None:
    """However an office writes it: decimal point or comma, thousands grouped or not."""
    decimal, thousands = separators
    written = f"{value:,.6f}" if abs(value) < 1e15 else f"{value:,.0f}"
    expected = float(written.replace(",", ""))
    local = written.replace(",", "\x00").replace(".", decimal).replace("\x00", thousands)
    described = contract(delimiter=";", decimal=decimal, thousands=thousands)
    result = harmonised(f"area;year;value\nMDA;2020;{local}\n", tmp_path_factory.mktemp("n"), described)
    assert tidy(result, "obs_value") == [(expected,)]


def test_unhcr_codes_are_not_iso_codes(sample_settings: Settings) -> None:
    """UNHCR's AUS is Austria: both codes are kept, and the ISO one counts."""
    from pipelines.store.lake import connect

    with connect(sample_settings) as con:
        found = con.execute("SELECT DISTINCT ref_area FROM core.refugees WHERE ref_area_unhcr = 'AUS'").fetchall()
        origins = con.execute(
            "SELECT DISTINCT counterpart_area FROM core.refugees WHERE counterpart_area IN ('UNK', 'XXA') ORDER BY 1"
        ).fetchall()
        same = con.execute("SELECT count(*) FROM core.refugees WHERE ref_area = counterpart_area").fetchall()
    assert found == [("AUT",)]
    assert origins == [("UNK",), ("XXA",)]
    assert same[0][0] > 0


def test_policy_answers_keep_blank_not_applicable_and_no_response_apart(sample_settings: Settings) -> None:
    from pipelines.store.lake import connect

    with connect(sample_settings) as con:
        found = con.execute(
            "SELECT ref_area, obs_status, count(*) FROM core.policy_answers "
            "WHERE obs_status <> 'A' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        half = con.execute("SELECT sum(obs_value) FROM core.policy_answers WHERE ref_area = 'MDA'").fetchall()
    assert found == [("ARM", "M", 1), ("GEO", "L", 30), ("MDA", "O", 1)]
    assert half == [(40.0,)], "the constructed case scores 20 of 30 items, 40 half-points"


def test_shipped_contract_names_match_their_files() -> None:
    for path in Settings().contracts.glob("*.yaml"):
        assert load_contract(path).dataset == path.stem


def test_value_under_no_header_is_not_taken_for_a_dimension(tmp_path: Path) -> None:
    """A trailing comma in the header and a stray value: no dimension without a name."""
    described = contract(
        tables=[
            {
                "columns": {"ref_area": "area", "time_period": "year"},
                "rest": "note",
                "values": [{"header": "value"}],
            }
        ]
    )
    result = harmonised("area,year,value,\nMDA,2020,1,x\nMDA,2021,2,\n", tmp_path, described)
    assert [str(p) for p in result.problems] == [
        "row 2, column “(no header)”: found “x”; expected no value in a column that has no header. "
        "Give the column a name, or empty the cell."
    ]


def test_lost_letters_are_seen_and_the_row_stays(tmp_path: Path) -> None:
    table = {
        "columns": {"ref_area": "area", "time_period": "year", "note": "note"},
        "values": [{"header": "value"}],
    }
    result = harmonised("area,year,value,note\nMDA,2020,1,\ufffd\ufffd\n", tmp_path, contract(tables=[table]))
    assert result.counts == {"lost text": 1}
    assert tidy(result) == [("MDA", "2020", 1.0, "A")]
