"""Only what has changed is computed again, and comes out as if all had been."""

from pathlib import Path

import duckdb
import pytest

from pipelines.analyse.changes import Seen, changed_areas, computed_before, moments, state
from pipelines.analyse.definition import CONTENT, Indicator, load_indicators
from pipelines.analyse.evaluate import evaluate, reading, rows_of
from pipelines.analyse.indicators import compute
from pipelines.settings import ROOT, Settings
from pipelines.store.lake import connect, tables
from tests.analyse.cases import load, warehouse
from tests.conftest import ingest

INDICATORS = load_indicators(Settings().indicators)
BY_AREA = [i for i in INDICATORS if i.area_columns is not None]


@pytest.mark.parametrize("indicator", BY_AREA, ids=[i.code for i in BY_AREA])
def test_an_area_s_values_follow_from_its_own_rows(indicator: Indicator) -> None:
    """Or computing the areas that changed would not be enough."""
    with warehouse(indicator, load(indicator.code)["inputs"]) as con:  # type: ignore[arg-type]
        first = evaluate(con, indicator, 1).to_pylist()[0]["ref_area"]
        for dataset in indicator.datasets:
            column = (indicator.area_columns or {}).get(f"core.{dataset}", "ref_area")
            con.execute(
                f"INSERT INTO core.{dataset} SELECT * REPLACE ('FJI' AS {column}) FROM core.{dataset} "
                f"WHERE {column} = '{first}'"
            )
        whole = evaluate(con, indicator, 1).to_pylist()
        areas = {row["ref_area"] for row in whole}
        assert {first, "FJI"} <= areas
        for area in areas - {"SRB"}:  # whose territory has taken in others
            with reading(con, rows_of(indicator, [area])):
                alone = evaluate(con, indicator, 1).to_pylist()
            assert sorted(map(str, alone)) == sorted(str(row) for row in whole if row["ref_area"] == area)


def revised(file: Path, folder: Path, old: str, new: str) -> Path:
    """The file delivered again with one figure changed."""
    text = file.read_text(encoding="utf-8-sig")
    assert text.count(old) == 1
    folder.mkdir()
    again = folder / file.name
    again.write_text(text.replace(old, new), encoding="utf-8")
    return again


def observations(settings: Settings) -> list[tuple[object, ...]]:
    with connect(settings) as con:
        codes = [i.code for i in INDICATORS]
        chosen = f"SELECT {', '.join(CONTENT)} FROM indicators.observations WHERE list_contains($codes, indicator)"
        return con.execute(f"{chosen} ORDER BY ALL", {"codes": codes}).fetchall()


def verdicts(settings: Settings) -> list[tuple[object, ...]]:
    """What the checks say, but for that on what stood there before, which is asked anew at each computation."""
    with connect(settings) as con:
        said = "SELECT check_id, status, observed, unexpected_count, question FROM ops.validations"
        of_indicators = "starts_with(delivery_id, 'indicator:') AND NOT ends_with(check_id, '.coverage')"
        return con.execute(f"{said} WHERE {of_indicators} ORDER BY ALL").fetchall()


def last_snapshot(settings: Settings) -> int:
    with connect(settings) as con:
        return int(con.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchall()[0][0])


def snapshots(settings: Settings) -> dict[str, int]:
    with connect(settings) as con:
        found = con.execute(
            "SELECT ref_area, max(input_snapshot) FROM indicators.observations WHERE indicator = '10.7.4' GROUP BY 1"
        ).fetchall()
    return dict(found)


def test_one_revised_figure_changes_its_country_and_the_groups_it_is_in(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    samples = ROOT / "samples" / "inbox"
    refugees = samples / "refugees" / "unhcr_population_sample.csv"
    ingest(samples / "population" / "wpp2024_components_sample.csv", "population", settings)
    ingest(refugees, "refugees", settings)
    compute(settings)
    before, known = snapshots(settings), state_of(settings, "10.7.4")
    line = next(
        x for x in refugees.read_text(encoding="utf-8-sig").splitlines() if ",KGZ," in x and x.startswith("2024")
    )
    cells = line.split(",")
    ingest(revised(refugees, tmp_path / "again", line, ",".join(more(cells))), "refugees", settings)
    with connect(settings) as con:
        areas = changed_areas(con, known[0], known[1], state(known[0], moments(con, tables(con))), Seen())
    assert areas is not None
    assert {"KGZ", "CENTRAL_ASIA"} <= set(areas)
    assert not {"MDA", "ARM"} & set(areas)
    taken_in = last_snapshot(settings)
    assert "10.7.4" in compute(settings)
    assert last_snapshot(settings) == taken_in + 1, "figures, checks and measures are one commit"
    assert compute(settings) == []
    assert last_snapshot(settings) == taken_in + 1, "nothing new, nothing written"
    after = snapshots(settings)
    assert after["KGZ"] > before["KGZ"]
    assert after["MDA"] == before["MDA"]
    partly, judged = observations(settings), verdicts(settings)
    assert any(status == "fail" and "UKR" in str(observed) for _, status, observed, *_ in judged), "it still stands"
    compute(settings, [i.code for i in INDICATORS])
    assert partly == observations(settings)
    assert judged == verdicts(settings)


def more(cells: list[str]) -> list[str]:
    """A row with ten times the first number that is not the year."""
    place = next(i for i, cell in enumerate(cells) if i > 0 and cell.isdigit() and int(cell) > 0)
    return [str(10 * int(cell)) if i == place else cell for i, cell in enumerate(cells)]


def state_of(settings: Settings, code: str) -> tuple[Indicator, tuple[str, str, int]]:
    with connect(settings) as con:
        return next(i for i in INDICATORS if i.code == code), computed_before(con, tables(con))[code]


def test_a_snapshot_that_is_gone_means_all_is_computed(samples: duckdb.DuckDBPyConnection) -> None:
    indicator, (digest, inputs, _) = (
        (i := next(i for i in INDICATORS if i.code == "10.7.4")),
        computed_before(samples, tables(samples))[i.code],
    )
    earlier = inputs.replace("core.refugees=2", "core.refugees=1")
    assert changed_areas(samples, indicator, (digest, earlier, 10**9), inputs, Seen()) is None
    assert changed_areas(samples, indicator, (digest, inputs, 1), inputs, Seen()) == []
