"""The few questions the launcher asks Airflow's REST API."""

import datetime as dt
from typing import Any

import httpx
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from engine.environment import USER

FINISHED = {"success", "failed"}


def _passing(error: BaseException) -> bool:
    """Whether a question may be asked again: the API server answers 500 while its database is busy."""
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error
    )


again = retry(retry=retry_if_exception(_passing), stop=stop_after_delay(120), wait=wait_fixed(1), reraise=True)


class Api:
    """Airflow's API v2, with the login of this home."""

    def __init__(self, url: str, password: str) -> None:
        token = httpx.post(f"{url}/auth/token", json={"username": USER, "password": password}, timeout=30)
        token.raise_for_status()
        self.client = httpx.Client(
            base_url=f"{url}/api/v2",
            headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            timeout=30,
        )

    def dag_ids(self) -> set[str]:
        """The DAGs the dag-processor has found so far."""
        return {dag["dag_id"] for dag in self._get("/dags", limit=500)["dags"]}

    def import_errors(self) -> list[str]:
        """DAG files that could not be read, with the reason."""
        found = self._get("/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def trigger(self, dag_id: str) -> str:
        """Start a DAG now; returns the id of its run, which is named here so that asking twice starts it once."""
        run_id = f"manual__{dt.datetime.now(dt.UTC).isoformat()}"
        self._start(dag_id, run_id)
        return run_id

    def runs(self, since: dt.datetime) -> list[dict[str, Any]]:
        """DAG runs queued since a moment."""
        found = self._get("/dags/~/dagRuns", limit=500)["dag_runs"]
        return [run for run in found if dt.datetime.fromisoformat(run["queued_at"] or run["run_after"]) >= since]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of one run."""
        found: list[dict[str, Any]] = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=500)[
            "task_instances"
        ]
        return found

    @again
    def waiting_for(self, dag_id: str) -> bool:
        """Whether asset events wait that will start the DAG."""
        answer = self.client.get(f"/dags/{dag_id}/assets/queuedEvents")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        answer.raise_for_status()
        return bool(answer.json()["total_entries"])

    @again
    def _start(self, dag_id: str, run_id: str) -> None:
        answer = self.client.post(f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "dag_run_id": run_id})
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()

    @again
    def _get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(path, params=parameters)
        answer.raise_for_status()
        return answer.json()
