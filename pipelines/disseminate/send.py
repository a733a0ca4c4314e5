"""Send a message by mail, or as JSON to a webhook; what goes wrong is said without a secret."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import httpx

from pipelines.language import say

TIMEOUT = 15.0


class NotSent(Exception):
    """A message did not reach its recipient; the text holds no secret."""


@dataclass(frozen=True)
class Message:
    """What is told of a delivery."""

    event: str
    delivery_id: str
    dataset: str
    subject: str
    text: str
    report: str


def mail_to(message: Message, server: str, sender: str, recipients: list[str]) -> None:
    """Send a mail; a password goes over an encrypted line only.

    Raises:
        NotSent: to some or all of the recipients.
    """
    mail = EmailMessage()
    try:
        mail["Subject"], mail["From"], mail["To"] = message.subject, sender, ", ".join(recipients)
        mail.set_content(message.text)
        with _connection(server) as smtp:
            refused = smtp.send_message(mail)
    except smtplib.SMTPResponseException as error:
        raise NotSent(
            say("the mail server answers {answer}", answer=_answer(error.smtp_code, error.smtp_error))
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except (OSError, ValueError) as error:
        raise NotSent(say("the mail server cannot be used: {error}", error=error)) from None
    if refused:
        answers = "; ".join(f"{who}: {_answer(*answer)}" for who, answer in refused.items())
        raise NotSent(say("the mail server refuses {answers}", answers=answers))


@contextmanager
def _connection(server: str) -> Iterator[smtplib.SMTP]:
    """A session with the mail server, encrypted if it can be, and signed in if the address says so."""
    try:
        address = urlsplit(server)
        host, port = address.hostname, address.port or 0
    except ValueError:
        host = None  # what it says of the address may be a part of the password
    if not host or address.path.strip("/") or address.scheme not in ("smtp", "smtps"):
        raise NotSent(say("MIGSTAT_NOTIFY_SMTP is not of the form smtp://user:password@host:587"))
    secure = ssl.create_default_context()
    direct = address.scheme == "smtps"
    with (
        smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=secure)
        if direct
        else smtplib.SMTP(host, port, timeout=TIMEOUT) as smtp
    ):
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=secure)
        if address.password:
            if not isinstance(smtp.sock, ssl.SSLSocket):
                raise NotSent(say("the mail server offers no encryption, and the password is not sent without it"))
            smtp.login(unquote(address.username or ""), unquote(address.password))
        yield smtp


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def post(message: Message, webhook: str) -> None:
    """Post a message as JSON; `text` is the name chat services know.

    Raises:
        NotSent: the webhook is not there or does not accept it.
    """
    try:
        answer = httpx.post(webhook, json=asdict(message), timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(say("the webhook cannot be reached ({error})", error=type(error).__name__)) from None
    if not answer.is_success:
        raise NotSent(say("the webhook answers {answer}", answer=f"{answer.status_code} {answer.reason_phrase}"))
