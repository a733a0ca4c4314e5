"""Airflow's processes, started in one process group and always stopped together."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from engine.environment import API_PATIENCE, HOST, PATIENCE, USUAL_PORT, airflow_home, environment, free_port
from pipelines.settings import Settings

API = "api-server"
SERVICES: dict[str, list[str]] = {
    API: [API],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
HEALTHY_WITHIN = 120.0
STOPPED_WITHIN = 15.0
LOG_TAIL = 25
PR_SET_PDEATHSIG = 1


class EngineError(Exception):
    """Airflow did not start, or died; the message holds the tail of the log that says why."""


class Engine:
    """The engine of one home. `start` it, ask its API, and `stop` it whatever happens in between."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = airflow_home(settings)
        self.state = self.home / "engine.json"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = 0

    @property
    def url(self) -> str:
        """Address of the web UI and the API."""
        return f"http://{HOST}:{self.port}"

    def start(self, detached: bool = False) -> None:
        """Migrate the metadata database and start every service, which then runs until `stop`.

        Args:
            detached: outlive this process (`make up`); otherwise the services end when it ends, however it ends.

        Raises:
            EngineError: it runs already, or a command fails.
        """
        if self.running():
            raise EngineError(f"the engine of {self.settings.home} runs already: `make down` stops it")
        self._log("").parent.mkdir(parents=True, exist_ok=True)
        self._migrate()
        self.port = free_port()  # not before: another home may start meanwhile
        for name, arguments in SERVICES.items():
            env = environment(self.settings, self.port, API_PATIENCE if name == API else PATIENCE)
            self.processes[name] = self._spawn(name, arguments, env, detached)
        self.state.write_text(json.dumps({"port": self.port}), encoding="utf-8")

    def wait_healthy(self) -> None:
        """Return once scheduler, dag-processor and triggerer report to the API.

        Raises:
            EngineError: one died, or they were not up in time.
        """
        deadline = time.monotonic() + HEALTHY_WITHIN
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                health = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=5).json()
                if all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                    return
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            time.sleep(0.3)
        raise EngineError(f"Airflow was not up within {HEALTHY_WITHIN:.0f} s\n{self._tail('scheduler')}")

    def check_alive(self) -> None:
        """Raise an EngineError when a service has ended by itself."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise EngineError(f"the {name} ended with code {process.returncode}\n{self._tail(name)}")

    def running(self) -> bool:
        """Whether an engine of this home is running, started by this process or another."""
        return bool(self._members())

    def stop(self) -> None:
        """Stop every process, the scheduler first: it lets running tasks end, and they report to the API server.

        Nothing to do is no error.
        """
        self._end([p for p in self._members() if _leads(p, self._log("scheduler"))])
        self._end(self._members())
        for process in self._members():
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(self._members(), timeout=STOPPED_WITHIN)
        self.state.unlink(missing_ok=True)
        self.processes.clear()

    def load(self) -> None:
        """Take over the port of an engine another process started."""
        self.port = int(json.loads(self.state.read_text(encoding="utf-8"))["port"])

    def _migrate(self) -> None:
        """Create or upgrade the metadata database."""
        env = environment(self.settings, USUAL_PORT)
        with self._log("migrate").open("wb") as log:
            done = subprocess.run([*_airflow(), "db", "migrate"], env=env, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise EngineError(f"`airflow db migrate` failed\n{self._tail('migrate')}")

    def _spawn(self, name: str, arguments: list[str], env: dict[str, str], detached: bool) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as log:
            return subprocess.Popen(
                [*_airflow(), *arguments],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if detached else _die_with_parent,
            )

    def _end(self, processes: list[psutil.Process]) -> None:
        for process in processes:
            _signal(process, signal.SIGTERM)
        psutil.wait_procs(processes, timeout=STOPPED_WITHIN)

    def _members(self) -> list[psutil.Process]:
        """Every process of this home's engine: by its environment or, where a title hides that, by its log."""
        ours = {os.getpid(), *(p.pid for p in psutil.Process().parents())}
        return [p for p in psutil.process_iter() if p.pid not in ours and self._owns(p)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("AIRFLOW_HOME") == str(self.home) or any(
                log.parent == self._log("").parent for log in _written_by(process)
            )
        except psutil.Error:
            return False

    def _log(self, name: str) -> Path:
        return self.home / "logs" / "engine" / f"{name}.log"

    def _tail(self, name: str) -> str:
        log = self._log(name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "\n".join([f"The last lines of {log}:", *lines[-LOG_TAIL:]])


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _die_with_parent() -> None:
    """Linux: end when the launcher ends, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _written_by(process: psutil.Process) -> list[Path]:
    """The files a process holds open for writing; who only reads a log is not of the engine."""
    return [Path(file.path) for file in process.open_files() if getattr(file, "mode", "a") != "r"]


def _leads(process: psutil.Process, log: Path) -> bool:
    """Whether it is the first process of the service that writes a log; its workers follow it."""
    try:
        return os.getsid(process.pid) == process.pid and log in _written_by(process)
    except (psutil.Error, OSError):
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return
