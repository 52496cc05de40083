"""What we have to say ourselves, once each, on stderr: without waiting, because a terminal may stand still."""

import os
import select
from collections import deque
from typing import Final

_LIMIT: Final = 100

_said: Final[set[str]] = set()
_waiting: Final[deque[str]] = deque(maxlen=_LIMIT)


def say_once(text: str) -> None:
    """Print one line on stderr, unless it was said before; if stderr cannot take it now, it is tried again later."""
    if text in _said or len(_said) >= _LIMIT:
        return
    _said.add(text)
    _waiting.append(text)
    say_waiting()


def say_waiting() -> None:
    """Print what still waits to be said, as far as stderr takes it without waiting."""
    while _waiting and _writable():
        try:
            os.write(2, f"asgi-inspect: {_waiting.popleft()}\n".encode("utf-8", "backslashreplace"))
        except (OSError, IndexError):  # closed, or another thread said it: there is nobody left to tell
            return


def _writable() -> bool:
    try:
        poll = select.poll()
        poll.register(2, select.POLLOUT)
        return any(event & select.POLLOUT for _, event in poll.poll(0))
    except (AttributeError, OSError):  # no poll on this platform, or no stderr: then a write cannot wait either
        return True
