"""Once a day: merge small files, let old snapshots go, remove orphaned files."""

from airflow.sdk import dag, task

from pipelines.settings import Settings


@dag(schedule="0 3 * * *", catchup=False, max_active_runs=1, tags=["store"], doc_md=__doc__)
def housekeeping() -> None:
    """The DAG."""

    @task(retries=1, retry_delay=300.0)
    def housekeep() -> dict[str, int]:
        """Do the upkeep; gives what was done."""
        from pipelines.store.housekeeping import housekeep as do_housekeeping

        return do_housekeeping(Settings())

    housekeep()


housekeeping()
