"""The rows of a delivery that are held back, and which of them a person means."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pipelines.delivery import State, shown, spelt
from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.lake import connect, exists

Row = dict[str, Any]


class Verdict(BaseModel):
    """Who decides on held rows, why and when."""

    model_config = ConfigDict(str_strip_whitespace=True)

    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: dt.datetime


@dataclass(frozen=True)
class HeldRow:
    """One observation that was held back: its place in the delivered file, why, and all it says."""

    sheet: str
    row: int
    check_id: str
    column: str
    value: str | None
    reason: str
    observation: str

    @property
    def said(self) -> Row:
        """The observation by tidy column."""
        return dict(json.loads(self.observation))

    def place(self) -> str:
        """Where it stands, for a person."""
        row = say("row {row}", row=self.row)
        return f"{say('sheet {sheet}', sheet=shown(self.sheet))}, {row}" if self.sheet else row


@dataclass(frozen=True)
class Which:
    """The held rows of a delivery that are meant: all, or those of a sheet, a row, or with these tidy values."""

    delivery_id: str
    sheet: str = ""
    row: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)

    def meant(self, held: HeldRow) -> bool:
        """Whether a held row is one of them."""
        said = held.said
        return (
            self.sheet in ("", held.sheet)
            and self.row in (None, held.row)
            and all(spelt(said.get(name)) == text for name, text in self.where.items())
        )


def held_rows(which: Which, settings: Settings) -> list[HeldRow]:
    """The rows that are still held back, in the order of the file."""
    with connect(settings) as con:
        return held_in(con, which)


def held_in(con: duckdb.DuckDBPyConnection, which: Which) -> list[HeldRow]:
    """The rows meant that are held back."""
    if not exists(con, "ops", "quarantine"):
        return []
    found = con.execute(
        """SELECT source_sheet, source_row, check_id, column_name, value, reason, observation
           FROM ops.quarantine WHERE delivery_id = ? AND status = 'held' ORDER BY ALL""",
        [which.delivery_id],
    ).fetchall()
    return [one for one in (HeldRow(*row) for row in found) if which.meant(one)]


def found_in(con: duckdb.DuckDBPyConnection, which: Which) -> list[HeldRow]:
    """The rows meant, of a delivery whose other rows are loaded.

    Raises:
        LookupError: there are none; the message says why.
    """
    state = (
        exists(con, "ops", "deliveries")
        and con.execute("SELECT state FROM ops.deliveries WHERE delivery_id = ?", [which.delivery_id]).fetchall()
    )
    if not state:
        raise LookupError(
            say("there is no delivery {delivery}: `migstat status` names them", delivery=which.delivery_id)
        )
    if state == [(State.HELD,)]:
        raise LookupError(
            say("{delivery} waits for a decision as a whole: approve or reject it first", delivery=which.delivery_id)
        )
    held = held_in(con, which)
    if not held:
        others = held_in(con, Which(which.delivery_id))
        raise LookupError(
            say(
                "no such row of {delivery} is held back; held: {rows}",
                delivery=which.delivery_id,
                rows=listed(others),
            )
            if others
            else say("no row of {delivery} is held back", delivery=which.delivery_id)
        )
    return held


def listed(held: list[HeldRow]) -> str:
    """Where rows stand, the first few of them."""
    some = list(dict.fromkeys(one.place() for one in held))
    return ", ".join(some[:5]) + (say(" and {n} more", n=len(some) - 5) if len(some) > 5 else "")
