"""A delivery that was held because of its warnings waits here for a person, who approves or rejects it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Asset, AssetAlias, Param, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from pipelines.language import say
from pipelines.settings import Settings

APPROVE, REJECT = say("Approve"), say("Reject")
LOADED = AssetAlias("approved")
RUNS_THAT_WAIT = 100
ASKED_AGAIN = 100


class Ask(HITLOperator):
    """A question that ends at its deadline and is then asked again, as long as the delivery waits."""

    template_fields = (*HITLOperator.template_fields, "delivery_id")

    def __init__(self, *, delivery_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delivery_id = delivery_id

    def execute(self, context: Any) -> Any:
        """Ask, unless it was decided elsewhere meanwhile."""
        from pipelines.store.waiting import waiting

        if self.delivery_id not in waiting(Settings()):
            raise AirflowSkipException(say("it is decided already"))
        return super().execute(context)


@dag(
    schedule=[Asset("migstat_held", uri="migstat://ops/held")],
    catchup=False,
    max_active_runs=RUNS_THAT_WAIT,
    tags=["approval"],
    doc_md=__doc__,
)
def approval() -> None:
    """One branch for each delivery that an ingest has held."""

    @task
    def held(triggering_asset_events: Any = None) -> list[str]:
        """The deliveries that wait."""
        return sorted({e.extra["delivery_id"] for events in triggering_asset_events.values() for e in events})

    @task
    def describe(delivery_id: str) -> str:
        """What speaks against it and until when to decide, in the words of the notification."""
        from pipelines.delivery import read_outcome, read_receipt
        from pipelines.disseminate.notify import compose
        from pipelines.store.waiting import today

        settings = Settings()
        receipt, outcome = read_receipt(delivery_id, settings), read_outcome(delivery_id, settings)
        message = compose(receipt, outcome, settings, today())
        said = message.text if message else say("It is decided already.")
        return re.sub(r"^ {2}(?=\S)", "- ", re.sub(r"^ {6}- ", "    - ", said, flags=re.M), flags=re.M)

    @task(outlets=[LOADED])
    def conclude(delivery_id: str, answer: dict[str, Any]) -> None:
        """Load or refuse it, and write down who decided; a decision made elsewhere meanwhile stands."""
        from pipelines.delivery import Decision, read_receipt
        from pipelines.disseminate.notify import tell
        from pipelines.disseminate.validations import write_page
        from pipelines.store.load import decide

        person = answer["responded_by_user"]
        decision = Decision(
            approved=answer["chosen_options"] == [APPROVE],
            by=person["name"] if isinstance(person, dict) else person.name,
            reason=answer["params_input"].get("reason") or "",
            at=datetime.now(UTC),
        )
        settings = Settings()
        outcome = decide(delivery_id, settings, decision)
        tell(read_receipt(delivery_id, settings), outcome, settings)
        write_page(settings)
        if decision.approved:
            core = Asset(f"migstat_{outcome.dataset}", uri=f"migstat://core/{outcome.dataset}")
            get_current_context()["outlet_events"][LOADED].add(core)

    @task_group
    def decision(delivery_id: str) -> None:
        ask = Ask(
            task_id="ask",
            subject=say("A delivery waits for approval"),
            body=describe(delivery_id),
            options=[APPROVE, REJECT],
            params={"reason": Param("", type="string", description=say("Why; stands in the books."))},
            delivery_id=delivery_id,
            response_timeout=timedelta(days=Settings().approval_days),
            retries=ASKED_AGAIN,
            retry_delay=timedelta(seconds=1),
        )
        conclude(delivery_id, ask.output)

    decision.expand(delivery_id=held())


approval()
