"""A delivery that was held because of its warnings waits here for a person, who approves or rejects it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Asset, AssetAlias, Param, dag, get_current_context, task, task_group

from pipelines.settings import Settings

APPROVE, REJECT = "Approve", "Reject"
LOADED = AssetAlias("approved")
RUNS_THAT_WAIT = 100


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
        """What speaks against it, in words."""
        from pipelines.delivery import explain, read_outcome, read_receipt

        settings = Settings()
        said = explain(read_receipt(delivery_id, settings), read_outcome(delivery_id, settings))
        return re.sub(r"^ {2}(?=\S)", "- ", re.sub(r"^ {6}- ", "    - ", said, flags=re.M), flags=re.M)

    @task(outlets=[LOADED])
    def conclude(delivery_id: str, answer: dict[str, Any]) -> None:
        """Load or refuse it, and write down who decided; a decision made elsewhere meanwhile stands."""
        from pipelines.delivery import Decision
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
        write_page(settings)
        if decision.approved:
            core = Asset(f"migstat_{outcome.dataset}", uri=f"migstat://core/{outcome.dataset}")
            get_current_context()["outlet_events"][LOADED].add(core)

    @task_group
    def decision(delivery_id: str) -> None:
        ask = HITLOperator(
            task_id="ask",
            subject="A delivery waits for approval",
            body=describe(delivery_id),
            options=[APPROVE, REJECT],
            params={"reason": Param("", type="string", description="Why; stands in the books.")},
            response_timeout=timedelta(days=Settings().approval_days),
        )
        conclude(delivery_id, ask.output)

    decision.expand(delivery_id=held())


approval()
