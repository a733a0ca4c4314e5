"""Each full file of a statistical format becomes tidy rows by its contract alone: all rows, the right figures."""

import shutil
from pathlib import Path

import pytest

from pipelines.collect.read import read_tables
from pipelines.source import Source
from tests.real.conftest import Read, ask, met

pytestmark = pytest.mark.real_data

FILES = [
    ("eurostat_counts", "files/eurostat_sdmxcsv_natix/country_population.csv", 1093, 1093),
    ("eurostat_counts", "files/eurostat_sdmxcsv_natix/migrants_illegally_present.csv", 2535, 2535),
    ("eurostat_counts", "files/eurostat_sdmxcsv_natix/migrants_refused_entry_at_the_border.csv", 327, 327),
    ("bis_derivatives", "files/pysdmx_samples/data.xml", 1000, None),
    ("bis_derivatives", "files/pysdmx_samples/str_ser_group.xml", 1000, None),
    ("bis_derivatives", "files/pysdmx_samples/data_v1.csv", 1000, None),
    ("bis_derivatives", "files/pysdmx_samples/data_v2.csv", 20, None),
    ("ecb_rates", "files/sdmx_test_data/ng-ts.xml", 12, 12),
    ("ecb_rates", "files/sdmx_test_data/ng-flat.xml", 12, 12),
    ("ecb_rates", "files/sdmx_test_data/ng-flat-ss.xml", 12, 12),
    ("eurostat_energy", "files/pysdmx_samples/estat_data.xml", 33, 33),
    ("istat_population", "files/sdmx_test_data/ISTAT_22_289.xml", 8, 8),
    ("cubes", "files/jsonstat/oecd-canada.json", 432, 432),
    ("cubes", "files/jsonstat/cso_ie-CIA01.json", 8325, 8325),
    ("cubes", "files/jsonstat/eurostat-name_gpd_c.json", 3036, 1134),
    ("scb_population", "files/pxweb_v2_pxwebpy/TAB6471_data.json", 2772, 2772),
    ("scb_population_v1", "files/pxweb_v1_rpxweb/v1_POST_json_BefolkningNy.json", 2, 2),
    ("ine_marriages", "files/px_pyaxis/14001.px", 8064, None),
    ("world_bank", "files/worldbank_v2/indicators_AFG_multi.json", 9, 8),
    ("disasters", "files/idmc_gidd/disaster_0.json", 200, 100),
]


@pytest.mark.parametrize(
    ("dataset", "file", "rows", "values"), FILES, ids=lambda x: Path(x).name if isinstance(x, str) else ""
)
def test_every_row_becomes_a_tidy_row(read: Read, dataset: str, file: str, rows: int, values: int | None) -> None:
    found = read(dataset, file)
    assert (met(found), found.rows_left_out) == ([], 0)
    assert ask(found, "SELECT count(*) FROM {rows}") == [(rows,)]
    if values is not None:
        assert ask(found, "SELECT count(obs_value) FROM {rows}") == [(values,)]


def test_sdmx_csv_with_labels(read: Read) -> None:
    """Names of countries and aggregates are read, flags kept, and Eurostat's rounding to fives is seen."""
    folder = "files/eurostat_sdmxcsv_natix"
    population = read("eurostat_counts", f"{folder}/country_population.csv")
    assert ask(population, "SELECT obs_value FROM {rows} WHERE (ref_area, time_period) = ('AND', '2003')") == [
        (67159.0,)
    ]
    assert ask(population, "SELECT count(DISTINCT ref_area), count(*) FILTER (obs_status <> 'A') FROM {rows}") == [
        (52, 92)
    ]
    refused = read("eurostat_counts", f"{folder}/migrants_refused_entry_at_the_border.csv")
    assert ask(refused, "SELECT obs_value FROM {rows} WHERE (ref_area, time_period) = ('AUT', '2014')") == [(455.0,)]
    found = read("eurostat_counts", f"{folder}/migrants_illegally_present.csv")
    for rounded in (refused, found):
        assert ask(rounded, "SELECT count(*) FROM {rows} WHERE obs_value % 5 <> 0") == [(0,)]


def test_three_forms_of_sdmx_hold_the_same_figures(read: Read) -> None:
    """Only one of them says that the values are millions of dollars, once for the whole data set."""
    query = """SELECT time_period, first_currency, second_currency, obs_value, obs_status FROM {rows}
               ORDER BY ALL NULLS FIRST"""
    forms = {
        f: read("bis_derivatives", f"files/pysdmx_samples/{f}")
        for f in ("data.xml", "str_ser_group.xml", "data_v1.csv")
    }
    rows = {name: ask(found, query) for name, found in forms.items()}
    assert rows["data.xml"] == rows["str_ser_group.xml"] == rows["data_v1.csv"]
    assert ask(forms["data.xml"], "SELECT count(obs_value), round(sum(obs_value), 3) FROM {rows}") == [
        (360, 11819719.545)
    ]
    assert ask(forms["data.xml"], "SELECT DISTINCT unit_measure, unit_mult FROM {rows}") == [("USD", 6)]


