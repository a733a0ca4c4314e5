"""`make up` and `make down`: the engine left running with its web UI, and stopped again."""

import sys

from engine.environment import USER, password
from engine.services import Engine, EngineError
from pipelines.settings import Settings


def up(settings: Settings) -> int:
    """Start the engine detached and print where it is; an engine that runs already is left as it is."""
    engine = Engine(settings)
    try:
        if engine.running():
            engine.load()
            print("Airflow is running already.")
        else:
            engine.start(detached=True)
            engine.wait_healthy()
    except BaseException as error:
        engine.stop()
        if not isinstance(error, EngineError):
            raise
        print(error, file=sys.stderr)
        return 1
    print(f"Airflow: {engine.url}  login: {USER}  password: {password(settings)}")
    print(f"Inbox: {settings.inbox}/<dataset>/  Stop it with: make down")
    return 0


def down(settings: Settings) -> int:
    """Stop the engine of this home, if it runs."""
    engine = Engine(settings)
    running = engine.running()
    engine.stop()
    print("Airflow is stopped." if running else "Airflow was not running.")
    return 0


if __name__ == "__main__":
    raise SystemExit({"up": up, "down": down}[sys.argv[1]](Settings()))
