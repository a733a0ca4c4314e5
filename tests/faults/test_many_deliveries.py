"""The cost of a query must not grow with the number of deliveries ever made."""

import os

from tests.faults.office import DATASET, Office, flows

DELIVERIES = int(os.environ.get("MIGSTAT_FAULT_DELIVERIES", "60"))
BETWEEN_UPKEEP = 20
FILES_A_TABLE = 12


def test_small_deliveries_leave_few_files_to_open(office: Office) -> None:
    """If it failed, every query would become slower with every delivery.

    Each delivery replaces a year of an earlier one, which is the case merging alone does not bound.
    """
    folder = office.folder / "files"
    folder.mkdir()
    files = []
    for number in range(DELIVERIES):
        files.append(folder / f"delivery-{number}.csv")
        files[-1].write_text(flows([1900 + number % 100, 2000 + number % 3], shift=number % 90), encoding="utf-8")
    live = []
    for start in range(0, DELIVERIES, BETWEEN_UPKEEP):
        some = [str(f) for f in files[start : start + BETWEEN_UPKEEP]]
        live += office.done("load_many", some, DATASET, len(some))
    print(f"{DELIVERIES} deliveries: {live} files to open after each upkeep")
    assert max(live) <= 2 * FILES_A_TABLE + len(
        office.ask("SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake'")
    )
    years = {1900 + n % 100 for n in range(DELIVERIES)} | {2000 + n % 3 for n in range(DELIVERIES)}
    assert office.ask("SELECT count(*), sum(obs_value) FROM core.flows") == [(4 * len(years), 1000 * len(years))]
    assert office.ask("SELECT count(*) FROM ops.deliveries WHERE state = 'loaded'") == [(DELIVERIES,)]
