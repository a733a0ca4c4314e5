"""The commands the README shows do what it says."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pipelines.settings import ROOT, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/migstat (.+)$", README, re.MULTILINE)


def run(command: str, settings: Settings) -> subprocess.CompletedProcess[str]:
    import os
    import sys

    arguments = [sys.executable, "-m", "pipelines.cli", *shlex.split(command)]
    env = {**os.environ, "MIGSTAT_HOME": str(settings.home)}
    return subprocess.run(arguments, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_command(command: str, sample_settings: Settings) -> None:
    command = re.sub(r"--as-of \S+", "--as-of 2999-01-01", command)
    done = run(command, sample_settings)
    expected = 1 if "broken" in command else 0
    assert done.returncode == expected, done.stdout + done.stderr
    assert done.stdout.strip()


def test_readme_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert Path(ROOT, link).exists(), link


def test_exit_codes(sample_settings: Settings, tmp_path: Path) -> None:
    good = "samples/inbox/remittances/bop_remittances_sample.csv"
    assert run(f"check {good} --dataset remittances", sample_settings).returncode == 0
    assert run(f"check {good} --dataset no_such", sample_settings).returncode == 2
    assert run(f"check {tmp_path}/none.csv --dataset remittances", sample_settings).returncode == 2
    assert run("no-such-command", sample_settings).returncode == 2
    again = run(f"ingest {good} --dataset remittances", sample_settings)
    assert (again.returncode, "nothing changed" in again.stdout) == (0, True)


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_sql_formats(sample_settings: Settings, format: str) -> None:
    query = "SELECT DISTINCT indicator FROM indicators.observations WHERE indicator = '10.7.4'"
    done = run(f'sql "{query}" --format {format}', sample_settings)
    assert "10.7.4" in done.stdout, done.stderr


def test_sql_cannot_write(sample_settings: Settings) -> None:
    done = run('sql "DELETE FROM core.refugees"', sample_settings)
    assert done.returncode == 1
    assert "read-only" in done.stderr.lower()


def test_help_names_every_command(sample_settings: Settings) -> None:
    done = run("--help", sample_settings)
    for command in (
        "check",
        "ingest",
        "fetch",
        "compute",
        "status",
        "sql",
        "datasets",
        "indicators",
        "release",
        "housekeep",
    ):
        assert command in done.stdout
