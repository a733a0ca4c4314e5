"""A delivery (one file as it came), what was found in it, and what became of it.

Everything here is plain data that is rendered once for the terminal, the task log and the report.
"""

import datetime as dt
import os
import unicodedata
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Literal

from pydantic import BaseModel, Field

from pipelines.language import msgid, say, say_n
from pipelines.settings import Settings

Severity = Literal["critical", "warning", "info"]
SHOWN_PLACES = 10
DECIDED = "decision of a person"
SHOWN_LETTERS = 120
CONTROLS = {"\n": msgid("line break"), "\r": msgid("line break"), "\t": msgid("tab"), "\x00": "NUL", "\x1b": "escape"}
SEVERITIES = {"critical": msgid("critical"), "warning": msgid("warning"), "info": msgid("info")}

STATES = {"loaded": msgid("loaded"), "held": msgid("held"), "rejected": msgid("rejected")}
STATUSES = {
    "pass": msgid("pass"),
    "fail": msgid("fail"),
    "no data": msgid("no data"),
    "did not run": msgid("did not run"),
}
EVENTS = {
    "held": msgid("held"),
    "due soon": msgid("due soon"),
    "overdue": msgid("overdue"),
    "approved": msgid("approved"),
    "rejected": msgid("rejected"),
}


class State(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HELD = "held"
    LOADED = "loaded"


class Problem(BaseModel):
    """One place in a delivery that is not as it should be, in words for the person who can mend it."""

    kind: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str | None = None
    expected: str
    remedy: str = ""

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                say("sheet {sheet}", sheet=shown(self.sheet)) if self.sheet else "",
                say("row {row}", row=self.row) if self.row is not None else "",
                say("column {column}", column=shown(self.column)) if self.column else "",
            )
            if part
        )
        found = say("found {value}; ", value=shown(self.value)) if self.value is not None else ""
        text = found + say("expected {expected}", expected=self.expected)
        text = f"{place}: {text}" if place else text
        return f"{text}. {self.remedy}" if self.remedy else text


def shown(value: str) -> str:
    """A cell's text as a person can read it."""
    return say("“{text}”", text=visible(value)) if value else say("an empty cell")


def spelt(value: object) -> str:
    """A tidy value as text, as a person writes it."""
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def visible(text: str) -> str:
    """A text cut where it is long, and with what cannot be seen spelt out.

    Control characters would reach the reader's terminal, and the signs that turn the direction of writing would
    show another text than the one that is there.
    """
    letters = "".join(c if c.isprintable() else f"[{_name(c)}]" for c in text[:SHOWN_LETTERS])
    if len(text) <= SHOWN_LETTERS:
        return letters
    return say_n("{text} … ({n} character)", "{text} … ({n} characters)", len(text), text=letters)


def _name(letter: str) -> str:
    """What a character that cannot be seen is called, or its number."""
    return say(CONTROLS.get(letter) or unicodedata.name(letter, f"character {ord(letter):04X}").lower())


class Check(BaseModel):
    """The result of one check; a check that did not run is never a pass."""

    check_id: str
    expectation: str
    column: str = ""
    severity: Severity
    status: Literal["pass", "fail", "no data", "did not run"]
    observed: str = ""
    unexpected_count: int | None = None
    notes: str = ""
    places: list[Problem] = []

    def question(self, file_name: str) -> str:
        """A sentence to the sender about what fails; none where the sender can do nothing."""
        if self.status != "fail" or self.severity == "info" or self.expectation == DECIDED:
            return ""
        observed = f" {self.observed}" if self.observed else ""
        parts = [
            say(
                "In {file} we expected: {notes} It is not so{observed}.",
                file=shown(file_name),
                notes=self.notes,
                observed=observed,
            ),
            say("The first place: {place}", place=self.places[0]).rstrip() if self.places else "",
            say("Please send it corrected, or tell us why it is right."),
        ]
        return " ".join(filter(None, parts))


class Origin(BaseModel):
    """Where raw bytes come from, as far as their sender says; a file put into the inbox says nothing."""

    edition: str = ""
    published: dt.datetime | None = Field(None, description="When the server says the file was last changed.")
    address: str = Field("", description="Address it was fetched from, without any key.")


class Receipt(Origin):
    """The provenance card: what is known of a delivery the moment it arrives; kept beside its raw bytes."""

    delivery_id: str
    dataset: str
    title: str = ""
    producer: str = ""
    licence: str = ""
    file_name: str
    sha256: str
    size: int
    received_at: dt.datetime = Field(description="When it was accessed.")


class Outcome(BaseModel):
    """What process found: counts, checks and problems.

    `rows_read` counts observations (one per value cell) and is always
    `rows_accepted + rows_quarantined + rows_discarded`; `rows_left_out` counts source rows that the
    contract says hold no observation.
    """

    delivery_id: str
    dataset: str
    state: State
    contract_version: str
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_discarded: int = 0
    rows_left_out: int = 0
    checks: list[Check] = []
    problems: list[Problem] = []
    report: str = ""
    processed_at: dt.datetime

    @property
    def failed(self) -> list[Check]:
        """Checks that failed or did not run, worst first."""
        order = {"critical": 0, "warning": 1, "info": 2}
        return sorted((c for c in self.checks if c.status in ("fail", "did not run")), key=lambda c: order[c.severity])

    @property
    def reason(self) -> str:
        """Why a delivery was rejected, in one sentence per cause; empty when it was accepted."""
        if self.state != State.REJECTED:
            return ""
        critical = [c for c in self.failed if c.severity == "critical"]
        causes = [c for c in critical if c.status != "did not run"] or critical
        return " | ".join(c.notes or c.expectation for c in causes)


