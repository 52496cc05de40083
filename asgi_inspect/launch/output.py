"""A standard stream, written whole and at once; its reader may leave at any time, which is no error.

`| head` closes a pipe, a closed window takes its terminal along: then `closed` is true, and what is written is dropped.
"""

import os
import select
import sys

_ENCODING_OF = {1: "stdout", 2: "stderr"}


class Output:
    """The descriptor of standard output (1) or standard error (2)."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        stream = getattr(sys, _ENCODING_OF.get(fd, ""), None)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str | bytes) -> None:
        """Write all of it, waiting for a slow reader."""
        data = memoryview(text.encode(self._encoding, "backslashreplace") if isinstance(text, str) else text)
        while data and not self.closed:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:  # another program on the same terminal has made it non-blocking
                select.select([], [self.fd], [])
            except OSError:  # EPIPE, EIO: nobody reads any more
                self.closed = True

    def left(self) -> bool:
        """Whether nobody reads any more: known of a pipe before anything is written to it."""
        if not self.closed and hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.fd, 0)  # POLLERR is always reported
            self.closed = any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
        return self.closed


def secure_standard_streams() -> None:
    """Open whatever of the three standard descriptors is closed, lest a file of ours gets its number and our lines."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