def test_series_and_flat_messages_hold_the_same_figures(read: Read) -> None:
    query = "SELECT * EXCLUDE (source_row, problems) FROM {rows} ORDER BY ref_area, time_period"
    forms = [
        ask(read("ecb_rates", f"files/sdmx_test_data/{name}.xml"), query) for name in ("ng-ts", "ng-flat", "ng-flat-ss")
    ]
    assert forms[0] == forms[1] == forms[2]
    assert forms[0][0][:3] == ("CHE", "2010-08", "E")
    found = read("ecb_rates", "files/sdmx_test_data/ng-ts.xml")
    assert ask(found, "SELECT obs_value FROM {rows} WHERE (ref_area, time_period) = ('CHE', '2010-08')") == [(1.3413,)]


def test_messages_of_web_services(read: Read) -> None:
    energy = read("eurostat_energy", "files/pysdmx_samples/estat_data.xml")
    assert ask(energy, "SELECT ref_area, obs_value, unit_measure FROM {rows} WHERE time_period = '1990'") == [
        ("ALB", 6644.088, "GWH")
    ]
    italy = read("istat_population", "files/sdmx_test_data/ISTAT_22_289.xml")
    assert ask(italy, "SELECT sex, obs_value, obs_status FROM {rows} WHERE time_period >= '2021' ORDER BY ALL") == [
        ("F", 30235705.0, "E"),
        ("F", 30369987.0, "A"),
        ("M", 28747417.0, "E"),
        ("M", 28866226.0, "A"),
    ]


@pytest.mark.parametrize(
    ("indicator", "rows", "kinds"),
    [
        ("10.7.2", 7, {"lost text": 7}),
        ("10.7.4", 25, {"lost text": 25}),
        ("16.2.2", 93, {"structure version": 1}),
        ("17.3.2", 24, {}),
        ("3.c.1", 450, {}),
        ("8.8.1", 734, {"structure version": 1}),
    ],
)
def test_kyrgyz_sdg_messages(read: Read, indicator: str, rows: int, kinds: dict[str, int]) -> None:
    """Letters lost upstream and another version of the structure are said; nothing else is wrong with them."""
    found = read("sdg_published", f"kg_nsc_sdg/{indicator}.xml", f"KGZ/{indicator}.xml")
    assert {kind: n for kind, n in found.counts.items() if kind != "further columns"} == kinds
    assert ask(found, "SELECT count(*) FROM {rows}") == [(rows,)]


def test_cubes_in_json_stat(read: Read) -> None:
    oecd = read("cubes", "files/jsonstat/oecd-canada.json")
    assert ask(oecd, "SELECT obs_value FROM {rows} WHERE (ref_area, time_period) = ('AUS', '2003')") == [(5.943826289,)]
    canada = read("cubes", "files/jsonstat/oecd-canada.json", "canada-oecd.json")
    assert ask(canada, "SELECT count(*), count(*) FILTER (flag = 'a') FROM {rows}") == [(120, 120)]
    assert ask(canada, "SELECT obs_value FROM {rows} WHERE (series, sex, age) = ('POP', 'T', 'T')") == [(34880.5,)]
    gdp = read("cubes", "files/jsonstat/eurostat-name_gpd_c.json")
    assert ask(gdp, "SELECT flag, count(*), count(obs_value) FROM {rows} GROUP BY 1 ORDER BY 1 NULLS FIRST") == [
        (None, 1110, 1110),
        (":", 1902, 0),
        ("b", 20, 20),
        ("e", 4, 4),
    ]


def test_regions_add_up_to_the_state(read: Read) -> None:
    """County incomes of Ireland: two regions make the state, but for rounding."""
    parts = "'Border, Midland and Western', 'Southern and Eastern'"
    apart = ask(
        read("cubes", "files/jsonstat/cso_ie-CIA01.json"),
        f"""SELECT count(*), max(abs(state - parts)) FROM (
              SELECT sum(obs_value) FILTER (region = 'State') AS state,
                     sum(obs_value) FILTER (region IN ({parts})) AS parts
              FROM {{rows}} WHERE series = 'CIA01C07' GROUP BY time_period)""",
    )
    assert apart == [(15, 1.0)]


def test_px_web_1(read: Read) -> None:
    v1 = read("scb_population_v1", "files/pxweb_v1_rpxweb/v1_POST_json_BefolkningNy.json")
    assert ask(v1, "SELECT time_period, obs_value FROM {rows} ORDER BY 1") == [
        ("2016", 9995153.0),
        ("2017", 10120242.0),
    ]


