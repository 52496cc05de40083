"""The files of one trace: the one that is written, and those that it was before, `.1` the last of them, `.2` the one before that.

They are one story as far as each begins with a `process` record that says so (`why`: `rotation`); a `.1` of whatever came
before the story is none of it. While they are looked at they may be rotated, so that names move on from file to file: what
is opened here is what stood there at one moment. As many are open at once as there are, and the limit of descriptors is raised
for them; where it cannot be, they are opened one by one, each only if it still is what it was.
"""

import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import BinaryIO, Final, NamedTuple

from .glance import glance_of
from .records import ProcessRecord
from .source import Renamed, Source, Standing, is_file, is_path, open_source

if sys.platform != "win32":
    import resource

_ANY: Final = b'{"record":"'
_MARK: Final = b'{"record":"process"'
_BEGINNING: Final = 64 << 10  # bytes in which the `process` records of those stand who went on with a file
_SEEN: Final = 64  # bytes
_CODED: Final = ("", ".gz", ".zst")
_NUMBERED: Final = re.compile(r"\.\d+(\.gz|\.zst)?$")
_TRIES: Final = 100
_SPARE: Final = 64  # descriptors that are left for whatever else is opened


class Opened(NamedTuple):
    """One of the files of a trace, and its name just now."""

    name: str
    file: BinaryIO


def earlier_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of what was rotated away from a path, the last one first; whatever stands there."""
    names = []
    missing = number = 0
    while missing < 2:  # one may be missing, where a file is just being renamed
        number += 1
        found = [name for code in _CODED if os.path.lexists(name := f"{os.fspath(path)}.{number}{code}")]
        missing += not found
        names += found[:1]
    return names


def begins_as_trace(name: str) -> bool:
    """Whether a file begins as a trace does, or is empty. What is neither is another's: it is never renamed or removed."""
    try:
        if not stat.S_ISREG(os.lstat(name).st_mode):
            return False
        with open_source(name) as opened:
            begin: bytes = opened.file.read(_SEEN)
    except OSError:
        return False
    return not begin or begin.lstrip(b"\n").startswith(_ANY)


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """The names of the files of a trace, in the order in which they were written; the path itself is the last one."""
    with ExitStack() as stack:
        try:
            names = [one.name for one in reversed(opened_at_once(path, _is_first, stack))]
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            stack.close()
            names = [str(one) for one in _one_by_one(path)]
    return names or [os.fspath(path)]


def held_files(path: str | os.PathLike[str], stack: ExitStack) -> list[Source]:
    """The same files, as sources that stay what they are while the trace is rotated on; of one alone, its path."""
    if isinstance(path, Renamed):
        return [path]
    with ExitStack() as opening:
        try:
            found = opened_at_once(path, _is_first, opening)
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            opening.close()
            return [*_one_by_one(path)]
        if len(found) == 1 and os.path.exists(path):
            return [path]
        stack.push(opening.pop_all())
    return [_held(one) for one in reversed(found)] or [path]


def _one_by_one(path: str | os.PathLike[str]) -> list[Standing]:
    """The same files where they are too many to be open at once, the oldest first."""
    found: list[Standing] = []
    for _ in range(_TRIES):
        earlier = earlier_names(os.path.realpath(path))
        found = []
        for name in (os.fspath(path), *earlier):
            with suppress(FileNotFoundError), open(name, "rb") as file:
                found.append(Standing(name, os.fstat(file.fileno())))
                if not goes_on(name, file):
                    break
        if earlier == earlier_names(os.path.realpath(path)) and all(one.is_there() for one in found):
            break
    return found[::-1]


def _is_first(files: Sequence[Opened]) -> bool:
    return not goes_on(*files[-1])


def _held(one: Opened) -> Source:
    by_number = f"/proc/self/fd/{one.file.fileno()}"
    return Renamed(by_number, one.name) if os.path.exists(by_number) else one.name


