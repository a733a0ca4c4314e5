"""Compute indicators as soon as any dataset they read has changed."""

from functools import reduce
from operator import or_

from airflow.sdk import Asset, dag, task

from pipelines.analyse.definition import inputs
from pipelines.settings import Settings

INPUTS = [Asset(f"migstat_{dataset}", uri=f"migstat://core/{dataset}") for dataset in sorted(inputs(Settings()))]


@dag(schedule=reduce(or_, INPUTS), catchup=False, max_active_runs=1, tags=["analyse"], doc_md=__doc__)
def indicators() -> None:
    """The DAG: one task, as an indicator takes less time than starting a task for it."""

    @task(retries=1, retry_delay=30.0)
    def compute() -> list[str]:
        """Compute what is stale; gives the codes computed."""
        from pipelines.analyse.indicators import compute as compute_indicators

        return compute_indicators(Settings())

    compute()


indicators()
