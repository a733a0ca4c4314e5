"""Import what reading and validating need once, in the scheduler, whose workers are forked from it.

Great Expectations takes seconds to import; a task that found it imported starts its checks at once.
"""

import sys
from importlib import import_module

from airflow.plugins_manager import AirflowPlugin


class Preload(AirflowPlugin):
    """Does nothing but be loaded."""

    name = "migstat_preload"


if "scheduler" in sys.argv:
    import pipelines.process.validate
    import pipelines.store.load  # noqa: F401
    from pipelines.collect.read import READERS

    for reader in READERS.values():
        import_module(f"pipelines.collect.{reader}")
