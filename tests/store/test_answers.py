"""A check that fails leaves a sentence to the sender, and room for what the sender says."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.store.answers import answer, questions
from pipelines.store.lake import connect
from tests.store.test_held import deliver, office


def test_what_fails_is_asked_and_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = office(tmp_path, "")
    delivery = deliver(settings, tmp_path, "MDA,2019,1", "KGZ,2019,3000")
    monkeypatch.setenv("MIGSTAT_HOME", str(settings.home))
    monkeypatch.setenv("MIGSTAT_CONTRACTS", str(settings.contracts))
    (question,) = questions(delivery, settings)
    assert question.check_id == "flows.obs_value_column_max_to_be_between"
    assert question.text.startswith(
        "In “arrivals.csv” we expected: More than a thousand arrivals were never counted. It is not so"
    )
    assert question.text.endswith("Please send it corrected, or tell us why it is right.")
    answer(
        delivery, "flows.obs_value_column_max_to_be_between", "A new crossing was opened.", "Border police", settings
    )
    said = CliRunner().invoke(app, ["questions", delivery])
    assert "Answer: A new crossing was opened. (Border police, 20" in said.output
    again = CliRunner().invoke(
        app, ["answer", delivery, "flows.obs_value_column_max_to_be_between", "--text", "Confirmed.", "--by", "Ana"]
    )
    assert again.exit_code == 0, again.output
    assert len(questions(delivery, settings)[0].answers) == 2
    with connect(settings) as con:
        asked = con.execute("SELECT count(*) FROM ops.validations WHERE question <> ''").fetchall()
    assert asked == [(1,)]


def test_what_is_not_asked_cannot_be_answered(tmp_path: Path) -> None:
    settings = office(tmp_path, "")
    delivery = deliver(settings, tmp_path, "MDA,2019,1", "KGZ,2019,3000")
    with pytest.raises(LookupError, match=r"asked is about: flows.obs_value_column_max"):
        answer(delivery, "flows.obs_value_be_between", "why?", "Ana", settings)
    with pytest.raises(LookupError, match="there is no delivery"):
        questions("flows-0", settings)
    with pytest.raises(ValueError, match="must say something"):
        answer(delivery, "flows.obs_value_column_max_to_be_between", " ", "Ana", settings)
