"""Messages are shown in the office's language: catalogues are whole, and two languages live in one process."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from pydantic import ValidationError

from pipelines.delivery import Problem
from pipelines.language import FOLDER, SOURCE, VARIABLE, _filled, holes, languages, say, say_n
from pipelines.locale.extract import EXPECTED
from pipelines.settings import ROOT, Settings

TRANSLATED = [name for name in languages() if name != SOURCE]


@cache
def extracted(folder: Path) -> Catalog:
    """All messages there are, found by the command of `make messages`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    (command,) = re.findall(r"pybabel --quiet (extract .*?) --output=", makefile)
    pot = folder / "migstat.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    subprocess.run([pybabel, "--quiet", *command.split(), f"--output={pot}", "."], cwd=ROOT, check=True)
    return read_po(pot.open("rb"))


def written(language: str) -> Catalog:
    return read_po((FOLDER / language / "LC_MESSAGES" / "migstat.po").open("rb"), locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_says_every_message(language: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    catalogue = written(language)
    wanted = {message.id for message in extracted(tmp_path_factory.getbasetemp()) if message.id}
    assert wanted - {m.id for m in catalogue} == set(), "run `make messages` and translate what is new"
    assert {m.id for m in catalogue if m.id} - wanted == set(), "run `make messages`: this is not said any more"
    for message in (m for m in catalogue if m.id):
        assert not message.fuzzy, message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert len(strings) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert {frozenset(holes(s)) for s in strings} == {frozenset(holes(i)) for i in ids}, message.id
        assert [s[-1] in ".:;" for s in strings] == [ids[0][-1] in ".:;"] * len(strings), message.id


def test_two_languages_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(kind="cell", sheet="2024", row=3, column="Всего", value="12O", expected="12")
    english = str(problem)
    monkeypatch.setenv(VARIABLE, "ru")
    assert str(problem) == "лист «2024», строка 3, столбец «Всего»: указано: «12O»; ожидалось: 12"
    monkeypatch.setenv(VARIABLE, "en")
    assert str(problem) == english == "sheet “2024”, row 3, column “Всего”: found “12O”; expected 12"


@pytest.mark.parametrize(("n", "said"), [(1, "1 знак"), (3, "3 знака"), (11, "11 знаков"), (121, "121 знак")])
def test_russian_has_three_plural_forms(n: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ru")
    one, many = "{text} … ({n} character)", "{text} … ({n} characters)"
    assert say_n(one, many, n, text="x") == f"x … ({said})"


def test_text_of_a_contract_is_said_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ru")
    assert say("Число {разрешений} не бывает отрицательным: 100 % или {}") == (
        "Число {разрешений} не бывает отрицательным: 100 % или {}"
    )


def test_slip_in_a_catalogue_stops_no_delivery() -> None:
    assert _filled("строка {ряд}", "row {row}", {"row": 3}) == _filled("{", "row {row}", {"row": 3}) == "row 3"


def test_language_without_a_catalogue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "xx")
    with pytest.raises(ValidationError, match="there is no catalogue of messages in “xx”; there are: en, ru"):
        Settings()
    assert say("row {row}", row=3) == "row 3"


def test_every_expectation_in_sql_is_a_message() -> None:
    """What differs from row to row is a column named in braces: a text glued together in SQL has no translation."""
    for path in (*(ROOT / "expectations").glob("*.yaml"), *(ROOT / "warehouse" / "checks").rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        assert len(EXPECTED.findall(sql)) == len(re.findall(r"\bAS expected\b", sql)), path.name
        assert not re.search(r"\|\|\s*'(?:[^']|'')*' AS expected\b", sql), path.name


SAYING = {"say", "say_n", "msgid"}
ELSEWHERE = {
    "Field",
    "Option",
    "Argument",
    "Typer",
    "AssertionError",
    "transaction",
    "_record",
}  # help, descriptions, commits
PROSE = re.compile(r"[a-z’']+[,:;]? [a-z]+[,:;]? [a-z]{2,}")
SQL = re.compile(r"\b(SELECT|FROM|WHERE|CREATE|COPY|INSERT|DELETE|UPDATE|CALL|CASE|ORDER BY|AS)\b")
CODES = {
    "did not run",
    "database is locked",
    "could not serialize",
    "duplicate key value",
    "decision of a person",
    "not yet due",
}
SAID = [
    *(f"pipelines/{phase}/*.py" for phase in ("collect", "process", "draft", "store")),
    *(f"pipelines/disseminate/{name}.py" for name in ("notify", "summary", "validations", "explanation")),
    *(
        f"pipelines/cli/{name}.py"
        for name in ("deliveries", "quarantine", "answers", "common", "draft", "analysis", "warehouse")
    ),
    *("pipelines/delivery.py", "dags/*.py", "plugins/*.py"),
]
WORD_LISTS = {"ages.py", "areas.py", "periods.py", "ops.py"}  # words in files, and descriptions of the books


def unsaid(node: ast.AST) -> Iterator[tuple[int, str]]:
    """English sentences that reach people past `say`, so that no catalogue can hold them."""
    if isinstance(node, ast.Call):
        function = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        owner = getattr(getattr(node.func, "value", None), "id", "")
        if function in SAYING | ELSEWHERE or owner == "log":
            return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    text = ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    if PROSE.search(text) and not SQL.search(text) and text not in CODES:
        yield getattr(node, "lineno", 0), text
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from unsaid(child)


@pytest.mark.parametrize("pattern", SAID)
def test_no_sentence_passes_by_the_catalogues(pattern: str) -> None:
    files = sorted(path for path in ROOT.glob(pattern) if path.name not in WORD_LISTS)
    assert files
    found = [f"{f.name}:{line}: {text}" for f in files for line, text in unsaid(ast.parse(f.read_text("utf-8")))]
    assert found == []


def test_sentence_past_the_catalogues_is_found() -> None:
    code = 'x = Problem(expected=f"a number, not {value} or so", remedy=say("Mend it at once."))'
    assert list(unsaid(ast.parse(code))) == [(1, "a number, not … or so")]
