"""An engine of its own for the tests, and waiting for what it does."""

import time
from collections.abc import Callable
from typing import Any

WITHIN = 120


def until(question: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not come about in time")
