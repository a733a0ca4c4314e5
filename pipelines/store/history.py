"""What the warehouse holds before a delivery is loaded, for the checks that compare it with that.

`observations` are the indicators as they were last computed; every other name is a dataset.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.contract import Contract
from pipelines.process.checks import compared, load_checks
from pipelines.settings import Settings
from pipelines.store.catalogue import has_warehouse
from pipelines.store.lake import connect, exists


@contextmanager
def stored(contract: Contract, settings: Settings) -> Iterator[dict[str, Path]]:
    """The stored rows of every dataset the contract's checks compare with, as Parquet; of those that are stored yet."""
    checks = load_checks(settings.checks)
    wanted = {d for e in contract.expectations for d in compared(e, checks, contract.dataset)}
    with tempfile.TemporaryDirectory(prefix="migstat-stored-") as name:
        found = {}
        if wanted and has_warehouse(settings):
            with connect(settings) as con:
                for dataset in sorted(d for d in wanted if exists(con, _schema(d), d)):
                    found[dataset] = Path(name, f"{dataset}.parquet")
                    con.execute(f"COPY (FROM {_schema(dataset)}.{dataset}) TO '{found[dataset]}' (FORMAT parquet)")
        yield found


def _schema(dataset: str) -> str:
    return "indicators" if dataset == "observations" else "core"
