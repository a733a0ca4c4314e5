"""A wrong contract is refused with file, line and what was expected; a new dataset needs no Python."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.contract import ContractError, load_contract, load_contracts
from pipelines.settings import ROOT, Settings
from pipelines.source import Source

CONTRACT = """\
dataset: permits
title: Residence permits issued
description: First permits by citizenship and purpose.
provider: Ministry of the Interior
licence: official open data
frequency: A
schedule: "0 7 * * *"
columns:
  ref_area: {type: area, key: true, description: Country that issues.}
  counterpart_area: {type: area, key: true, description: Citizenship.}
  time_period: {type: period, key: true, description: Year.}
  purpose: {type: code, codes: [FAMILY, WORK, STUDY], key: true, description: Purpose of stay.}
set: {ref_area: MKD, unit_measure: PERMITS}
sources:
  - file: "permits_{time_period}*.csv"
    format: csv
    encoding: windows-1251
    delimiter: ";"
    decimal: ","
    thousands: " "
    missing: {"-": M, "": O}
    tables:
      - header_rows: [2, 3]
        columns: {counterpart_area: {header: Државјанство, codes: {Србија: SRB, Албанија: ALB}}}
        values:
          - {header: Цел | семејство, set: {purpose: FAMILY}}
          - {header: Цел | работа, set: {purpose: WORK}}
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: obs_value, min_value: 0}
    severity: critical
    notes: A number of permits is not negative.
"""
FILE = "Дозволи;;\nДржавјанство;Цел;\n;семејство;работа\nСрбија;1 250;-\nАлбанија;7;3\n"


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "permits.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def migstat(*arguments: str, home: Path, contracts: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            "MIGSTAT_HOME": str(home),
            "MIGSTAT_CONTRACTS": str(contracts),
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
        },
    )


def test_adding_a_dataset_takes_one_yaml_and_no_python(tmp_path: Path) -> None:
    """Cyrillic headers in two rows, windows-1251, spaces in thousands, years in the file's name."""
    contracts, home = tmp_path / "contracts", tmp_path / "home"
    written(contracts, CONTRACT)
    (tmp_path / "permits_2024_final.csv").write_bytes(FILE.encode("windows-1251"))
    done = migstat(
        "ingest", str(tmp_path / "permits_2024_final.csv"), "--dataset", "permits", home=home, contracts=contracts
    )
    assert done.returncode == 0, done.stdout + done.stderr
    query = "SELECT counterpart_area, purpose, obs_value, obs_status, source_row FROM core.permits ORDER BY ALL"
    asked = migstat("sql", query, "--format", "csv", home=home, contracts=contracts)
    assert asked.stdout.splitlines() == [
        "counterpart_area,purpose,obs_value,obs_status,source_row",
        "ALB,FAMILY,7.0,A,5",
        "ALB,WORK,3.0,A,5",
        "SRB,FAMILY,1250.0,A,4",
        "SRB,WORK,,M,4",
    ]


def test_unreadable_cell_is_refused_with_its_place_in_the_file(tmp_path: Path) -> None:
    contracts, home = tmp_path / "contracts", tmp_path / "home"
    written(contracts, CONTRACT)
    (tmp_path / "permits_2024.csv").write_bytes(FILE.replace("Албанија;7", "Шпанија;7а").encode("windows-1251"))
    done = migstat("check", str(tmp_path / "permits_2024.csv"), "--dataset", "permits", home=home, contracts=contracts)
    assert done.returncode == 1
    assert "row 5, column “Цел | семејство”: found “7а”; expected a number with “,” as decimal mark" in done.stdout
    assert "row 5, column “Државјанство”: found “Шпанија”; expected a code of `counterpart_area`" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("frequency: A", "frequency: yearly", 6, "frequency: Input should be 'A', 'S', 'Q', 'M', 'W' or 'D'"),
        ("    format: csv\n", "    format: csv\n    separator: ','\n", 17, "separator: Extra inputs are not permitted"),
        (
            "expect_column_values_to_be_between",
            "expect_values_between",
            29,
            "is not an expectation of Great Expectations",
        ),
        ("severity: critical", "severity: fatal", 31, "severity: Input should be 'critical', 'warning' or 'info'"),
        ("title: Residence permits issued\n", "", 1, "title: Field required"),
        ("purpose: FAMILY", "aim: FAMILY", 26, "names a column that is not among `columns`: `aim`"),
        ("codes: [FAMILY, WORK, STUDY], ", "", 12, "needs either `codelist` (a file) or `codes` (a list)"),
        ("  purpose: {", "  group: {", 12, "`group` is a word of SQL: give the column another name"),
        ("frequency: A", "frequency: [A", 7, "not readable as YAML"),
        ("format: csv", "format: px", 15, "`delimiter` says nothing of px; it belongs to csv, sdmx-csv"),
        ("format: csv", "format: sdmx-csv", 15, "`header_rows` says nothing of sdmx-csv; it belongs to csv, excel"),
        (
            "format: csv\n",
            "format: csv\n    records: /items\n",
            15,
            "`records` says nothing of csv; it belongs to json",
        ),
    ],
)
def test_wrong_contract_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = written(tmp_path, CONTRACT.replace(old, new, 1))
    with pytest.raises(ContractError) as refusal:
        load_contract(path)
    assert str(refusal.value).startswith(f"{path}:{line}:"), refusal.value
    assert message in str(refusal.value)


def test_versions_of_a_structure_that_is_not_named() -> None:
    table = {"values": [{"header": "OBS_VALUE"}]}
    described = {"file": "*.xml", "format": "sdmx-ml", "structure_versions": ["1.7"], "tables": [table]}
    with pytest.raises(ValidationError, match="`structure_versions` needs the `structure` they are versions of"):
        Source.model_validate(described)


def test_shipped_contracts_are_sound() -> None:
    contracts = load_contracts(Settings().contracts)
    assert set(contracts) == {
        "migrant_stock", "population", "refugees", "remittances", "gdp", "sdg_published", "policy_answers",
        "border_refusals", "unemployment", "sdg_global", "missing_migrants",
        "asylum_decisions", "birth_registration", "child_labour", "disaggregated", "disasters", "displacement",
        "external_scores", "governance_answers", "health_workforce", "internal_migration", "legal_instruments",
        "migrant_stock_origin", "region_distances", "population_by_age", "survival_ratios", "children_ever_born",
        "external_finance", "remittances_by_sender", "asylum_applications", "refugees_demographics",
        "migration_flows", "occupational_injuries", "projects", "recruitment_costs", "remittance_prices", "targets",
        "trafficking",
    }  # fmt: skip
    for contract in contracts.values():
        assert contract.expectations, contract.dataset
        assert all(e.notes.endswith((".", ")")) for e in contract.expectations)


def test_no_contract_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="expected at least one"):
        load_contracts(tmp_path)
