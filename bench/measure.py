"""Run one step in a process of its own, and measure it there: seconds of the step, peak memory of the process."""

import gc
import multiprocessing as mp
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any


@dataclass
class Measured:
    """What a step took."""

    seconds: float
    megabytes: float
    result: Any

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s {self.megabytes:7.0f} MB"


def measure(step: Callable[..., Any], *arguments: Any, prepare: Callable[[], Any] | None = None) -> Measured:
    """Run `step` in a fresh process; `prepare` (imports) runs before the clock starts."""
    here, there = mp.Pipe()
    process = mp.get_context("spawn").Process(target=_child, args=(there, step, arguments, prepare))
    process.start()
    there.close()
    try:
        seconds, megabytes, result = here.recv()
    except EOFError:
        raise RuntimeError(f"{step.__name__} failed") from None
    process.join()
    return Measured(seconds, megabytes, result)


def _child(
    answer: Connection, step: Callable[..., Any], arguments: tuple[Any, ...], prepare: Callable[[], Any] | None
) -> None:
    if prepare:
        prepare()
    gc.freeze()  # as the executor does before it forks a worker
    started = time.perf_counter()
    result = step(*arguments)
    seconds = time.perf_counter() - started
    answer.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result))
