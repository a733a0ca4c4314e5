"""The most memory this process has had, without what it inherits from the one that started it."""

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def megabytes() -> int:
    """Linux counts it afresh after a program is started; elsewhere the parent's peak is in it."""
    if not STATUS.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) >> 10
