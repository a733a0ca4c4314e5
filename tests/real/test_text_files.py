"""Each full text file becomes tidy rows by its contract alone: all rows, the right figures, its own identities."""

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
