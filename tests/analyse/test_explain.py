"""A number is explained down to the row of the file; what would change is told beforehand, and why; gaps are named."""

import shutil
from pathlib import Path

import pytest

from pipelines.analyse.definition import load_indicators
from pipelines.analyse.diff import diff
from pipelines.analyse.explain import explain
from pipelines.analyse.indicators import compute
from pipelines.analyse.lineage import drawn, lineage, table_columns
from pipelines.analyse.readiness import readiness
from pipelines.contract import load_contract
from pipelines.delivery import State
from pipelines.disseminate.explanation import text
from pipelines.settings import ROOT, Settings
from tests.conftest import SAMPLES, ingest

INDICATORS = load_indicators(Settings().indicators)
SCHEMA = table_columns(Settings())


def test_the_refugees_of_kyrgyzstan_add_up_to_the_formula(sample_settings: Settings) -> None:
    found = explain(sample_settings, "SM_POP_REFG_OR", "KGZ", "2024")
    assert found.observation["worked"] == "100000 * 3400 / (7241424 + 3400)"
    refugees = [row for row in found.inputs if row["dataset"] == "refugees"]
    assert sum(row["obs_value"] for row in refugees) == 3400  # type: ignore[misc]
    (population,) = [row for row in found.inputs if row["dataset"] == "population"]
    assert population["obs_value"] == pytest.approx(7241.424)
    lines = (SAMPLES / "refugees" / "unhcr_population_sample.csv").read_text(encoding="utf-8-sig").splitlines()
    for row in refugees:  # the row it names is the row in the file
        cells = lines[int(str(row["source_row"])) - 1].split(",")
        assert (cells[0], cells[3], cells[6], float(cells[7])) == ("2024", "KGZ", row["ref_area"], row["obs_value"])
    told = text(found)
    assert "Worked:  100000 * 3400 / (7241424 + 3400) = 46.93005654795755" in told
    assert "unhcr_population_sample.csv row " in told
    assert "Vintages, oldest first:" in told


def test_inputs_in_a_workbook_are_named_by_sheet_and_row(sample_settings: Settings) -> None:
    found = explain(sample_settings, "MIGRANT_SHARE", "MDA", "2019")
    places = {(row["key"][2], row["source_sheet"], row["obs_value"]) for row in found.inputs}  # type: ignore[index]
    assert places == {("MIGRANT_STOCK", "Table 1", 104713), ("POPULATION_MIDYEAR", "Table 2", 4043.263)}


def test_a_group_is_explained_by_its_members(sample_settings: Settings) -> None:
    found = explain(sample_settings, "REMITTANCES_PER_CAPITA", "KGZ", "2015")
    assert not found.members
    weighted = [i.code for i in INDICATORS if i.groups == "weighted"]
    assert "17.3.2" in weighted


def test_what_is_not_there_is_said(sample_settings: Settings) -> None:
    with pytest.raises(LookupError, match=r"there is no value for SM_POP_REFG_OR of FRA in 2024$"):
        explain(sample_settings, "SM_POP_REFG_OR", "FRA", "2024")
    with pytest.raises(
        LookupError, match=r"a score of the index sdg_10_7_2: ask `migstat index sdg_10_7_2 --area MDA`"
    ):
        explain(sample_settings, "PD_5", "MDA", "2021")
    with pytest.raises(LookupError, match=r"series are: .*SM_POP_REFG_OR"):
        explain(sample_settings, "NO_SUCH", "KGZ", "2024")


@pytest.mark.parametrize("indicator", INDICATORS, ids=[i.code for i in INDICATORS])
def test_lineage_leads_to_the_declared_inputs_and_to_no_others(indicator: object) -> None:
    found = lineage(indicator, SCHEMA)  # type: ignore[arg-type]
    tables = {o.rpartition(".")[0] for origins in [*found.columns.values(), found.conditions] for o in origins}
    assert tables == set(indicator.inputs)  # type: ignore[attr-defined]
    assert found.columns["obs_value"] or indicator.code == "legal_instruments"  # type: ignore[attr-defined]


def test_lineage_of_one_indicator_in_full() -> None:
    (indicator,) = [i for i in INDICATORS if i.code == "17.3.2"]
    found = lineage(indicator, SCHEMA)
    both = [f"core.{table}.{column}" for table in ("gdp", "remittances") for column in ("obs_value", "unit_mult")]
    assert found.columns["obs_value"] == both
    assert "core.remittances.item" in found.conditions
    assert 'core.gdp["core.gdp"] -- "obs_value, unit_mult" --> i_17_3_2["17.3.2"]' in drawn([found])


@pytest.fixture
def office(tmp_path: Path) -> Settings:
    """An office with some samples loaded and computed, and its own copy of the warehouse folder."""
    shutil.copytree(ROOT / "warehouse", tmp_path / "warehouse")
    shutil.copytree(ROOT / "expectations", tmp_path / "contracts")
    settings = Settings(home=tmp_path / "home", warehouse=tmp_path / "warehouse", contracts=tmp_path / "contracts")
    ingest(SAMPLES / "population" / "wpp2024_components_sample.csv", "population", settings)
    ingest(SAMPLES / "refugees" / "unhcr_population_sample.csv", "refugees", settings)
    ingest(SAMPLES / "policy_answers" / "policy_answers_sample_2021.xlsx", "policy_answers", settings)
    compute(settings)
    return settings


