"""What people are told of deliveries, by real servers on the loopback; and what silence does."""

import datetime as dt
import io
import logging
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from pydantic import SecretStr
from rich.console import Console

from pipelines.delivery import Decision, State, read_outcome, read_receipt
from pipelines.disseminate.notify import remind, tell
from pipelines.disseminate.summary import summary
from pipelines.disseminate.validations import write_page
from pipelines.settings import Settings
from pipelines.store.lake import connect
from pipelines.store.load import decide
from pipelines.store.waiting import today, waiting
from tests.collect.conftest import Reply, Server, server  # noqa: F401  # the fixture
from tests.store.test_held import BOOKS, deliver, office

TOLD = "SELECT event, channel, recipient, status, reason FROM ops.notifications ORDER BY ALL"
PASSWORD = "p@ss/word"
SPELT = "p%40ss%2Fword"


class MailServer(Controller):
    """A mail server on a free port of the loopback."""

    def __init__(self, handler: "Postbox", **options: Any) -> None:
        super().__init__(handler, hostname="localhost", port=0, **options)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Postbox:
    """Keeps the mails it is handed; refuses who is not known."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content or b"", policy=default))
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    """A mail server without encryption, and its address."""
    box = Postbox()
    running = MailServer(box)
    running.start()
    yield box, f"localhost:{running.port}"
    running.stop()


def told(settings: Settings) -> list[tuple[Any, ...]]:
    with connect(settings) as con:
        return con.execute(TOLD).fetchall()


def held(folder: Path, rules: str = "", **said: Any) -> tuple[Settings, str]:
    """An office with one delivery that waits."""
    settings = office(folder, f"on_warning: hold\n{rules}").model_copy(update=said)
    return settings, deliver(settings, folder, "MDA,2019,1", "KGZ,2019,3000")


def terminal(settings: Settings) -> str:
    """What `migstat status` prints."""
    console = Console(file=io.StringIO(), record=True, width=200)
    console.print(summary(settings))
    return console.export_text()


def tell_of(delivery: str, settings: Settings) -> None:
    tell(read_receipt(delivery, settings), read_outcome(delivery, settings), settings)


def test_a_held_delivery_is_told_by_mail_in_the_words_of_the_terminal(
    tmp_path: Path, postbox: tuple[Postbox, str]
) -> None:
    box, address = postbox
    settings, delivery = held(
        tmp_path,
        "notify: [border@example.org]",
        notify_to="ana@example.org, ion@example.org",
        notify_smtp=SecretStr(f"smtp://{address}"),
        web="http://airflow.example.org/",
    )
    tell_of(delivery, settings)
    (mail,) = box.mails
    assert mail["Subject"] == "[migstat] flows: arrivals.csv waits for approval"
    assert mail["From"] == "ana@example.org"
    assert mail["To"] == "ana@example.org, ion@example.org, border@example.org"
    text = mail.get_content()
    assert "[warning] More than a thousand arrivals were never counted." in text
    assert f"Report: http://airflow.example.org/migstat/reports/flows/{delivery}.html" in text
    assert f"to be decided by {today() + dt.timedelta(days=14)}. Nothing is decided by silence." in text
    assert "http://airflow.example.org/required_actions" in text
    assert f"migstat approve {delivery} --by NAME" in text
    tell_of(delivery, settings)
    assert len(box.mails) == 1, "the same thing is not told twice"
    assert told(settings) == [("held", "mail", "ana@example.org, ion@example.org, border@example.org", "sent", "")]


def test_the_webhook_gets_the_same_as_json(tmp_path: Path, server: Server) -> None:  # noqa: F811
    server.answer("/hook/s3cret", Reply())
    settings, delivery = held(tmp_path, notify_webhook=SecretStr(f"{server.url}/hook/s3cret"))
    decision = Decision(approved=True, by="Ana", reason="a new crossing", at=dt.datetime.now(dt.UTC))
    tell_of(delivery, settings)
    tell(read_receipt(delivery, settings), decide(delivery, settings, decision), settings)
    first, second = (asked.body for asked in server.asked)
    assert (first["event"], first["dataset"], first["delivery_id"]) == ("held", "flows", delivery)
    assert "never counted" in first["text"]
    assert second["event"] == "approved"
    assert "approved by Ana on" in second["text"]
    assert told(settings) == [(event, "webhook", "127.0.0.1", "sent", "") for event in ("approved", "held")]


def test_what_cannot_be_sent_is_recorded_shown_and_sent_later(
    tmp_path: Path, postbox: tuple[Postbox, str], caplog: pytest.LogCaptureFixture
) -> None:
    box, address = postbox
    settings, delivery = held(
        tmp_path,
        notify_to="ana@example.org",
        notify_smtp=SecretStr("smtp://127.0.0.1:9"),
        notify_webhook=SecretStr("http://127.0.0.1:9/hook/s3cret"),
    )
    with caplog.at_level(logging.DEBUG):
        tell_of(delivery, settings)
    assert [(row[1], row[3]) for row in told(settings)] == [("mail", "failed"), ("webhook", "failed")]
    assert "mail to ana@example.org was not sent" in caplog.text
    assert "s3cret" not in caplog.text + str(told(settings))
    assert f"Not told: ana@example.org of {delivery} (held): the mail server cannot be used" in terminal(settings)
    tell_of(delivery, settings.model_copy(update={"notify_smtp": SecretStr(f"smtp://{address}")}))
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("server_address", "to", "said"),
    [
        (f"smtp://ana:{SPELT}@{{}}", "ana@example.org", "offers no encryption, and the password is not sent"),
        ("smtp://{}", "nobody@example.org", "refuses nobody@example.org: 550 no such person"),
        ("smtp://{}", "ana@example.org, nobody@example.org", "refuses nobody@example.org: 550 no such person"),
        ("smtp://{}", "ana\nBcc: all@example.org", "may not contain linefeed"),
        (f"smtp://ana:{PASSWORD}@{{}}", "ana@example.org", "not of the form smtp://user:password@host:587"),
        ("http://{}", "ana@example.org", "not of the form smtp://user:password@host:587"),
    ],
)
def test_why_a_mail_is_not_sent(
    tmp_path: Path, postbox: tuple[Postbox, str], server_address: str, to: str, said: str
) -> None:
    smtp = SecretStr(server_address.format(postbox[1]))
    settings, delivery = held(tmp_path, notify_to=to, notify_smtp=smtp)
    tell_of(delivery, settings)
    ((_, _, _, status, reason),) = told(settings)
    assert status == "failed"
    assert said in reason
    assert "p@ss" not in reason and SPELT not in reason


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_goes_over_an_encrypted_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    certificate = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"ana", PASSWORD.encode()))

    line = {"ssl_context": secure} if scheme == "smtps" else {"tls_context": secure, "require_starttls": True}
    signed_in = {"authenticator": check, "auth_required": True, "auth_require_tls": scheme == "smtp"}
    box = Postbox()
    running = MailServer(box, **line, **signed_in)
    running.start()
    try:
        smtp = SecretStr(f"{scheme}://ana:{SPELT}@localhost:{running.port}")
        settings, delivery = held(tmp_path, notify_to="ana@example.org", notify_smtp=smtp)
        tell_of(delivery, settings)
    finally:
        running.stop()
    assert told(settings) == [("held", "mail", "ana@example.org", "sent", "")]
    assert len(box.mails) == 1


def certify(folder: Path) -> Path:
    """A certificate for this machine, signed by itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    return path


