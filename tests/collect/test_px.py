"""PX files as offices write them: old encodings, wrapped keywords, several languages, marks that differ."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.collect.table import Unreadable

from .reading import read_bytes, source

WORDS = st.text(
    st.characters(codec="cp1251", exclude_characters='"\r\n;', exclude_categories=("Cc",)), min_size=1, max_size=8
)
FILE = """\
CHARSET="ANSI";
AXIS-VERSION="2000";
LANGUAGE="mk";
LANGUAGES="mk","en";
TITLE="Население; по пол "
"и квартал";
STUB="пол";
STUB[en]="sex";
HEADING="квартал","мерка";
HEADING[en]="quarter","measure";
VALUES("пол")="Маж"
"и","Жени";
VALUES[en]("sex")="Men","Women";
CODES("пол")="M","F";
VALUES("квартал")="2004 I","2004 II";
TIMEVAL("квартал")=TLIST(Q1),"20041","20042";
VALUES("мерка")="вкупно";
NOTE("пол")="a note with = and ; in it";
DATA=
1 "."
".." -2.5;
"""
ROWS = [
    ["M", "2004Q1", "вкупно", "1", 1],
    ["M", "2004Q2", "вкупно", ".", 2],
    ["F", "2004Q1", "вкупно", "..", 3],
    ["F", "2004Q2", "вкупно", "-2.5", 4],
]


def test_cells_in_order_and_marks_kept_apart(tmp_path: Path) -> None:
    """`.` and `..` mean different things; a reader that makes both empty loses a secrecy mark."""
    columns = {"sex": "пол label"}
    raw, found = read_bytes(
        tmp_path, FILE.encode("cp1251"), source("px", encoding="windows-1251", table={"columns": columns})
    )
    assert raw.header == ["пол", "пол label", "квартал", "мерка", "value"]
    assert [row[1] for row in found] == ["Мажи", "Мажи", "Жени", "Жени"], "a word wrapped over two lines"
    assert [[row[0], *row[2:]] for row in found] == ROWS


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("cp1251", 'CHARSET="ANSI";\nCODEPAGE="windows-1251"'),
        ("utf-8", 'CODEPAGE="utf-8"'),
        ("utf-8", 'CHARSET="ANSI"'),
        ("utf-8-sig", 'CHARSET="Unicode"'),
        ("utf-8", 'CODEPAGE="no-such-page"'),
        ("utf-16", 'CHARSET="Unicode"'),
    ],
)
def test_encoding_the_file_says_or_shows(tmp_path: Path, encoding: str, said: str) -> None:
    content = FILE.replace('CHARSET="ANSI"', said).encode(encoding)
    assert read_bytes(tmp_path, content, source("px"))[1] == ROWS


def test_sign_at_the_end_of_a_file(tmp_path: Path) -> None:
    """Programs of the time of DOS end a file with Ctrl-Z: it is no cell."""
    assert read_bytes(tmp_path, FILE + "\r\n\x1a", source("px"))[1] == ROWS


def test_the_contract_wins_over_what_the_file_says(tmp_path: Path) -> None:
    content = FILE.replace('CHARSET="ANSI"', 'CODEPAGE="iso-8859-1"').encode("cp1251")
    assert read_bytes(tmp_path, content, source("px", encoding="windows-1251"))[1] == ROWS


def test_encoding_nobody_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"the file says only “ANSI” of itself\. Set `encoding`"):
        read_bytes(tmp_path, FILE.encode("cp1251"), source("px"))


def test_letters_lost_upstream_are_flagged(tmp_path: Path) -> None:
    """The letters were replaced before the file was sent: no encoding brings them back."""
    raw, _ = read_bytes(tmp_path, FILE.replace("вкупно", "econ\ufffdmico"), source("px"))
    assert [(p.kind, p.column, p.value) for p in raw.problems][:1] == [("lost text", "мерка", "econ\ufffdmico")]


KEYED = """STUB="area","sex";HEADING="year";VALUES("area")="North","South","East";CODES("area")="N","S","E";
VALUES("sex")="Men","Women";CODES("sex")="M","F";VALUES("year")="2020","2021";KEYS("area")=CODES;KEYS("sex")=VALUES;
DATA="S","Men",1 ".."
"N","Women",3 4;"""


def test_file_that_leaves_rows_out(tmp_path: Path) -> None:
    """Large tables come without the rows that hold nothing: which, is told, and no zero is made up for them."""
    raw, found = read_bytes(tmp_path, KEYED, source("px"))
    assert found == [
        ["N", "F", "2020", "3", 3], ["N", "F", "2021", "4", 4], ["S", "M", "2020", "1", 5], ["S", "M", "2021", "..", 6],
    ]  # fmt: skip
    assert "8 of them have none. The sender left these rows out (KEYS)" in str(raw.problems[0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"S","Men"', '"West","Men"', "column “area”: found “West”; expected a PX file with keys that are values"),
        ('1 ".."', "1", "column “DATA”: found “7 keys and cells”; expected a PX file with rows of 2 keys and 2 cells"),
        ('"S","Men"', '"N","Women"', "expected a PX file with one row for each key, not two"),
    ],
)
def test_keys_that_do_not_fit(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_bytes(tmp_path, KEYED.replace(old, new), source("px"))


@pytest.mark.parametrize(
    ("unit", "written", "read"),
    [
        ("TLIST(A1)", "2004", "2004"),
        ("TLIST(M1)", "200412", "2004M12"),
        ("TLIST(H1)", "20042", "2004H2"),
        ("TLIST(Q1)", "2004Q1", "2004Q1"),
        ("TLIST(W1)", "200453", "2004W53"),
    ],
)
def test_periods(tmp_path: Path, unit: str, written: str, read: str) -> None:
    text = f'STUB="t";VALUES("t")="x";TIMEVAL("t")={unit},"{written}";DATA=1;'
    assert read_bytes(tmp_path, text, source("px"))[1] == [[read, "1", 1]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('".." -2.5;', '"..";', "“3 cells”; expected a PX file with one cell for each of the 4 combinations"),
        ("DATA=", "DATUM=", "expected a PX file with its cells after DATA="),
        (
            'CODES("пол")="M","F"',
            'CODES("пол")="M"',
            "column “пол”: found “1 and 2”; expected .* as many CODES as VALUES",
        ),
        ('"M","F"', '"M","M"', "column “пол”: found “M”; expected a PX file with each value of this variable once"),
        (
            'NOTE("пол")',
            'KEYS("квартал")',
            "expected a PX file with KEYS, VALUES or CODES, for each variable of its rows",
        ),
        ('HEADING="квартал","мерка";', 'HEADING="месец";', "column “месец”"),
        ("STUB", "STUBBE", "one cell for each of the 2 combinations"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_bytes(tmp_path, FILE.replace(old, new), source("px"))


@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=3, unique=True), min_size=1, max_size=3),
    st.integers(0, 3),
    st.data(),
)
def test_what_a_writer_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, categories: list[list[str]], stubs: int, data: st.DataObject
) -> None:
    places = list(product(*categories))
    marks = st.sampled_from(['"."', '".."', '"-"', "0", "-1.5", "1234567"])
    cells = data.draw(st.lists(marks, min_size=len(places), max_size=len(places)))
    names = [f"d{i}" for i in range(len(categories))]
    listed = {"STUB": names[:stubs], "HEADING": names[stubs:]}
    text = 'CODEPAGE="windows-1251";\r\n'
    text += "".join(f"{keyword}={quoted(words)};\r\n" for keyword, words in listed.items() if words)
    text += "".join(f'VALUES("{n}")={quoted(c)};\r\n' for n, c in zip(names, categories, strict=True))
    text += f"DATA=\r\n{' '.join(cells)};\r\n"
    found = read_bytes(tmp_path_factory.mktemp("px"), text.encode("cp1251"), source("px"))[1]
    assert found == [[*p, c.strip('"'), i] for i, (p, c) in enumerate(zip(places, cells, strict=True), start=1)]


def quoted(words: list[str]) -> str:
    return ",\r\n".join(f'"{word}"' for word in words)
