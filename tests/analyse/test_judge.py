"""Checks of indicators: each is recorded, each can fail, and none that compared nothing passes."""

from pathlib import Path

import duckdb
import pytest

from pipelines.analyse.judge import judge, load_indicator_checks, version_of
from pipelines.settings import Settings

COLUMNS = "indicator, series, ref_area, time_period, sex, age, breakdown, concept, unit_measure, unit_mult, obs_value"
USUAL = "'_T', '_T', '_T', 'global', 'PT', 0"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    rows = [("A", 2019, 10.0), ("A", 2020, 12.0), ("B", 2019, 10.0), ("B", 2020, 130.0)]
    values = ", ".join(f"('{code}', 'S', 'MDA', '{year}', {USUAL}, {value})" for code, year, value in rows)
    con.execute(f"CREATE TABLE computed AS SELECT * FROM (VALUES {values}) AS t({COLUMNS})")
    con.execute("CREATE TABLE before AS FROM computed")
    con.execute(f"INSERT INTO before VALUES ('B', 'S', 'GEO', '2020', {USUAL}, 5)")
    con.execute(
        "CREATE TABLE definitions AS SELECT * FROM (VALUES ('A', 0, 100), ('B', 0, 100)) AS t(indicator, least, most)"
    )
    return con


def test_each_check_of_each_indicator_leaves_a_row(con: duckdb.DuckDBPyConnection) -> None:
    checks = load_indicator_checks(Settings().checks)
    found = {row["check_id"]: row for row in judge(con, checks, ["A", "B", "C"])[0]}
    assert len(found) == 3 * len(checks)
    assert {name: row["status"] for name, row in found.items()} == {
        **{f"A.{name}": "pass" for name in ("range", "jumps", "coverage")},
        **{f"B.{name}": "fail" for name in ("range", "jumps", "coverage")},
        **{f"C.{name}": "no data" for name in ("range", "jumps", "coverage")},
        **{f"{code}.{name}": "no data" for code in "ABC" for name in ("agreement", "between")},
    }
    assert found["B.range"]["observed"] == "(1 of 2 figures: MDA 2020 130.0, expected a figure between 0 and 100)"
    assert found["B.jumps"]["observed"] == "(1 of 1 figures: MDA 2020 130.0, expected near the figure before, 10.0)"
    assert found["B.coverage"]["observed"] == "(1 of 3 figures: GEO 2020 none, expected a figure; it was 5.0 before)"
    assert found["B.coverage"]["question"]
    assert not found["A.coverage"]["question"]


def test_verdicts_on_areas_that_were_not_computed_stand(con: duckdb.DuckDBPyConnection) -> None:
    """Judged in two goes, the same is said as in one."""
    checks = load_indicator_checks(Settings().checks)
    con.execute(
        f"INSERT INTO computed VALUES ('B', 'S', 'ARM', '2020', {USUAL}, 0), ('B', 'S', 'TJK', '2021', {USUAL}, -1)"
    )
    con.execute("CREATE TABLE every AS FROM computed")
    whole, _ = judge(con, checks, ["A", "B", "C"])
    con.execute("DELETE FROM computed WHERE ref_area = 'TJK'; DELETE FROM before WHERE ref_area = 'TJK'")
    _, others = judge(con, checks, ["A", "B", "C"])
    con.register("others", others)
    con.execute("CREATE OR REPLACE TABLE computed AS FROM every WHERE ref_area = 'TJK'; DELETE FROM before")
    partly, found = judge(con, checks, ["A", "B", "C"], kept="others")
    assert set(found["ref_area"].to_pylist()) == {"TJK"}
    assert [{**row, "validated_at": 0} for row in partly] == [{**row, "validated_at": 0} for row in whole]


def test_other_checks_or_other_published_figures_are_another_version() -> None:
    checks = load_indicator_checks(Settings().checks)
    now = version_of(checks, {"core.sdg_published": "2026-11-01", "core.population": "2026-11-01"})
    assert now == version_of(checks, {"core.sdg_published": "2026-11-01", "core.population": "2026-11-02"})
    assert now != version_of(checks, {"core.sdg_published": "2026-11-02"})
    assert now != version_of(checks[1:], {"core.sdg_published": "2026-11-01"})


def test_a_rate_for_all_lies_between_those_of_its_parts(con: duckdb.DuckDBPyConnection) -> None:
    """Also where something else is broken down as well; numbers of people are not compared so."""
    migrants, activity = "COMPOSITE_BREAKDOWN=MS_MIGRANT", "; ACTIVITY=F"
    others = "COMPOSITE_BREAKDOWN=MS_NOMIGRANT"
    rows = [
        ("A", "_T", "ACTIVITY=F", "PT", 7.52), ("A", "_T", migrants + activity, "PT", 5.0),
        ("A", "_T", others + activity, "PT", 7.53),
        ("B", "_T", "_T", "PT", 21.0), ("B", "M", "_T", "PT", 28.0), ("B", "F", "_T", "PT", 22.0),
        ("C", "_T", "_T", "PS", 50.0), ("C", "M", "_T", "PS", 28.0), ("C", "F", "_T", "PS", 22.0),
    ]  # fmt: skip
    for code, sex, breakdown, unit, value in rows:
        con.execute(
            "INSERT INTO computed VALUES (?, 'S', 'TUR', '2016', ?, '_T', ?, 'global', ?, 0, ?)",
            [code, sex, breakdown, unit, value],
        )
    check = next(c for c in load_indicator_checks(Settings().checks) if c.name == "between")
    found = {str(row["dataset"]): row for row in judge(con, [check], ["A", "B", "C"])[0]}
    assert {code: row["status"] for code, row in found.items()} == {"A": "pass", "B": "fail", "C": "no data"}
    assert "expected a figure between 22.0 and 28.0, those of its parts" in str(found["B"]["observed"])


def test_the_samples_pass_their_checks(samples: duckdb.DuckDBPyConnection) -> None:
    found = samples.execute(
        "SELECT check_id, status, observed FROM ops.validations WHERE delivery_id LIKE 'indicator:%' ORDER BY 1"
    ).fetchall()
    assert len(found) == 5 * len(samples.execute("SELECT DISTINCT indicator FROM indicators.observations").fetchall())
    failed = {check: observed for check, status, observed in found if status == "fail"}
    assert set(failed) == {"10.7.4.jumps", "refugee_share.jumps", "17.3.2.agreement"}, "a war, wars, a revised figure"
    assert "13004.7" in failed["10.7.4.jumps"], "Ukraine 2022"
    assert "KGZ 2019 25.7" in failed["17.3.2.agreement"]
    compared = {check: observed for check, status, observed in found if check.endswith(".agreement")}
    assert "figures compared" in compared["10.7.4.agreement"]


def test_a_check_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "indicators").mkdir()
    (tmp_path / "indicators" / "some.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match="expected a header comment"):
        load_indicator_checks(tmp_path)
