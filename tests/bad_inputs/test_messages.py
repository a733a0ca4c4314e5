"""Each kind of bad input gets its message, word for word: `messages/` holds what a sender reads.

When a message is meant to change, write them anew and review the difference as what it is, text for people:

    MIGSTAT_WRITE_MESSAGES=1 python -m pytest tests/bad_inputs && git diff tests/bad_inputs/messages
"""

import os
import re
import unicodedata
from pathlib import Path

import pytest

from pipelines.collect.land import land
from pipelines.contract import load_contract
from pipelines.delivery import Outcome, State, explain, raw_file
from pipelines.process.harmonise import harmonise
from pipelines.process.run import examine
from pipelines.settings import Settings
from tests.bad_inputs.made import MAKERS, WHOLE

HERE = Path(__file__).parent
MESSAGES = HERE / "messages"
DATASETS = [path.stem for path in (HERE / "contracts").glob("*.yaml")]
LYING = {str(path.relative_to(HERE)) for dataset in DATASETS for path in (HERE / dataset).iterdir()}
CASES = sorted(LYING | MAKERS.keys())


def examined(case: str, folder: Path) -> tuple[Outcome, str]:
    """What becomes of one file: its outcome and all a sender reads. Nothing half-written stays, the raw file does."""
    settings = Settings(home=folder / "home", contracts=HERE / "contracts")
    contract = load_contract(settings.contracts / f"{Path(case).parent}.yaml")
    file = HERE / case
    if case in MAKERS:
        file = folder / Path(case).name
        MAKERS[case](file)
    receipt = land(file, contract, settings, Path(file.name))
    outcome = examine(receipt, contract, settings, folder / "staged")
    assert raw_file(receipt, settings).read_bytes() == file.read_bytes()
    left = [path.name for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(folder / "home")]
    assert [name for name in left if not name.endswith(".parquet") and name != file.name] == []
    lines = [line for line in explain(receipt, outcome).splitlines() if outcome.report not in line]
    counts = f"{outcome.rows_read} read, {outcome.rows_accepted} accepted, {outcome.rows_discarded} discarded"
    return outcome, "\n".join([*lines, f"({counts}, {outcome.rows_left_out} rows left out)", ""])


@pytest.mark.parametrize("case", CASES)
def test_message_word_for_word(case: str, tmp_path: Path) -> None:
    outcome, message = examined(case, tmp_path)
    kept = MESSAGES / f"{case}.txt"
    if os.environ.get("MIGSTAT_WRITE_MESSAGES"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(message, encoding="utf-8")
    assert message == kept.read_text(encoding="utf-8")
    assert (outcome.state == State.REJECTED) == (outcome.rows_accepted == 0), "rejected whole, or accepted with rows"


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_file_with_nothing_wrong_is_accepted(name: str, tmp_path: Path) -> None:
    """So that a refusal says what is wrong with the file and not with the contract."""
    (tmp_path / "came").mkdir()
    file = tmp_path / "came" / Path(name).name
    file.write_bytes(WHOLE[name])
    settings = Settings(home=tmp_path / "home", contracts=HERE / "contracts")
    contract = load_contract(settings.contracts / "permits.yaml")
    found = harmonise(land(file, contract, settings, Path(file.name)), contract, settings, tmp_path)
    assert (found.problems, found.rows_read >= 2) == ([], True)


def test_at_least_sixty_kinds_each_with_its_message() -> None:
    kept = {str(path.relative_to(MESSAGES)).removesuffix(".txt") for path in MESSAGES.rglob("*.txt")}
    assert kept == set(CASES)
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES)
def test_message_is_for_a_person(case: str) -> None:
    """Short lines, no control characters, no words of a program, and something to do about each place."""
    message = (MESSAGES / f"{case}.txt").read_text(encoding="utf-8")
    assert len(message) < 6000
    assert max(map(len, message.splitlines())) < 600
    assert [c for c in message if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs")] == []
    assert not re.search(r"Traceback|Error\b|Exception|\.py\b|0x[0-9a-f]{6}|None\b", message)
    for place in (line for line in message.splitlines() if line.startswith("      - ") and "more" not in line):
        assert re.search(r"expected .+\. \S.+\.", place), f"no remedy: {place}"
