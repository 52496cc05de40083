"""Who is writing: the identity of this process, its `process` record, its clock, and what has to stand still around a fork.

Everything opens at the first record, never at import or construction: middleware is also built in parents that never serve.
"""

import contextlib
import os
import platform
import re
import secrets
import socket
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final, Protocol

import msgspec

from ..trace.records import VERSION, ProcessRecord
from ..version import __version__

clock = time.perf_counter_ns


class Process:
    """One process as writer of records; a forked child is another, and marks the one that it inherited as gone."""

    __slots__ = ("gone", "numbers", "open", "pid", "proc")

    def __init__(self) -> None:
        self.proc = secrets.token_hex(6)
        self.pid = os.getpid()
        self.numbers = count(1)
        self.open = 0
        self.gone = False

    def next_conn(self) -> str:
        return f"{self.proc}.{next(self.numbers)}"


class Sink(Protocol):
    """Where encoded lines go. `add` is called on the event loop, from any thread, and neither waits nor raises."""

    def add(self, line: bytes, now: int) -> None:
        """Take one whole line; `now` is `clock()`."""

    def flush(self, now: int) -> None:
        """A connection ended: what was added should not wait any longer."""

    def before_fork(self) -> None: ...
    def after_fork(self, *, child: bool) -> None: ...
    def at_exit(self) -> None: ...


class _Here:
    """The state of this interpreter: created at the first record, replaced after a fork."""

    process: Process | None = None
    sinks: Final[list[Sink]] = []
    hooked: bool = False


def current_process() -> Process:
    if _Here.process is None:
        _Here.process = Process()
    return _Here.process


def register(sink: Sink) -> None:
    """Let a sink know of forks and of the interpreter's end, for as long as the process lives."""
    _Here.sinks.append(sink)
    if not _Here.hooked:
        _Here.hooked = True
        import atexit

        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
        atexit.register(_at_exit)


def _each_sink(call: Callable[[Sink], None]) -> None:
    """One sink that fails must keep no other, and no fork of the application, from going on."""
    for sink in list(_Here.sinks):
        with contextlib.suppress(Exception):
            call(sink)


def _before_fork() -> None:
    _each_sink(lambda sink: sink.before_fork())


def _after_in_parent() -> None:
    _each_sink(lambda sink: sink.after_fork(child=False))


def _after_in_child() -> None:
    if _Here.process is not None:
        _Here.process.gone = True  # whatever connection was open belongs to the parent
    _Here.process = None
    _each_sink(lambda sink: sink.after_fork(child=True))


def _at_exit() -> None:
    _each_sink(lambda sink: sink.at_exit())


def timestamp(now_ns: int | None = None) -> str:
    """A time as records have it: UTC, ISO 8601, microseconds. `now_ns` is as `time.time_ns()` gives it."""
    seconds, nanoseconds = divmod(time.time_ns() if now_ns is None else now_ns, 1_000_000_000)
    return f"{_whole_second(seconds)}.{nanoseconds // 1000:06d}Z"


_last_second: tuple[int, str] = (0, "1970-01-01T00:00:00")


def _whole_second(seconds: int) -> str:
    """`strftime` costs more than all the rest of a record; within one second it is asked once."""
    global _last_second  # noqa: PLW0603 (a cache of one, replaced whole: two threads at worst both compute it)
    last, text = _last_second
    if last != seconds:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        _last_second = (seconds, text)
    return text


def process_line(server: str | None, app: str | None, options: dict[str, Any], why: str) -> bytes:
    """The `process` record of this process, as a line."""
    process = current_process()
    record = ProcessRecord(
        v=VERSION,
        proc=process.proc,
        at=timestamp(),
        pid=process.pid,
        parent_pid=os.getppid(),
        host=socket.gethostname(),
        argv=[_printable(argument) for argument in redacted_arguments(sys.argv)],
        python=f"{platform.python_implementation()} {platform.python_version()}",
        asgi_inspect=__version__,
        server=server,
        app=app,
        why=why,
        options=options,
    )
    return msgspec.json.encode(record) + b"\n"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


_SECRET_OPTION: Final = re.compile(
    r"(--?[\w-]*(?:password|passwd|secret|token|api-?key)[\w-]*)(=.*)?", re.IGNORECASE | re.DOTALL
)


def redacted_arguments(argv: list[str]) -> list[str]:
    """A command line without the values of options that are called like a secret."""
    kept: list[str] = []
    hide_next = False
    for argument in argv:
        match = _SECRET_OPTION.fullmatch(argument)
        if match is not None:
            kept.append(f"{match[1]}=[redacted]" if match[2] else argument)
        else:
            kept.append("[redacted]" if hide_next and not argument.startswith("-") else argument)
        hide_next = match is not None and match[2] is None
    return kept


_SERVERS: Final = ("uvicorn", "hypercorn", "daphne", "granian", "gunicorn", "starlette", "httpx", "asgiref")


def server_of(*callables: Any) -> str | None:
    """The name and version of the server (or test client) that gave us these, as far as their modules tell."""
    for given in callables:
        function = getattr(given, "func", given) if type(given).__name__ == "partial" else given
        owner = type(getattr(function, "__self__", None)).__module__
        for module in (getattr(function, "__module__", None), owner):
            name = module.partition(".")[0].lstrip("_") if type(module) is str else ""
            if name in _SERVERS:
                version = getattr(sys.modules.get(name), "__version__", None)
                return f"{name} {version}" if type(version) is str else name
    return None
