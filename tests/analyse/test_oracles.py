"""Computed indicators against the published numbers, from the samples."""

import duckdb
import pytest

from pipelines.analyse.definition import load_indicators
from pipelines.settings import ROOT, Settings
from tests.oracles import korea
from tests.oracles.report import KOREA, survival

ORACLES = ROOT / "tests" / "oracles"


def compared(con: duckdb.DuckDBPyConnection, oracle: str, column: str, where: str) -> list[tuple[float | None, float]]:
    """Computed and published value side by side, for every published one."""
    return con.execute(
        f"""SELECT o.obs_value, p.{column}
            FROM read_csv('{ORACLES / oracle}', all_varchar = false, types = {{'time_period': 'VARCHAR'}}) p
            LEFT JOIN (SELECT * FROM indicators.observations WHERE {where}) o USING (time_period)
            WHERE p.{column} IS NOT NULL"""
    ).fetchall()


def by_area(con: duckdb.DuckDBPyConnection, oracle: str, column: str, where: str) -> list[tuple[float | None, float]]:
    return con.execute(
        f"""SELECT o.obs_value, TRY_CAST(p.{column} AS DOUBLE), p.ref_area, p.time_period
            FROM read_csv('{ORACLES / oracle}', all_varchar = true) p
            LEFT JOIN (SELECT * FROM indicators.observations WHERE {where}) o USING (ref_area, time_period)
            WHERE TRY_CAST(p.{column} AS DOUBLE) IS NOT NULL"""
    ).fetchall()


def test_10_7_4_kyrgyzstan_equals_all_25_published_years_to_5_decimals(samples: duckdb.DuckDBPyConnection) -> None:
    found = compared(samples, "sdg_10_7_4_kgz.csv", "published", "indicator = '10.7.4' AND ref_area = 'KGZ'")
    assert len(found) == 25
    assert [round(value, 5) if value else value for value, _ in found] == [published for _, published in found]


def test_17_3_2_moldova_is_a_national_proxy_within_the_vintage_of_gdp(samples: duckdb.DuckDBPyConnection) -> None:
    where = "indicator = '17.3.2' AND ref_area = 'MDA' AND concept = 'national_proxy'"
    found = compared(samples, "sdg_17_3_2_mda.csv", "published_nbs", where)
    assert len(found) == 8
    assert max(abs(value - published) for value, published in found if value is not None) < 0.3
    assert [row for row in found if row[0] is None] == []


def test_17_3_2_kyrgyzstan_equals_published_except_where_remittances_were_revised(
    samples: duckdb.DuckDBPyConnection,
) -> None:
    """Gross accounting is the global concept; 2019 was revised after the edition of the remittances used."""
    where = "indicator = '17.3.2' AND ref_area = 'KGZ' AND concept = 'global'"
    found = samples.execute(
        f"""SELECT time_period, obs_value, published
            FROM (SELECT * FROM indicators.observations WHERE {where})
            JOIN read_csv('{ORACLES / "sdg_17_3_2_kgz.csv"}', types = {{'time_period': 'VARCHAR'}})
            USING (time_period)"""
    ).fetchall()
    assert {year for year, _, _ in found} == {str(year) for year in range(2005, 2020)}
    assert {year for year, value, published in found if abs(value - published) > 0.0005} == {"2019"}


@pytest.mark.parametrize(
    ("column", "where"),
    [
        ("female_share", "indicator = 'female_share'"),
        ("annual_growth", "indicator = 'migrant_annual_growth' AND sex = '_T'"),
        ("refugee_share", "indicator = 'refugee_share'"),
    ],
)
def test_un_desa_2019_equals_published(samples: duckdb.DuckDBPyConnection, column: str, where: str) -> None:
    found = by_area(samples, "un_desa_2019.csv", column, where)
    assert len(found) >= 70
    across_a_change_of_territory = [("SRB", "2010")] if column == "annual_growth" else []
    assert [row[2:] for row in found if row[0] is None] == across_a_change_of_territory
    assert [row for row in found if row[0] is not None and abs(row[0] - row[1]) > 1e-9 * max(1, abs(row[1]))] == []


