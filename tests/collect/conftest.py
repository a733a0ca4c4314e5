"""A real HTTP server on the loopback that answers as a test tells it to, and contracts that ask it."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.contract import Contract, load_contract
from pipelines.settings import Settings


@dataclass
class Reply:
    """What the server sends; `cut` closes the line after so many bytes, `told` is whether it says how many come."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    told: bool = True

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


Answering = Reply | Callable[[Asked], Reply]


class Server(ThreadingHTTPServer):
    """Answers each path in turn with what it was given for it; the last answer is repeated."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answering]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, *answers: Answering) -> None:
        self._answers[path] = list(answers)

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        answers = self._answers.get(asked.path)
        if not answers:
            return Reply(f"<html><title>{asked.path} is not here</title></html>", 404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        asked = Asked(self.command, parts.path, parse_qs(parts.query), dict(self.headers), body)
        reply = self.server.reply(asked)
        content = reply.content
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304 and reply.told:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if reply.status != 304:
            self.wfile.write(content[: reply.cut])
        if reply.cut is not None or not reply.told:
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


def file_on_server(content: bytes, etag: str = '"v1"', cut: int | None = None) -> Callable[[Asked], Reply]:
    """A file as a web server keeps it: conditional requests and ranges are honoured."""
    changed = "Wed, 15 Jul 2026 09:00:00 GMT"

    def answer(asked: Asked) -> Reply:
        headers = {"ETag": etag, "Last-Modified": changed}
        if asked.headers.get("If-None-Match") == etag:
            return Reply(status=304, headers=headers)
        if "Range" in asked.headers and asked.headers.get("If-Range", etag) in (etag, changed):
            start = int(asked.headers["Range"].removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return Reply(content[start:], 206, headers)
        return Reply(content, headers=headers, cut=cut)

    return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def online(tmp_path: Path) -> Settings:
    """A home that fetches, and does not wait long."""
    return Settings(
        home=tmp_path / "home",
        contracts=tmp_path / "contracts",
        office="Статистика Statistics Office",
        contact="data@example.org",
        fetch=True,
        fetch_attempts=3,
        fetch_pause=0.01,
        fetch_timeout=5,
        settle_seconds=0,
    )


HEADER = """\
dataset: asylum
title: Asylum applications
description: Applications by country.
provider: A ministry
licence: CC BY 4.0
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  time_period: {type: period, key: true, description: Year.}
set: {unit_measure: PS}
sources:
  - kind: endpoint
"""


@pytest.fixture
def contract_for(online: Settings) -> Callable[[str], Contract]:
    """A contract with one endpoint, whose lines are given."""

    def write(endpoint: str) -> Contract:
        online.contracts.mkdir(exist_ok=True)
        path = online.contracts / "asylum.yaml"
        path.write_text(HEADER + "".join(f"    {line}\n" for line in endpoint.splitlines()), encoding="utf-8")
        return load_contract(path)

    return write
