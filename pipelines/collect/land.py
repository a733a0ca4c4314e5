"""Take deliveries out of the inbox and keep their raw bytes under their sha256.

The order of the steps makes it safe to be killed between any two of them: the raw bytes are whole
before the receipt exists, the receipt exists before the pending mark, and the file leaves the inbox last.
"""

import datetime as dt
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path, PurePath

from pipelines.contract import Contract
from pipelines.delivery import Receipt, raw_file, read_receipt, write_whole
from pipelines.settings import Settings

log = logging.getLogger(__name__)


def collect(contract: Contract, settings: Settings, recorded: set[str]) -> list[str]:
    """Land every file that waits in `inbox/<dataset>/`.

    Args:
        recorded: deliveries whose outcome the warehouse holds already.

    Returns:
        The ids of the deliveries still to be processed, those of an interrupted run included.
    """
    folder = settings.inbox / contract.dataset
    for path in _settled_files(folder, settings.settle_seconds):
        receipt = land(path, contract, settings, path.relative_to(folder))
        path.unlink()
        if receipt.delivery_id in recorded:
            log.info("%s is already known as %s: nothing to do", receipt.file_name, receipt.delivery_id)
    waiting = []
    for mark in sorted(_pending(settings).glob(f"{contract.dataset}-*")):
        if mark.name in recorded:
            mark.unlink(missing_ok=True)
        else:
            waiting.append(mark.name)
    return waiting


def land(path: Path, contract: Contract, settings: Settings, name: PurePath) -> Receipt:
    """Keep one file's bytes and write its receipt; the same bytes twice give the same receipt.

    Raises:
        OSError: the file cannot be read, or there is no room to keep it; nothing half-written stays.
    """
    digest, size = _digest(path)
    receipt = Receipt(
        delivery_id=_delivery_id(contract, name, digest),
        dataset=contract.dataset,
        file_name=name.as_posix(),
        sha256=digest,
        size=size,
        received_at=dt.datetime.now(dt.UTC),
    )
    try:
        receipt = read_receipt(receipt.delivery_id, settings)
    except FileNotFoundError:
        _keep(path, raw_file(receipt, settings))
        write_whole(settings.landing / "receipts" / f"{receipt.delivery_id}.json", receipt.model_dump_json(indent=1))
    _pending(settings).mkdir(parents=True, exist_ok=True)
    (_pending(settings) / receipt.delivery_id).touch()
    return receipt


def finished(delivery_id: str, settings: Settings) -> None:
    """Take the pending mark off a delivery whose outcome is recorded, and drop its staged files."""
    (_pending(settings) / delivery_id).unlink(missing_ok=True)
    shutil.rmtree(settings.staging / delivery_id, ignore_errors=True)


def _pending(settings: Settings) -> Path:
    return settings.landing / "pending"


def _settled_files(folder: Path, seconds: float) -> Iterator[Path]:
    """Files nobody is still writing to; hidden ones are a copy program's own."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in relative.parts):
            continue
        if time.time() - path.stat().st_mtime < seconds:
            log.info("%s is still arriving: left for the next run", relative)
            continue
        yield path


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size


def _delivery_id(contract: Contract, name: PurePath, digest: str) -> str:
    """Dataset and content; what the name says counts too, as two offices may send equal bytes."""
    found = contract.source_of(name)
    said = json.dumps(found[1], sort_keys=True) if found and found[1] else ""
    identity = hashlib.sha256(f"{digest}{said}".encode()).hexdigest() if said else digest
    return f"{contract.dataset}-{identity[:12]}"


def _keep(path: Path, target: Path) -> None:
    """Copy the raw bytes, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copy2(path, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
