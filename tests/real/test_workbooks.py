"""Each full workbook becomes tidy rows by its contract alone: all rows, right figures, its own identities."""

from pathlib import Path

import pytest

from tests.real.conftest import Read, ask, met

pytestmark = pytest.mark.real_data

MVD = "files/rosstat_migration/stst_2016.xls"
KG = "files/kg_excel"
NSO = "files/nso_excel_migest"
KOREA = "Number_of_internal_migrants_by_origin_and_destination_for_province_20210719124216.xlsx"

FILES = [
    ("mvd_russia", MVD, 5950, 5950),
    ("kyrgyz_sdg", f"{KG}/1.5.1.xlsx", 510, 343),
    ("kyrgyz_sdg", f"{KG}/16.2.2.xlsx", 322, 121),
    ("kyrgyz_sdg", f"{KG}/16.9.1.xlsx", 102, 94),
    ("kyrgyz_sdg", f"{KG}/8.8.1.xlsx", 1020, 734),
    ("kyrgyz_sdg", f"{KG}/17.3.1.1.xlsx", 171, 159),
    ("tuik_households", "files/tuik_xls/tuik_iller_sosyoekonomik_2023.xls", 738, 738),
    ("internal_migration", f"{NSO}/{KOREA}", 14739, 11347),
    ("internal_migration", f"{NSO}/shylock1974_tab21-5_gabon.xlsx", 360, 360),
    ("internal_migration", f"{NSO}/italy_data.xls", 5040, 5040),
    (
        "migrant_stock",
        "un_desa_ims2019/UN_MigrantStockTotal_2019.xlsx",
        13622,
        13088,
    ),  # Oceania stands twice: kept once
]


@pytest.mark.parametrize(
    ("dataset", "file", "rows", "values"), FILES, ids=lambda x: Path(x).name if isinstance(x, str) else ""
)
def test_every_figure_becomes_a_tidy_row(read: Read, dataset: str, file: str, rows: int, values: int) -> None:
    found = read(dataset, file)
    assert [str(problem) for problem in met(found) if problem.kind not in ("no row", "repeated")] == []
    assert ask(found, "SELECT count(*), count(obs_value) FROM {rows}") == [(rows, values)]


def test_ministry_every_row_is_the_sum_of_its_parts(read: Read) -> None:
    """Registered is by residence and by stay; first registered is by purpose of entry: in every row of both sheets."""
    found = read("mvd_russia", MVD)
    row = "PIVOT (FROM {rows} SELECT region, citizenship, measure, obs_value) ON measure USING any_value(obs_value)"
    wrong = """WHERE "3" <> "4" + "5" OR "6" <> "7" + "8" + "9" + "10" + "11" """
    assert ask(found, f"SELECT count(*) FROM ({row})") == [(350,)]
    assert ask(found, f"SELECT region, citizenship FROM ({row}) {wrong}") == []


def test_ministry_districts_are_the_sums_of_their_regions(read: Read) -> None:
    """And the country that of the 84 regions and the headquarters: whoever adds up all rows counts everyone twice."""
    found = read("mvd_russia", MVD)
    districts = """SELECT district, measure, sum(obs_value) FILTER (region = district) AS whole,
                   sum(obs_value) FILTER (region <> district) AS parts, count(DISTINCT region) - 1 AS regions
                   FROM {rows} WHERE citizenship = '_T' AND district <> '_T' GROUP BY ALL"""
    assert ask(found, f"SELECT count(*), count(DISTINCT district) FROM ({districts}) WHERE whole = parts") == [(136, 8)]
    assert ask(found, f"SELECT sum(regions) FROM ({districts}) WHERE measure = '1'") == [(84,)]
    total = """SELECT measure, sum(obs_value) FILTER (region = '_T') AS whole,
               sum(obs_value) FILTER (region <> '_T' AND region <> district) AS parts
               FROM {rows} WHERE citizenship = '_T' GROUP BY ALL"""
    assert ask(found, f"SELECT count(*) FROM ({total}) WHERE whole = parts") == [(17,)]


