"""What the name of a file or the text of a cell might do outside its place: it does nothing there."""

import csv
from pathlib import Path, PurePath

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.collect.inbox import collect
from pipelines.collect.land import land
from pipelines.contract import load_contract
from pipelines.delivery import State, explain, raw_file, read_receipt
from pipelines.process.run import examine
from pipelines.settings import Settings
from tests.bad_inputs.made import GOOD, HEADER
from tests.bad_inputs.test_messages import HERE

NAMES = {
    "as long as names can be": "x" * 251 + ".csv",
    "two lines": "permits\n2020.csv",
    "right to left": "permits\u202evsc.exe.csv",
    "an option": "-rf.csv",
    "a quote": "'); DROP TABLE ops.deliveries; --.csv",
    "a pattern": "[a-z]*?{ref_area}.csv",
    "a device": "CON.csv",
    "blanks": "  .csv",
    "markup": "<img src=x onerror=alert(1)>.csv",
    "not UTF-8": b"per\xffmits.csv".decode("utf-8", "surrogateescape"),
}


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", contracts=HERE / "contracts")


@pytest.mark.parametrize("kind", NAMES)
def test_file_of_an_odd_name_is_taken_in_like_any_other(kind: str, here: Settings, tmp_path: Path) -> None:
    """If it failed, one such name would hold up an office's whole inbox."""
    inbox = here.inbox / "permits"
    inbox.mkdir(parents=True)
    (inbox / NAMES[kind]).write_text(GOOD)
    contract = load_contract(here.contracts / "permits.yaml")
    (delivery,) = collect(contract, here.model_copy(update={"settle_seconds": 0}), {})
    receipt = read_receipt(delivery, here)
    outcome = examine(receipt, contract, here, tmp_path / "staged")
    assert list(inbox.iterdir()) == []
    assert outcome.state == State.ACCEPTED or "expected a name like" in explain(receipt, outcome)
    assert raw_file(receipt, here).read_text() == GOOD
    assert explain(receipt, outcome).splitlines()[0].isprintable()
    assert "<img src=x" not in Path(outcome.report).read_text()


@pytest.mark.parametrize("name", ["../../../out.csv", "/etc/out.csv", "a/../../out.csv"])
def test_name_that_points_elsewhere_stays_inside(name: str, here: Settings, tmp_path: Path) -> None:
    (tmp_path / "came.csv").write_text(GOOD)
    receipt = land(tmp_path / "came.csv", load_contract(here.contracts / "permits.yaml"), here, PurePath(name))
    assert raw_file(receipt, here).resolve().is_relative_to(here.landing)
    assert not list(tmp_path.rglob("out.csv")) or all(p.is_relative_to(here.home) for p in tmp_path.rglob("out.csv"))


def test_refused_file_leaves_its_raw_bytes_its_report_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(HERE / "contracts"))
    file = HERE / "permits" / "many_kinds_at_once.csv"
    done = CliRunner().invoke(app, ["ingest", str(file), "--dataset", "permits"])
    assert done.exit_code == 1
    for line in (HERE / "messages" / "permits" / f"{file.name}.txt").read_text().splitlines()[:-1]:
        assert line in done.output
    home = tmp_path / "home"
    assert [p.read_bytes() for p in home.rglob(file.name)] == [file.read_bytes()]
    assert [p for p in home.rglob("*") if p.is_file() and "staging" in p.parts] == []
    assert [p.name for p in home.rglob("*") if ".part" in p.name or p.name.startswith("check-")] == []


def test_text_of_a_cell_does_not_become_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the warehouse it is what came; in a CSV, which people open with a spreadsheet, it is not run."""
    monkeypatch.setenv("MIGSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(HERE / "contracts"))
    notes = ["=cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "+1-2", "-", "-5", "+ 7", "plain"]
    with (tmp_path / "permits.csv").open("w", newline="") as file:
        file.write(HEADER)
        csv.writer(file).writerows(["MDA", 2001 + i, "T", -0.0 if i else 1, note] for i, note in enumerate(notes))
    run = CliRunner()
    assert run.invoke(app, ["ingest", str(tmp_path / "permits.csv"), "--dataset", "permits"]).exit_code == 0
    query = "SELECT note FROM core.permits ORDER BY time_period"
    as_json = run.invoke(app, ["sql", query, "--format", "json"]).output
    as_csv = run.invoke(app, ["sql", query, "--format", "csv"]).output
    assert all(f'"{note}"' in as_json for note in notes)
    found = [row[0] for row in csv.reader(as_csv.splitlines())][1:]
    assert found == [f"'{note}" for note in notes[:4]] + notes[4:]
