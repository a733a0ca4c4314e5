"""Parquet as text: nothing a type holds is lost on the way, and rows keep their numbers."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collect import parquet
from pipelines.collect.table import Unreadable

from .reading import read_one, source


def written(folder: Path, columns: dict[str, pa.Array], **options: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "file", **options)
    return folder / "file"


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["NA", "", "007", None]), ["NA", "", "007", ""]),
        (pa.array(["T", "M"]).dictionary_encode(), ["T", "M"]),
        (pa.array([2**63], pa.uint64()), ["9223372036854775808"]),
        (pa.array([0.1, 1.0, None]), ["0.1", "1", ""]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([Decimal("1.10"), Decimal("0.0000000010")]), ["1.1000000000", "0.0000000010"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([dt.date(2024, 1, 2)]), ["2024-01-02"]),
        (pa.array([dt.datetime(2024, 1, 2, 3, 4)]), ["2024-01-02 03:04:00.000000"]),
        (pa.array([None, None], pa.null()), ["", ""]),
        (pa.array(["long"], pa.large_string()), ["long"]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_types_as_text(tmp_path: Path, array: pa.Array, expected: list[str]) -> None:
    raw, rows = read_one(written(tmp_path, {"value": array}), source("parquet"))
    assert raw.header == ["value"]
    assert rows == [[text, i] for i, text in enumerate(expected, start=1)]


def test_structures_become_columns(tmp_path: Path) -> None:
    nested = pa.array([{"a": {"b": 1}, "c": "x"}, None])
    raw, rows = read_one(written(tmp_path, {"s": nested}), source("parquet"))
    assert raw.header == ["s.a.b", "s.c"]
    assert rows == [["1", "x", 1], ["", "", 2]]


@pytest.mark.parametrize("array", [pa.array([[1]]), pa.array([b"\x00"])], ids=["list", "bytes"])
def test_columns_without_a_text_are_named(tmp_path: Path, array: pa.Array) -> None:
    with pytest.raises(Unreadable, match=r"column “value”: found “.*”; expected a column of text, numbers"):
        read_one(written(tmp_path, {"value": array}), source("parquet"))


def test_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"value": pa.array([1, 2])})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unreadable, match="expected a whole Parquet file"):
        read_one(path, source("parquet"))


def test_rows_are_numbered_across_row_groups(tmp_path: Path) -> None:
    count = parquet.ROWS + 10
    path = written(tmp_path, {"value": pa.array(range(count))}, row_group_size=count // 3)
    _, rows = read_one(path, source("parquet"))
    assert all(row == [str(i), i + 1] for i, row in enumerate(rows))
    assert len(rows) == count


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none()), st.data())
def test_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None], data: st.DataObject
) -> None:
    words = data.draw(st.lists(st.text(), min_size=len(values), max_size=len(values)))
    path = written(
        tmp_path_factory.mktemp("p"), {"v": pa.array(values, pa.float64()), "w": pa.array(words, pa.string())}
    )
    _, rows = read_one(path, source("parquet"))
    assert [float(row[0]) if row[0] else None for row in rows] == values
    assert [row[1] for row in rows] == words
