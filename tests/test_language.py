"""Messages are shown in the office's language: catalogues are whole, and two languages live in one process."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from pydantic import ValidationError

from pipelines.delivery import Problem
from pipelines.language import FOLDER, SOURCE, VARIABLE, _filled, holes, languages, say, say_n
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
