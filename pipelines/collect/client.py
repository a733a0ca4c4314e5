"""Ask one server as a well-behaved guest: say who asks, wait when told to, take up a download where it broke off.

Whatever leaves this module for a log, a message or a card has been through `Secret.clean`: no key is in it.
"""

import datetime as dt
import email.utils
import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from pipelines.collect.answer import FetchError, Unavailable, words
from pipelines.collect.secret import HIDDEN, Secret
from pipelines.delivery import write_whole
from pipelines.endpoint import fill, parameters
from pipelines.language import msgid, say
from pipelines.settings import Settings
from pipelines.source import EndpointSource

log = logging.getLogger(__name__)

LONGEST_WAIT = 300.0
MOST_REDIRECTS = 5
PASSING = {408, 425, 429, 500, 502, 503, 504}
REMEDIES = {
    401: msgid("The server wants a key: see `secret` in the contract."),
    403: msgid("The key is not accepted, or (PX-Web) more cells are asked for than it gives: lower `cells`."),
    404: msgid("The address or the dataset has changed: see what the server offers now and correct the contract."),
    413: msgid("Ask for less: narrow `query`, or split it with `each`."),
}
OTHER_REMEDY = msgid("Correct the query in the contract.")

for _noisy in ("httpx", "httpcore"):  # they write whole addresses into the log, keys included
    logging.getLogger(_noisy).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Saved:
    """An answer on disk, and what its headers say of it."""

    path: Path
    etag: str = ""
    last_modified: str = ""

    @property
    def published(self) -> dt.datetime | None:
        """When the server says the file was last changed."""
        return _http_date(self.last_modified)


