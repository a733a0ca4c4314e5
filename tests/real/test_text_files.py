"""Each full text file becomes tidy rows by its contract alone: all rows, the right figures, its own identities."""

import csv
from pathlib import Path

import pytest

from tests.real.conftest import Read, ask, met

pytestmark = pytest.mark.real_data

UNSD = "unsd_sdg_2020/ddf--datapoints--{}--by--{}.csv"
FILES = [
    ("eurostat_regions", "files/eurostat_tsv_excerpts/demo_r_gind3_excerpt.tsv", 10 * 20),
    ("mvd_regions", "files/derived/mvd_regions_2016_cp1251.csv", 94 * 3),
    ("unhcr_hdx", "files/unhcr_hdx/HDX_EndYearPopulationTotals.csv", 745 * 6),
    ("unhcr_hdx", "files/unhcr_hdx/HDX_AsylumDecisions.csv", 334 * 5),
    ("unsd_points", UNSD.format("bx_trf_pwkr", "geo_area--nature--units--year"), 5614),
    ("unsd_points", UNSD.format("vc_htf_detv", "age--geo_area--nature--sex--units--year"), 998),
    ("unsd_points", UNSD.format("sg_cpa_migrs", "geo_area--nature--policy_domains--units--year"), None),
    ("unsd_points", UNSD.format("si_rmt_cost", "geo_area--nature--units--year"), None),
    ("unsd_points", UNSD.format("sl_emp_ftlinjur", "geo_area--migratory_status--nature--sex--units--year"), None),
    ("unsd_points", UNSD.format("sm_dth_migr", "geo_area--nature--units--year"), None),
    ("unsd_points", UNSD.format("sm_pop_refg_or", "geo_area--nature--units--year"), None),
]


@pytest.mark.parametrize(("dataset", "file", "rows"), FILES, ids=[Path(f[1]).name for f in FILES])
def test_every_row_becomes_a_tidy_row(read: Read, real: Path, dataset: str, file: str, rows: int | None) -> None:
    found = read(dataset, file)
    assert met(found) == []
    records = len((real / file).read_bytes().splitlines()) - 1
    assert found.rows_read == (records if rows is None else rows)
    assert ask(found, "SELECT count(*) FROM {rows} WHERE obs_value IS NULL AND obs_status = 'A'") == [(0,)]


def test_flags_and_marks_of_eurostats_text(read: Read) -> None:
    found = read("eurostat_regions", "files/eurostat_tsv_excerpts/demo_r_gind3_excerpt.tsv")
    cells = "SELECT time_period, obs_value, obs_status FROM {rows} WHERE region = 'AL'"
    assert ask(found, f"{cells} AND time_period IN (2015, 2018, 2019) ORDER BY 1") == [
        ("2015", -27007.0, "E"),
        ("2018", -15027.0, "A"),
        ("2019", None, "O"),
    ]
    assert ask(found, "SELECT DISTINCT ref_area FROM {rows} WHERE region LIKE 'AL%'") == [("ALB",)]


def test_a_ministrys_table_as_text_adds_up(read: Read) -> None:
    """The districts are the sums of the regions under them; all regions and the headquarters make the total."""
    found = read("mvd_regions", "files/derived/mvd_regions_2016_cp1251.csv")
    total = "SELECT obs_value FROM {rows} WHERE region = 'ВСЕГО по регионам' AND series = 'REGISTERED'"
    assert ask(found, total) == [(14337084.0,)]
    parts = """SELECT series, sum(obs_value) FILTER (region LIKE '%ФО'),
                      sum(obs_value) FILTER (region = 'ГУВМ МВД России'),
                      sum(obs_value) FILTER (region LIKE 'ВСЕГО%')
               FROM {rows} GROUP BY series ORDER BY series"""
    for series, districts, headquarters, whole in ask(found, parts):
        assert districts + (headquarters or 0) == whole, series
    assert ask(found, "SELECT count(*) FROM {rows} WHERE obs_status = 'M'") == [(2,)]


def test_decisions_add_up_to_their_total(read: Read) -> None:
    found = read("unhcr_hdx", "files/unhcr_hdx/HDX_AsylumDecisions.csv")
    wrong = """SELECT source_row FROM {rows} GROUP BY source_row
               HAVING sum(obs_value) FILTER (series <> 'DECIDED') <> sum(obs_value) FILTER (series = 'DECIDED')"""
    assert ask(found, wrong) == []


def test_a_number_in_powers_of_ten(read: Read) -> None:
    found = read("unhcr_hdx", "files/unhcr_hdx/HDX_EndYearPopulationTotals.csv")
    one = "SELECT obs_value FROM {rows} WHERE time_period = '1979' AND counterpart_area = 'AFG' AND series = 'REF'"
    assert (100000.0,) in ask(found, one)


def test_incidents_of_thirteen_years(read: Read) -> None:
    """The dead and the missing are the total wherever all three are known."""
    found = read("missing_migrants_europe", "missing_migrants/iom_europe.csv")
    assert met(found) == []
    assert ask(found, "SELECT count(*), count(DISTINCT incident) FROM {rows}") == [(6802 * 7, 6802)]
    wide = "PIVOT (FROM {rows} SELECT incident, series, obs_value) ON series USING any_value(obs_value)"
    counted = 'count("BOTH"), sum("BOTH"), count(DEAD + MISSING), count(*) FILTER (DEAD + MISSING <> "BOTH")'
    assert ask(found, f"SELECT {counted} FROM ({wide})") == [(6802, 49989.0, 6119, 0)]


CONTRADICTIONS = {
    "indicator_1-5-1-a": {"repeated": 8, "duplicate": 10},
    "indicator_16-2-2": {"repeated": 8, "duplicate": 10},
    "indicator_8-8-1": {"duplicate": 18},
}
"""Rows of Moldova's files that give two values for one key; of Armenia's there are none."""


@pytest.mark.parametrize(("folder", "office", "files"), [("armstat_sdg", "ARM", 23), ("moldova_nbs_sdg", "MDA", 28)])
def test_sdg_files_of_two_offices(read: Read, real: Path, folder: str, office: str, files: int) -> None:
    """Every row of every file is a tidy row; one without a figure or with two for a key is not taken for a success."""
    listed = sorted((real / folder).glob("*.csv"))
    assert len(listed) == files
    for file in listed:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [row for row in list(csv.DictReader(lines)) if any(row.values())]
        found = read("sdg_published", f"{folder}/{file.name}", f"{office}/{file.name}")
        assert found.rows_read == len(rows), file.name
        figures = [row["Value"] for row in rows if row["Value"].strip()]
        expected = {"no data"} if not figures else CONTRADICTIONS.get(file.stem, {}) if office == "MDA" else {}
        counts = {kind: n for kind, n in found.counts.items() if kind != "further columns"}
        assert set(counts) - {"repeated"} == set(expected) - {"repeated"}, (file.name, counts)
        if figures and not counts:
            total = sum(float(figure) for figure in figures)
            assert ask(found, "SELECT sum(obs_value) FROM {rows}")[0][0] == pytest.approx(total, rel=1e-12), file.name
