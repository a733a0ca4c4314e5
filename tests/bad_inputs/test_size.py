"""Two gigabytes in one cell, or a cell too far out, are refused at once, without being held in memory."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines.collect.extent import check
from pipelines.collect.table import Unreadable
from pipelines.settings import ROOT
from tests.bad_inputs.made import HEADER

READ = """
import sys
from pathlib import Path
from pipelines.collect.read import read_tables
from pipelines.collect.table import Unreadable
from pipelines.contract import load_contract
from tests.bad_inputs.peak import megabytes
path = Path(sys.argv[1])
source, _ = load_contract(Path("tests/bad_inputs/contracts/permits.yaml")).source_of(path)
before = megabytes()
try:
    print([batch.num_rows for _, raw in read_tables(path, source, path.parent) for batch in raw.rows])
except Unreadable as refusal:
    print(refusal)
print(megabytes() - before)
"""


@pytest.mark.parametrize(
    ("name", "start", "said"),
    [
        ("cell.csv", f"{HEADER}MDA,2020,T,30,", "row 2: expected records of at most 4 MB from here on. "),
        ("header.csv", "Country,", "row 1: expected records of at most 4 MB from here on. "),
        ("cell.json", '{"items": [{"Note": "', "found “2048 MB”; expected at most 64 MB of JSON in one document. "),
        ("cell.jsonl", '{"Note": "', "found “2048 MB”; expected at most 64 MB of JSON in one document. "),
        ("cell.jsonstat", '{"label": "', "found “2048 MB”; expected at most 64 MB of JSON in one document. "),
        ("second.jsonl", '{"Note": ""}\n{"Note": "', "row 2: expected records of at most 4 MB from here on. "),
        (
            "cell.xls",
            "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "found “2048 MB”; expected an Excel or OpenDocument workbook of at most 256 MB. ",
        ),
        ("cell.px", 'TITLE="', "found “2048 MB”; expected a PX file of at most 64 MB. "),
    ],
)
def test_two_gigabytes_in_one_cell(name: str, start: str, said: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(start.encode("latin-1") + b"x" * (1 << 20))
        file.truncate(2 << 30)  # the rest takes no room on the disk
    run = subprocess.run([sys.executable, "-c", READ, str(tmp_path / name)], cwd=ROOT, capture_output=True, text=True)
    message, megabytes = run.stdout.splitlines() or [run.stderr, "0"]
    assert message.startswith(said)
    assert int(megabytes) < 400


@pytest.mark.parametrize(
    "last",
    [
        '<row r="1048576"><c r="XFD1048576"/></row>',
        "<row r='1048576'><c r='XFD1048576'/></row>",
        '<row spans="1:2" r="1048576"><c s="1" r="xfd1048576"/></row>',
    ],
)
def test_a_cell_far_out_is_refused_however_its_place_is_written(last: str, tmp_path: Path) -> None:
    """If it failed, a stray blank would fill all memory and end the process."""
    with zipfile.ZipFile(tmp_path / "far.xlsx", "w") as book:
        book.writestr("xl/sheets/far.xml", f"<worksheet><sheetData>{last}</sheetData></worksheet>")
    with pytest.raises(Unreadable, match=r"at most 16 million cells.*row 1048576, column XFD"):
        check(tmp_path / "far.xlsx")