def test_ministry_sheets_agree(read: Read) -> None:
    """The total of the citizenships is that of the regions: told as repeated, as it is said twice alike."""
    found = read("mvd_russia", MVD)
    assert [(p.kind, p.row) for p in met(found)] == [("repeated", 13)] * 17
    total = """SELECT measure, sum(obs_value) FILTER (citizenship = '_T') AS whole,
               sum(obs_value) FILTER (citizenship <> '_T') AS parts, count(*) AS rows
               FROM {rows} WHERE region = '_T' GROUP BY ALL"""
    assert ask(found, f"SELECT DISTINCT rows FROM ({total}) WHERE whole = parts") == [(257,)]
    assert ask(found, "SELECT sum(obs_value) FROM {rows} WHERE region = '_T' AND citizenship = '_T'") == [(60041034.0,)]


def test_ministry_numbering_row_and_unlabelled_sum_are_not_loaded(read: Read) -> None:
    found = read("mvd_russia", MVD)
    assert found.rows_left_out == 2
    assert ask(found, "SELECT DISTINCT time_period FROM {rows}") == [("2016",)]
    assert ask(found, "SELECT min(source_row), max(obs_value) FROM {rows}") == [(13, 14337084.0)]
    stateless = "citizenship = 'ЛИЦА БЕЗ ГРАЖДАНСТВА' AND measure = '1'"
    assert ask(found, f"SELECT obs_value, source_row FROM {{rows}} WHERE {stateless}") == [(1941.0, 269)]
    far = "region = 'Чукотский АО' AND measure = '2'"
    assert ask(found, f"SELECT obs_value, district FROM {{rows}} WHERE {far}") == [(96.0, "Дальневосточный ФО")]


def test_rate_of_victims_is_victims_by_population(read: Read) -> None:
    found = read("kyrgyz_sdg", f"{KG}/16.2.2.xlsx")
    rate = """SELECT abs(max(obs_value) FILTER (item LIKE 'The number%')
                 - 100000 * max(obs_value) FILTER (item LIKE 'Number of victims%')
                          / max(obs_value) FILTER (item LIKE 'Number of permanent%')) AS difference
              FROM {rows} WHERE breakdown = '_T' GROUP BY time_period"""
    assert ask(found, f"SELECT count(*) FROM ({rate}) WHERE difference < 1e-9") == [(14,)]
    assert ask(found, "SELECT breakdown, count(DISTINCT item) FROM {rows} GROUP BY ALL ORDER BY ALL") == [
        ("By age", 5),
        ("By form of exploitation", 3),
        ("By sex", 3),
        ("By territory", 9),
        ("_T", 3),
    ]


def test_bare_men_and_women_belong_to_the_oblast_above(read: Read) -> None:
    """And add up to it wherever both have a figure."""
    found = read("kyrgyz_sdg", f"{KG}/1.5.1.xlsx")
    sums = """SELECT region, time_period, sum(obs_value) FILTER (sex = '_T') AS whole,
              sum(obs_value) FILTER (sex <> '_T') AS parts, count(obs_value) AS figures FROM {rows} GROUP BY ALL"""
    assert ask(found, f"SELECT count(*), count(*) FILTER (whole <> parts) FROM ({sums}) WHERE figures = 3") == [(99, 0)]
    assert ask(found, "SELECT DISTINCT sex FROM {rows} ORDER BY ALL") == [("F",), ("M",), ("_T",)]
    men = "region = 'Osh oblast' AND sex = 'M'"
    assert ask(found, f"SELECT count(*) FROM {{rows}} WHERE {men}") == [(17,)]


def test_brackets_are_values_of_low_reliability_and_stars_are_suppressed(read: Read) -> None:
    """`(68,6)` is typed with a decimal comma among real numbers."""
    found = read("kyrgyz_sdg", f"{KG}/16.9.1.xlsx")
    assert ask(
        found,
        "SELECT obs_value, obs_status, source_row, time_period FROM {rows} WHERE obs_status IN ('U', 'Q') ORDER BY ALL",
    ) == [
        (68.6, "U", 29, "2014"),
        (100.0, "U", 35, "2018"),
        (100.0, "U", 38, "2023"),
        (None, "Q", 29, "2018"),
        (None, "Q", 29, "2023"),
    ]
    assert ask(found, "SELECT obs_value FROM {rows} WHERE source_row = 5 AND time_period = '2014'") == [(97.7,)]


