"""The compose file's commands and environment against a real PostgreSQL: two deliveries at once, read meanwhile."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from ruamel.yaml import YAML

from engine.api import FINISHED, Api
from engine.environment import free_port
from pipelines.settings import ROOT

pytestmark = pytest.mark.postgres

SECRETS = {
    "AIRFLOW_FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "AIRFLOW_SECRET_KEY": "made-up-for-the-test",
    "AIRFLOW_JWT_SECRET": "made-up-for-the-test-and-long-enough-to-sign-tokens",
    "AIRFLOW_DB_PASSWORD": "airflow-test",
    "DUCKLAKE_DB_PASSWORD": "ducklake-test",
}


@dataclass
class Production:
    """A running production: its environment, its home and the address of its API."""

    env: dict[str, str]
    home: Path
    url: str


def programs() -> Path:
    """Debian keeps the server's programs off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    return found[-1].parent if found else Path(str(on_path)).parent


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """A server on loopback with the two databases; PostgreSQL refuses to run as root."""
    binaries, folder = programs(), Path("/tmp") / f"migstat-pg-{os.getpid()}"
    folder.mkdir(mode=0o755)
    user: str | None = None
    if os.getuid() == 0:
        user = "postgres"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    port, data = free_port(5432), folder / "data"

    def command(*arguments: str) -> None:
        subprocess.run(arguments, user=user, check=True, capture_output=True, cwd=folder)

    try:
        command(str(binaries / "initdb"), "--pgdata", str(data), "--auth", "trust", "--username", "postgres")
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        command(
            str(binaries / "pg_ctl"), "--pgdata", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"
        )
        for name in ("airflow", "ducklake"):
            sql = f"CREATE ROLE {name} LOGIN PASSWORD '{name}-test'"
            psql = [str(binaries / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-q"]
            command(*psql, "-c", sql, "-c", f"CREATE DATABASE {name} OWNER {name}")
        yield port
    finally:
        if (data / "postmaster.pid").exists():
            command(str(binaries / "pg_ctl"), "--pgdata", str(data), "-m", "fast", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def production(postgres: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """The services of docker-compose.yaml, with their own commands, hosts and paths put where the test runs."""
    home = tmp_path_factory.mktemp("production")
    compose: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yaml")
    port = free_port(0)
    (home / "airflow").mkdir()
    (home / "airflow" / "passwords.json").write_text('{"admin": "test"}', encoding="utf-8")
    env = {**os.environ, "AIRFLOW_HOME": str(home / "airflow"), "PYTHONPATH": str(ROOT)}
    for name, value in compose["services"]["scheduler"]["environment"].items():
        text = re.sub(r"\$\{(\w+):?[-?]?([^}]*)\}", lambda m: SECRETS.get(m[1], m[2]), str(value))
        for inside, here in {
            "/opt/migstat": str(ROOT),
            "/opt/airflow/passwords": str(home / "airflow"),
            "/var/lib/migstat": str(home),
            "@postgres:5432": f"@127.0.0.1:{postgres}",
            "host=postgres port=5432": f"host=127.0.0.1 port={postgres}",
            "api-server:8080": f"127.0.0.1:{port}",
        }.items():
            text = text.replace(inside, here)
        env[name] = text
    env |= {"AIRFLOW__API__HOST": "127.0.0.1", "AIRFLOW__API__PORT": str(port), "AIRFLOW__API__WORKERS": "1"}
    services = compose["services"]
    subprocess.run(airflow(services["init"]["command"]), env=env, check=True, capture_output=True, cwd=home)
    started = []
    try:
        for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
            with (home / f"{name}.log").open("wb") as log:
                arguments = airflow(services[name]["command"])
                if name in ("scheduler", "triggerer"):
                    arguments.append("--skip-serve-logs")  # its port may be taken on the machine of the test
                started.append(
                    subprocess.Popen(arguments, env=env, cwd=home, stdout=log, stderr=log, start_new_session=True)
                )
        url = f"http://127.0.0.1:{port}"
        wait_healthy(url)
        yield Production(env, home, url)
    finally:
        stop(
            [
                child
                for p in started
                for child in [*psutil.Process(p.pid).children(recursive=True), psutil.Process(p.pid)]
            ]
        )


def airflow(command: list[str]) -> list[str]:
    return [sys.executable, "-m", *command]


def stop(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.terminate()
        except psutil.Error:
            continue
    for process in psutil.wait_procs(processes, timeout=15)[1]:
        process.kill()


def wait_healthy(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            health = httpx.get(f"{url}/api/v2/monitor/health", timeout=5).json()
            if health["scheduler"]["status"] == health["dag_processor"]["status"] == "healthy":
                return
        except (httpx.HTTPError, ValueError, KeyError):
            pass
        time.sleep(0.5)
    raise AssertionError("Airflow on PostgreSQL was not up in time")


def migstat(production: Production, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(command, env=production.env, cwd=ROOT, capture_output=True, text=True, check=False)


def test_two_deliveries_at_once_while_the_warehouse_is_read(production: Production) -> None:
    """A failed or torn read, or a lost commit, would show: the counts seen may only be 0 or the whole delivery."""
    samples = ROOT / "samples" / "inbox"
    for dataset, name in {
        "refugees": "unhcr_population_sample.csv",
        "population": "wpp2024_components_sample.csv",
    }.items():
        target = production.home / "inbox" / dataset / name
        target.parent.mkdir(parents=True)
        shutil.copy2(samples / dataset / name, target)
    first = migstat(
        production, "ingest", str(samples / "gdp" / "API_NY.GDP.MKTP.CD_DS2_en_csv_v2_sample.csv"), "--dataset", "gdp"
    )
    assert first.returncode == 0, first.stdout + first.stderr

    done, seen, failed = threading.Event(), [], []

    def read() -> None:
        while not done.is_set():
            asked = migstat(production, "sql", "SELECT dataset, rows_loaded FROM ops.deliveries", "--format", "csv")
            (seen if asked.returncode == 0 else failed).append(asked.stdout + asked.stderr)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        api = Api(production.url, "test")
        deadline = time.monotonic() + 60
        while not {"ingest_refugees", "ingest_population"} <= api.dag_ids() and time.monotonic() < deadline:
            time.sleep(0.5)
        runs = {dag_id: api.trigger(dag_id) for dag_id in ("ingest_refugees", "ingest_population")}
        states: dict[str, str] = {}
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline and len(states) < len(runs):
            for dag_id, run_id in runs.items():
                state = api.client.get(f"/dags/{dag_id}/dagRuns/{run_id}").json()["state"]
                if state in FINISHED:
                    states[dag_id] = state
            time.sleep(0.5)
    finally:
        done.set()
        reader.join()
    assert states == dict.fromkeys(runs, "success")
    assert failed == []
    assert len(seen) > 1
    counts = migstat(
        production,
        "sql",
        "SELECT (SELECT count(*) FROM core.refugees), (SELECT count(*) FROM core.population), count(*) "
        "FROM ops.deliveries",
        "--format",
        "csv",
    )
    assert counts.stdout.splitlines()[1] == "12411,930,3", counts.stderr


def test_two_command_line_ingests_at_once(production: Production) -> None:
    """No turns are taken with this catalogue: both commits must still come through, each whole."""
    samples = ROOT / "samples" / "inbox" / "remittances"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "ingest", str(file), "--dataset", "remittances"],
            env=production.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for file in sorted(samples.iterdir())
    ]  # fmt: skip
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    counted = migstat(
        production, "sql", "SELECT count(*), count(DISTINCT delivery_id) FROM core.remittances", "--format", "csv"
    )
    assert counted.stdout.splitlines()[1] == "38,2"
