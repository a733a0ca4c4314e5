"""Validation reports inside Airflow: an entry in its navigation, a tab on each task that processed a delivery.

They are served behind Airflow's own login.
"""

import json
from pathlib import Path

from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse

from pipelines.language import say
from pipelines.settings import Settings

PREFIX = "/migstat/reports"
TASK = "delivery.process"


async def signed_in(request: Request) -> None:
    """Let nobody in whom Airflow would not: its token comes as a header or, from a browser, as its cookie."""
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.core_api.security import resolve_user_from_token

    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    await resolve_user_from_token(token or request.cookies.get(COOKIE_NAME_JWT_TOKEN))


app = FastAPI(dependencies=[Depends(signed_in)], docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/of")
def of_task(request: Request, dag_id: str, run_id: str, map_index: int) -> RedirectResponse:
    """The report of the delivery a task has processed, told by what the task gave to the next."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(XComModel.value).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id == run_id,
        XComModel.task_id == TASK,
        XComModel.map_index == map_index,
        XComModel.key == "return_value",
    )
    with create_session(scoped=False) as session:
        found = session.scalar(query)
    if found is None:
        raise HTTPException(
            404, say("This task has no validation report: only the task that processes a delivery has one.")
        )
    delivery_id = json.loads(found) if found.startswith('"') else found
    dataset = dag_id.removeprefix("ingest_")
    return RedirectResponse(f"{request.scope['root_path']}/{dataset}/{delivery_id}.html")


@app.get("/{name:path}")
def page(name: str) -> FileResponse:
    """One report, or the page over all."""
    folder = Settings().reports.resolve()
    path = Path(folder, name or "index.html").resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise HTTPException(404, say("There is no such report. The page over all appears with the first delivery."))
    return FileResponse(path, media_type="text/html")


class Reports(AirflowPlugin):
    """Navigation entry and task tab."""

    name = "migstat_reports"
    fastapi_apps = [{"app": app, "url_prefix": PREFIX, "name": say("Validation reports")}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": say("Validation"), "href": f"{PREFIX}/", "url_route": "validation", "destination": "nav"},
        {
            "name": say("Validation report"),
            "href": f"{PREFIX}/of?dag_id={{DAG_ID}}&run_id={{RUN_ID}}&map_index={{MAP_INDEX}}",
            "url_route": "validation-report",
            "destination": "task_instance",
        },
    ]