class Client:
    """The conversation with the server of one endpoint."""

    def __init__(self, source: EndpointSource, settings: Settings) -> None:
        """Make ready to ask.

        Raises:
            FetchError: the key the contract names is not in the environment.
        """
        self._source = source
        self._settings = settings
        try:
            self.secret = Secret(source.secret)
        except LookupError as error:
            raise FetchError(f"{source.file}: {error}") from None
        self._calls: deque[float] = deque(maxlen=source.rate.calls if source.rate else 1)
        who = "; ".join(part for part in (settings.office, settings.contact) if part)
        agent = f"migstat ({who})" if who else "migstat"
        self._http = httpx.Client(
            headers={"User-Agent": agent.encode("ascii", "ignore").decode()}, timeout=settings.fetch_timeout
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def address(self, holes: dict[str, str]) -> str:
        """What is asked, without the key."""
        return str(self.request(holes | {"secret": HIDDEN}).url)

    def request(
        self, holes: dict[str, str], url: str = "", body: object = None, more: dict[str, str] | None = None
    ) -> httpx.Request:
        """What the contract asks for.

        Args:
            url: another address, such as that of the next page; with one, the contract's query is not sent.
            body: sent as JSON in place of the query; then the call is a POST.
            more: parameters beside those of the query.
        """
        told = {"secret": self.secret.value} | holes
        asked = httpx.URL(url) if url else self.url(holes)
        if not url and body is None:
            asked = asked.copy_merge_params([(n, fill(v, told)) for n, v in parameters(self._source.query)])
        if more:
            asked = asked.copy_merge_params(more)
        headers = {name: fill(value, told) for name, value in self._source.headers.items()}
        return self._http.build_request("GET" if body is None else "POST", asked, headers=headers, json=body)

    def url(self, holes: dict[str, str]) -> httpx.URL:
        """The contract's address with its holes filled, the key included."""
        told = {"secret": self.secret.value} | holes
        return httpx.URL(fill(self._source.url, {name: quote(value, safe="") for name, value in told.items()}))

    def save(self, request: httpx.Request, target: Path, known: Saved | None = None) -> Saved | None:
        """Ask, and write the answer to `target` as it arrives; what broke off is taken up again.

        Args:
            known: the answer of the last time; if nothing has changed since, the result is None.

        Raises:
            Unavailable: all attempts failed in a way that may pass.
            FetchError: the answer is no success, too large, or leads elsewhere.
        """
        shown = self.secret.clean(str(request.url.copy_with(query=None)))
        for attempt in Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(self._settings.fetch_attempts),
            wait=self._wait,
            before_sleep=lambda state: log.info("%s Asking again.", state.outcome and state.outcome.exception()),
            reraise=True,
        ):
            with attempt, self._in_words(shown):
                return self._attempt(request, target, known, shown)
        raise AssertionError("unreachable: the last attempt raises")

    def _attempt(self, request: httpx.Request, target: Path, known: Saved | None, shown: str) -> Saved | None:
        """One call: its answer whole on disk, or None when nothing has changed."""
        offset = self._resume(request, target)
        if known and not offset:
            conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
            request.headers.update({name: value for name, value in conditions.items() if value})
        response = self._send(request)
        try:
            log.info("%s: %s", shown, response.status_code)
            if response.status_code == httpx.codes.NOT_MODIFIED and known:
                return None
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
                _forget(target)
                raise Unavailable(say("{address}: the file has changed since its download broke off.", address=shown))
            expected = {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT} if offset else {httpx.codes.OK}
            if response.status_code not in expected:
                raise self._refused(response, shown)
            self._write(response, target, offset, shown)
        finally:
            response.close()
        _validator_file(target).unlink(missing_ok=True)
        headers = response.headers
        return Saved(target, headers.get("ETag", ""), headers.get("Last-Modified", ""))

    def _resume(self, request: httpx.Request, target: Path) -> int:
        """Ask only for what is missing when a part is there and the server can tell whether it still holds."""
        for name in ("Range", "If-Range"):
            request.headers.pop(name, None)
        if not target.exists() or not _validator_file(target).exists():
            return 0
        offset = target.stat().st_size
        request.headers["Range"] = f"bytes={offset}-"
        request.headers["If-Range"] = _validator_file(target).read_text(encoding="utf-8")
        request.headers["Accept-Encoding"] = "identity"
        return offset

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Send, and follow redirects to the same or a listed host; a key in a header goes to no other host."""
        for _ in range(MOST_REDIRECTS):
            self._keep_the_rate()
            response = self._http.send(request, stream=True)
            following = response.next_request
            if following is None:
                return response
            response.close()
            moved = say("{host}: the address has moved", host=request.url.host)
            if request.method == "POST":
                raise FetchError(
                    say("{moved}, and a query cannot follow it: put the new address into the contract.", moved=moved)
                )
            if following.url.host not in (request.url.host, *self._source.hosts):
                raise FetchError(
                    say(
                        "{moved} to {other}: add that host to `hosts` if it can be trusted.",
                        moved=moved,
                        other=following.url.host,
                    )
                )
            if following.url.scheme not in ("https", request.url.scheme):
                raise FetchError(
                    say(
                        "{moved} to {scheme}:, which is not safe: correct `url`.",
                        moved=moved,
                        scheme=following.url.scheme,
                    )
                )
            if following.url.host != request.url.host:
                for name in self._source.headers:
                    following.headers.pop(name, None)
            request = following
        raise FetchError(say("{host}: the address leads in a circle: correct `url`.", host=request.url.host))

    def _write(self, response: httpx.Response, target: Path, offset: int, shown: str) -> None:
        """Stream the body to disk, never more than the limit allows."""
        limit = self._settings.fetch_limit_mb * 1_000_000
        too_large = FetchError(
            say(
                "{address}: the answer is larger than {limit} MB. Ask for less in `query`, or raise "
                "MIGSTAT_FETCH_LIMIT_MB.",
                address=shown,
                limit=f"{self._settings.fetch_limit_mb:g}",
            )
        )
        appending = response.status_code == httpx.codes.PARTIAL_CONTENT
        if appending and not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            _forget(target)
            raise Unavailable(
                say("{address}: the server gave another part of the file than was asked for.", address=shown)
            )
        size = offset if appending else 0
        if size + int(response.headers.get("Content-Length", 0)) > limit:
            raise too_large
        if not appending:
            _remember_validator(response, target)
        with target.open("ab" if appending else "wb") as file:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > limit:
                    file.close()
                    _forget(target)
                    raise too_large
                file.write(chunk)
        whole = response.headers.get("Content-Range", "").rpartition("/")[2]
        if whole.isdigit() and int(whole) != size:
            _forget(target)
            raise Unavailable(say("{address}: {size} bytes arrived of {whole}.", address=shown, size=size, whole=whole))

    def _refused(self, response: httpx.Response, shown: str) -> FetchError:
        """Why an answer is no success, in the server's own words where it has any."""
        said = words(next(response.iter_bytes(1 << 16), b""))
        status = response.status_code
        reason = self.secret.clean(
            say(
                "{address}: the server answers {status} {phrase}{said}.",
                address=shown,
                status=status,
                phrase=response.reason_phrase,
                said=said and f": {said}",
            )
        )
        if status not in PASSING:
            return FetchError(f"{reason} {say(REMEDIES.get(status, OTHER_REMEDY))}")
        wait = _seconds(response.headers.get("Retry-After", ""))
        if wait is not None and wait > LONGEST_WAIT:
            return FetchError(
                say(
                    "{reason} It asks to wait {wait} seconds: the next scheduled run asks again.",
                    reason=reason,
                    wait=f"{wait:.0f}",
                )
            )
        return Unavailable(reason, wait)

    def _wait(self, state: RetryCallState) -> float:
        """As long as the server asks for, otherwise longer each time and never quite the same."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Unavailable) and error.wait is not None:
            return error.wait
        pause = self._settings.fetch_pause
        return wait_exponential_jitter(initial=pause, max=60, jitter=pause)(state)

    def _keep_the_rate(self) -> None:
        rate = self._source.rate
        if rate is None:
            return
        if len(self._calls) == rate.calls:
            time.sleep(max(0.0, self._calls[0] + rate.seconds - time.monotonic()))
        self._calls.append(time.monotonic())

    @contextmanager
    def _in_words(self, shown: str) -> Iterator[None]:
        """Turn what httpx raises into one sentence; its own texts may hold the whole address."""
        try:
            yield
        except httpx.TimeoutException:
            raise Unavailable(
                say(
                    "{address}: no answer within {seconds} seconds.",
                    address=shown,
                    seconds=f"{self._settings.fetch_timeout:g}",
                )
            ) from None
        except httpx.RemoteProtocolError:
            raise Unavailable(
                say("{address}: the connection broke off before the answer was whole.", address=shown)
            ) from None
        except httpx.RequestError as error:
            raise Unavailable(
                self.secret.clean(say("{address}: the server cannot be reached ({error}).", address=shown, error=error))
            ) from None


def _validator_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.validator")


def _remember_validator(response: httpx.Response, target: Path) -> None:
    """Keep what tells whether the rest of a file still belongs to its beginning, if the server says it."""
    etag, changed = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    validator = etag if etag and not etag.startswith("W/") else changed
    if validator and "Content-Encoding" not in response.headers:
        write_whole(_validator_file(target), validator)
    else:
        _validator_file(target).unlink(missing_ok=True)


def _forget(target: Path) -> None:
    target.unlink(missing_ok=True)
    _validator_file(target).unlink(missing_ok=True)


def _http_date(text: str) -> dt.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _seconds(text: str) -> float | None:
    """A Retry-After, which is a number of seconds or a date."""
    if text.strip().isdigit():
        return float(text)
    until = _http_date(text)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds()) if until else None
