"""How a source that answers over HTTP is asked: the part of a contract that a file does not have.

Paging is a closed list, one style for each shape in which servers cut their answers, not one for each organisation.
"""

import datetime as dt
import re
from collections.abc import Iterator
from itertools import product
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

HOLE = re.compile(r"\{(\w+)\}")
KEY_NAMES = re.compile(r"(?i)(client_?id|key|token|secret|password|signature|authorization|credential)$")

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$")]
Scalar = str | int | float | bool
Query = dict[str, Scalar | list[Scalar]]


class Strict(BaseModel):
    """A part of a contract: nothing in it that is not known, and nothing changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Pages(Strict):
    """Numbered pages; the answer says how many there are."""

    style: Literal["pages"]
    parameter: str = Field("page", description="Query parameter that takes the number of the page, from 1.")
    pages: Pointer = Field(description="JSON pointer to the number of pages.")
    count: Pointer | None = Field(None, description="JSON pointer to the number of records on all pages.")


class Links(Strict):
    """Each page names the address of the next one."""

    style: Literal["links"]
    next: Pointer = Field(description="JSON pointer to that address; null on the last page.")
    count: Pointer | None = Field(None, description="JSON pointer to the number of records on all pages.")


class PxWeb(Strict):
    """A PX-Web table, asked in parts none of which has more cells than the server gives at once."""

    style: Literal["px-web"]
    version: Literal[1, 2] = Field(description="Version of the PX-Web API.")
    cells: int = Field(ge=1, description="The most cells the server gives at once (v2: `maxDataCells` of /config).")
    answer: Literal["json-stat2", "json-stat"] = Field(
        "json-stat2", description="The form in which version 1 is asked: an old server knows only JSON-stat 1."
    )


class Rate(Strict):
    """The most calls the server allows in a time."""

    calls: int = Field(ge=1)
    seconds: float = Field(gt=0)


class Endpoint(Strict):
    """An address, what is asked of it, and how its answer is cut into pages.

    `{year}` in address and query is the present year, `{secret}` the key from the environment, and any other hole
    takes each of its values in `each`: one delivery for each.
    """

    url: str
    query: Query = Field(
        {}, description="Parameters; a list repeats its parameter. PX-Web: variable to codes, * is all."
    )
    headers: dict[str, str] = {}
    each: dict[str, list[Scalar]] = {}
    paging: Pages | Links | PxWeb | None = Field(None, discriminator="style")
    edition: Pointer | None = Field(None, description="JSON pointer to the edition; it must not change between pages.")
    secret: str = Field("", pattern=r"^$|^MIGSTAT_[A-Z0-9_]+$", description="Environment variable that holds the key.")
    hosts: list[str] = Field([], description="Further hosts a redirect or link may lead to.")
    rate: Rate | None = None

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("expected an address that begins with https:// or http://, without user and password")
        return url

    @model_validator(mode="after")
    def _no_key_in_the_contract(self) -> Self:
        given = [*parameters(self.query), *self.headers.items()]
        for name, value in given:
            if KEY_NAMES.search(name) and "{secret}" not in str(value):
                raise ValueError(
                    f"a key does not belong in a contract: write `{name}: '{{secret}}'` and name its `secret`"
                )
        return self

    @model_validator(mode="after")
    def _holes_are_known(self) -> Self:
        texts = [self.url, *self.headers.values(), *(str(v) for _, v in parameters(self.query))]
        holes = {hole for text in texts for hole in HOLE.findall(text)}
        for hole in sorted(holes - {"year", "secret", *self.each}):
            raise ValueError(f"`{{{hole}}}` has no values: list them in `each` under `{hole}`")
        if ("secret" in holes) != bool(self.secret):
            raise ValueError(
                "`secret` names the environment variable of a key, `{secret}` the place it is put: need both"
            )
        return self

    def requests(self, year: int | None = None) -> Iterator[dict[str, str]]:
        """What fills the holes of each delivery, `{secret}` excepted."""
        now = str(year or dt.date.today().year)
        lists = [dict.fromkeys(str(v).replace("{year}", now) for v in values) for values in self.each.values()]
        for values in product(*lists):
            yield dict(zip(self.each, values, strict=True)) | {"year": now}


def fill(text: str, holes: dict[str, str]) -> str:
    """A text with its holes filled; braces that are no hole stay."""
    return HOLE.sub(lambda hole: holes.get(hole[1], hole[0]), text)


def parameters(query: Query) -> Iterator[tuple[str, str]]:
    """Query parameters as they are sent: a list repeats its parameter, yes and no are true and false."""
    for name, value in query.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one).lower() if isinstance(one, bool) else str(one)
