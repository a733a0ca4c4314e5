"""Ask the endpoints of a contract, and land what is new.

What was last seen of each endpoint lies under `landing/sources/`: validators for a conditional request, a digest of
the data, and what is wrong with it. It is a memory only: without it everything is asked for again and found known.
"""

import hashlib
import logging
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from pipelines.collect.answer import Content, FetchError, Unavailable, inspect
from pipelines.collect.client import Client, Saved
from pipelines.collect.document import at
from pipelines.collect.land import land
from pipelines.collect.paging import pages
from pipelines.contract import Contract
from pipelines.delivery import Origin, Receipt, problem_file, raw_file, read_receipt, write_whole
from pipelines.endpoint import fill
from pipelines.language import say
from pipelines.settings import Settings
from pipelines.source import EndpointSource

log = logging.getLogger(__name__)

MEMBER_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass
class Fetched:
    """What came of asking: new deliveries, and what could not be fetched."""

    receipts: list[Receipt] = field(default_factory=list)
    failed: list[FetchError] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """A whole answer on disk, ready to be landed."""

    path: Path
    fingerprint: str
    edition: str
    saved: Saved


class Memory(BaseModel):
    """What was last landed from an endpoint, and under which version of the contract."""

    contract_version: str
    delivery_id: str
    etag: str
    last_modified: str
    fingerprint: str


def fetch(contract: Contract, settings: Settings) -> Fetched:
    """Ask every endpoint of a dataset; one that fails holds up no other, and the last good delivery stays."""
    result = Fetched()
    for problem in _folder(contract, settings).rglob("*.problem"):
        problem.unlink()
    for source in contract.endpoints:
        try:
            with Client(source, settings) as client:
                _ask(client, source, contract, settings, result)
        except FetchError as error:
            write_whole(problem_file(_folder(contract, settings) / source.file), str(error))
            result.failed.append(error)
    for failure in result.failed:
        log.error("%s", failure)
    result.failed.sort(key=lambda failure: isinstance(failure, Unavailable))  # what a retry can help decides
    return result


def _ask(client: Client, source: EndpointSource, contract: Contract, settings: Settings, result: Fetched) -> None:
    """Every delivery of one endpoint."""
    for holes in source.requests():
        name = fill(source.file, holes)
        place = _folder(contract, settings) / name
        settings.landing.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{place}.lock", timeout=0):
                receipt = _fetch(client, source, holes, place, contract, settings)
        except Timeout:
            result.failed.append(
                Unavailable(
                    say("{dataset}: {name} is being fetched by another run.", dataset=contract.dataset, name=name)
                )
            )
        except FetchError as error:
            words = client.secret.clean(
                say("{dataset}: {name} is not fetched: {error}", dataset=contract.dataset, name=name, error=error)
            )
            write_whole(problem_file(place), words)
            result.failed.append(type(error)(words))
        else:
            result.receipts += [receipt] if receipt else []


def _folder(contract: Contract, settings: Settings) -> Path:
    """Where what is known of a dataset's endpoints lies."""
    return settings.landing / "sources" / contract.dataset


def _fetch(
    client: Client, source: EndpointSource, holes: dict[str, str], place: Path, contract: Contract, settings: Settings
) -> Receipt | None:
    """One delivery of an endpoint, or None when there is nothing new."""
    name = place.relative_to(_folder(contract, settings))
    memory = _remembered(place, contract, settings)
    answer = (_paged if source.paging else _single)(client, source, holes, place, memory)
    if answer is None or (memory and answer.fingerprint == memory.fingerprint):
        log.info("%s: %s holds nothing new", contract.dataset, name)
        receipt = None
    else:
        origin = Origin(edition=answer.edition, published=answer.saved.published, address=client.address(holes))
        receipt = land(answer.path, contract, settings, name, origin)
        memory = Memory(
            contract_version=contract.version,
            delivery_id=receipt.delivery_id,
            etag=answer.saved.etag,
            last_modified=answer.saved.last_modified,
            fingerprint=answer.fingerprint,
        )
        write_whole(_memory_file(place), memory.model_dump_json(indent=1))
    if answer:
        answer.path.unlink()
    return receipt


def _single(
    client: Client, source: EndpointSource, holes: dict[str, str], place: Path, memory: Memory | None
) -> Answer | None:
    """An answer in one piece, asked for only if it has changed; a part of an earlier attempt is used."""
    part = place.with_name(f"{place.name}.part")
    known = Saved(part, memory.etag, memory.last_modified) if memory else None
    saved = client.save(client.request(holes), part, known)
    if saved is None:
        return None
    try:
        content = inspect(part, source)
    except FetchError:
        part.unlink()
        raise
    client.secret.clean_file(part)
    return Answer(part, content.fingerprint, _edition(content, source), saved)


def _paged(client: Client, source: EndpointSource, holes: dict[str, str], place: Path, memory: Memory | None) -> Answer:
    """An answer in pages, kept together as they came in a zip that is the same whenever they are."""
    folder = place.with_name(f"{place.name}.pages")
    whole = place.with_name(f"{place.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    fingerprint, edition = hashlib.sha256(), ""
    try:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as kept:
            for page in pages(client, source, holes, folder):
                member = zipfile.ZipInfo(page.path.name, MEMBER_DATE)
                member.compress_type = zipfile.ZIP_DEFLATED
                with page.path.open("rb") as file, kept.open(member, "w") as into:
                    shutil.copyfileobj(file, into)
                page.path.unlink()
                fingerprint.update(page.content.fingerprint.encode())
                edition = _edition(page.content, source)
    except BaseException:
        whole.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Answer(whole, fingerprint.hexdigest(), edition, Saved(whole))


def _edition(content: Content, source: EndpointSource) -> str:
    return str(at(content.document, source.edition) or "") if source.edition else ""


def _remembered(place: Path, contract: Contract, settings: Settings) -> Memory | None:
    """What was landed last, if it is still there and was read under this contract."""
    try:
        memory = Memory.model_validate_json(_memory_file(place).read_text(encoding="utf-8"))
        kept = raw_file(read_receipt(memory.delivery_id, settings), settings).exists()
    except (FileNotFoundError, ValidationError):
        return None
    return memory if kept and memory.contract_version == contract.version else None


def _memory_file(place: Path) -> Path:
    return place.with_name(f"{place.name}.seen.json")
