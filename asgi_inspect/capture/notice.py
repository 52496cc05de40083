"""What we have to say ourselves, once each, on stderr: without waiting, because a terminal may stand still."""

import errno
import os
import select
from collections import deque
from collections.abc import Callable
from typing import Final

from ..look import qualified_name
from .descriptor import open_again

_LIMIT: Final = 100
_LENGTH: Final = 2000  # bytes of one sentence: below what a pipe takes whole

_said: Final[set[str]] = set()
_waiting: Final[deque[bytes]] = deque(maxlen=_LIMIT)


def say_once(text: str) -> None:
    """Print one line on stderr, unless it was said before; if stderr cannot take it now, it is tried again later."""
    if text in _said or len(_said) >= _LIMIT:
        return
    _said.add(text)
    safe = _safe()
    _waiting.append(f"asgi-inspect: {safe(text)}".encode("utf-8", "backslashreplace")[:_LENGTH] + b"\n")
    say_waiting()


def _safe() -> Callable[[str], str]:
    try:
        from ..text import safe  # a table of all that is not safe: built when there is something to say
    except Exception:  # noqa: BLE001 (no descriptor may be left to read a module with, and that may be what is said)
        return lambda text: ascii(text)[1:-1]
    return safe


def say_waiting() -> None:
    """Print what still waits to be said, as far as stderr takes it without waiting."""
    while _waiting:
        try:
            line = _waiting.popleft()
        except IndexError:  # another thread says it
            return
        rest = _write(line)
        if rest:
            _waiting.appendleft(rest)
            return


def reason_of(exc: BaseException) -> str:
    """Why something failed, in a few words. Not the text of an exception: it may be another's code, and differ each time."""
    # Of the system's own classes alone: somebody else's may answer with anything.
    if "." not in qualified_name(type(exc)) and isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return name_of_type(exc)


def name_of_type(exc: BaseException) -> str:
    """The name of an exception's class, without asking the class."""
    return qualified_name(type(exc)).rpartition(".")[2]


def drop_waiting() -> None:
    """Forget what waits to be said: in a forked child, because its parent says it."""
    _waiting.clear()


def _write(data: bytes) -> bytes:
    """Write to stderr what it takes at once; returns the rest."""
    try:
        fd = open_again(2).fd
    except OSError as exc:
        if exc.errno in (errno.EMFILE, errno.ENFILE):  # then by the one that is there
            return _write_to(2, data)
        return b""  # closed: there is nobody left to tell
    try:
        return _write_to(fd, data)
    finally:
        os.close(fd)


def _write_to(fd: int, data: bytes) -> bytes:
    try:
        # Asked even though the descriptor is non-blocking: that of a socket could not be opened again, and is not.
        return data[os.write(fd, data) :] if _writable(fd) else data
    except BlockingIOError:
        return data
    except OSError:  # nobody left, as above
        return b""


def _writable(fd: int) -> bool:
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(0))