def test_px_web_2(read: Read) -> None:
    """Sweden adds noise to its cells, so that parts miss their totals by a little."""
    v2 = read("scb_population", "files/pxweb_v2_pxwebpy/TAB6471_data.json")
    first = "(region, age, sex, time_period) = ('Stockholms län', '0-9', '_T', '2026-01')"
    assert ask(v2, f"SELECT obs_value FROM {{rows}} WHERE {first}") == [(245284.0,)]
    apart = ask(
        v2,
        """SELECT count(*), max(abs(total - parts)) FROM (
             SELECT sum(obs_value) FILTER (sex = '_T') AS total, sum(obs_value) FILTER (sex <> '_T') AS parts
             FROM {rows} GROUP BY region, age, time_period)""",
    )
    assert apart == [(924, 8.0)]


@pytest.mark.parametrize(
    ("column", "total"), [("marital_status", "Total"), ("region", "CA00"), ("age", "Todas las edades")]
)
def test_px_totals_are_the_sum_of_their_parts(read: Read, column: str, total: str) -> None:
    """8064 cells in the right places: one cell too far, and no total would hold."""
    found = read("ine_marriages", "files/px_pyaxis/14001.px")
    assert ask(found, "SELECT count(*), count(obs_value) FROM {rows}") == [(8064, 5804)]
    others = ", ".join({"region", "age", "sex", "marital_status"} - {column})
    apart = ask(
        found,
        f"""SELECT count(*) FROM (
              SELECT sum(obs_value) FILTER ({column} = '{total}') AS total,
                     sum(obs_value) FILTER ({column} <> '{total}') AS parts
              FROM {{rows}} GROUP BY {others}) WHERE total <> parts""",
    )
    assert apart == [(0,)]


def test_records_in_json(read: Read) -> None:
    bank = read("world_bank", "files/worldbank_v2/indicators_AFG_multi.json")
    maternal = "series = 'SH.STA.MMRT' ORDER BY time_period"
    assert ask(bank, f"SELECT time_period, obs_value, obs_status FROM {{rows}} WHERE {maternal}") == [
        ("2016", 673.0, "A"),
        ("2017", 638.0, "A"),
        ("2018", None, "O"),
    ]
    disasters = read("disasters", "files/idmc_gidd/disaster_0.json")
    assert ask(disasters, "SELECT series, sum(obs_value) FROM {rows} GROUP BY 1 ORDER BY 1") == [
        ("NEW", 26955509.0),
        ("TOTAL", None),
    ]


def test_incidents_whose_numbers_are_not_unique(read: Read) -> None:
    """975 records with seven figures each, of which four records are there twice."""
    found = read("missing_migrants", "files/iom_mmp_json/2025-json.json", "missing_migrants_2025.json")
    assert (found.rows_read, found.rows_discarded, len(met(found))) == (975 * 7, 4 * 7, 28)
    assert ask(found, "SELECT sum(obs_value) FROM {rows} WHERE series = 'DEAD_AND_MISSING'") == [(3775.0,)]


def test_files_without_figures_are_refused(read: Read) -> None:
    """Demonstrations of the format, a list of tables, and queries: none of them is a success with 0 rows."""
    hierarchy = read("cubes", "files/jsonstat/hierarchy.json", "cso_ie-CIA01.json")
    assert {problem.kind for problem in met(hierarchy)} == {"header"}
    tables = read("scb_population_v1", "files/pxweb_v2_pxwebpy/tables.json", "v1_POST_json_BefolkningNy.json")
    assert "expected a list of records there" in str(met(tables)[0])
    structure = read("istat_population", "files/pysdmx_samples/estat_metadata.xml", "ISTAT_22_289.xml")
    assert "found “a structure message”; expected an SDMX-ML data message" in str(met(structure)[0])


def test_daily_figures_of_sdmx_json(real: Path) -> None:
    """Days are no period of a dataset here; the message is read all the same."""
    described = Source.model_validate(
        {"file": "*", "format": "sdmx-json", "tables": [{"values": [{"header": "OBS_VALUE"}]}]}
    )
    ((_, raw),) = read_tables(real / "files/sdmx_test_data/exr-time-series.json", described, real)
    rows = [
        dict(zip([*raw.header, "row"], row.values(), strict=True)) for batch in raw.rows for row in batch.to_pylist()
    ]
    assert [(r["CURRENCY"], r["TIME_PERIOD"], r["OBS_VALUE"], r["OBS_STATUS"]) for r in rows] == [
        ("NZD", "2013-01-18", "1.5931", "A"),
        ("NZD", "2013-01-21", "1.5925", "A"),
        ("RUB", "2013-01-18", "40.3426", "A"),
        ("RUB", "2013-01-21", "40.3", "A"),
    ]


def test_old_workbook_under_a_new_name(real: Path, tmp_path: Path) -> None:
    """The ministry's .xls, renamed to .xlsx, is read as what it is."""
    shutil.copy(real / "files/rosstat_migration/stst_2016.xls", tmp_path / "stst_2016.xlsx")
    table = {"header_rows": [11], "values": [{"header": "1"}]}
    described = Source.model_validate({"file": "*", "format": "excel", "tables": [table]})
    ((_, raw),) = read_tables(tmp_path / "stst_2016.xlsx", described, tmp_path)
    assert raw.sheet.strip() == "САЙТ (2-РД регионы)"
