"""A changed contract takes effect only when what is loaded stays what it is, or a person accepts the difference."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.contract import load_contract
from pipelines.settings import Settings
from pipelines.store.contracts import ContractChanged, put_in_force
from pipelines.store.lake import connect
from tests.store.test_held import deliver, office

VERSIONS = "SELECT tried_on, differences, accepted_by, reason FROM ops.contracts ORDER BY in_force_since"
AREA, ROMANIA = "{ref_area: area,", "{ref_area: {header: area, codes: {MDA: ROU}},"
NEW_SOURCE = """\
sources:
  - file: "old_*.csv"
    format: csv
    tables:
      - columns: {ref_area: land, time_period: year}
        values: [{header: arrivals}]
"""


@pytest.fixture
def loaded(tmp_path: Path) -> tuple[Settings, str]:
    """An office with one loaded delivery of two rows."""
    settings = office(tmp_path, "")
    return settings, deliver(settings, tmp_path, "MDA,2019,1", "KGZ,2019,300")


def change(settings: Settings, old: str, new: str) -> None:
    file = settings.contracts / "flows.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def try_contract(settings: Settings, by: str = "", reason: str = "") -> None:
    put_in_force(load_contract(settings.contracts / "flows.yaml"), settings, by, reason)


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings) as con:
        return con.execute(query).fetchall()


def test_the_first_contract_is_kept_word_for_word(loaded: tuple[Settings, str]) -> None:
    settings, _ = loaded
    try_contract(settings)
    text = (settings.contracts / "flows.yaml").read_text(encoding="utf-8")
    assert asked(settings, "SELECT text, accepted_by FROM ops.contracts") == [(text, None)]


@pytest.mark.parametrize(
    ("old", "new"),
    [("title: Arrivals", "title: All arrivals"), ("severity: warning", "severity: critical"), ("1000}", "500}")],
)
def test_a_change_under_which_all_stays_as_it_is_takes_effect_by_itself(
    loaded: tuple[Settings, str], tmp_path: Path, old: str, new: str
) -> None:
    settings, delivery = loaded
    change(settings, old, new)
    try_contract(settings)
    assert asked(settings, VERSIONS)[1:] == [(delivery, "", "", "")]
    try_contract(settings)
    deliver(settings, tmp_path, "MDA,2020,1")
    assert len(asked(settings, VERSIONS)) == 2, "a version is recorded once"


def test_a_contract_that_would_refuse_what_is_loaded_takes_no_effect(loaded: tuple[Settings, str]) -> None:
    settings, delivery = loaded
    report = Path(asked(settings, "SELECT report FROM ops.deliveries")[0][0])
    before = report.read_bytes()
    change(settings, "value: 0", "value: 2")
    change(settings, "mostly: 0.5", "mostly: 0.9")
    for _ in range(2):
        with pytest.raises(ContractChanged) as refused:
            try_contract(settings)
        assert "arrivals.csv (flows) was rejected" in str(refused.value)
        assert "[critical] A number of arrivals is not negative." in str(refused.value)
        assert str(refused.value).endswith(
            "Nothing is taken in until the contract is corrected or a person accepts the change: "
            "migstat accept-contract flows --by NAME --reason WHY"
        )
    assert report.read_bytes() == before, "the report of what was loaded stays"
    assert asked(settings, "SELECT state, rows_loaded FROM ops.deliveries") == [("loaded", 2)]
    try_contract(settings, "Ana", "zero arrivals were never counted")
    ((tried, differences, by, reason),) = asked(settings, VERSIONS)[1:]
    assert (tried, by, reason) == (delivery, "Ana", "zero arrivals were never counted")
    assert "is not negative" in differences
    try_contract(settings)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      - columns:", "      - set: {unit_measure: PS}\n        columns:", "2 loaded rows are"),
        (AREA, ROMANIA, "1 loaded row is"),
    ],
)
def test_a_contract_under_which_loaded_rows_would_differ_waits_for_a_person(
    loaded: tuple[Settings, str], old: str, new: str, said: str
) -> None:
    settings, _ = loaded
    change(settings, old, new)
    with pytest.raises(ContractChanged, match=f"{said} not in it or not the same, e.g. .*MDA, 2019, 1.0"):
        try_contract(settings)


def test_each_source_is_tried_on_its_own_last_delivery(loaded: tuple[Settings, str]) -> None:
    """A source nothing has come of yet is free to be written."""
    settings, delivery = loaded
    change(settings, "sources:\n", NEW_SOURCE)
    try_contract(settings)
    assert asked(settings, VERSIONS)[1:] == [(delivery, "", "", "")]


def test_the_command_line_takes_nothing_in_until_it_is_accepted(
    loaded: tuple[Settings, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = loaded
    monkeypatch.setenv("MIGSTAT_HOME", str(settings.home))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(settings.contracts))
    change(settings, AREA, ROMANIA)
    file = tmp_path / "next.csv"
    file.write_text("area,year,arrivals\nKGZ,2020,4\n", encoding="utf-8")
    run = CliRunner()
    refused = run.invoke(app, ["ingest", str(file), "--dataset", "flows"])
    assert (refused.exit_code, "The contract of flows has changed" in refused.output) == (1, True)
    assert asked(settings, "SELECT count(*) FROM core.flows") == [(2,)]
    accepted = run.invoke(app, ["accept-contract", "flows", "--by", "Ana", "--reason", "MDA meant Romania there"])
    assert accepted.exit_code == 0, accepted.output
    assert run.invoke(app, ["ingest", str(file), "--dataset", "flows"]).exit_code == 0
    assert asked(settings, "SELECT count(*) FROM core.flows") == [(3,)]
