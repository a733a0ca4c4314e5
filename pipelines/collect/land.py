"""Keep the raw bytes of a delivery under their sha256, with its receipt and the mark that it waits.

The order of the steps makes it safe to be killed between any two of them: the raw bytes are whole
before the receipt exists, the receipt exists before the pending mark, and the file leaves the inbox last.
"""

import datetime as dt
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePath

from pipelines.contract import Contract
from pipelines.delivery import Origin, Receipt, State, card_file, raw_file, read_receipt, write_whole
from pipelines.language import say
from pipelines.settings import Settings


class UnreadableFile(OSError):
    """A delivered file that cannot be read; the message says which and why."""


def waiting(contract: Contract, settings: Settings, recorded: Mapping[str, str]) -> list[str]:
    """The deliveries of a dataset still to be processed, those of an interrupted run included, in the order they came.

    Args:
        recorded: deliveries the warehouse's books hold already, with their state.
    """
    found = []
    for mark in _pending(settings).glob(f"{contract.dataset}-*"):
        if recorded.get(mark.name) == State.HELD:
            set_aside(mark.name, settings)
        elif mark.name in recorded:
            finished(mark.name, settings)
        else:
            found.append(mark.name)
    return sorted(found, key=lambda delivery_id: (read_receipt(delivery_id, settings).received_at, delivery_id))


def land(path: Path, contract: Contract, settings: Settings, name: PurePath, origin: Origin | None = None) -> Receipt:
    """Keep one file's bytes and write its receipt; the same bytes twice give the same receipt.

    Args:
        origin: what is known of where it was fetched; nothing of a file that was put into the inbox.

    Raises:
        UnreadableFile: the file cannot be read, or changes meanwhile.
        OSError: there is no room to keep it; nothing half-written stays.
    """
    seen = version(path)
    digest, size = _digest(path)
    found = contract.source_of(name)
    said = found[1] if found else {}
    origin = origin or Origin(edition=said.get("edition") or said.get("vintage", ""))
    receipt = Receipt(
        **origin.model_dump(),
        delivery_id=_delivery_id(contract, said, digest),
        dataset=contract.dataset,
        title=contract.title,
        producer=contract.provider,
        licence=contract.licence,
        file_name=name.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        sha256=digest,
        size=size,
        received_at=dt.datetime.now(dt.UTC),
    )
    settings.landing.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = settings.landing / "receipts" / f"{receipt.delivery_id}.json"
    try:
        receipt = read_receipt(receipt.delivery_id, settings)
    except FileNotFoundError:
        _keep(path, raw_file(receipt, settings), seen)
        write_whole(kept, receipt.model_dump_json(indent=1))
    _lay_beside(kept, card_file(receipt, settings))
    _pending(settings).mkdir(parents=True, exist_ok=True)
    (_pending(settings) / receipt.delivery_id).touch()
    return receipt


def finished(delivery_id: str, settings: Settings) -> None:
    """Drop the staged files of a delivery whose outcome is recorded, and then its pending mark."""
    shutil.rmtree(settings.staging / delivery_id, ignore_errors=True)
    set_aside(delivery_id, settings)


def taken_up(delivery_id: str, settings: Settings) -> None:
    """Mark a delivery a person has decided on, so that an interruption leaves no staged files for good."""
    _pending(settings).joinpath(delivery_id).touch()


def set_aside(delivery_id: str, settings: Settings) -> None:
    """Drop the pending mark of a delivery that waits for a person; its staged files wait with it."""
    (_pending(settings) / delivery_id).unlink(missing_ok=True)


def _pending(settings: Settings) -> Path:
    return settings.landing / "pending"


def version(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from one written in its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _digest(path: Path) -> tuple[str, int]:
    """The sha256 and size of a file; a pipe or a device is not waited for."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, say("it is not a regular file"))
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UnreadableFile(say("{path} cannot be read: {error}.", path=path, error=error.strerror)) from error


def _delivery_id(contract: Contract, said: dict[str, str], digest: str) -> str:
    """Dataset and content; what the name says counts too, as two offices may send equal bytes."""
    text = json.dumps(said, sort_keys=True) if said else ""
    identity = hashlib.sha256(f"{digest}{text}".encode()).hexdigest() if said else digest
    return f"{contract.dataset}-{identity[:12]}"


def _lay_beside(receipt: Path, card: Path) -> None:
    """Give a receipt its second name: one file, so that there are no two truths; a copy where links cannot be."""
    if card.exists():
        return
    card.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(receipt, card)
    except OSError:
        write_whole(card, receipt.read_text(encoding="utf-8"))


def _keep(path: Path, target: Path, seen: tuple[int, int, int] | None) -> None:
    """Copy the raw bytes, whole or not at all; `seen` is the file as its digest was taken."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{os.getpid()}.part")  # a name may be as long as names can be
    try:
        shutil.copy2(path, part)
        if version(path) != seen:
            raise UnreadableFile(say("{path} cannot be read: it changes meanwhile.", path=path))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
