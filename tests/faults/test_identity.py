"""Rows in = rows loaded + rows quarantined + rows discarded, whatever is delivered, killed, approved, corrected.

`MIGSTAT_FAULT_DELIVERIES=1000` runs it over a thousand deliveries, fifty to an office; without it, over a dozen.
"""

import os
import random
import signal
from typing import Any

import pytest

from tests.faults.office import AREAS, CONTRACT, Office

DELIVERIES = int(os.environ.get("MIGSTAT_FAULT_DELIVERIES", "12"))
OF_AN_OFFICE = min(50, DELIVERIES)
RULES = """\
frequency: A
mostly: 0.4
on_warning: hold
"""
STRICT = "kwargs: {column: obs_value, min_value: 0}"
CHECKS = """\
kwargs: {column: obs_value, min_value: 0, mostly: 0.4}
    severity: critical
    notes: Nobody arrives less than zero times.
  - type: expect_column_max_to_be_between
    kwargs: {column: obs_value, max_value: 900}
    severity: warning
    notes: More than 900 were never counted.
  - type: expect_column_values_to_be_between
    kwargs: {column: obs_value, max_value: 5000}"""
CELLS = ["1", "20", "300", "45", "60", "700", "950", "-4", "many", "6000"]
CHANGES: list[dict[str, str] | None] = [None, {}, {"obs_value": "7"}, {"obs_value": "-7"}, {"ref_area": "MDA"}]
COMMIT = {"call": "sql", "match": "^COMMIT"}
MOMENTS: list[dict[str, Any] | None] = [
    None,
    COMMIT | {"when": "before"},
    COMMIT | {"when": "after"},
    COMMIT | {"when": "during", "delay": 0.002},
]
ARRIVAL: list[dict[str, Any] | None] = [
    *MOMENTS,
    {"call": "os:replace", "match": "outcome", "when": "before"},
    {"call": "os:replace", "match": "outcome", "when": "after"},
    {"call": "os:link", "when": "after"},
    {"call": "os:unlink", "match": "pending", "when": "before"},
]
BOOKS = """SELECT delivery_id, file_name, state, rows_read, rows_loaded, rows_quarantined, rows_discarded,
                  (SELECT count(*) FROM ops.quarantine q WHERE q.delivery_id = d.delivery_id AND status = 'held'),
                  (SELECT count(*) FROM ops.decisions q WHERE q.delivery_id = d.delivery_id AND decision <> 'discarded')
           FROM ops.deliveries d ORDER BY file_name"""
HELD = """SELECT delivery_id, source_row FROM ops.quarantine JOIN ops.deliveries USING (delivery_id)
          WHERE status = 'held' AND state = 'loaded' ORDER BY ALL"""
MORE_THAN_BOOKED = """SELECT delivery_id FROM core.flows JOIN ops.deliveries USING (delivery_id)
                      GROUP BY delivery_id HAVING count(*) > any_value(rows_loaded)"""
TWICE = "SELECT ref_area FROM core.flows GROUP BY ref_area, time_period, sex HAVING count(*) > 1"


class Rows:
    """An office in which anything happens in any order."""

    def __init__(self, office: Office, chance: random.Random) -> None:
        self.office, self.chance = office, chance
        contract = CONTRACT.replace("frequency: A\n", RULES).replace(f"{STRICT}\n", f"{CHECKS}\n")
        (office.folder / "contracts" / "flows.yaml").write_text(contract, encoding="utf-8")
        self.written: dict[str, int] = {}
        self.kills, self.decided, self.settled = 0, 0, 0

    def deliver(self) -> None:
        """A few rows, some of them wrong; the chain is killed, or not, and run again."""
        pick, name = self.chance.choice, f"{len(self.written)}.csv"
        rows = [
            f"{pick([*AREAS, *AREAS, 'XXQ'])},{self.chance.randint(2000, 2003)},{pick('MF')},{pick(CELLS)},{name}"
            for _ in range(self.chance.randint(1, 8))
        ]
        self.office.deliver(name, "\n".join(["area,year,sex,arrivals,file", *rows]) + "\n")
        self.written[name] = len(rows)
        if self._survive("take_in", pick(ARRIVAL)):
            self.office.done("take_in")

    def decide(self) -> None:
        """A held delivery is approved or rejected."""
        held = [row[0] for row in self.office.ask(BOOKS) if row[2] == "held"]
        if held:
            chosen, approved = self.chance.choice(held), self.chance.random() < 0.7
            killed = self._survive("decide", self.chance.choice(MOMENTS), chosen, approved)
            if killed and any(row[:3:2] == (chosen, "held") for row in self.office.ask(BOOKS)):
                self.office.done("decide", chosen, approved)
            self.decided += 1

    def settle(self) -> None:
        """A held row is released, corrected or discarded, if it may be."""
        held = self.office.ask(HELD)
        if held:
            changes = self.chance.choice(CHANGES)
            self._survive("settle", self.chance.choice(MOMENTS), *self.chance.choice(held), changes)
            self.settled += self.office.ask(HELD) != held

    def no_row_is_lost_or_doubled(self) -> None:
        """The identity, of every delivery, by the books and by what is in the tables."""
        books = self.office.ask(BOOKS)
        assert [(name, read) for _, name, _, read, *_ in books] == sorted(self.written.items())
        for _, name, state, read, loaded, quarantined, discarded, held, released in books:
            assert read == loaded + quarantined + discarded, name
            if state == "loaded":
                assert (quarantined, True) == (held, released <= loaded), name
            else:
                assert (loaded, released) == (0, 0), name
        if any(row[2] == "loaded" for row in books):
            assert self.office.ask(MORE_THAN_BOOKED) == []
            assert self.office.ask(TWICE) == []

    def _survive(self, do: str, moment: dict[str, Any] | None, *arguments: Any) -> bool:
        """Run a job that may be killed, or refuse to settle; gives whether it was killed."""
        finished = self.office.run(do, *arguments, **({"moment": moment} if moment else {}))
        killed = finished.status == -signal.SIGKILL
        refused = do == "settle" and finished.error.startswith(("ValueError", "LookupError"))
        assert killed or finished.status == 0 or refused, finished.said
        self.kills += killed
        return killed


@pytest.mark.parametrize("walk", range(DELIVERIES // OF_AN_OFFICE))
def test_rows_in_are_rows_loaded_quarantined_and_discarded(office: Office, walk: int) -> None:
    """If it failed, rows of a delivery would be lost or counted twice and nobody would see it."""
    rows = Rows(office, random.Random(20_260_101 + walk))
    rows.deliver()
    while (made := len(rows.written)) < OF_AN_OFFICE or (not rows.settled and made < 2 * OF_AN_OFFICE):
        rows.chance.choice([rows.deliver, rows.deliver, rows.decide, rows.settle, rows.settle])()
        rows.no_row_is_lost_or_doubled()
    states = office.ask("SELECT state, count(*), sum(rows_read) FROM ops.deliveries GROUP BY state ORDER BY state")
    print(f"{states}; {rows.kills} kills, {rows.decided} deliveries decided on, {rows.settled} rows settled")
    assert min(rows.kills, rows.decided, rows.settled) > 0
