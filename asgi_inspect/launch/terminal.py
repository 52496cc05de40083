"""The terminal, as it was before the server had it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def kept_sane(fd: int = 0) -> Iterator[None]:
    """Put the terminal's modes back in the end: a debugger that dies with its server leaves it without echo."""
    import termios

    try:
        before = termios.tcgetattr(fd)
    except (OSError, termios.error):  # no terminal
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError, termios.error):  # its window was closed in the meantime
            if os.tcgetpgrp(fd) == os.getpgrp() and termios.tcgetattr(fd) != before:
                termios.tcsetattr(fd, termios.TCSANOW, before)
