"""Once a day: remind people of held deliveries whose deadline nears or has passed; by silence only contracts decide."""

from airflow.sdk import Asset, AssetAlias, dag, get_current_context, task

from pipelines.settings import Settings

LOADED = AssetAlias("loaded_by_silence")


@dag(schedule="0 6 * * *", catchup=False, max_active_runs=1, tags=["approval"], doc_md=__doc__)
def reminders() -> None:
    """The DAG."""

    @task(outlets=[LOADED], retries=1, retry_delay=300.0)
    def remind() -> None:
        """Remind, and show the deadlines as they are now."""
        from pipelines.disseminate.notify import remind as remind_people
        from pipelines.disseminate.validations import write_page

        settings = Settings()
        for dataset in remind_people(settings):
            get_current_context()["outlet_events"][LOADED].add(
                Asset(f"migstat_{dataset}", uri=f"migstat://core/{dataset}")
            )
        write_page(settings)

    remind()


reminders()
