"""What a sender and a reviewer read where the office speaks Russian: the same places and values, and no English left.

`messages_ru/` holds the words of a handful; they are written anew as the English ones are, see `test_messages.py`.
"""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.language import FOLDER, VARIABLE, holes
from pipelines.settings import ROOT, Settings
from tests.bad_inputs.test_messages import HERE, MESSAGES, examined

CASES = [
    "arrivals/unknown_mark.csv",
    "arrivals/utf16_for_windows_1251.csv",
    "goals/unknown_dimension.xml",
    "permits/html_as_xls.xls",
    "permits/many_kinds_at_once.csv",
    "permits/renamed_column.csv",
    "permits/sheet_hidden.xlsx",
]
QUOTED = re.compile(r"[“«]([^”»]*)[”»]")
NUMBER = re.compile(r"\d+")
CATALOGUE = read_po((FOLDER / "ru" / "LC_MESSAGES" / "migstat.po").open("rb"), locale="ru")
ENGLISH = [
    part.strip()
    for message in CATALOGUE
    for text in (message.id if isinstance(message.id, tuple) else (message.id,))
    if message.string not in (message.id, "")
    for part in (re.split(r"\{\w+\}", text) if holes(text) else [text])
    if len(part.strip()) >= 12 and " " in part.strip()
]


def english_in(text: str) -> list[str]:
    """The English messages, or parts of them, that stand in a text."""
    return [part for part in ENGLISH if part in text]


@pytest.mark.parametrize("case", CASES)
def test_message_in_russian_names_the_same_places(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ru")
    _, message = examined(case, tmp_path)
    message = message.rpartition("\n(")[0] + "\n"
    kept = HERE / "messages_ru" / f"{case}.txt"
    if os.environ.get("MIGSTAT_WRITE_MESSAGES"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(message, encoding="utf-8")
    assert message == kept.read_text(encoding="utf-8")
    english = (MESSAGES / f"{case}.txt").read_text(encoding="utf-8").rpartition("\n(")[0]
    assert sorted(QUOTED.findall(message)) == sorted(QUOTED.findall(english))
    assert sorted(NUMBER.findall(message)) == sorted(NUMBER.findall(english))
    assert english_in(english)
    assert english_in(message) == []


def test_command_line_speaks_the_language_of_its_environment(tmp_path: Path) -> None:
    env = {**os.environ, VARIABLE: "ru", "MIGSTAT_HOME": str(tmp_path), "MIGSTAT_CONTRACTS": str(HERE / "contracts")}
    command = [sys.executable, "-m", "pipelines.cli", "check", "tests/bad_inputs/arrivals/unknown_mark.csv"]
    done = subprocess.run(
        [*command, "--dataset", "arrivals"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    told = (HERE / "messages_ru" / "arrivals" / "unknown_mark.csv.txt").read_text(encoding="utf-8")
    assert done.stdout.startswith(told)


def test_books_and_pages_are_russian_and_their_codes_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ((VARIABLE, "ru"), ("MIGSTAT_HOME", tmp_path), ("MIGSTAT_CONTRACTS", HERE / "contracts")):
        monkeypatch.setenv(name, str(value))

    def told(*command: str) -> str:
        return CliRunner().invoke(app, command, catch_exceptions=False).output

    delivery = HERE / "permits" / "many_kinds_at_once.csv"
    refused = told("ingest", str(delivery), "--dataset", "permits")
    accepted = told("ingest", str(HERE / "permits" / "formula_in_a_note.csv"), "--dataset", "permits")
    assert "поставка отклонена" in refused
    assert "поставка принята" in accepted
    (found,) = re.findall(
        r"permits-\w+", told("sql", "SELECT delivery_id FROM ops.deliveries WHERE state = 'rejected'")
    )
    asked = told("questions", found)
    assert asked.count("Просим прислать исправленный файл или сообщить, почему данные верны.") >= 2
    codes = told("sql", "SELECT DISTINCT status, severity FROM ops.validations ORDER BY ALL", "--format", "csv")
    assert set(codes.split()[1:]) >= {"pass,critical", "fail,critical"}
    reports = Settings().reports
    page = html.unescape((reports / "index.html").read_text(encoding="utf-8"))
    assert '<html lang="ru">' in page
    report = html.unescape((reports / "permits" / f"{found}.html").read_text(encoding="utf-8"))
    findings = report.partition("</pre>")[0]
    for text in (refused, accepted, asked, told("status"), told("quarantine", "list", found), page, findings):
        assert english_in(text) == []
