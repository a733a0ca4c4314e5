"""The house keeps its shape: phases import no later phase, and the pipeline knows nothing of Airflow."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pycountry
import pytest

from pipelines.analyse.definition import load_indicators
from pipelines.contract import load_contracts
from pipelines.settings import ROOT, Settings


def test_dependency_rule() -> None:
    """Breaking it would let a reader of files depend on Airflow, or collect on the warehouse."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_indicator_reads_what_it_says() -> None:
    """Inputs named in the header are those of the SQL, or staleness would be judged by the wrong tables."""
    datasets = {f"core.{name}" for name in load_contracts(Settings().contracts)}
    for indicator in load_indicators(Settings().indicators):
        read = set(re.findall(r"\b(?:core|reference)\.\w+", indicator.sql))
        assert read == set(indicator.inputs), indicator.code
        assert {i for i in read if i.startswith("core.")} <= datasets, indicator.code


def test_areas_agree_with_iso_3166() -> None:
    with (Settings().reference / "areas.csv").open(encoding="utf-8") as file:
        areas = {row["code"]: row for row in csv.DictReader(file)}
    for country in pycountry.countries:
        assert areas[country.alpha_3]["m49"] == country.numeric
        assert areas[country.alpha_3]["iso2"] == country.alpha_2


@pytest.mark.parametrize("scheme", ["m49", "worldbank", "sdmx", "unhcr"])
def test_no_two_areas_share_a_code(scheme: str) -> None:
    with (Settings().reference / "areas.csv").open(encoding="utf-8") as file:
        codes = [code for row in csv.DictReader(file) for code in row[scheme].split("|") if code]
    assert len(codes) == len(set(codes))


def test_requirements_name_no_address_and_have_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        packages = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
        assert all(line.endswith("\\") for line in packages), name


def test_every_sample_has_its_source() -> None:
    sources = (ROOT / "samples" / "SOURCES.md").read_text(encoding="utf-8")
    for file in (ROOT / "samples" / "inbox").rglob("*.*"):
        folder = file.relative_to(ROOT / "samples" / "inbox").parent.as_posix()
        assert file.name in sources or f"{folder}/*{file.suffix}" in sources, file
