"""`migstat index` as a person asks it: peers by interval, what it depends on, and what cannot be asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.analyse.indicators import compute
from pipelines.cli import app
from pipelines.settings import Settings
from tests.analyse.index.test_publish import filled
from tests.conftest import ingest

COUNTRIES = {"Kyrgyzstan": 0, "Tajikistan": 1, "Uzbekistan": 2, "Serbia": 3, "Armenia": 4}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Five countries that answered two rounds of the governance index."""
    folder = tmp_path_factory.mktemp("office")
    settings = Settings(home=folder / "home")
    words = ["complete", "partial", "absent"]
    for period in ("2024", "2026"):
        for country, shift in COUNTRIES.items():
            given = [words[(n * (shift + 2) + n // 5 + int(period)) % 3] for n in range(30)]
            file = filled("mgi", folder, given, country=country, period=period)
            assert ingest(file, "governance_answers", settings).rows_accepted == 30
    compute(settings)
    return settings


def said(settings: Settings, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["index", "mgi", *arguments], env={"MIGSTAT_HOME": str(settings.home)})
    return f"{done.exit_code} {done.output}"


def test_peers_of_a_region_a_process_and_an_income_group(office: Settings) -> None:
    assert {line.split()[1] for line in said(office).splitlines() if "% of the items" in line} == {
        "KGZ",
        "TJK",
        "UZB",
        "SRB",
        "ARM",
    }
    income = said(office, "--period", "2024", "--peers", "WB_LMC")
    assert [area in income for area in ("KGZ", "TJK", "UZB", "SRB")] == [True, True, True, False]
    union = said(office, "--peers", "EAEU")
    assert [area in union for area in ("KGZ", "ARM", "SRB")] == [True, True, False]
    assert "items and weights are not official" in union
    assert "there is no group ELSEWHERE in 2026" in said(office, "--peers", "ELSEWHERE")


def test_what_the_places_depend_on(office: Settings) -> None:
    told = said(office, "--sensitivity")
    assert "weight of MGI_IC" in told
    assert "Cronbach's alpha" in told
    assert "principal components explain" in told


def test_a_change_between_rounds_and_other_answers(office: Settings, tmp_path: Path) -> None:
    change = said(office, "--area", "KGZ", "--since", "2024", "--report", str(tmp_path / "page.html"))
    assert "from 2024 to 2026" in change
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<svg") == 3
    assert "would become" in said(
        office, "--area", "KGZ", "--what-if", "MGI_IC_1=2,MGI_IC_2=2,MGI_IC_3=2,MGI_IC_4=2,MGI_IC_5=2"
    )
    assert "MGI_X is no item of mgi" in said(office, "--area", "KGZ", "--what-if", "MGI_X=2")
    assert "FRA has no figures of mgi in 2026" in said(office, "--area", "FRA")
