"""Output that is longer than the terminal goes through a pager: `$ASGI_INSPECT_PAGER`, else `$PAGER`, else `less`.

What fits on one screen is printed as it is, so a pager starts only once there is more. It reads as it is scrolled, and we
write as it reads; one that is quit early is a reader that has left, which is no error. Ctrl-C is the pager's own key while
it runs.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final, Protocol, Self

from ..launch.output import Output
from ..text import safe_json

_DUMB: Final = ("", "dumb", "unknown")
_PAINT: Final = re.compile(r"\x1b\[[0-9;]*m")


class Outlet(Protocol):
    """Where a command's output goes: standard output itself, or a pager before it."""

    @property
    def fd(self) -> int:
        """The descriptor of the stream that it stands for."""
        ...

    @property
    def closed(self) -> bool:
        """Whether nobody reads any more."""
        ...

    def write(self, text: str | bytes) -> None: ...
    def write_record(self, raw: bytes) -> None: ...
    def left(self) -> bool: ...


def pager_command(environ: Mapping[str, str]) -> str | None:
    """The pager of this user, as a line for the shell; None where there is none, or the terminal could not show it."""
    if environ.get("TERM", "").lower() in _DUMB:
        return None
    command = environ.get("ASGI_INSPECT_PAGER", environ.get("PAGER", "less"))
    if not command.strip() or command.strip() == "cat":
        return None
    try:
        words = [word for word in shlex.split(command) if "=" not in word]
    except ValueError:  # a quotation that does not end: the shell's to say
        return command
    return command if words and shutil.which(words[0]) else None


@contextmanager
def paged(output: Output) -> Iterator[Outlet]:
    """Standard output, with a pager before it where it is a terminal."""
    command = pager_command(os.environ) if os.isatty(output.fd) else None
    if command is None:
        yield output
        return
    with Pager(command, os.environ, lambda: None) as pager:
        yield pager


class Pager:
    """An outlet that holds the first screen back until there is more, and then starts the pager."""

    fd: Final = 1

    def __init__(self, command: str, environ: Mapping[str, str], begin: Callable[[], None] = lambda: None) -> None:
        """command: as `pager_command` gives it. begin: called before anything is shown."""
        self._command = command
        self._begin = begin
        self._environ = {"LESS": "FRX", "LV": "-c", **environ}
        size = os.get_terminal_size(self.fd)
        self._columns, self._room = size.columns or 80, (size.lines or 24) - 1  # the last is the prompt's
        self._screen = Output(self.fd)
        self._held: list[bytes] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Output | None = None
        self._interrupt: Any = None

    @property
    def started(self) -> bool:
        """Whether the terminal is the pager's now."""
        return self._process is not None

    @property
    def closed(self) -> bool:
        return self._outlet.closed

    def left(self) -> bool:
        """Whether the pager was quit: known before anything is written to it."""
        return self._outlet.left()

    def write(self, text: str | bytes) -> None:
        """Write text, or hold it back as long as all of it fits on the screen."""
        data = text.encode(self._screen.encoding, "backslashreplace") if isinstance(text, str) else text
        if self._pipe is not None:
            self._pipe.write(data)
            return
        self._held.append(data)
        self._room -= _height(data.decode(self._screen.encoding, "replace"), self._columns)
        if self._room < 0:
            self._start()

    def write_record(self, raw: bytes) -> None:
        """Write the line of a record, with JSON's escapes for what would act on a terminal."""
        self.write(safe_json(raw.decode("utf-8", "backslashreplace")) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Print what is still held, or wait until the pager is quit."""
        if self._process is None:
            self._begin()
            self._release(self._screen)
            return
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        signal.signal(signal.SIGINT, self._interrupt)

    @property
    def _outlet(self) -> Output:
        return self._screen if self._pipe is None else self._pipe

    def _start(self) -> None:
        self._begin()
        self._interrupt = signal.signal(signal.SIGINT, _ignored)
        shell = ["/bin/sh", "-c", self._command]
        self._process = subprocess.Popen(shell, stdin=subprocess.PIPE, env=self._environ)  # noqa: S603 - the user's own
        assert self._process.stdin is not None
        self._pipe = Output(self._process.stdin.fileno())
        self._release(self._pipe)

    def _release(self, outlet: Output) -> None:
        if self._held:
            outlet.write(b"".join(self._held))
        self._held.clear()


def _ignored(number: int, frame: FrameType | None) -> None:
    """A handler rather than SIG_IGN, which the pager would inherit."""


def _height(text: str, columns: int) -> int:
    """How many lines of the screen a text takes that ends with a line break."""
    from ..render.folding import cells

    lines = _PAINT.sub("", text).split("\n")[:-1]
    return sum(1 + max(0, cells(line) - 1) // columns for line in lines)