def test_second_table_of_a_sheet_keeps_the_years_its_title_does_not_cover(read: Read) -> None:
    found = read("kyrgyz_sdg", f"{KG}/8.8.1.xlsx")
    query = "SELECT item, count(DISTINCT time_period), min(source_row), max(source_row) FROM {rows} GROUP BY ALL"
    assert ask(found, f"{query} ORDER BY ALL") == [("all", 17, 6, 35), ("fatal", 17, 39, 68)]
    country = "region LIKE 'Kyrgyz%' AND sex = '_T' AND time_period = '2023'"
    assert ask(found, f"SELECT item, obs_value FROM {{rows}} WHERE {country} ORDER BY ALL") == [
        ("all", 21.053924363776723),
        ("fatal", 1.9),
    ]


def test_households_by_status_add_up_to_their_province_and_the_provinces_to_the_country(read: Read) -> None:
    found = read("tuik_households", "files/tuik_xls/tuik_iller_sosyoekonomik_2023.xls")
    parts = """SELECT province, abs(sum(obs_value) FILTER (status <> '_T')
                 - any_value(obs_value) FILTER (status = '_T')) AS difference
               FROM {rows} WHERE measure = 'HOUSEHOLDS' GROUP BY ALL"""
    assert ask(found, f"SELECT count(*) FROM ({parts}) WHERE difference < 0.01") == [(82,)]
    country = """SELECT status, abs(sum(obs_value) FILTER (province <> '_T')
                   - any_value(obs_value) FILTER (province = '_T')) AS difference
                 FROM {rows} WHERE measure = 'HOUSEHOLDS' GROUP BY ALL"""
    assert ask(found, f"SELECT count(*) FROM ({country}) WHERE difference < 0.01") == [(8,)]
    assert ask(found, "SELECT obs_value FROM {rows} WHERE province = 'Adana' AND status = 'A+'") == [
        (4643.333333333333,)
    ]


def test_origin_destination_tables(read: Read) -> None:
    korea = read("internal_migration", f"{NSO}/{KOREA}")
    seoul = "origin = '11 Seoul' AND destination = '26 Busan'"
    assert ask(korea, f"SELECT time_period, obs_value FROM {{rows}} WHERE {seoul} ORDER BY 1 LIMIT 2") == [
        ("1970", 11568.0),
        ("1971", 11130.0),
    ]
    gabon = read("internal_migration", f"{NSO}/shylock1974_tab21-5_gabon.xlsx")
    assert [(p.row, p.value) for p in met(gabon)] == [(45, "74609")]
    born = "origin = 'Abroad' AND destination = 'Total'"
    assert ask(gabon, f"SELECT sex, obs_value FROM {{rows}} WHERE {born} ORDER BY ALL") == [
        ("female", 7052.0),
        ("male", 7906.0),
        ("total", 14958.0),
    ]
    italy = read("internal_migration", f"{NSO}/italy_data.xls")
    moved = "origin = 'NorthEast' AND destination = 'NorthWest' AND age = '1'"
    assert ask(italy, f"SELECT obs_value FROM {{rows}} WHERE {moved} AND time_period = '1970'") == [(2350.0,)]
    old = "measure = 'DESTINATION_AGE' AND age = '95+' AND time_period = '1970'"
    assert ask(italy, f"SELECT obs_value FROM {{rows}} WHERE {old} AND destination = 'Islands'") == [
        (1.3591310621402695,)
    ]


def test_a_form_of_words_is_no_table(read: Read) -> None:
    """The metadata form of an indicator, sent in place of its figures, is refused in words."""
    found = read("kyrgyz_sdg", f"{KG}/10-7-2.xlsx", "16.9.1.xlsx")
    assert [str(problem) for problem in met(found)] == [
        "sheet “Лист1”, column “Items”: expected a cell with this text, at which the table starts. "
        "Send the file with it, or correct `starts_at` in the contract."
    ]
    assert not found.files