VERDICTS = {
    State.ACCEPTED: msgid("{file} ({dataset}) was accepted."),
    State.REJECTED: msgid("{file} ({dataset}) was rejected; nothing of it was loaded."),
    State.HELD: msgid("{file} ({dataset}) waits for approval; nothing of it is loaded yet."),
}


class Decision(BaseModel):
    """What a person decided of a delivery that was held."""

    approved: bool
    by: str = Field(min_length=1)
    reason: str = ""
    at: dt.datetime

    def as_check(self) -> Check:
        """The decision as it stands in the books, beside the checks it is about."""
        words = say(
            "approved by {person} on {moment} UTC" if self.approved else "rejected by {person} on {moment} UTC",
            person=self.by,
            moment=f"{self.at:%Y-%m-%d %H:%M}",
        )
        return Check(
            check_id="approval",
            expectation=DECIDED,
            severity="critical",
            status="pass" if self.approved else "fail",
            observed=f"({words}{': ' + self.reason if self.reason else ''})",
            notes=say("A person has looked at the warnings and approves the delivery."),
        )


class DeliveryRejected(Exception):
    """A delivery is refused; `str()` is the whole message to the person who can mend the file."""

    def __init__(self, receipt: Receipt, outcome: Outcome) -> None:
        self.receipt = receipt
        self.outcome = outcome
        super().__init__(explain(receipt, outcome))


def explain(receipt: Receipt, outcome: Outcome) -> str:
    """The findings of one delivery in plain words, worst first, with the first places of each."""
    lines = [say(VERDICTS[outcome.state], file=visible(receipt.file_name), dataset=outcome.dataset)]
    if outcome.state != State.REJECTED and outcome.rows_quarantined:
        held = say_n(
            "{n} of {read} rows is held back in ops.quarantine.",
            "{n} of {read} rows are held back in ops.quarantine.",
            outcome.rows_quarantined,
            read=outcome.rows_read,
        )
        lines.append(f"  {held}")
    idle = [c for c in outcome.failed if c.status == "did not run"]
    for check in (c for c in outcome.failed if c not in idle):
        severity = say(SEVERITIES[check.severity])
        lines.append(f"  [{severity}] {check.notes or check.expectation} {check.observed}".rstrip())
        lines += [f"      - {place}" for place in dict.fromkeys(map(str, check.places))]
        more = (check.unexpected_count or 0) - len(check.places)
        if check.places and more > 0:
            lines.append(f"      - {say_n('... and {n} more', '... and {n} more', more)}")
    lines += [f"  [{say(SEVERITIES[c.severity])}] {say('did not run')}: {c.notes} {c.observed}" for c in idle[:1]]
    if len(idle) > 1:
        further = say_n(
            "... and {n} further check did not run.", "... and {n} further checks did not run.", len(idle) - 1
        )
        lines.append(f"  {further}")
    alone = sum(check.status == "no data" for check in outcome.checks)
    if alone:
        further = say_n("Nothing to compare with yet: {n} check.", "Nothing to compare with yet: {n} checks.", alone)
        lines.append(f"  {further}")
    if outcome.report:
        lines.append(f"  {say('Report: {address}', address=outcome.report)}")
    return "\n".join(lines)


def raw_file(receipt: Receipt, settings: Settings) -> Path:
    """The raw bytes of a delivery, exactly as they came."""
    return settings.landing / receipt.sha256 / PurePath(receipt.file_name).name


def card_file(receipt: Receipt, settings: Settings) -> Path:
    """The receipt under a second name, beside the raw bytes: who looks at the one finds the other."""
    return settings.landing / receipt.sha256 / f"{receipt.delivery_id}.card.json"


def read_receipt(delivery_id: str, settings: Settings) -> Receipt:
    """The receipt of a delivery.

    Raises:
        FileNotFoundError: no such delivery was ever received in this home.
    """
    path = settings.landing / "receipts" / f"{delivery_id}.json"
    return Receipt.model_validate_json(path.read_text(encoding="utf-8"))


def read_outcome(delivery_id: str, settings: Settings) -> Outcome:
    """What process found in a delivery.

    Raises:
        FileNotFoundError: the delivery has not been processed.
    """
    path = settings.staging / delivery_id / "outcome.json"
    return Outcome.model_validate_json(path.read_text(encoding="utf-8"))


def problem_file(place: Path) -> Path:
    """Where it is written down why something is not fetched, until it is asked for again."""
    return place.with_name(f"{place.name}.problem")


def not_fetched(settings: Settings) -> list[str]:
    """What could not be fetched when it was last asked for, and why."""
    return [path.read_text(encoding="utf-8") for path in sorted((settings.landing / "sources").rglob("*.problem"))]


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees all of it or none, whenever the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
