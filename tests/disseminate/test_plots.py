"""The page of an index in a real browser: its plots are seen, its words are read, and nothing is asked of a network."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from pipelines.analyse.index.compare import decomposed, peers
from pipelines.analyse.index.definition import load_indices
from pipelines.analyse.index.panel import panel_of
from pipelines.analyse.index.score import score
from pipelines.analyse.index.uncertainty import uncertainty
from pipelines.disseminate.plots import dimensions, intervals, page, waterfall
from pipelines.settings import Settings

CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_the_page_of_an_index_in_a_browser(tmp_path: Path) -> None:
    index = load_indices(Settings().indices)["mgi"]
    draws = np.random.default_rng(1)
    rows = [
        (area, period, leaf.code, float(draws.integers(0, 3)))
        for area in ("ARM", "KGZ", "MDA", "SRB") for period in ("2024", "2026") for leaf in index.leaves
    ]  # fmt: skip
    panel = panel_of(rows, index, {})  # type: ignore[arg-type]
    found, doubt = score(index, panel), uncertainty(index, panel)
    before = float(found.scores["MGI"][found.units.index(("KGZ", "2024"))])
    plots = [
        intervals(index, peers(index, found, doubt, "2026", set())),
        dimensions(index, found, doubt, ("KGZ", "2026")),
        waterfall(index, decomposed(index, panel, "KGZ", "2024", "2026"), before, "KGZ, 2024 to 2026"),
    ]
    path = tmp_path / "mgi.html"
    page(index, plots, path)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 400, "height": 800})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        drawings = tab.locator("svg[role=img]")
        assert drawings.count() == 3
        for n in range(3):
            box = drawings.nth(n).bounding_box()
            assert box is not None
            assert 300 < box["width"] <= 400
        text = tab.locator("body").inner_text()
        assert "product-defined" in text
        assert "KGZ" in tab.locator("svg").nth(0).text_content()  # type: ignore[operator]
        assert "Labour migration management" in tab.locator("svg").nth(1).text_content()  # type: ignore[operator]
        assert asked == [path.as_uri()]
        browser.close()
