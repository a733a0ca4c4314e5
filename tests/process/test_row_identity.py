"""Every row that comes in is loaded, quarantined, discarded or left out: none is lost, whatever the file holds."""

import datetime as dt
import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.delivery import Receipt, State
from pipelines.process.harmonised import staged
from pipelines.process.run import examine
from pipelines.settings import Settings
from tests.process.test_quirks import contract

AREA = st.sampled_from(["MDA", "mda ", "KGZ", "ARM", "", "Atlantis"])
YEAR = st.sampled_from(["2019", "2020", "2020.0", "20x0", ""])
VALUE = st.sampled_from(["1", "2", " 2 ", "..", "", "many"])
ROWS = st.lists(st.tuples(AREA, YEAR, VALUE), max_size=12)


@given(rows=ROWS, good=st.booleans())
@settings(max_examples=25, deadline=None)
def test_no_row_is_lost(rows: list[tuple[str, str, str]], good: bool) -> None:
    """If it failed, a ministry's rows would vanish without a word, or be counted twice."""
    if good:
        rows = [("MDA", "2020", value) for value in ("1", "1", "..") for _ in rows]
    text = "area,year,value\n" + "".join(f"{area},{year},{value}\n" for area, year, value in rows)
    with tempfile.TemporaryDirectory() as name:
        home = Settings(home=Path(name, "home"))
        raw = home.landing / "00" / "file.csv"
        raw.parent.mkdir(parents=True)
        raw.write_text(text, encoding="utf-8")
        receipt = Receipt(
            delivery_id="quirks-1",
            dataset="quirks",
            file_name="file.csv",
            sha256="00",
            size=1,
            received_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )
        outcome = examine(receipt, contract(missing={"": "O", "..": "M"}), home, Path(name, "staged"))
        files = sorted(Path(name, "staged").glob("*.parquet"))
        kept = duckdb.sql(f"SELECT count(*) FROM {staged(files)}").fetchall()[0][0] if files else 0
    assert outcome.rows_read + outcome.rows_left_out == len(rows)
    assert outcome.rows_read == outcome.rows_accepted + outcome.rows_quarantined + outcome.rows_discarded
    assert kept == outcome.rows_read - outcome.rows_discarded
    assert (outcome.rows_accepted == 0) == (outcome.state == State.REJECTED)
