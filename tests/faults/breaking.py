"""An application that, asked for it, breaks what its own trace is written to, and mends it again.

Told by its environment: `OUT` is where the records go, `CEILING` how many bytes may wait, `STALL` a FIFO: a write that stalls
waits until somebody has opened that for writing and closed it again. `TELL`: it prints at the end how many records were made.
"""

import atexit
import errno
import os
import resource
import threading
from pathlib import Path
from typing import Any

from asgi_inspect import InspectMiddleware
from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.file import FileSink

OUT = os.environ["OUT"]
file_module.CEILING = int(os.environ.get("CEILING", file_module.CEILING))  # type: ignore[misc]

real_write, real_add = os.write, FileSink.add


class Disk:
    """`os.write`, as far as it goes to the trace; and who wrote there while it was broken."""

    answer = "works"
    by: list[str] = []
    given = 0  # lines

    @classmethod
    def write(cls, fd: int, data: Any) -> int:
        if cls.answer == "works" or not _is_trace(fd):
            return real_write(fd, data)
        cls.by.append(threading.current_thread().name)
        stalls, _, fails = cls.answer.partition("-and-")
        if stalls == "stalls":
            with open(os.environ["STALL"]) as stall:
                stall.read()
            if not fails:
                return real_write(fd, data)
        number = errno.EIO if fails else getattr(errno, cls.answer)
        raise OSError(number, os.strerror(number))


def _add(sink: FileSink, line: bytes, now: int) -> None:
    Disk.given += 1
    real_add(sink, line, now)


def _is_trace(fd: int) -> bool:
    try:
        return os.path.sameopenfile(fd, _trace())
    except OSError:
        return False


def _trace() -> int:
    from asgi_inspect.sinks import _open

    (sink,) = _open.values()
    assert isinstance(sink, FileSink)
    return -1 if sink._fd is None else sink._fd


os.write = Disk.write
FileSink.add = _add  # type: ignore[assignment,method-assign]


class Descriptors:
    """The limit of how many may be open."""

    was = resource.getrlimit(resource.RLIMIT_NOFILE)

    @classmethod
    def use_up(cls) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, cls.was[1]))

    @classmethod
    def give(cls) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, cls.was)


def _most_memory() -> str:
    """The most that this process had, in KiB; `ru_maxrss` would begin with what the process had that started it."""
    return Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]


def _do(path: str, how: str) -> str:
    if path == "/size":
        most = resource.RLIM_INFINITY if how == "any" else int(how)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    elif path == "/descriptors":
        Descriptors.use_up() if how == "none" else Descriptors.give()
    elif path == "/write":
        Disk.answer = how
    elif path == "/told":
        return {
            "by": " ".join(Disk.by),
            "memory": _most_memory(),
        }[how]
    return "ok"


async def plain(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    answer = _do(scope["path"], scope["query_string"].decode()).encode()
    if scope["path"] == "/large":
        answer = b"x" * int(scope["query_string"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


if "TELL" in os.environ:
    atexit.register(lambda: print(f"given: {Disk.given}", flush=True))
app = InspectMiddleware(plain, out=OUT, body_limit=None)
