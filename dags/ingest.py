"""One DAG per dataset contract: collect what waits or is fetched, then process and store each delivery."""

from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, dag, get_current_context, get_parsing_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException

from pipelines.contract import Contract, load_contract, load_contracts
from pipelines.settings import Settings

HELD = AssetAlias("held")
RETRY = {"retries": 2, "retry_delay": 30.0, "retry_exponential_backoff": 2.0}


def ingest(contract: Contract) -> DAG:
    """The DAG of one dataset."""

    @dag(
        dag_id=f"ingest_{contract.dataset}",
        schedule=contract.schedule,
        catchup=False,
        max_active_runs=1,
        tags=["ingest", contract.frequency],
        doc_md=f"### {contract.title}\n\n{contract.description}\n\nSource: {contract.provider}",
    )
    def ingest_dataset() -> None:
        @task(**RETRY)
        def collect() -> list[str]:
            """Land the files of the inbox and what endpoints have new; gives the deliveries to be processed."""
            from pipelines.collect.answer import FetchError, Unavailable
            from pipelines.collect.inbox import collect as collect_deliveries
            from pipelines.store.contracts import ContractChanged, put_in_force
            from pipelines.store.load import recorded

            settings = Settings()
            try:
                put_in_force(contract, settings)
                return collect_deliveries(contract, settings, recorded(contract, settings))
            except Unavailable:
                raise  # a retry may find the server up again; a wrong question stays wrong
            except (FetchError, ContractChanged) as error:
                raise AirflowFailException(str(error)) from None

        @task
        def process(delivery_id: str) -> str:
            """Harmonise and validate; what is wrong with the file is an outcome, so no retry can help."""
            from pipelines.process.run import process as process_delivery
            from pipelines.store.history import stored

            settings = Settings()
            with stored(contract, settings) as tables:
                process_delivery(delivery_id, settings, tables)
            return delivery_id

        core = Asset(f"migstat_{contract.dataset}", uri=f"migstat://core/{contract.dataset}")

        @task(outlets=[core, HELD], **RETRY)
        def store(delivery_id: str) -> None:
            """Commit the outcome; a refusal is recorded and then fails the task, in words, without a retry."""
            from pipelines.delivery import DeliveryRejected, State, read_receipt
            from pipelines.disseminate.notify import tell
            from pipelines.disseminate.validations import write_page
            from pipelines.store.load import store as store_delivery

            context: Any = get_current_context()
            settings = Settings()
            try:
                outcome = store_delivery(delivery_id, settings, run_id=context["run_id"])
                tell(read_receipt(delivery_id, settings), outcome, settings)
            except DeliveryRejected as rejection:
                tell(rejection.receipt, rejection.outcome, settings)
                raise AirflowFailException(str(rejection)) from None
            finally:
                write_page(settings)
            if outcome.state == State.HELD:
                waiting = Asset("migstat_held", uri="migstat://ops/held")
                context["outlet_events"][HELD].add(waiting, extra={"delivery_id": delivery_id})

        @task_group
        def delivery(delivery_id: str) -> None:
            store(process(delivery_id))

        delivery.expand(delivery_id=collect())

    return ingest_dataset()


def needed() -> list[Contract]:
    """The contract of the DAG whose task is to run; where all DAGs are read, all."""
    folder, dag_id = Settings().contracts, get_parsing_context().dag_id
    if dag_id:  # a task waits for this; reading all contracts would take longer than to start its checks
        return [load_contract(folder / f"{dag_id.removeprefix('ingest_')}.yaml")]
    return list(load_contracts(folder).values())


for _contract in needed():
    ingest(_contract)
