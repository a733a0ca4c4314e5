"""Deliveries that wait for a person, and until when: a deadline reminds people and decides nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import duckdb

from pipelines.delivery import State
from pipelines.language import say
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, exists

NEAR = dt.timedelta(days=2)


@dataclass(frozen=True)
class Waiting:
    """A held delivery, and the last day on which a decision is in time (UTC)."""

    delivery_id: str
    dataset: str
    file_name: str
    until: dt.date

    def phase(self, today: dt.date) -> Literal["held", "due soon", "overdue"]:
        """How near the deadline is."""
        if today > self.until:
            return "overdue"
        return "due soon" if today >= self.until - NEAR else "held"

    def words(self, today: dt.date) -> str:
        """The deadline, for a person."""
        overdue = self.phase(today) == "overdue"
        return say("overdue since {day}" if overdue else "to be decided by {day}", day=self.until)


def today() -> dt.date:
    """The day by which deadlines are judged, UTC."""
    return dt.datetime.now(dt.UTC).date()


def waiting(settings: Settings) -> dict[str, Waiting]:
    """The held deliveries by their id, the one due first at the beginning."""
    if not has_warehouse(settings):
        return {}
    with connect(settings) as con:
        return waiting_in(con, settings)


def waiting_in(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, Waiting]:
    """The same, asked of an open connection."""
    if not exists(con, "ops", "deliveries"):
        return {}
    found = con.execute(
        """SELECT delivery_id, dataset, file_name, CAST(recorded_at AS DATE) + CAST(? AS INTEGER) AS until
           FROM ops.deliveries WHERE state = ? ORDER BY until, delivery_id""",
        [settings.approval_days, State.HELD],
    ).fetchall()
    return {row[0]: Waiting(*row) for row in found}
