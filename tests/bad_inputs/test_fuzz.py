"""Files damaged at random end in rows or in words: never in a traceback, a hang, or more than a gigabyte.

Some seconds of it run with the other tests; for longer: MIGSTAT_FUZZ_SECONDS=600 python -m pytest tests/bad_inputs
"""

import os
import subprocess
import sys

from pipelines.settings import ROOT


def test_no_damaged_file_stops_the_pipeline() -> None:
    seconds = os.environ.get("MIGSTAT_FUZZ_SECONDS", "4")
    seed = os.environ.get("MIGSTAT_FUZZ_SEED", "20241123")
    command = [sys.executable, "-m", "tests.bad_inputs.fuzz", seed, seconds]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=float(seconds) + 120)
    assert run.returncode == 0, f"{command} ended with {run.returncode}:\n{run.stderr[-4000:]}"
    assert int(run.stdout.split()[0]) > 10, "few files were tried"
