"""Take in what waits in the inbox of a dataset, and what its endpoints have new."""

import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.collect.land import UnreadableFile, land, version, waiting
from pipelines.contract import Contract
from pipelines.language import say
from pipelines.settings import Settings

log = logging.getLogger(__name__)


def collect(contract: Contract, settings: Settings, recorded: Mapping[str, str]) -> list[str]:
    """Land every file that waits in `inbox/<dataset>/` and, where settings say so, what endpoints have new.

    What cannot be read or fetched holds up nothing else.

    Args:
        recorded: deliveries the warehouse's books hold already, with their state.

    Returns:
        The ids of the deliveries still to be processed, as `waiting` gives them.

    Raises:
        UnreadableFile: files of the inbox cannot be read, and nothing else waits to be processed; while
            something does, that goes first.
        FetchError: the same for an endpoint; Unavailable if it may work later.
    """
    failed: list[OSError] = []
    if settings.fetch and contract.endpoints:
        from pipelines.collect.fetch import fetch

        failed += fetch(contract, settings).failed
    folder = settings.inbox / contract.dataset
    for path in _settled_files(folder, settings.settle_seconds):
        try:
            seen = version(path)
            receipt = land(path, contract, settings, path.relative_to(folder))
        except UnreadableFile as error:
            failed.append(UnreadableFile(say("{error} It stays in the inbox.", error=error)))
            log.error("%s", failed[-1])
            continue
        if version(path) == seen:
            path.unlink()
        if receipt.delivery_id in recorded:
            log.info("%s is already known as %s: nothing to do", receipt.file_name, receipt.delivery_id)
    ready = waiting(contract, settings, recorded)
    if failed and not ready:
        raise type(failed[-1])(" ".join(map(str, failed)))
    return ready


def _settled_files(folder: Path, seconds: float) -> Iterator[Path]:
    """Files nobody is still writing to, in the order they came; hidden ones are a copy program's own."""
    found = []
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in relative.parts):
            continue
        try:
            changed = path.stat().st_mtime
        except OSError:
            changed = 0.0  # whoever reads it says what is wrong
        if time.time() - changed < seconds:
            log.info("%s is still arriving: left for the next run", relative)
            continue
        found.append((changed, path))
    yield from (path for _, path in sorted(found))
