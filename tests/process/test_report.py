"""The report of a delivery: Data Docs that need no network, fit a telephone, can be printed, and speak in sentences."""

import re
import shutil
from pathlib import Path

import pytest
from lxml import html
from playwright.sync_api import sync_playwright

from pipelines.delivery import Outcome
from pipelines.disseminate.validations import write_page
from pipelines.settings import Settings
from tests.conftest import ingest
from tests.store.test_held import office

CHROMIUM = shutil.which("chromium")
KINDS = """\
  - type: expect_column_values_to_be_in_set
    kwargs: {column: kind, value_set: [land, air]}
    severity: warning
    notes: A crossing is by land or by air.
"""
TELEPHONE = {"width": 375, "height": 700}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Outcome]:
    folder = tmp_path_factory.mktemp("office")
    settings = office(folder, "mostly: 0.5\non_warning: hold")
    long = "arrivals_" + "of_every_crossing_" * 6 + ".csv"
    rows = "MDA,2019,1\nMDA,2020,-2\nKGZ,2019,many\nKGZ,2020,2000\nKGZ,2020,2000\nARM,2019,6\nARM,2020,7\n"
    (folder / long).write_text(f"area,year,arrivals\n{rows}", encoding="utf-8")
    return settings, ingest(folder / long, "flows", settings)


def test_it_asks_nobody_for_anything(delivered: tuple[Settings, Outcome]) -> None:
    """Data Docs themselves take styles and scripts from the web, and are bare or hang where there is none."""
    text = Path(delivered[1].report).read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(|<script""", text)


def test_checks_are_sentences_and_rows_are_drawn(delivered: tuple[Settings, Outcome]) -> None:
    page = html.fromstring(Path(delivered[1].report).read_text(encoding="utf-8"))
    text = page.text_content()
    assert "SELECT" not in text
    assert "A number of arrivals is not negative." in text
    assert "7 rows read: 4 to be loaded, 2 held back, 1 discarded" in text
    drawn = {span.get("class"): span.get("style") for span in page.xpath("//*[@class='rows']/span")}
    assert drawn == {"accepted": "width: 57.143%", "held": "width: 28.571%", "discarded": "width: 14.286%"}
    assert "row 5" in page.get_element_by_id("findings").text_content()


def test_what_a_file_holds_is_no_part_of_the_page(tmp_path: Path) -> None:
    """If it failed, a file could act in Airflow in the name of whoever opens its report."""
    settings = office(tmp_path, "")
    contract = settings.contracts / "flows.yaml"
    text = contract.read_text(encoding="utf-8").replace("time_period: year}", "time_period: year, kind: kind}")
    text = text.replace("sources:", "  kind: {key: true, description: Kind of crossing.}\nsources:")
    text = text[: text.index("  - type: expect_column_max")] + KINDS
    contract.write_text(text, encoding="utf-8")
    file = tmp_path / "a<img src=x>.csv"
    file.write_text("area,year,kind,arrivals\nMDA,2019,<script>steal()</script>,1\n", encoding="utf-8")
    outcome = ingest(file, "flows", settings)
    page = html.fromstring(Path(outcome.report).read_text(encoding="utf-8"))
    assert outcome.checks[-1].status == "fail"
    assert "<script>steal()</script>" in page.text_content()
    assert page.xpath("//script | //img") == []
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_pages_fit_a_telephone_and_print_what_is_folded(delivered: tuple[Settings, Outcome]) -> None:
    settings, outcome = delivered
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport=TELEPHONE)
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        overview = write_page(settings)
        assert overview is not None
        pages = [Path(outcome.report).as_uri(), overview.as_uri()]
        for page in pages:
            tab.goto(page)
            assert tab.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], page
        folded = tab.locator("details:not([open])").first
        seen = folded.evaluate("one => one.getBoundingClientRect().height")
        tab.emulate_media(media="print")
        assert folded.evaluate("one => one.getBoundingClientRect().height") > seen
        tab.goto(pages[0])
        tab.emulate_media(media="screen")
        rows = tab.locator("tr:has(.text-success)")
        assert rows.first.is_visible()
        tab.get_by_label("Only checks that do not pass").check()
        assert not rows.first.is_visible()
        browser.close()
    assert asked == [*pages, pages[0]]