def test_differences_are_told_by_reason_before_anything_is_written(office: Settings, tmp_path: Path) -> None:
    assert diff(office) == []
    rate = office.indicators / "flow" / "net_migration_rate.sql"
    written = rate.read_text(encoding="utf-8")
    assert written.count("1000 *") >= 1
    rate.write_text(written.replace("1000 *", "2000 *"), encoding="utf-8")
    doubled = [d for d in diff(office) if d.series == "CNMR"]
    assert {d.reason for d in doubled} == {"formula"}
    assert all(d.after == pytest.approx(2 * (d.before or 0)) for d in doubled)
    rate.write_text(written, encoding="utf-8")

    index = office.indices / "sdg_10_7_2.yaml"
    written = index.read_text(encoding="utf-8")
    index.write_text(
        written.replace('emergency health care", goalposts: [0, 2]', 'emergency health care", goalposts: [0, 4]'),
        encoding="utf-8",
    )
    moved = [d for d in diff(office) if d.indicator == "sdg_10_7_2" and d.ref_area == "MDA"]
    assert {(d.series, d.reason) for d in moved} == {(node, "formula") for node in ("1a", "PD_1", "SDG_10_7_2")}
    index.write_text(written, encoding="utf-8")

    sample = SAMPLES / "refugees" / "unhcr_population_sample.csv"
    line = next(
        x for x in sample.read_text(encoding="utf-8-sig").splitlines() if x.startswith("2024") and ",KGZ,United" in x
    )
    cells = line.split(",")
    revised = tmp_path / "again" / sample.name
    revised.parent.mkdir()
    cells[7] = str(int(cells[7]) + 1000)
    revised.write_text(sample.read_text(encoding="utf-8-sig").replace(line, ",".join(cells)), encoding="utf-8")
    ingest(revised, "refugees", office)
    (kyrgyzstan,) = [d for d in diff(office) if d.series == "SM_POP_REFG_OR" and d.ref_area == "KGZ"]
    assert (kyrgyzstan.time_period, kyrgyzstan.reason) == ("2024", "input vintage")
    assert kyrgyzstan.after == pytest.approx(100000 * 4400 / (7241424 + 4400))

    compute(office)
    territories = office.reference / "territories.csv"
    kept = [
        x for x in territories.read_text(encoding="utf-8").splitlines() if not x.startswith("refugees,REFUGEES,SRB")
    ]
    territories.write_text("\n".join(kept) + "\n", encoding="utf-8")
    found = [d for d in diff(office) if d.series == "SM_POP_REFG_OR"]
    assert {d.ref_area for d in found} >= {"SRB"}
    assert {d.reason for d in found} == {"territory or other reference data"}


def test_the_effect_of_a_held_delivery_is_seen_before_it_is_approved(office: Settings, tmp_path: Path) -> None:
    contract = office.contracts / "refugees.yaml"
    contract.write_text("on_warning: hold\n" + contract.read_text(encoding="utf-8"), encoding="utf-8")
    sample = SAMPLES / "refugees" / "unhcr_population_sample.csv"
    lines = sample.read_text(encoding="utf-8-sig").splitlines()
    changed = [line for line in lines if line.startswith("2024") and ",KGZ,KGZ," in line]
    biggest = max(changed, key=lambda line: int(line.split(",")[7]))
    cells = biggest.split(",")
    cells[7] = str(10 * int(cells[7]))
    held = tmp_path / "held" / sample.name
    held.parent.mkdir()
    held.write_text("\n".join(",".join(cells) if x == biggest else x for x in lines) + "\n", encoding="utf-8")
    outcome = ingest(held, "refugees", office)
    assert outcome.state == State.HELD, outcome.reason
    assert load_contract(contract).on_warning == "hold"
    assert diff(office) == []
    (kyrgyzstan,) = [d for d in diff(office, outcome.delivery_id) if d.series == "SM_POP_REFG_OR"]
    assert (kyrgyzstan.ref_area, kyrgyzstan.time_period, kyrgyzstan.reason) == ("KGZ", "2024", "input vintage")
    with pytest.raises(LookupError, match="waits for a decision"):
        diff(office, "refugees-000000000000")


def test_the_gap_report_names_what_to_ask_for(sample_settings: Settings) -> None:
    found = {(one.ref_area, one.indicator): one for one in readiness(sample_settings)}
    assert [one.priority for one in readiness(sample_settings, "KGZ")] == [1, 2, 3]
    assert found["KGZ", "10.c.1"].missing == ["remittance_prices"]
    assert found["KGZ", "10.c.1"].asked_by == ["corridor"]
    refugees = found["KGZ", "10.7.4"]
    assert (refugees.values, refugees.latest, refugees.missing) == (25, "2024", [])
    assert [h.by for h in found["MDA", "female_share"].holdings] == [["sex"]]
