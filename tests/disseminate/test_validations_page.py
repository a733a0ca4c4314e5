"""The page over all deliveries says what the books say, links to what is there, and needs no network."""

import re
from pathlib import Path

import pytest
from lxml import html

from pipelines.disseminate.validations import SHOWN, write_page
from pipelines.settings import Settings
from pipelines.store.lake import connect, transaction
from tests.store.test_held import deliver, office


def test_it_shows_what_came_of_each_delivery_with_its_places(tmp_path: Path) -> None:
    settings = office(tmp_path, "mostly: 0.5")
    deliver(settings, tmp_path, "MDA,2019,1", "MDA,2020,many", "KGZ,2019,2")
    deliver(settings, tmp_path, "MDA,2021,bad", "KGZ,2021,<b>worse</b>")
    written = write_page(settings)
    assert written is not None
    page = html.fromstring(written.read_text(encoding="utf-8"))
    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in page.xpath("//section/table[1]//tr")]
    assert [(row[2], row[3:7]) for row in rows[1:]] == [
        ("rejected", ["2", "0", "2", "0"]),
        ("loaded", ["3", "2", "1", "0"]),
    ]
    assert "row 3, column “arrivals”: found “many”; expected a number" in rows[2][1]
    assert "“<b>worse</b>”" in rows[1][1]
    for link in page.xpath("//section//a/@href"):
        assert (settings.reports / link).is_file()
    assert "Every cell can be read as what its column holds." in page.xpath("//details")[-1].text_content()


def test_it_needs_no_network_and_fits_a_telephone(tmp_path: Path) -> None:
    settings = office(tmp_path, "")
    deliver(settings, tmp_path, "MDA,2019,1")
    written = write_page(settings)
    assert written is not None
    text = written.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert "@import" not in text
    assert "width=device-width" in text
    assert "@media print" in text


def test_the_thousandth_delivery_costs_what_the_tenth_does(tmp_path: Path) -> None:
    """Only the latest deliveries are shown, and the page says that there are more."""
    settings = office(tmp_path, "")
    deliver(settings, tmp_path, "MDA,2019,1")
    with transaction(settings, "many deliveries", {}) as con:
        for table in ("deliveries", "validations"):
            con.execute(
                f"INSERT INTO ops.{table} SELECT * EXCLUDE (n) REPLACE (delivery_id || n AS delivery_id) "
                f"FROM ops.{table}, range({SHOWN + 1}) AS s(n)"
            )
    written = write_page(settings)
    assert written is not None
    page = html.fromstring(written.read_text(encoding="utf-8"))
    assert len(page.xpath("//section/table[1]//tr")) == SHOWN + 1
    assert f"The latest {SHOWN} are shown" in page.text_content()


def test_the_places_that_refuse_a_delivery_are_shown_and_kept(tmp_path: Path) -> None:
    """If it failed, the page would say that a check of the contract fails and not where."""
    settings = office(tmp_path, "")
    deliver(settings, tmp_path, "MDA,2019,-1", "MDA,2020,-2", "KGZ,2019,2")
    written = write_page(settings)
    assert written is not None
    page = html.fromstring(written.read_text(encoding="utf-8"))
    shown = [" ".join(item.text_content().split()) for item in page.xpath("//section/table[1]//li")]
    assert [one.split(": ")[0] for one in shown] == ["row 2, column “arrivals”", "row 3, column “arrivals”"]
    with connect(settings) as con:
        kept = con.execute("SELECT source_row, value, status FROM ops.quarantine ORDER BY ALL").fetchall()
    assert kept == [(2, "-1", "refused"), (3, "-2", "refused")]


def test_there_is_no_page_before_the_first_delivery(tmp_path: Path) -> None:
    assert write_page(Settings(home=tmp_path)) is None


def test_a_check_stays_one_when_the_office_changes_its_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = office(tmp_path, "")
    deliver(settings, tmp_path, "MDA,2019,many")
    monkeypatch.setenv("MIGSTAT_LANGUAGE", "ru")
    deliver(settings, tmp_path, "MDA,2019,few")
    written = write_page(settings)
    assert written is not None
    page = html.fromstring(written.read_text(encoding="utf-8"))
    trends = {
        row[0].text_content(): row.xpath(".//g/title/text()") for row in page.xpath("//table[@class='trends']/tr")
    }
    marks = trends["Каждая ячейка читается как значение своего столбца. (критично)"]
    assert [mark.split(": ")[1] for mark in marks] == ["не пройдена (1 place)", "не пройдена (1 место)"]
    assert not any("Every cell" in name for name in trends)
