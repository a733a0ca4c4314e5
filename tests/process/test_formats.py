"""Statistical formats on their way to tidy rows: what is found while they are read ends in words."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contract import Contract
from pipelines.delivery import Receipt
from pipelines.process.harmonise import harmonise
from pipelines.process.harmonised import Harmonised, staged
from pipelines.settings import Settings

BASE: dict[str, Any] = {
    "dataset": "formats",
    "title": "t",
    "description": "d",
    "provider": "p",
    "licence": "l",
    "frequency": "A",
    "columns": {
        "ref_area": {"type": "area", "key": True, "description": "d"},
        "time_period": {"type": "period", "key": True, "description": "d"},
        "sex": {"type": "code", "codes": ["M", "F"], "key": True, "description": "d"},
    },
    "set": {"sex": "F"},
}
RECORD = '{"area": "MDA", "year": "2020", "value": "1"}\n'


def harmonised(content: bytes, tmp_path: Path, **source: Any) -> Harmonised:
    columns = source.pop("columns", {"ref_area": "area", "time_period": "year"})
    table = {"columns": columns, "values": [{"header": source.pop("value", "value")}]}
    described = Contract.model_validate({**BASE, "sources": [{"file": "*", "tables": [table], **source}]})
    settings = Settings(home=tmp_path / "home")
    (tmp_path / "staged").mkdir()
    raw = settings.landing / "00" / "file"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes(content)
    received = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    receipt = Receipt(delivery_id="f-1", dataset="formats", file_name="file", sha256="00", size=1, received_at=received)
    return harmonise(receipt, described, settings, tmp_path / "staged")


def zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, text in members.items():
            pack.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format", "content", "message"),
    [
        (
            "csv",
            b"area,year,value\n" + b"MDA,2020,1\n" * 600_000 + b"\xcc\xee\xeb,2020,1\n",
            "delimited text in the encoding",
        ),
        (
            "json",
            RECORD.encode() * 3 + b'{"area": \n',
            "row 4: expected one JSON object in each line. The file is cut off",
        ),
    ],
)
def test_file_that_breaks_off_late_is_refused_in_words(
    tmp_path: Path, format: str, content: bytes, message: str
) -> None:
    """What a reader meets long after the first rows have been written reaches the sender as a sentence."""
    result = harmonised(content, tmp_path, format=format)
    assert (result.files, result.laid_out) == ([], False)
    assert message in str(result.problems[-1])


def test_page_of_an_answer_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    pages = {"page-0001.json": f"[{RECORD}]", "page-0002.json": f"[{RECORD.replace('MDA', '??')}]"}
    result = harmonised(zipped(pages), tmp_path, format="json")
    assert "sheet “page-0002.json”, row 1, column “area”: found “??”" in str(result.problems[-1])
    pages["page-0002.json"] = "<html></html>"
    (tmp_path / "again").mkdir()
    refused = harmonised(zipped(pages), tmp_path / "again", format="json")
    assert "sheet “page-0002.json”: expected JSON; by its first bytes this is a web page" in str(refused.problems[-1])


OBS = "<Obs AREA='MDA' SEX='{sex}' YEAR='2020' V='{value}'/>"


@pytest.mark.parametrize(
    ("second", "kinds", "rows"), [("1", {"repeated": 1}, [("MDA", "F", 1.0)]), ("2", {"duplicate": 1}, [])]
)
def test_observations_repeated_in_a_message(
    tmp_path: Path, second: str, kinds: dict[str, int], rows: list[tuple[Any, ...]]
) -> None:
    """Said twice, an observation is kept once; contradicted, it is a problem."""
    text = "".join(OBS.format(sex="F", value=value) for value in ("1", second))
    columns = {"ref_area": "AREA", "time_period": "YEAR", "sex": "SEX"}
    message = f"<Data><DataSet>{text}</DataSet></Data>".encode()
    result = harmonised(message, tmp_path, format="sdmx-ml", value="V", columns=columns)
    assert result.counts == kinds
    if rows:
        assert duckdb.sql(f"SELECT ref_area, sex, obs_value FROM {staged(result.files)}").fetchall() == rows