def test_migrant_share_equals_published_and_is_missing_where_territories_differ(
    samples: duckdb.DuckDBPyConnection,
) -> None:
    found = by_area(samples, "un_desa_2019.csv", "share", "indicator = 'migrant_share' AND sex = '_T'")
    missing = {row[2:] for row in found if row[0] is None}
    assert missing == {("SRB", year) for year in ("1990", "1995", "2000", "2005")}
    assert [row for row in found if row[0] is not None and abs(row[0] - row[1]) > 1e-9 * row[1]] == []
    notes = samples.execute(
        "SELECT DISTINCT obs_status, note FROM indicators.observations "
        "WHERE indicator = 'migrant_share' AND ref_area = 'SRB' AND time_period = '1995'"
    ).fetchall()
    assert notes == [("M", "The stock covers Serbia and Montenegro, the population Serbia alone.")]


def test_crude_net_migration_rate_equals_published_at_3_decimals(samples: duckdb.DuckDBPyConnection) -> None:
    found = by_area(samples, "wpp2024_rates.csv", "crude_net_migration_rate", "indicator = 'crude_net_migration_rate'")
    assert len(found) == 8 * 23
    assert [row for row in found if row[0] is None or abs(row[0] - row[1]) > 0.001] == []


def test_balancing_residual_is_within_the_rounding_of_the_components(samples: duckdb.DuckDBPyConnection) -> None:
    found = samples.execute(
        "SELECT count(*), max(abs(obs_value)) FROM indicators.observations WHERE indicator = 'balancing_residual'"
    ).fetchall()
    assert found[0][0] == 8 * 23
    assert found[0][1] <= 0.02


def test_every_observation_says_what_it_is(samples: duckdb.DuckDBPyConnection) -> None:
    lacking = samples.execute(
        """SELECT count(*) FROM indicators.observations
           WHERE series IS NULL OR unit_measure IS NULL
              OR concept NOT IN ('global', 'national_proxy', 'product-defined')
              OR source IS NULL OR vintage IS NULL OR input_snapshot IS NULL OR ref_area IS NULL
              OR (obs_value IS NULL) <> (obs_status IN ('M', 'O'))"""
    ).fetchall()
    assert lacking == [(0,)]


def test_the_published_national_figure_stays_apart_from_the_computed_one(samples: duckdb.DuckDBPyConnection) -> None:
    """Armenia's 10.7.4 counts refugees hosted: rule zero, an SDG number is not an indicator."""
    found = samples.execute(
        "SELECT DISTINCT concept FROM core.sdg_published WHERE indicator = '10.7.4' AND ref_area = 'ARM'"
    ).fetchall()
    assert found == [("national_proxy",)]
    kyrgyz = samples.execute(
        "SELECT DISTINCT concept FROM core.sdg_published WHERE indicator = '10.7.4' AND ref_area = 'KGZ'"
    ).fetchall()
    assert kyrgyz == [("global",)]


@pytest.mark.parametrize("code", KOREA)
def test_internal_migration_of_korea_2020_equals_published_at_printed_precision(code: str) -> None:
    indicator = next(i for i in load_indicators(Settings().indicators) if i.code == code)
    found = korea.compared(indicator, korea.moves_of_2020())
    assert len(found) == {"internal_migration": 6, "internal_migration_preference": 2,
                          "internal_migration_independence": 1, "internal_migration_focus": 7}[code]  # fmt: skip
    assert [cell for cell in found if cell[1] != cell[2]] == []


def test_survival_method_equals_the_manual_in_all_age_groups_three_ways() -> None:
    found = survival()
    assert found.counts() == (39, 39, 0, 0), found.unexplained()
