"""`asgi-inspect import har FILE -o OUT`: what another program has recorded, as a trace."""

# ruff: noqa: N999 - the module bears the name of the command, and is imported by that name as a text.

import itertools
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from shutil import copyfileobj
from typing import Final

import click

from ..errors import UsageError
from ..export._from_har import records
from ..export._har_file import Archive, NotAnArchiveError, Octets
from ..text import safe
from ..trace.codec import encode_record
from ..trace.source import open_source
from ._faults import DAMAGED, say
from ._writing import writing_to

NOTHING: Final = 1
INTERRUPTED: Final = 130
_FORGET_EVERY: Final = 4096  # records


def _import(*, kind: str, file: str, out: str) -> int:
    try:
        with _octets_of(file) as data:
            archive = Archive(data)
            found = records(archive, os.path.basename(file))
            first = next(found, None)
            if first is not None:
                with writing_to(out, [file], private=True) as write:
                    for number, record in enumerate(itertools.chain([first], found)):
                        if not write(encode_record(record) + b"\n"):
                            break
                        if number % _FORGET_EVERY == 0:
                            _forget(data)
    except NotAnArchiveError as error:
        raise UsageError(f"{safe(file)} is no HTTP archive: {error}.") from None
    except OSError as error:
        raise UsageError(f"cannot read {safe(file)}: {error.strerror}.") from None
    except KeyboardInterrupt:
        return INTERRUPTED
    return _say_how_it_was(archive, file, first is not None)


def _say_how_it_was(archive: Archive, file: str, found: bool) -> int:
    """Say what could not be read, and return the exit status."""
    if archive.faults:
        entries = "entry is" if archive.faults == 1 else "entries are"
        say(f"{file}: {archive.faults:,} {entries} no requests of a server, and left out.")
    if archive.torn:
        say(f"{file}: it ends in the middle; all before was read.")
    if archive.faults or archive.torn:
        return DAMAGED
    if not found:
        say(f"{file}: there is no entry in it.")
        return NOTHING
    return 0


@contextmanager
def _octets_of(name: str) -> Iterator[Octets]:
    """The archive's bytes, mapped from its file; what is no plain file (standard input, gzip) is kept in one first."""
    with ExitStack() as stack:
        opened = stack.enter_context(open_source(name))
        file = opened.file
        if opened.plain_size is None:
            file = stack.enter_context(tempfile.TemporaryFile())
            copyfileobj(opened.file, file)
            file.flush()
        if not os.fstat(file.fileno()).st_size:
            yield b""
            return
        yield stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _forget(data: Octets) -> None:
    """Give back the memory of what was read; the file has it still."""
    if isinstance(data, mmap.mmap) and hasattr(data, "madvise"):
        data.madvise(mmap.MADV_DONTNEED)


command = click.Command(
    "import",
    callback=_import,
    short_help="Turn an HTTP archive (HAR) into a trace.",
    help="Turn what another program has recorded into a trace, as far as it goes: KIND is har, and FILE may be - for "
    "standard input.",
    epilog="Exit status: 0 fine, 1 nothing in it, 2 wrong usage or no archive, 3 damaged (what could be read is written).",
    params=[
        click.Argument(["kind"], metavar="KIND", type=click.Choice(["har"])),
        click.Argument(["file"], metavar="FILE", type=click.Path(allow_dash=True)),
        click.Option(
            ["-o", "--out"],
            default="-",
            show_default="standard output",
            metavar="OUT",
            help="The trace to write; a file that exists is replaced, once all is written.",
        ),
    ],
)
