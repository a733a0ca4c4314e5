"""What a sender is asked about a delivery, and what the sender answers."""

import datetime as dt
from dataclasses import dataclass

from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.lake import connect, exists, retrying, transaction
from pipelines.store.ops import ensure_ops, insert


@dataclass(frozen=True)
class Question:
    """What is asked about one check, and the answers so far, each with who gave it and when."""

    check_id: str
    severity: str
    text: str
    answers: list[str]


def questions(delivery_id: str, settings: Settings) -> list[Question]:
    """The open and answered questions of a delivery, the gravest first.

    Raises:
        LookupError: there is no such delivery.
    """
    with connect(settings) as con:
        known = (
            exists(con, "ops", "validations")
            and con.execute(
                """SELECT check_id, severity, question FROM ops.validations WHERE delivery_id = ?
               ORDER BY severity <> 'critical', check_id""",
                [delivery_id],
            ).fetchall()
        )
        if not known:
            raise LookupError(say("there is no delivery {delivery}: `migstat status` names them", delivery=delivery_id))
        given: dict[str, list[str]] = {}
        if exists(con, "ops", "answers"):
            for check_id, answer, by, at in con.execute(
                """SELECT check_id, answer, answered_by, answered_at FROM ops.answers WHERE delivery_id = ?
                   ORDER BY answered_at""",
                [delivery_id],
            ).fetchall():
                given.setdefault(check_id, []).append(f"{answer} ({by}, {at:%Y-%m-%d})")
    return [Question(check, severity, text, given.get(check, [])) for check, severity, text in known if text]


def answer(delivery_id: str, check_id: str, text: str, by: str, settings: Settings) -> None:
    """Write an answer down; an earlier one stays.

    Raises:
        LookupError: nothing is asked about that check of that delivery.
        ValueError: nobody says nothing.
    """
    if not text.strip() or not by.strip():
        raise ValueError(say("--text and --by must say something: they stand in the books"))
    asked = [question.check_id for question in questions(delivery_id, settings)]
    if check_id not in asked:
        known = (
            say("asked is about: {checks}", checks=", ".join(asked))
            if asked
            else say("nothing is asked about this delivery")
        )
        raise LookupError(
            say("no question about {check} of {delivery}; {known}", check=check_id, delivery=delivery_id, known=known)
        )
    row: dict[str, object] = {"delivery_id": delivery_id, "check_id": check_id, "answer": text.strip()}
    row |= {"answered_by": by.strip(), "answered_at": dt.datetime.now(dt.UTC)}
    for attempt in retrying():
        with (
            attempt,
            transaction(settings, f"{delivery_id}: answer to {check_id}", {"delivery_id": delivery_id}) as con,
        ):
            ensure_ops(con)
            insert(con, "answers", [row])
