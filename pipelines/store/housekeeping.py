"""Upkeep of the warehouse: merge small files, let old snapshots go, remove what nothing refers to.

A snapshot is a vintage when it changed data; one that only wrote the books (a refusal, a release) or that
upkeep itself made is let go after a day, so that they do not crowd the vintages. Named releases always stay.
"""

import datetime as dt
import logging
import re

import duckdb

from pipelines.language import msgid, say
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import LAKE, exists, maintenance, retrying, transaction
from pipelines.store.ops import ensure_ops, insert

log = logging.getLogger(__name__)

BOOKS_KEPT = dt.timedelta(days=1)
REPLACED = 0.05  # a file of which more is replaced is written anew; only files without a gap can be merged
GRACE = "2 days"  # a SQLite catalogue compares these times by the day, so one day could be a minute


def housekeep(settings: Settings) -> dict[str, int]:
    """Do the upkeep once; no reader or writer is disturbed.

    Returns:
        How many snapshots were let go, files merged and files removed.
    """
    if not has_warehouse(settings):
        return {}
    done: dict[str, int] = {}
    with maintenance(settings) as con:
        expired = _expirable(con, dt.timedelta(days=settings.retention_days))
        if expired:
            versions = ", ".join(map(str, expired))
            con.execute(f"CALL ducklake_expire_snapshots('{LAKE}', versions => [{versions}])")
        done[msgid("snapshots let go")] = len(expired)
        con.execute(f"CALL ducklake_rewrite_data_files('{LAKE}', delete_threshold => {REPLACED})")
        merged = con.execute(f"CALL ducklake_merge_adjacent_files('{LAKE}')").fetchall()
        done[msgid("files merged")] = sum(row[2] for row in merged)
        old = con.execute(
            f"CALL ducklake_cleanup_old_files('{LAKE}', older_than => now() - INTERVAL '{GRACE}')"
        ).fetchall()
        orphans = con.execute(
            f"CALL ducklake_delete_orphaned_files('{LAKE}', older_than => now() - INTERVAL '{GRACE}')"
        ).fetchall()
        done[msgid("files removed")] = len(old) + len(orphans)
    log.info("Housekeeping: %s", ", ".join(f"{count} {what}" for what, count in done.items()))
    return done


def name_release(settings: Settings, name: str, snapshot: int | None = None) -> int:
    """Give a snapshot a name under which it stays readable for good.

    Args:
        snapshot: the latest when none is given.

    Returns:
        The snapshot named.

    Raises:
        ValueError: the name is taken or not a plain word, or there is no such snapshot.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(
            say("a release name is made of letters, digits, `.`, `-` and `_`, not {name}", name=f"{name!r}")
        )
    chosen = 0
    for attempt in retrying():
        with attempt, transaction(settings, f"release {name}", {"release": name}) as con:
            ensure_ops(con)
            known = {row[0] for row in con.execute(f"SELECT snapshot_id FROM ducklake_snapshots('{LAKE}')").fetchall()}
            chosen = max(known) if snapshot is None else snapshot
            if chosen not in known:
                raise ValueError(
                    say(
                        "there is no snapshot {snapshot}; the warehouse holds {first} to {last}",
                        snapshot=chosen,
                        first=min(known),
                        last=max(known),
                    )
                )
            if con.execute("SELECT count(*) FROM ops.releases WHERE name = ?", [name]).fetchall()[0][0]:
                raise ValueError(say("there is a release {name} already", name=name))
            insert(con, "releases", [{"name": name, "snapshot_id": chosen, "released_at": dt.datetime.now(dt.UTC)}])
    return chosen


def _expirable(con: duckdb.DuckDBPyConnection, retention: dt.timedelta) -> list[int]:
    """Vintages replaced longer ago than retention, and what is no vintage after a day; never the latest or a release.

    A vintage counts from the day the next one replaced it: until then it was what everybody read.
    """
    released: set[int] = set()
    if exists(con, "ops", "releases"):
        released = {row[0] for row in con.execute("SELECT snapshot_id FROM ops.releases").fetchall()}
    books = _ids_of_books(con)
    found = con.execute(
        f"""SELECT snapshot_id, CAST(epoch(now()) - epoch(snapshot_time) AS BIGINT), changes, commit_message
            FROM ducklake_snapshots('{LAKE}') ORDER BY snapshot_id DESC"""
    ).fetchall()
    old = []
    since_next = since_next_vintage = dt.timedelta(0)
    for snapshot, seconds, changes, message in found:
        touched = {table for tables in (changes or {}).values() for table in tables}
        vintage = message is not None and not touched <= books
        replaced, kept = (since_next_vintage, retention) if vintage else (since_next, BOOKS_KEPT)
        if replaced > kept and snapshot not in released:
            old.append(snapshot)
        since_next = dt.timedelta(seconds=seconds)
        since_next_vintage = since_next if vintage else since_next_vintage
    return old


def _ids_of_books(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables of `ops`, as snapshots name them."""
    found = con.execute(
        f"""SELECT CAST(t.table_id AS VARCHAR)
            FROM __ducklake_metadata_{LAKE}.ducklake_table t
            JOIN __ducklake_metadata_{LAKE}.ducklake_schema s USING (schema_id)
            WHERE s.schema_name = 'ops'"""
    ).fetchall()
    return {row[0] for row in found}
