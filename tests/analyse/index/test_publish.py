"""Indices in the warehouse: forms come back as answers, scores as observations, and the platform's own measure."""

from pathlib import Path

import duckdb
import openpyxl
import pytest

from pipelines.analyse.definition import inputs
from pipelines.analyse.index.definition import IndexDefinitionError, load_index, load_indices, tree_of
from pipelines.analyse.index.panel import panel_of
from pipelines.analyse.index.publish import as_indicator
from pipelines.analyse.indicators import compute
from pipelines.delivery import State
from pipelines.disseminate.forms import ANSWERS, write_form
from pipelines.settings import Settings
from pipelines.store.lake import connect
from tests.conftest import ingest

INDICES = load_indices(Settings().indices)


def filled(
    name: str,
    folder: Path,
    answers: list[str],
    reviewer: str = "B. Reader",
    country: str = "Kyrgyzstan",
    period: str = "2026",
) -> Path:
    """A form as an office sends it back."""
    path = write_form(INDICES[name], country, period, folder)
    book = openpyxl.load_workbook(path)
    sheet = book["Answers"]
    place = {cell.value: cell.column for cell in sheet[1]}
    for row, answer in zip(range(2, sheet.max_row + 1), answers, strict=False):
        told = {
            "Answer": answer,
            "Law or policy": "Law on migration",
            "Article": "4",
            "Link": "",
            "Respondent": "A. Writer",
        }
        for header, value in (told | {"Reviewer": reviewer, "Review": "agreed"}).items():
            sheet.cell(row, place[header], value or None)
    book.save(path)
    return path


def scores(settings: Settings, index: str) -> dict[str, tuple[float | None, float, str]]:
    with connect(settings) as con:
        found = con.execute(
            "SELECT series, obs_value, coverage, note FROM indicators.observations WHERE indicator = ?", [index]
        ).fetchall()
    return {series: (value, coverage, note) for series, value, coverage, note in found}


def test_a_form_asks_every_item_with_lists_to_choose_from(tmp_path: Path) -> None:
    for name in ("mgi", "migof"):
        book = openpyxl.load_workbook(write_form(INDICES[name], "Kyrgyzstan", "2026", tmp_path))
        sheet = book["Answers"]
        items = [row[4].value for row in sheet.iter_rows(min_row=2)]
        assert items == [leaf.code for leaf in INDICES[name].leaves]
        lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
        assert lists == [f'"{",".join(ANSWERS)}"', '"agreed,disagreed"']
        assert "product-defined" in str([row[0].value for row in book["Instructions"].iter_rows()])
    with pytest.raises(ValueError, match="spi is computed from data and has no form"):
        write_form(INDICES["spi"], "Kyrgyzstan", "2026", tmp_path)


