"""Tell people what became of a delivery, and remind them of one that waits: by mail, and as JSON to a webhook.

What is told is the text the terminal shows. A message that cannot be sent never fails what it is about: it is logged,
stands in `ops.notifications`, and `migstat status` shows it.
"""

import datetime as dt
import logging
import os
from collections.abc import Callable
from urllib.parse import urlsplit

import duckdb

from pipelines.contract import Contract, load_contract
from pipelines.delivery import Decision, Outcome, Receipt, State, explain, read_outcome, read_receipt, visible
from pipelines.disseminate.send import Message, NotSent, mail_to, post
from pipelines.language import msgid, say
from pipelines.settings import Settings
from pipelines.store.lake import connect, exists, retrying, transaction
from pipelines.store.load import decide
from pipelines.store.ops import ensure_ops, insert
from pipelines.store.waiting import Waiting, today, waiting

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, and that of a webhook is a secret

AGAIN = dt.timedelta(days=7)
SUBJECTS = {
    "held": msgid("{file} waits for approval"),
    "due soon": msgid("{file} still waits for approval"),
    "overdue": msgid("{file} is overdue for approval"),
    "approved": msgid("{file} was approved"),
    "rejected": msgid("{file} was rejected"),
}
SILENCE = {
    "wait": msgid("Nothing is decided by silence."),
    "load": msgid("If nobody decides, it is then loaded: so says its contract."),
    "reject": msgid("If nobody decides, it is then rejected: so says its contract."),
}


Send = Callable[[Message], None]


def tell(receipt: Receipt, outcome: Outcome, settings: Settings, day: dt.date | None = None) -> None:
    """Send what became of a delivery to whom it concerns, the same thing once in a week; a plain success is no news.

    Args:
        day: the day to judge deadlines by; none: today, UTC.
    """
    contract = load_contract(settings.contracts / f"{receipt.dataset}.yaml")
    channels = _channels(contract, settings)
    message = compose(receipt, outcome, settings, day or today()) if channels else None
    if message is None or _told(message, settings):
        return
    books: list[dict[str, object]] = []
    for channel, recipient, send in channels:
        reason = ""
        try:
            send(message)
        except NotSent as error:
            reason = str(error)
            log.warning("%s: %s to %s was not sent: %s", receipt.delivery_id, channel, recipient, reason)
        told = {"delivery_id": receipt.delivery_id, "dataset": receipt.dataset, "event": message.event}
        told |= {"channel": channel, "recipient": recipient, "status": "failed" if reason else "sent"}
        books.append({**told, "reason": reason, "sent_at": dt.datetime.now(dt.UTC)})
    try:
        _record(books, f"{receipt.delivery_id}: {message.event} told", settings)
    except (duckdb.Error, OSError) as error:
        log.warning("%s: what was sent could not be recorded: %s", receipt.delivery_id, error)


def remind(settings: Settings, day: dt.date | None = None) -> list[str]:
    """Remind people of the deliveries whose deadline nears or has passed.

    One that is overdue goes on waiting, unless its contract says what silence means.

    Args:
        day: the day to judge deadlines by; none: today, UTC.

    Returns:
        The datasets into which a delivery was loaded by silence.
    """
    day, loaded = day or today(), []
    for one in waiting(settings).values():
        phase = one.phase(day)
        if phase == "held":
            continue
        receipt, outcome = read_receipt(one.delivery_id, settings), read_outcome(one.delivery_id, settings)
        silence = load_contract(settings.contracts / f"{one.dataset}.yaml").on_silence
        if phase == "overdue" and silence != "wait":
            outcome = decide(one.delivery_id, settings, _by_silence(one, silence))
            loaded += [one.dataset] if outcome.state == State.ACCEPTED else []
        tell(receipt, outcome, settings, day)
    return loaded


def compose(receipt: Receipt, outcome: Outcome, settings: Settings, day: dt.date) -> Message | None:
    """The message on a delivery, in the words of `explain`; None where there is nothing to tell."""
    waits = waiting(settings).get(receipt.delivery_id)
    event = _event(outcome, waits, day)
    if not event:
        return None
    report = outcome.report
    if settings.web:
        report = f"{settings.web.rstrip('/')}/migstat/reports/{os.path.relpath(report, settings.reports)}"
    lines = [explain(receipt, outcome.model_copy(update={"report": report}))]
    lines += [f"  {c.observed.strip('()')}" for c in outcome.checks if c.check_id == "approval" and event == "approved"]
    if waits:
        silence = load_contract(settings.contracts / f"{receipt.dataset}.yaml").on_silence
        lines += ["", say("It is {deadline}. {silence}", deadline=waits.words(day), silence=say(SILENCE[silence]))]
        if settings.web:
            address = f"{settings.web.rstrip('/')}/required_actions?response_received=false"
            lines.append(say("Approve or reject: {address}", address=address))
        lines.append(
            say("In a terminal: {command} (or reject)", command=f"migstat approve {receipt.delivery_id} --by NAME")
        )
    subject = f"[migstat] {receipt.dataset}: {say(SUBJECTS[event], file=visible(receipt.file_name))}"
    return Message(event, receipt.delivery_id, receipt.dataset, subject, "\n".join(lines), report)


def _event(outcome: Outcome, waits: Waiting | None, day: dt.date) -> str:
    if outcome.state == State.REJECTED:
        return "rejected"
    if outcome.state == State.HELD:
        return waits.phase(day) if waits else ""
    return "approved" if any(check.check_id == "approval" for check in outcome.checks) else ""


def _by_silence(one: Waiting, silence: str) -> Decision:
    reason = say(
        "nobody decided by {day}, and the contract says `on_silence: {silence}`", day=one.until, silence=silence
    )
    return Decision(approved=silence == "load", by=say("silence"), reason=reason, at=dt.datetime.now(dt.UTC))


def _record(books: list[dict[str, object]], message: str, settings: Settings) -> None:
    for attempt in retrying():
        with attempt, transaction(settings, message, {}) as con:
            ensure_ops(con)
            insert(con, "notifications", books)


def _told(message: Message, settings: Settings) -> bool:
    """Whether the same has been sent of late."""
    with connect(settings) as con:
        if not exists(con, "ops", "notifications"):
            return False
        since = dt.datetime.now(dt.UTC) - AGAIN
        found = con.execute(
            """SELECT count(*) FROM ops.notifications
               WHERE delivery_id = ? AND event = ? AND status = 'sent' AND sent_at > CAST(? AS TIMESTAMP)""",
            [message.delivery_id, message.event, since.replace(tzinfo=None)],
        ).fetchall()
    return bool(found[0][0])


def _channels(contract: Contract, settings: Settings) -> list[tuple[str, str, Send]]:
    """The ways that are set up: their name, whom they reach, and how to send."""
    people = [*filter(None, (part.strip() for part in settings.notify_to.split(","))), *contract.notify]
    server, webhook = settings.notify_smtp.get_secret_value(), settings.notify_webhook.get_secret_value()
    found: list[tuple[str, str, Send]] = []
    if server and people:
        recipients = list(dict.fromkeys(people))
        sender = settings.notify_from or recipients[0]
        found.append(("mail", ", ".join(recipients), lambda message: mail_to(message, server, sender, recipients)))
    if webhook:
        found.append(("webhook", urlsplit(webhook).hostname or "", lambda message: post(message, webhook)))
    return found
