"""The summary shows the headline figure of each indicator, and no part of it in its place."""

import duckdb
from rich.console import Console

from pipelines.disseminate.summary import summary
from pipelines.settings import Settings


def test_it_shows_the_headline_figures(sample_settings: Settings, samples: duckdb.DuckDBPyConnection) -> None:
    console = Console(width=200, record=True, quiet=False)
    console.print(summary(sample_settings))
    lines = {line.split("│")[1].strip(): line for line in console.export_text().splitlines() if line.count("│") == 5}
    expected = {
        "10.7.2, NUMBER": ("10.7.2", "SG_CPA_MIGRS"),
        "sdg_10_7_2, PT": ("sdg_10_7_2", "SDG_10_7_2"),
        "migration_data_capacity (product-defined), SCORE": ("migration_data_capacity", "DATA_CAPACITY"),
    }
    for shown, (code, series) in expected.items():
        for area, period, value in samples.execute(
            "SELECT ref_area, max(time_period), max_by(obs_value, time_period) FROM indicators.observations "
            "WHERE indicator = ? AND series = ? AND breakdown = '_T' AND ref_area IN ('KGZ', 'MDA') GROUP BY 1",
            [code, series],
        ).fetchall():
            assert f"{value:.2f} ({period})" in lines[shown], (shown, area)
