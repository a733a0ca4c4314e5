"""What Airflow is told, by environment variables alone: one home, loopback only, no examples, no telemetry."""

import json
import os
import secrets
import socket
import sys
from pathlib import Path

from pipelines.settings import ROOT, Settings

USER = "admin"
USUAL_PORT = 8080
HOST = "127.0.0.1"
PATIENCE = 60  # seconds a statement waits for SQLite's one writer; the usual five were not always enough at the start
# The API server logs what people do on the thread that must also end earlier requests: if one of them is writing, all
# stand still until the wait is over. So it is shorter than a task waits for an answer, and who was refused asks again.
API_PATIENCE = 3


def airflow_home(settings: Settings) -> Path:
    """Where Airflow keeps its metadata database, logs and secrets."""
    return settings.home / "airflow"


def free_port(usual: int = USUAL_PORT) -> int:
    """The usual port, or another one where it is taken."""
    for port in (usual, 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")


def password(settings: Settings) -> str:
    """The password of the web UI, made once per home and readable by its owner only."""
    path = airflow_home(settings) / "passwords.json"
    if not path.exists():
        _write_secret(path, json.dumps({USER: secrets.token_urlsafe(12)}))
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found[USER]


def environment(settings: Settings, port: int, patience: int = PATIENCE) -> dict[str, str]:
    """The whole environment of an Airflow process of this home."""
    home = airflow_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    password(settings)
    secret = home / "jwt_secret"
    if not secret.exists():
        _write_secret(secret, secrets.token_urlsafe(48))
    jwt_secret = secret.read_text(encoding="utf-8")
    options = {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": str(max(2, os.cpu_count() or 2)),
        "CORE__LAZY_LOAD_PLUGINS": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout={patience}",
        "API__HOST": HOST,
        "API__PORT": str(port),
        "API__BASE_URL": f"http://{HOST}:{port}",
        "API__WORKERS": "1",
        "API__SECRET_KEY": jwt_secret,
        "API_AUTH__JWT_SECRET": jwt_secret,
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "LOGGING__LOGGING_LEVEL": "INFO",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "SCHEDULER__CATCHUP_BY_DEFAULT": "False",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    own = {"AIRFLOW_HOME": str(home), "MIGSTAT_HOME": str(settings.home), "PATH": path, "PYTHONPATH": python_path}
    own |= {"MIGSTAT_WEB": f"http://{HOST}:{port}"}
    return {**os.environ, **{f"AIRFLOW__{name}": value for name, value in options.items()}, **own}


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
