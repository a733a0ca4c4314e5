"""Damage files at random and take them in, in a process of its own: `python -m tests.bad_inputs.fuzz SEED SECONDS`.

Ends with 0 when every file was read or refused in words, within the memory and the time a file may take; else with the
file kept and the traceback. A process that dies leaves the file it died of.
"""

import datetime as dt
import faulthandler
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.contract import load_contracts
from pipelines.delivery import Receipt
from pipelines.process.harmonise import harmonise
from pipelines.settings import ROOT, Settings
from tests.bad_inputs.made import WHOLE
from tests.bad_inputs.peak import megabytes

HERE = Path(__file__).parent
MOST_SECONDS = 20
MOST_MEGABYTES = 1024
LARGEST = 1 << 20
WORDS = [
    b"",
    b"\x00",
    b"\n",
    b'"',
    b",",
    b";",
    b"0",
    b"-1",
    b"9" * 40,
    b"1e400",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<",
    b"&x;",
]
WORDS += [b"null", b"[", b"{", b"../", b"=1+1", "\u202e".encode(), b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"<!DOCTYPE x>"]


def seeds() -> Iterator[tuple[Path, str, str, bytes]]:
    """Folder of contracts, dataset, file name and content: the samples, the corpus, and whole files of each format."""
    for file in sorted((ROOT / "samples" / "inbox").glob("*/**/*.*")):
        folder = ROOT / "samples" / "inbox"
        dataset, _, name = file.relative_to(folder).as_posix().partition("/")
        yield ROOT / "expectations", dataset, name, file.read_bytes()
    for dataset in ("permits", "arrivals", "goals"):
        for file in sorted((HERE / dataset).iterdir()):
            yield HERE / "contracts", dataset, file.name, file.read_bytes()
    for name, content in WHOLE.items():
        yield HERE / "contracts", Path(name).parent.name, Path(name).name, content


def damaged(content: bytes, other: bytes, choose: random.Random) -> bytes:
    """A file with bits turned over, words put in, parts cut, repeated, or taken from another file."""
    made = bytearray(content)
    for _ in range(choose.randint(1, 5)):
        at = choose.randrange(len(made) + 1)
        length = choose.choice([1, 1, 4, 40, 400])
        kind = choose.randrange(6)
        if kind == 0 and at < len(made):
            made[at] ^= 1 << choose.randrange(8)
        elif kind == 1:
            made[at : at + choose.choice([0, length])] = choose.choice(WORDS)
        elif kind == 2:
            del made[at : at + length]
        elif kind == 3:
            made[at:at] = made[at : at + length] * choose.choice([1, 2, 50])
        elif kind == 4:
            start = choose.randrange(len(other) + 1)
            made[at : at + length] = other[start : start + length]
        else:
            del made[at:]
    return bytes(made[:LARGEST])


def damaged_within(content: bytes, other: bytes, choose: random.Random) -> bytes:
    """An archive whose parts are damaged: its sums are right, so that what reads the parts gets to see them."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        hit = choose.choice(good.namelist())
        for name in good.namelist():
            archive.writestr(name, damaged(good.read(name), other, choose) if name == hit else good.read(name))
    return made.getvalue()


def main(seed: int, seconds: float) -> int:
    """Damage and take in until the time is up; 1 at the first file that was neither read nor refused."""
    choose = random.Random(seed)
    found = list(seeds())
    contracts = {folder: load_contracts(folder) for folder in {folder for folder, *_ in found}}
    suffixes = sorted({Path(one[2]).suffix for one in found})
    formats = [[one for one in found if Path(one[2]).suffix == suffix] for suffix in suffixes]
    place = Path(tempfile.mkdtemp(prefix=f"migstat-fuzz-{seed}-"))
    settings = Settings(home=place / "home", memory_limit="256MB")
    received, tried, until = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        folder, dataset, name, content = choose.choice(choose.choice(formats))
        raw = settings.landing / "00" / Path(name).name
        raw.parent.mkdir(parents=True, exist_ok=True)
        within = zipfile.is_zipfile(io.BytesIO(content)) and choose.random() < 0.8
        raw.write_bytes((damaged_within if within else damaged)(content, choose.choice(found)[3], choose))
        receipt = Receipt(
            delivery_id="fuzz-1", dataset=dataset, file_name=name, sha256="00", size=1, received_at=received
        )
        (place / "staged").mkdir(exist_ok=True)
        print(f"{raw} as {dataset} ({name})", file=sys.stderr, flush=True)
        faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)
        try:
            contract = contracts[folder][dataset]
            problems = harmonise(receipt, contract, settings.model_copy(update={"contracts": folder}), place / "staged")
            assert all(problem.expected for problem in problems.problems)
        except BaseException:
            traceback.print_exc()
            return 1
        faulthandler.cancel_dump_traceback_later()
        used = megabytes()
        if used > MOST_MEGABYTES:
            print(f"{used} MB", file=sys.stderr)
            return 1
        shutil.rmtree(place / "staged")
        raw.unlink()
        tried += 1
    print(f"{tried} files, {megabytes()} MB")
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