def all_files(
    sources: Iterable[Source],
    stack: ExitStack,
    cannot_read: Callable[[str, str], None],
    begins_late: Callable[[str], None] = lambda name: None,
) -> list[Source]:
    """Each source once, whatever its names, and before a path what was rotated away from it.

    cannot_read: called with the name of a file of these that cannot be opened, and why. begins_late: called with the name of
    a trace of which older files are gone; what is named by its number is a part, and whoever names it knows.
    """
    found: list[Source] = []
    known: set[tuple[int, int]] = set()
    for source in sources:
        if not is_path(source):
            found.append(source)
            continue
        files: list[Source] = [source]
        part = _NUMBERED.search(os.fsdecode(source)) is not None
        try:
            files = held_files(source, stack)
        except OSError as error:
            part = True
            if error.filename not in (None, os.fspath(source)):  # else who opens it says so
                cannot_read(os.fsdecode(error.filename), str(error.strerror))
        new = [file for file in files if not _is_known(file, known)]
        found += new
        if new and not part and _begins_with_rotation(files[0]):
            begins_late(os.fsdecode(source))
    return found


def _begins_with_rotation(source: Source) -> bool:
    """Whether another file came before it. What somebody has put together of several has rotations further on alone."""
    if not is_file(source):
        return False
    with suppress(OSError), open_source(source) as opened:
        first = next(_processes(opened.file.read(_BEGINNING)), None)
        return first is not None and first.why == "rotation"
    return False


def _is_known(source: Source, known: set[tuple[int, int]]) -> bool:
    try:
        status = os.stat(source)  # type: ignore[arg-type]
    except OSError:  # who opens it says so
        return False
    identity = (status.st_dev, status.st_ino)
    before = identity in known
    known.add(identity)
    return before


def opened_at_once(
    path: str | os.PathLike[str], enough: Callable[[Sequence[Opened]], bool], stack: ExitStack
) -> list[Opened]:
    """The files of a trace as they stand there at one moment, the last one first.

    enough: whether those that are open by now are all that are wanted. stack: closes them.
    Raises OSError where one cannot be opened, or there are too many.
    """
    for _ in range(_TRIES):
        with ExitStack() as tried:
            found: list[Opened] = []
            # A link stays where it is: the files are beside the one that it leads to.
            earlier = earlier_names(os.path.realpath(path))
            for name in (os.fspath(path), *earlier):
                if found and enough(found):
                    break
                with suppress(FileNotFoundError):
                    # A FIFO is never opened to look at it, and has no earlier files.
                    if not stat.S_ISREG(os.stat(name).st_mode):
                        break
                    found.append(Opened(name, tried.enter_context(_opened(name))))
            # In this order: what was missing is missing in between, when all others are what they were opened as.
            if earlier == earlier_names(os.path.realpath(path)) and all(_is_there(one) for one in found):
                stack.push(tried.pop_all())
                return found
    return []


def _opened(name: str) -> BinaryIO:
    """A file, open to be read, and room for what else is opened; raises OSError where there can be no more."""
    while True:
        try:
            file = open(name, "rb")  # noqa: SIM115 - it is the caller's to close
        except OSError as error:
            if error.errno != errno.EMFILE or sys.platform == "win32":
                raise
            _make_room(name, resource.getrlimit(resource.RLIMIT_NOFILE)[0])  # whoever has the others
            continue
        try:
            if sys.platform != "win32":
                _make_room(name, file.fileno() + _SPARE)
        except OSError:
            file.close()
            raise
        return file


def _make_room(name: str, wanted: int) -> None:
    """Let there be more descriptors than the wanted one; raises OSError, with the name, where there can be no more."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or wanted < soft:
        return
    if hard != resource.RLIM_INFINITY and wanted >= hard:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), name)
    more = 2 * wanted if hard == resource.RLIM_INFINITY else min(2 * wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    except (OSError, ValueError):  # some systems have a lower limit than they say
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), name) from None


def _is_there(one: Opened) -> bool:
    try:
        return os.path.samestat(os.stat(one.name), os.fstat(one.file.fileno()))
    except FileNotFoundError:
        return False


def goes_on(name: str, file: BinaryIO) -> bool:
    """Whether a file goes on with another one, before it. It is read from its beginning, and then stands there again."""
    file.seek(0)
    with open_source(file) as opened:
        begin = opened.file.read(_BEGINNING)
    file.seek(0)
    return any(process.why == "rotation" for process in _processes(begin))


def _processes(begin: object) -> Iterator[ProcessRecord]:
    """The `process` records in the beginning of a file."""
    for line in begin.split(b"\n") if isinstance(begin, bytes) else ():
        if line.startswith(_MARK):
            glance = glance_of(line)
            if isinstance(glance, ProcessRecord):
                yield glance