def test_silence_decides_nothing_and_people_are_reminded(tmp_path: Path, postbox: tuple[Postbox, str]) -> None:
    box, address = postbox
    settings, delivery = held(
        tmp_path, notify_to="ana@example.org", notify_smtp=SecretStr(f"smtp://{address}"), approval_days=5
    )
    for days in (0, 2, 3, 4, 5, 6, 7):
        assert remind(settings, today() + dt.timedelta(days=days)) == []
    assert [mail["Subject"].partition("arrivals.csv ")[2] for mail in box.mails] == [
        "still waits for approval",
        "is overdue for approval",
    ]
    assert f"It is overdue since {today() + dt.timedelta(days=5)}." in box.mails[1].get_content()
    with connect(settings) as con:
        assert con.execute(BOOKS).fetchall() == [("held", 2, 0, 2, 0)]
    assert delivery in waiting(settings)


@pytest.mark.parametrize(("silence", "state"), [("load", "loaded"), ("reject", "rejected")])
def test_a_contract_may_say_what_silence_means(
    tmp_path: Path, postbox: tuple[Postbox, str], silence: str, state: str
) -> None:
    box, address = postbox
    settings, _ = held(
        tmp_path,
        f"on_silence: {silence}",
        notify_to="ana@example.org",
        notify_smtp=SecretStr(f"smtp://{address}"),
        approval_days=5,
    )
    until = today() + dt.timedelta(days=5)
    assert remind(settings, until) == []
    assert remind(settings, until + dt.timedelta(days=1)) == (["flows"] if silence == "load" else [])
    with connect(settings) as con:
        assert con.execute("SELECT state FROM ops.deliveries").fetchall() == [(state,)]
        ((said,),) = con.execute("SELECT observed FROM ops.validations WHERE check_id = 'approval'").fetchall()
    assert f"by silence on {today()}" in said
    assert f"nobody decided by {until}, and the contract says `on_silence: {silence}`" in said
    assert said.strip("()") in box.mails[-1].get_content()


def test_the_deadline_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = held(tmp_path)
    until = today() + dt.timedelta(days=14)

    def page() -> str:
        written = write_page(settings)
        assert written
        return written.read_text(encoding="utf-8")

    assert f"Waits for approval, to be decided by {until}: arrivals.csv" in terminal(settings)
    assert f"held, to be decided by {until}</td>" in page()
    assert "overdue" not in page()
    for module in ("summary", "validations"):
        monkeypatch.setattr(f"pipelines.disseminate.{module}.today", lambda: until + dt.timedelta(days=1))
    assert f"Waits for approval, overdue since {until}: arrivals.csv" in terminal(settings)
    assert f"held, overdue since {until}</td>" in page()
    assert "1 waiting for approval (1 overdue)" in page()


def test_without_configuration_nobody_is_told(tmp_path: Path) -> None:
    settings, delivery = held(tmp_path)
    tell_of(delivery, settings)
    assert told(settings) == []
    assert read_outcome(delivery, settings).state == State.HELD
