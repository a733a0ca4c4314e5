"""Views for monitoring: progress by the methods' own worked figures, late reports, objectives, concepts."""

import datetime as dt

import duckdb
import pytest

from pipelines.analyse.definition import COLUMNS
from pipelines.analyse.views import load_views
from pipelines.contract import load_contracts
from pipelines.settings import Settings

SETTINGS = Settings()
VIEWS = {view.name: view for view in load_views(SETTINGS.views)}
CONTRACTS = load_contracts(SETTINGS.contracts)
Row = dict[str, object]


def warehouse(**tables: list[Row]) -> duckdb.DuckDBPyConnection:
    """Tables as the lake has them with a few rows; `observations` are of the indicators, others of their datasets."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA core; CREATE SCHEMA indicators; CREATE SCHEMA reference")
    for name in ("tags", "tag_names"):
        con.execute(
            f"CREATE TABLE reference.{name} AS FROM read_csv('{SETTINGS.reference / name}.csv', all_varchar = true)"
        )
    for name, rows in tables.items():
        kinds = {n: k for n, (k, _) in COLUMNS.items()} if name == "observations" else CONTRACTS[name].sql_types()
        table = f"indicators.{name}" if name == "observations" else f"core.{name}"
        con.execute(f"CREATE TABLE {table} ({', '.join(f'{n} {k}' for n, k in kinds.items())})")
        usual = {"sex": "_T", "age": "_T", "breakdown": "_T", "concept": "global", "unit_measure": "PT"}
        for row in rows:
            told = {n: v for n, v in {**usual, **row}.items() if n in kinds}
            con.execute(
                f"INSERT INTO {table} ({', '.join(told)}) VALUES ({', '.join('?' * len(told))})", [*told.values()]
            )
    return con


def asked(con: duckdb.DuckDBPyConnection, view: str) -> list[Row]:
    found: list[Row] = con.execute(VIEWS[view].sql).to_arrow_table().to_pylist()
    return found


def progress(figures: dict[int, float], target: tuple[int, float] | None, direction: str) -> dict[object, Row]:
    """By method, with the first figure as baseline."""
    what = {"ref_area": "MDA", "indicator": "x", "series": "X", "target_source": "NATIONAL", "direction": direction}
    first = min(figures)
    targets = [{**what, "time_period": str(first), "point": "BASELINE", "obs_value": figures[first]}]
    if target:
        targets.append({**what, "time_period": str(target[0]), "point": "TARGET", "obs_value": target[1]})
    seen = [{**what, "time_period": str(year), "obs_value": value} for year, value in figures.items()]
    with warehouse(targets=targets, observations=seen) as con:
        return {row["method"]: row for row in asked(con, "progress")}


def test_the_worked_figures_of_the_methods() -> None:
    """20 in 2015, 15 in 2023, 10 wanted in 2030."""
    found = progress({2015: 20, 2023: 15}, (2030, 10), "DOWN")
    growth = found["OBSERVED_TO_REQUIRED"]
    assert growth["observed_rate_percent"] == pytest.approx(-3.532, abs=0.001)
    assert growth["required_rate_percent"] == pytest.approx(-4.516, abs=0.001)
    assert (growth["score"], growth["status"]) == (pytest.approx(0.782, abs=0.001), "acceleration needed")
    assert (found["PROJECTION"]["score"], found["PROJECTION"]["status"]) == (
        pytest.approx(0.834, abs=0.001),
        "2 fair progress",
    )
    assert (found["CURRENT_STATUS"]["score"], found["CURRENT_STATUS"]["status"]) == (pytest.approx(5), None)
    assert {row["distance_to_target"] for row in found.values()} == {-5}
    assert growth["reached_in"] == 2035  # 15 * 0.96468^12 = 9.74, ^11 = 10.10


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (14.0, "on track"),
        (15.0, "acceleration needed"),
        (18.0, "limited progress"),
        (21.0, "deterioration"),
        (9, "achieved"),
    ],
)
def test_classes_of_the_ratio(last: float, status: str) -> None:
    assert progress({2015: 20, 2023: last}, (2030, 10), "DOWN")["OBSERVED_TO_REQUIRED"]["status"] == status


@pytest.mark.parametrize(
    ("percent", "status", "score"),
    [(2.1, "significant progress", "3 on track"), (1.0, "moderate progress", "2 fair progress"),
     (0.2, "limited progress", "1 little or no progress"), (-1.0, "deterioration", "1 little or no progress")],
)  # fmt: skip
def test_without_a_target(percent: float, status: str, score: str) -> None:
    found = progress({2015: 50, 2020: 50 * (1 + percent / 100) ** 5}, None, "UP")
    assert {name: row["status"] for name, row in found.items()} == {
        "TREND_WITHOUT_TARGET": status,
        "PROJECTION_WITHOUT_TARGET": score,
    }


@pytest.mark.parametrize("figure", [20, 9])  # the second as good as the target already
def test_no_status_from_the_baseline_alone(figure: float) -> None:
    found = progress({2015: figure}, (2030, 10), "DOWN")
    assert {row["status"] for row in found.values()} == {None}
    assert {row["note"] for row in found.values()} == {"No observation after the baseline: no status."}


def test_a_growth_rate_over_both_signs_is_refused_and_zero_is_not() -> None:
    found = progress({2015: -2, 2020: 3}, (2030, 10), "UP")["OBSERVED_TO_REQUIRED"]
    assert (found["status"], found["note"]) == (None, "Figures of both signs: a growth rate has no meaning.")
    found = progress({2015: 4, 2020: 1}, (2030, 0), "DOWN")["OBSERVED_TO_REQUIRED"]
    assert found["status"] == "acceleration needed" or found["status"] == "limited progress"


def test_a_negative_figure_that_rises_makes_progress() -> None:
    found = progress({2015: -12, 2022: -5, 2023: -8}, (2030, -6), "UP")
    growth = found["OBSERVED_TO_REQUIRED"]
    assert (growth["status"], growth["reached_in"]) == ("on track", 2029)  # and no longer achieved, as in 2022
    assert growth["score"] == pytest.approx((1 - (8 / 12) ** (1 / 8)) / (1 - 0.5 ** (1 / 15)))
    assert found["CURRENT_STATUS"]["score"] == pytest.approx(10 * 4 / 6)


def test_parity_is_measured_by_its_distance_alone() -> None:
    found = progress({2015: 0.5, 2020: 0.75}, (2030, 1), "PARITY")
    assert {name: row["score"] for name, row in found.items()} == {"CURRENT_STATUS": 5}


def test_global_and_national_figures_are_not_put_into_one_trend() -> None:
    what = {"ref_area": "MDA", "indicator": "x", "series": "X", "target_source": "SDG", "direction": "UP"}
    targets = [{**what, "time_period": "2015", "point": "BASELINE", "obs_value": 1.0}]
    targets += [{**what, "time_period": "2030", "point": "TARGET", "obs_value": 4.0}]
    seen = [
        {**what, "time_period": "2020", "obs_value": 2.0},
        {**what, "time_period": "2024", "obs_value": 9.0, "concept": "national_proxy"},
    ]
    with warehouse(targets=targets, observations=seen) as con:
        assert {(row["concept"], row["latest_year"], row["latest"]) for row in asked(con, "progress")} == {
            ("global", 2020, 2)
        }


def test_late_and_missing_reports() -> None:
    what = {"ref_area": "MDA", "project": "P", "result": "R", "indicator": "I"}
    past, future = (dt.date.today() - dt.timedelta(10)).isoformat(), (dt.date.today() + dt.timedelta(10)).isoformat()
    rows = [
        {**what, "time_period": year, "point": "MILESTONE", "obs_value": 5.0, "due": due}
        for year, due in [("2020", None), ("2021", past), ("2022", future), ("2023", past)]
    ]
    rows.append({**what, "time_period": "2023", "point": "ACTUAL", "obs_value": 4.0})
    with warehouse(projects=rows) as con:
        found = {(row["time_period"], row["state"], row["days_late"]) for row in asked(con, "late_reports")}
    assert found == {("2021", "late", 10), ("2022", "not yet due", -10), ("2020", "missing", None)}


def test_objectives_of_the_global_compact() -> None:
    rows = [{"indicator": "10.7.3", "series": "SM_DTH_MIGR", "ref_area": "SRB", "time_period": y, "obs_value": v}
            for y, v in [("2023", 4.0), ("2024", 2.0)]]  # fmt: skip
    with warehouse(observations=rows) as con:
        found = asked(con, "gcm_objectives")
    assert {row["objective"] for row in found if row["indicator"] == "10.7.3"} == {8}
    (deaths,) = [row for row in found if row["latest_period"]]
    assert (deaths["latest_value"], deaths["direction"], deaths["compared_with"]) == (2, "falling", "2023")
    assert deaths["age_years"] == dt.date.today().year - 2024


def test_what_has_no_whole_is_shown_by_its_coarsest_part() -> None:
    """If it failed, an indicator with data would be told to have none."""
    rows = [
        {"indicator": code, "series": code, "ref_area": "MDA", "time_period": year, "obs_value": value} | cut
        for code, year, value, cut in [
            ("10.7.1", "2022", 1.3, {"breakdown": "STATISTIC=MEAN"}),
            ("10.7.1", "2022", 1.0, {"breakdown": "STATISTIC=MEDIAN"}),
            ("10.7.1", "2022", 2.0, {"sex": "F", "breakdown": "STATISTIC=MEAN"}),
            ("10.7.1", "2022", 9.0, {"breakdown": "DESTINATION=RUS; STATISTIC=MEAN"}),
            ("10.7.4", "2022", 5.0, {"breakdown": "FROM=2015"}),
            ("10.7.4", "2023", 6.0, {"breakdown": "FROM=2022"}),
        ]
    ]
    with warehouse(observations=rows) as con:
        found = {(row["indicator"], row["latest_value"], row["breakdown"], row["direction"])
                 for row in asked(con, "gcm_objectives") if row["latest_period"]}  # fmt: skip
    assert found == {("10.7.1", 1.3, "STATISTIC=MEAN", None), ("10.7.4", 6.0, "_T", "rising")}


def test_concepts_stand_side_by_side_in_the_samples(samples: duckdb.DuckDBPyConnection) -> None:
    """Kyrgyzstan's published figure is the global one; Armenia's is a proxy, and the view says so."""
    rows = samples.execute(
        "SELECT computed_global, published_global, published_national, why FROM indicators.concepts "
        "WHERE indicator = '10.7.4' AND ref_area = 'KGZ' AND time_period = '2024' AND breakdown = '_T' AND sex = '_T'"
    ).fetchall()
    assert len(rows) == 1
    assert round(rows[0][0], 5) == 46.93006 == round(rows[0][1], 5)
    assert rows[0][2:] == (None, "")
    proxies = samples.execute(
        "SELECT DISTINCT computed_global, why FROM indicators.concepts "
        "WHERE indicator = '10.7.4' AND ref_area = 'ARM' AND published_national IS NOT NULL"
    ).fetchall()
    assert proxies
    assert all("national proxy" in why for _, why in proxies)


def test_a_cell_published_in_two_units_is_two_rows() -> None:
    """Armenia publishes children in work as 39 300 and as 8.7 %: no figure may stand beside the other's unit."""
    cell: Row = {
        "indicator": "8.7.1",
        "series": "X",
        "ref_area": "ARM",
        "ref_area_office": "ARM",
        "time_period": "2015",
    }
    published: list[Row] = [
        {**cell, "concept": "national_proxy", "unit_measure": unit, "unit_published": said, "obs_value": value}
        for unit, said, value in (("PT", "%", 8.7), ("NUMBER", "number", 39300))
    ]
    with warehouse(observations=[{**cell, "obs_value": 8.5}], sdg_published=published) as con:
        rows = asked(con, "concepts")
    assert {(r["published_unit"], r["published_national"], r["computed_global"]) for r in rows} == {
        ("PT", 8.7, 8.5),
        ("NUMBER", 39300, 8.5),
    }
    assert ["Units differ" in str(r["why"]) for r in rows if r["published_unit"] == "NUMBER"] == [True]


