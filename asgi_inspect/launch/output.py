"""A standard stream, written whole and at once; its reader may leave at any time, which is no error.

`| head` closes a pipe, a closed window takes its terminal along: then `closed` is true, and what is written is dropped.
A reader may also stand still, as a terminal does after Ctrl-S. It is waited for as long as the server runs; after that,
`hurry` lets what is only shown go unshown, so that the run ends.
"""

import errno
import os
import select
import sys
import threading
from typing import Final

from ..text import safe_json

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_STANDARD_ERROR: Final = 2
_PATIENCE: Final = 2.0  # seconds without any progress, once there is a hurry
_POLL: Final = 0.1
_PIECE: Final = getattr(select, "PIPE_BUF", 512)  # bytes: what a pipe that can be written takes without waiting
_hurry: Final = threading.Event()
_given_up: Final = threading.Event()  # on standard error, by whichever of our parts
_echoed: Final = threading.Event()
_ENCODING_OF = {1: "stdout", 2: "stderr"}


class Output:
    """The descriptor of standard output (1) or standard error (2)."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        stream = getattr(sys, _ENCODING_OF.get(fd, ""), None)
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self._terminal = os.isatty(fd)

    def write(self, text: str | bytes) -> None:
        """Write all of it, waiting for a slow reader. OSError: there is no room for it in the file that stdout is."""
        data = memoryview(text.encode(self.encoding, "backslashreplace") if isinstance(text, str) else text)
        if self._terminal and _echoed.is_set():
            _echoed.clear()
            data = memoryview(b"\r" + data)
        while data and not self.closed:
            if not self._ready():
                self.closed = True
                return
            try:
                data = data[os.write(self.fd, _piece(data)) :]
            except BlockingIOError:  # another program on the same terminal has made it non-blocking
                continue
            except OSError as error:
                self.closed = True  # EPIPE, EIO: nobody reads any more
                if error.errno in NO_ROOM and self.fd != _STANDARD_ERROR:
                    raise

    def write_record(self, raw: bytes) -> None:
        """Write the line of a record: to a program as it is, to a terminal with JSON's escapes for what would act there."""
        if self._terminal:
            raw = safe_json(raw.decode("utf-8", "backslashreplace")).encode("utf-8", "backslashreplace")
        self.write(raw + b"\n")

    def _ready(self) -> bool:
        """Wait until something can be written; False where that is given up."""
        if not hasattr(select, "poll"):
            return True
        poll = select.poll()
        poll.register(self.fd, select.POLLOUT)
        waited = 0.0
        while not poll.poll(0 if _given_up.is_set() else _POLL * 1000):
            waited = waited + _POLL if _hurry.is_set() else 0.0
            if self.fd == _STANDARD_ERROR and (waited >= _PATIENCE or _given_up.is_set()):
                _given_up.set()
                return False
        return True

    def left(self) -> bool:
        """Whether nobody reads any more: known of a pipe before anything is written to it."""
        if not self.closed and hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.fd, 0)  # POLLERR is always reported
            self.closed = any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
        return self.closed


def key_echoed() -> None:
    """The terminal has shown a key, such as `^C`: what we write next begins at the left, over it, not behind it."""
    _echoed.set()


def hurry() -> None:
    """From now on standard error, which only shows, is not waited for when it stands still; records on stdout still are."""
    _hurry.set()


def _piece(data: memoryview) -> memoryview:
    """As much as can be written without waiting, in whole lines if it holds one: the server may print between two pieces."""
    piece = data[:_PIECE]
    lines = bytes(piece).rfind(b"\n") + 1
    return piece[:lines] if lines and len(data) > len(piece) else piece


def secure_standard_streams() -> None:
    """Open whatever of the three standard descriptors is closed, lest a file of ours gets its number and our lines."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