def test_a_form_that_is_filled_in_becomes_scores_of_every_node(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    answers = ["complete"] * 6 + ["partial"] * 6 + ["absent"] * 6 + ["complete", "absent"] * 3 + ["complete"] * 6
    outcome = ingest(filled("mgi", tmp_path, answers), "governance_answers", settings)
    assert outcome.state == State.ACCEPTED, outcome.reason
    assert outcome.rows_accepted == 30
    assert "mgi" in compute(settings)
    found = scores(settings, "mgi")
    items = {leaf.code for leaf in INDICES["mgi"].leaves}
    assert {found[code][0] for code in items} == {0, 50, 100}
    assert {code: value for code, (value, _, _) in found.items() if code not in items} == {
        "MGI": 60, "MGI_IC": 100, "MGI_MR": 50, "MGI_SO": 0, "MGI_LM": 50, "MGI_CP": 100,
    }  # fmt: skip
    assert all(note.startswith("Product-defined. 100 % of the items") for _, _, note in found.values())
    assert len(found) == 36
    with connect(settings) as con:
        low, high = con.execute("SELECT lower, upper FROM indicators.observations WHERE series = 'MGI'").fetchall()[0]
    assert low < 60 < high


def test_an_answer_nobody_else_has_read_does_not_count(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    ingest(filled("mgi", tmp_path, ["complete"] * 30, reviewer="A. Writer"), "governance_answers", settings)
    compute(settings)
    with connect(settings) as con:
        told = con.execute(
            "SELECT status, unexpected_count FROM ops.validations WHERE notes LIKE 'An answer is reviewed by a second%'"
        ).fetchall()
    assert told == [("fail", 30)]
    assert scores(settings, "mgi") == {}


def test_too_few_answers_give_no_score_and_a_note(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    ingest(filled("mgi", tmp_path, ["complete"] * 8), "governance_answers", settings)
    compute(settings)
    found = scores(settings, "mgi")
    assert (found["MGI_IC"][0], found["MGI_MR"][0], found["MGI"][0]) == (100, None, None)
    assert found["MGI"][2] == "Product-defined. Not published: 27 % of the items have a figure, which is too few."


def test_the_samples_answers_give_the_official_category_twice(samples: duckdb.DuckDBPyConnection) -> None:
    """By the indicator's SQL in half-points and by the index engine: the same."""
    both = samples.execute(
        """SELECT i.ref_area, i.breakdown, i.obs_value, x.note, x.coverage FROM indicators.observations i
           JOIN indicators.observations x ON x.ref_area = i.ref_area AND x.time_period = i.time_period
               AND x.indicator = 'sdg_10_7_2'
               AND x.series = CASE i.breakdown WHEN '_T' THEN 'SDG_10_7_2' ELSE split_part(i.breakdown, '=', 2) END
           WHERE i.indicator = '10.7.2'"""
    ).fetchall()
    assert len(both) == 21
    for area, breakdown, category, note, _ in both:
        assert f"Category {category:.0f}:" in note, (area, breakdown)
    assert min(coverage for *_, coverage in both) < 1  # a blank item counts nothing, and is seen


def test_the_platform_s_own_measure_names_what_causes_a_weakness(samples: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        samples.execute(
            "SELECT ref_area, obs_value FROM indicators.observations "
            "WHERE series = 'DATA_CAPACITY' AND obs_value IS NOT NULL"
        ).fetchall()
    )
    assert {"KGZ", "MDA"} <= set(found)
    assert all(0 <= value <= 100 for value in found.values())
    weak = samples.execute(
        "SELECT because FROM indicators.data_quality "
        "WHERE ref_area = 'KGZ' AND dataset = 'population' AND measure = 'COMPLETENESS'"
    ).fetchall()
    loaded = "SELECT delivery_id FROM ops.deliveries WHERE dataset = 'population' AND state = 'loaded'"
    delivery = samples.execute(loaded).fetchall()
    assert weak == delivery


def test_what_an_index_reads_makes_the_dag_run() -> None:
    assert {"governance_answers", "policy_answers", "external_scores"} <= inputs(Settings())


def test_items_of_the_shipped_governance_indices_are_the_code_list() -> None:
    rows = (Settings().reference / "governance_items.csv").read_text(encoding="utf-8").splitlines()[1:]
    listed = {tuple(row.split(",")[:2]) for row in rows}
    assert listed == {(leaf.code, name) for name in ("mgi", "migof") for leaf in INDICES[name].leaves}
    assert all(row.endswith("product-defined") for row in rows)
    assert [INDICES[name].status for name in ("mgi", "migof", "migration_data_capacity")] == ["product-defined"] * 3
    assert as_indicator(INDICES["mgi"]).concept == "product-defined"


TREE = """iCode,iName,Level,Parent,Direction,Weight,Type
Conn,Connectivity,3,,1,1,Aggregate
Phys,Physical,2,Conn,1,1,Aggregate
Flights,Flights,1,Phys,1,1,Indicator
Ship,Shipping,1,Phys,1,2,Indicator
Pol,Political,2,Conn,1,1,Aggregate
Tariff,Tariffs,1,Pol,-1,1,Indicator
GDP,GDP,,,,,Denominator
"""


def test_a_published_index_in_its_own_layout_goes_in_without_code(tmp_path: Path) -> None:
    """Tree and units as tables, as the JRC's tools and many published indices have them."""
    (tmp_path / "tree.csv").write_text(TREE, encoding="utf-8")
    (tmp_path / "units.csv").write_text("uCode,Flights,Ship,Tariff\nAUT,1,2,5\nBEL,3,,1\nBGR,2,4,3\n", encoding="utf-8")
    (tmp_path / "asem.yaml").write_text(
        f"""
index: asem
title: Connectivity
description: A published index.
version: "1"
valid_from: "2018"
status: official
source: test
inputs: []
data: |
  SELECT uCode AS ref_area, '2018' AS time_period, code, value::DOUBLE AS value
  FROM read_csv('{tmp_path}/units.csv') UNPIVOT INCLUDE NULLS (value FOR code IN (Flights, Ship, Tariff))
steps: {{normalise: {{method: minmax, to: [0, 100]}}}}
tree: tree.csv
""",
        encoding="utf-8",
    )
    from pipelines.analyse.index.panel import read_panel
    from pipelines.analyse.index.score import score

    index = load_index(tmp_path / "asem.yaml")
    assert [leaf.direction for leaf in index.leaves] == [1, 1, -1]
    with duckdb.connect() as con:
        found = score(index, read_panel(con, index))
    assert found.scores["Phys"].tolist() == pytest.approx([0, 100, 250 / 3])
    assert found.scores["Conn"].tolist() == pytest.approx([0, 100, (250 / 3 + 50) / 2])
    assert found.coverage["Conn"].tolist() == pytest.approx([1, 2 / 3, 1])
    assert tree_of(tmp_path / "tree.csv")["code"] == "Conn"


def test_what_is_wrong_with_an_index_is_said(tmp_path: Path) -> None:
    good = (Settings().indices / "mgi.yaml").read_text(encoding="utf-8")
    path = tmp_path / "x.yaml"
    for old, new, said in [
        ("code: MGI_IC_2", "code: MGI_IC_1", "the code MGI_IC_1 stands twice"),
        ("goalposts: [0, 2]", "unit: x", "has no goalposts"),
        ("status: product-defined", "status: guessed", "status"),
    ]:
        path.write_text(good.replace(old, new), encoding="utf-8")
        with pytest.raises(IndexDefinitionError, match=said):
            load_index(path)
    with pytest.raises(IndexDefinitionError, match="there are figures of ZZ, which is no item of it"):
        panel_of([("KGZ", "2026", "ZZ", 1.0)], INDICES["mgi"], {})
    with pytest.raises(IndexDefinitionError, match="MGI_IC_1 of KGZ in 2026 has more than one value"):
        panel_of([("KGZ", "2026", "MGI_IC_1", 1.0)] * 2, INDICES["mgi"], {})