def test_every_tag_names_an_indicator_and_a_tag_that_exist() -> None:
    from pipelines.analyse.definition import load_indicators

    with warehouse() as con:
        tags = con.execute("SELECT scheme, tag, indicator, source FROM reference.tags").fetchall()
        names = con.execute("SELECT scheme, tag FROM reference.tag_names").fetchall()
    codes = {i.code for i in load_indicators(SETTINGS.indicators)}
    assert {indicator for _, _, indicator, _ in tags} == codes
    assert {(scheme, tag) for scheme, tag, _, _ in tags} <= set(names)
    assert all(source for *_, source in tags)
    assert [tag for scheme, tag in names if scheme == "gcm_objective"] == [str(n) for n in range(1, 24)]


def test_migrants_and_others_stand_side_by_side() -> None:
    """By what else is broken down; a group without its counterpart has no gap, and nothing is divided by zero."""
    of = "COMPOSITE_BREAKDOWN=MS_"
    what = {"ref_area": "TUR", "time_period": "2016", "indicator": "8.8.1", "series": "SL_EMP_FTLINJUR"}
    seen: list[Row] = [
        {**what, "breakdown": f"{of}MIGRANT", "obs_value": 5.04},
        {**what, "breakdown": f"{of}NOMIGRANT", "obs_value": 7.56},
        {**what, "breakdown": f"{of}MIGRANT; ACTIVITY=F", "obs_value": 1.0},
        {**what, "breakdown": f"{of}NOMIGRANT; ACTIVITY=F", "obs_value": 0.0},
        {**what, "breakdown": f"{of}MIGRANT", "sex": "F", "obs_value": 3.0},
        {**what, "breakdown": "_T", "obs_value": 7.5},
    ]
    with warehouse(observations=seen) as con:
        found = {str(row["breakdown"]): row for row in asked(con, "migratory_gap")}
    assert set(found) == {"_T", "ACTIVITY=F"}
    assert found["_T"]["gap"] == pytest.approx(-2.52)
    assert found["_T"]["parity"] == pytest.approx(2 / 3)
    assert (found["ACTIVITY=F"]["gap"], found["ACTIVITY=F"]["parity"]) == (1.0, None)
