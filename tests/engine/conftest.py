"""A running engine shared by the tests that ask it something."""

from collections.abc import Iterator

import pytest

from engine.api import Api
from engine.environment import password
from engine.services import Engine
from pipelines.settings import Settings
from tests.engine.office import until
from tests.store.test_held import CONTRACT


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Api, str]]:
    """A running engine whose one dataset holds deliveries that have a warning; and the address of its web UI."""
    folder = tmp_path_factory.mktemp("office")
    contracts = folder / "contracts"
    contracts.mkdir()
    (contracts / "flows.yaml").write_text(CONTRACT.format(rules="on_warning: hold"), encoding="utf-8")
    settings = Settings(home=folder / "home", contracts=contracts)
    engine = Engine(settings)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MIGSTAT_CONTRACTS", str(contracts))
        environment.setenv("MIGSTAT_SETTLE_SECONDS", "0")
        try:
            engine.start()
            engine.wait_healthy()
            api = Api(engine.url, password(settings))
            until(lambda: {"ingest_flows", "approval"} <= api.dag_ids())
            yield settings, api, engine.url
        finally:
            engine.stop()
