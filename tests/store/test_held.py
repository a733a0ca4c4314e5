"""Rows held back and deliveries that wait for a person: what is loaded, what is not, and what the books say."""

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.delivery import Decision
from pipelines.settings import Settings
from pipelines.store.lake import connect
from pipelines.store.load import decide
from tests.conftest import ingest

CONTRACT = """\
dataset: flows
title: Arrivals
description: Arrivals by country.
provider: Border police
licence: official
frequency: A
{rules}
columns:
  ref_area: {{type: area, key: true, description: Country.}}
  time_period: {{type: period, key: true, description: Year.}}
sources:
  - file: "*.csv"
    format: csv
    tables:
      - columns: {{ref_area: area, time_period: year}}
        values: [{{header: arrivals}}]
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {{column: obs_value, min_value: 0, mostly: 0.5}}
    severity: critical
    notes: A number of arrivals is not negative.
  - type: expect_column_max_to_be_between
    kwargs: {{column: obs_value, max_value: 1000}}
    severity: warning
    notes: More than a thousand arrivals were never counted.
"""
LOADED = "SELECT ref_area, time_period, obs_value FROM core.flows ORDER BY ALL"
BOOKS = "SELECT state, rows_read, rows_loaded, rows_quarantined, rows_discarded FROM ops.deliveries"
HELD = "SELECT source_row, column_name, value, check_id, reason FROM ops.quarantine WHERE status = 'held' ORDER BY ALL"


def office(folder: Path, rules: str) -> Settings:
    contracts = folder / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT.format(rules=rules), encoding="utf-8")
    return Settings(home=folder / "home", contracts=contracts)


def deliver(settings: Settings, folder: Path, *rows: str) -> str:
    file = folder / "arrivals.csv"
    file.write_text("area,year,arrivals\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return ingest(file, "flows", settings).delivery_id


def test_rows_that_cannot_be_read_are_held_back_and_the_rest_is_loaded(tmp_path: Path) -> None:
    settings = office(tmp_path, "mostly: 0.5")
    rows = ["MDA,2019,1", "MDA,2020,many", "XXQ,2019,3", "KGZ,2019,4", "KGZ,2020,5", "ARM,2019,6", "ARM,2019,7"]
    deliver(settings, tmp_path, *rows, "SRB,2019,8", "SRB,2020,9")
    with connect(settings) as con:
        assert [row[0] for row in con.execute(LOADED).fetchall()] == ["KGZ", "KGZ", "MDA", "SRB", "SRB"]
        assert con.execute(BOOKS).fetchall() == [("loaded", 9, 5, 4, 0)]
        held = con.execute(HELD).fetchall()
        assert [row[:4] for row in held] == [
            (3, "arrivals", "many", "cells"),
            (4, "area", "XXQ", "codes"),
            (7, "obs_value", "6", "keys"),
            (8, "obs_value", "7", "keys"),
        ]
        kept = con.execute("SELECT observation FROM ops.quarantine WHERE source_row = 7").fetchall()[0][0]
    assert json.loads(kept)["ref_area"] == "ARM"
    assert "filename" not in json.loads(kept)


def test_more_unreadable_rows_than_the_contract_allows_refuse_the_delivery(tmp_path: Path) -> None:
    settings = office(tmp_path, "mostly: 0.9")
    deliver(settings, tmp_path, "MDA,2019,1", "MDA,2020,many", "KGZ,2019,3")
    with connect(settings) as con:
        assert con.execute(BOOKS).fetchall() == [("rejected", 3, 0, 3, 0)]
        assert con.execute(HELD).fetchall() == []


def test_rows_that_break_an_expectation_most_rows_meet_are_held_back(tmp_path: Path) -> None:
    settings = office(tmp_path, "")
    deliver(settings, tmp_path, "MDA,2019,1", "MDA,2020,-2", "KGZ,2019,3")
    with connect(settings) as con:
        assert con.execute(LOADED).fetchall() == [("KGZ", "2019", 3.0), ("MDA", "2019", 1.0)]
        assert con.execute(BOOKS).fetchall() == [("loaded", 3, 2, 1, 0)]
        assert con.execute(HELD).fetchall() == [
            (3, "obs_value", "-2", "flows.obs_value_be_between", "A number of arrivals is not negative.")
        ]


@pytest.mark.parametrize("approved", [True, False])
def test_a_delivery_with_a_warning_waits_for_a_person(tmp_path: Path, approved: bool) -> None:
    settings = office(tmp_path, "on_warning: hold")
    delivery = deliver(settings, tmp_path, "MDA,2019,1", "KGZ,2019,3000")
    with connect(settings) as con:
        assert con.execute(BOOKS).fetchall() == [("held", 2, 0, 2, 0)]
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'flows'").fetchall() == [(0,)]
    decision = Decision(approved=approved, by="Ana", reason="a new crossing", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    decide(delivery, settings, decision)
    with connect(settings) as con:
        assert con.execute(BOOKS).fetchall() == [("loaded", 2, 2, 0, 0) if approved else ("rejected", 2, 0, 2, 0)]
        assert con.execute("SELECT status, observed FROM ops.validations WHERE check_id = 'approval'").fetchall() == [
            ("pass", "(approved by Ana on 2026-01-02 00:00 UTC: a new crossing)")
            if approved
            else ("fail", "(rejected by Ana on 2026-01-02 00:00 UTC: a new crossing)")
        ]
        if approved:
            assert con.execute(LOADED).fetchall() == [("KGZ", "2019", 3000.0), ("MDA", "2019", 1.0)]
    assert list(settings.staging.iterdir()) == []
    with pytest.raises(LookupError, match="waits for a decision"):
        decide(delivery, settings, decision)
