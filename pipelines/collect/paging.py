"""Ask for an answer page by page: one function for each way in which servers cut their answers."""

import json
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from pipelines.collect.answer import Content, FetchError, Unavailable, inspect
from pipelines.collect.client import Client
from pipelines.collect.document import at
from pipelines.endpoint import Links, Pages, PxWeb, fill, parameters
from pipelines.language import say
from pipelines.source import EndpointSource


class Page(NamedTuple):
    """One page on disk."""

    path: Path
    content: Content


class Ask:
    """Ask for the pages of one answer and keep them, numbered, in a folder."""

    def __init__(self, client: Client, source: EndpointSource, holes: dict[str, str], folder: Path) -> None:
        self.client, self.source, self.holes, self.folder = client, source, holes, folder
        self._seen: set[str] = set()
        self._count = 0

    def page(self, **how: Any) -> Page:
        """The next page.

        Raises:
            FetchError: it holds no data, or repeats an earlier page.
        """
        self._count += 1
        path = self.folder / f"page-{self._count:04}.json"
        try:
            self.client.save(self.client.request(self.holes, **how), path)
            content = inspect(path, self.source)
        except FetchError as error:
            raise type(error)(say("page {number}: {error}", number=self._count, error=error)) from None
        if content.fingerprint in self._seen:
            raise FetchError(
                say(
                    "page {number} repeats an earlier one: the server does not page as `paging` says.",
                    number=self._count,
                )
            )
        self._seen.add(content.fingerprint)
        self.client.secret.clean_file(path)
        return Page(path, content)


def pages(client: Client, source: EndpointSource, holes: dict[str, str], folder: Path) -> Iterator[Page]:
    """All pages of an answer, checked against each other.

    Raises:
        Unavailable: edition, number of pages or number of records changed while they were fetched.
        FetchError: a page cannot be used.
    """
    ask = Ask(client, source, holes, folder)
    paging = source.paging
    records, stated, editions = 0, None, set()
    styles: dict[type, Callable[[Ask, Any], Iterator[Page]]] = {Pages: _numbered, Links: _linked, PxWeb: _px_web}
    for page in styles[type(paging)](ask, paging):
        records += page.content.records or 0
        if source.edition:
            editions.add(str(at(page.content.document, source.edition)))
        if isinstance(paging, Pages | Links) and paging.count:
            stated = _whole_number(page, paging.count)
        if len(editions) > 1:
            raise Unavailable(
                say(
                    "the edition changed between pages ({editions}). Ask again later.",
                    editions=", ".join(sorted(editions)),
                )
            )
        yield page
    if stated is not None and stated != records:
        raise Unavailable(
            say(
                "{records} records arrived of the {stated} the server counts. Ask again later.",
                records=records,
                stated=stated,
            )
        )


def _numbered(ask: Ask, paging: Pages) -> Iterator[Page]:
    number, total = 1, 1
    while number <= total:
        page = ask.page(more={paging.parameter: str(number)})
        stated = _whole_number(page, paging.pages)
        if number > 1 and stated != total:
            raise Unavailable(
                say(
                    "the number of pages changed from {total} to {stated} meanwhile. Ask again later.",
                    total=total,
                    stated=stated,
                )
            )
        total = stated
        yield page
        number += 1


def _linked(ask: Ask, paging: Links) -> Iterator[Page]:
    page = ask.page()
    own = ask.client.url(ask.holes)
    while link := at(page.content.document, paging.next):
        yield page
        try:
            following = own.join(str(link))
        except httpx.InvalidURL:
            raise FetchError(
                say("what stands at {pointer} is not the address of the next page.", pointer=paging.next)
            ) from None
        if following.host not in (own.host, *ask.source.hosts):
            raise FetchError(
                say("the next page is at {host}: add that host to `hosts` if it can be trusted.", host=following.host)
            )
        page = ask.page(url=str(following.copy_with(scheme=own.scheme)))
    yield page


def _px_web(ask: Ask, paging: PxWeb) -> Iterator[Page]:
    """Look at the table's variables, then ask for parts of it that the server gives at once."""
    variables = _variables(ask, paging)
    asked = _asked(ask)
    for name in sorted(asked.keys() ^ variables.keys()):
        raise FetchError(
            say(
                "“{name}” is not a variable of the table. Its variables are: {variables}."
                if name in asked
                else "“{name}” is a variable of the table but not in `query`. Its variables are: {variables}.",
                name=name,
                variables=", ".join(variables),
            )
        )
    selection = {name: variables[name] if asked[name] == ["*"] else asked[name] for name in variables}
    for name, codes in selection.items():
        if unknown := [code for code in codes if code not in variables[name]]:
            raise FetchError(
                say(
                    "“{name}” has no {unknown}. It has: {known}.",
                    name=name,
                    unknown=", ".join(unknown),
                    known=", ".join(variables[name][:20]),
                )
            )
    for part in _parts(selection, paging.cells):
        if paging.version == 1:
            query = [{"code": n, "selection": {"filter": "item", "values": codes}} for n, codes in part.items()]
            yield ask.page(body={"query": query, "response": {"format": paging.answer}})
        else:
            chosen = [{"variableCode": n, "valueCodes": codes} for n, codes in part.items()]
            own = ask.client.url(ask.holes)
            data = own.copy_with(path=f"{own.path}/data").copy_merge_params({"outputFormat": "json-stat2"})
            yield ask.page(url=str(data), body={"selection": chosen})


def _asked(ask: Ask) -> dict[str, list[str]]:
    """The codes the contract asks for by variable."""
    asked: dict[str, list[str]] = {}
    for name, code in parameters(ask.source.query):
        asked.setdefault(name, []).append(fill(code, ask.holes))
    return asked


def _variables(ask: Ask, paging: PxWeb) -> dict[str, list[str]]:
    """The variables of a table and their codes."""
    path = ask.folder / "metadata"
    own = ask.client.url(ask.holes)
    url = own if paging.version == 1 else own.copy_with(path=f"{own.path}/metadata")
    ask.client.save(ask.client.request(ask.holes, url=str(url)), path)
    try:
        document = json.loads(path.read_bytes())
        if paging.version == 1:
            return {v["code"]: list(v["values"]) for v in document["variables"]}
        return {name: _in_order(document["dimension"][name]["category"]["index"]) for name in document["id"]}
    except (ValueError, KeyError, TypeError):
        raise FetchError(say("the address is not that of a PX-Web table: its answer names no variables.")) from None
    finally:
        path.unlink()


def _in_order(index: dict[str, int] | list[str]) -> list[str]:
    return sorted(index, key=index.__getitem__) if isinstance(index, dict) else index


def _parts(selection: dict[str, list[str]], cells: int) -> Iterator[dict[str, list[str]]]:
    """Halve the longest variable until no part has more cells than are given at once."""
    if prod(map(len, selection.values())) <= cells:
        yield selection
        return
    longest = max(selection, key=lambda name: len(selection[name]))
    codes = selection[longest]
    for half in (codes[: len(codes) // 2], codes[len(codes) // 2 :]):
        yield from _parts(selection | {longest: half}, cells)


def _whole_number(page: Page, pointer: str) -> int:
    stated = at(page.content.document, pointer)
    try:
        return int(stated)
    except (TypeError, ValueError):
        raise FetchError(
            say(
                "expected a number at {pointer}, found {stated}: the server's answers have changed.",
                pointer=pointer,
                stated=f"{stated!r}",
            )
        ) from None
