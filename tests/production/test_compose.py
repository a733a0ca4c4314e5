"""The compose file is valid, holds no secret, listens on loopback only, and asks for nothing undocumented."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipelines.settings import ROOT, Settings

COMPOSE = ROOT / "docker-compose.yaml"
EXAMPLE = ROOT / ".env.example"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return found


def test_config_is_accepted(tmp_path: Path) -> None:
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("docker-compose is not installed")
    done = subprocess.run(
        [tool, "--env-file", str(EXAMPLE), "-f", str(COMPOSE), "config"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "replace-me" in done.stdout


def test_every_service_is_watched_or_ends(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "healthcheck" in service or service["restart"] == "no", name


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD$|SECRET|FERNET|_CONN$", name):
                assert "${" in str(value), name


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_every_variable_is_explained_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    explained = set(re.findall(r"^(\w+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert asked == explained


def test_every_migstat_variable_is_a_setting(compose: dict[str, Any]) -> None:
    known = {f"MIGSTAT_{name.upper()}" for name in Settings.model_fields}
    for service in compose["services"].values():
        assert {name for name in service["environment"] if name.startswith("MIGSTAT_")} <= known
