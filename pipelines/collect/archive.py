"""A zip or gzip that holds a file of a known format, or several that are the pages of one answer.

What is in it is expanded into a temporary folder under names of our own, within limits; the archive stays as it came.
"""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from pipelines.collect import looks
from pipelines.collect.table import Unreadable
from pipelines.delivery import Problem
from pipelines.language import say
from pipelines.source import Source

LIMIT = 8 << 30
RATIO = 200
RATIO_FROM = 64 << 20
MEMBERS = 10_000
BLOCK = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
PACKED = ("zip", "gzip")


@dataclass(frozen=True)
class Member:
    """A file to be read, and its name where it is one of several in an archive."""

    path: Path
    name: str = ""


@contextmanager
def opened(path: Path, source: Source) -> Iterator[list[Member]]:
    """The files to be read: the file itself, or what an archive holds, in the order of the names.

    Raises:
        Unreadable: the archive is broken, locked, too large when expanded, or holds other things.
    """
    kind = looks.looks_like(path)
    if kind not in PACKED:
        yield [Member(path)]
        return
    with tempfile.TemporaryDirectory(prefix="migstat-") as folder:
        try:
            members = _zipped(path, source, Path(folder)) if kind == "zip" else [_gzipped(path, Path(folder))]
        except BROKEN as error:
            raise _refused(
                say("an archive that can be expanded"), say("Pack it anew and send it again ({error}).", error=error)
            ) from error
        for member in members:
            if looks.looks_like(member.path) in PACKED:
                raise _refused(say("no archive within an archive"), say("Unpack the outer one and send what is in it."))
        yield members


def _gzipped(path: Path, folder: Path) -> Member:
    target = folder / "0"
    with gzip.open(path) as packed:
        _expand(packed, target, path.stat().st_size, LIMIT)
    return Member(target)


def _zipped(path: Path, source: Source, folder: Path) -> list[Member]:
    with zipfile.ZipFile(path) as archive:
        wanted = _wanted(archive, source)
        if sum(info.file_size for info in wanted) > LIMIT:
            raise _too_large(LIMIT)
        members, left = [], LIMIT
        for number, info in enumerate(wanted):
            target = folder / str(number)
            with archive.open(info) as packed:
                left -= _expand(packed, target, info.compress_size, left)
            members.append(Member(target, PurePosixPath(info.filename).name if len(wanted) > 1 else ""))
    return members


def _wanted(archive: zipfile.ZipFile, source: Source) -> list[zipfile.ZipInfo]:
    """The members that are read: those `member` names, or all if they are of one kind."""
    files = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    files = [i for i in files if not PurePosixPath(i.filename).name.startswith(".")]
    wanted = sorted((i for i in files if _named(i, source)), key=lambda i: i.filename)
    names = "; ".join(PurePosixPath(i.filename).name for i in files[:12])
    if not wanted:
        expected = say("a file in the archive")
        if source.member:
            expected = say("a file named {name} in the archive", name=source.member)
        raise _refused(expected, say("Send the archive with it, or correct `member` in the contract."), names or None)
    if len({PurePosixPath(i.filename).suffix.lower() for i in wanted}) > 1:
        raise _refused(
            say("one file in the archive, or several of one format that belong together"),
            say("Send one of them, or say in the contract which are meant, as `member`."),
            names,
        )
    if len(wanted) > MEMBERS:
        raise _refused(
            say("at most {most} files in an archive", most=MEMBERS),
            say("Send them in several archives."),
            str(len(wanted)),
        )
    if any(info.flag_bits & 1 for info in wanted):
        raise _refused(say("an archive without a password"), say("Pack it anew without a password, and send it again."))
    return wanted


def _named(info: zipfile.ZipInfo, source: Source) -> bool:
    return not source.member or fnmatchcase(PurePosixPath(info.filename).name.lower(), source.member.lower())


def _expand(packed: IO[bytes] | gzip.GzipFile, target: Path, size: int, limit: int) -> int:
    """Write what a member holds; it is measured while it is written, as an archive can lie about it."""
    written = 0
    with target.open("wb") as file:
        while block := packed.read(BLOCK):
            written += len(block)
            if written > limit:
                raise _too_large(limit)
            if written > RATIO_FROM and written > RATIO * size:
                raise _refused(
                    say("an archive that holds at most {times} times its own size", times=RATIO),
                    say("It grows like one made to fill a disk: look at what made it, or send the file unpacked."),
                )
            file.write(block)
    return written


def _too_large(limit: int) -> Unreadable:
    return _refused(say("at most {size} GB in an archive", size=limit >> 30), say("Send it in parts, or as Parquet."))


def _refused(expected: str, remedy: str, value: str | None = None) -> Unreadable:
    return Unreadable(Problem(kind="format", value=value, expected=expected, remedy=remedy))
