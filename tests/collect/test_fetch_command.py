"""`migstat fetch` from end to end: what is new is loaded, and every exit code means what it says."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from pipelines.contract import Contract
from pipelines.settings import ROOT, Settings

from .conftest import Reply, Server, file_on_server
from .test_fetch import CSV, ENDPOINT

Write = Callable[[str], Contract]


@pytest.fixture
def migstat(online: Settings, contract_for: Write, server: Server) -> Callable[..., subprocess.CompletedProcess[str]]:
    contract_for(ENDPOINT.format(url=server.url))
    told = {
        "MIGSTAT_HOME": str(online.home),
        "MIGSTAT_CONTRACTS": str(online.contracts),
        "MIGSTAT_FETCH_ATTEMPTS": "1",
        "MIGSTAT_FETCH": "false",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            cwd=ROOT,
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_fetch_takes_in_what_is_new(migstat: Callable[..., subprocess.CompletedProcess[str]], server: Server) -> None:
    """A person who asks is answered, also where scheduled runs do not fetch."""
    server.answer("/asylum", file_on_server(CSV))
    first = migstat("fetch", "asylum")
    assert (first.returncode, "asylum.csv (asylum) was accepted" in first.stdout) == (0, True), first.stderr
    again = migstat("fetch", "asylum")
    assert (again.returncode, again.stdout) == (0, "asylum: nothing new.\n")
    asked = migstat("sql", "SELECT ref_area, obs_value FROM core.asylum", "--format", "csv")
    assert asked.stdout.splitlines() == ["ref_area,obs_value", "MDA,7.0"]
    server.answer("/asylum", Reply({"message": "closed for good"}, 410))
    failed = migstat("fetch", "asylum")
    assert (failed.returncode, "closed for good" in failed.stderr) == (1, True)
    assert "Traceback" not in failed.stderr
    assert "Not fetched: asylum: asylum.csv" in migstat("status").stdout
