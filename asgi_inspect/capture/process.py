"""Who is writing: the identity of this process, its `process` record, its clock, and what has to stand still around a fork.

Everything opens at the first record, never at import or construction: middleware is also built in parents that never serve.
"""

import os
import platform
import sys
import time
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any, Final, Protocol

import msgspec

from ..redaction.arguments import clean_arguments
from ..trace.records import VERSION, ProcessRecord
from ..version import __version__
from .notice import drop_waiting, say_once

clock = time.perf_counter_ns


class Missed:
    """Records that were not written because something of ours failed."""

    __slots__ = ("conns", "records", "why")

    def __init__(self) -> None:
        self.records = 0
        self.conns: set[str] = set()
        self.why = ""


class Process:
    """One process as writer of records; a forked child is another, and marks the one that it inherited as gone."""

    __slots__ = ("gone", "missed", "numbers", "open", "pid", "proc")

    def __init__(self) -> None:
        self.proc = os.urandom(6).hex()
        self.pid = os.getpid()
        self.numbers = count(1)
        self.open = 0  # connections
        self.gone = False
        self.missed: dict[Sink | None, Missed] = {}


class Sink(Protocol):
    """Where encoded lines go. `add` is called on the event loop, from any thread, and neither waits nor raises."""

    def add(self, line: bytes, now: int) -> None:
        """Take one whole line; `now` is `clock()`."""

    def flush(self, now: int) -> None:
        """A connection ended: what was added should not wait any longer."""

    def settle(self) -> None:
        """The server is about to stop: what was added should be with its reader, for which this may wait a moment."""

    def before_fork(self) -> None:
        """Let no thread of ours run; it starts again with the next record."""

    def forked(self) -> None:
        """We are the child of a fork: what was added belongs to the parent."""

    def at_exit(self) -> None:
        """The interpreter ends: write what is left, within limits."""


class _Here:
    """The state of this interpreter: created at the first record, replaced after a fork."""

    process: Process | None = None
    sinks: Final[list[weakref.ref[Sink]]] = []
    hooked: bool = False


def current_process() -> Process:
    process = _Here.process
    if process is None:
        made = Process()
        process = _Here.process = _Here.process or made  # two threads may both have made one; they agree on it
    return process


def register(sink: Sink, *, first: bool = False) -> None:
    """Let a sink know of forks and of the interpreter's end, for as long as it lives; `first`: before those that are there."""
    _Here.sinks.insert(0 if first else len(_Here.sinks), weakref.ref(sink, _Here.sinks.remove))
    if not _Here.hooked:
        _Here.hooked = True
        import atexit

        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before_fork, after_in_child=_after_in_child)
        atexit.register(_at_exit)


def _each_sink(call: Callable[[Sink], None]) -> None:
    """One sink that fails must keep no other, and no fork of the application, from going on."""
    for reference in list(_Here.sinks):
        sink = reference()
        try:
            if sink is not None:
                call(sink)
        except Exception as exc:  # noqa: BLE001 (as above; it is said)
            say_once(f"around a fork or the end of the process: {type(exc).__name__}: {exc}")


def _before_fork() -> None:
    # In the parent the threads start again with the next record, not right after the fork: some Pythons count the threads
    # only then, and would warn the application of its fork.
    _each_sink(lambda sink: sink.before_fork())


def _after_in_child() -> None:
    if _Here.process is not None:
        _Here.process.gone = True  # whatever connection was open belongs to the parent
    _Here.process = None
    drop_waiting()
    _each_sink(lambda sink: sink.forked())


def _at_exit() -> None:
    _each_sink(lambda sink: sink.at_exit())


class _Second:
    """The second of the wall clock that was asked for last; replaced whole, as other threads read it."""

    __slots__ = ("begin", "text")

    def __init__(self, wall_ns: int, now: int) -> None:
        """wall_ns: what `time.time_ns()` was when `clock()` was `now`."""
        seconds, nanoseconds = divmod(wall_ns, 1_000_000_000)
        self.begin = now - nanoseconds
        # This costs more than all the rest of a record.
        self.text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode()


_second = _Second(0, -1_000_000_000)


def stamp(now: int) -> bytes:
    """The time at which `clock()` was `now`, as records have it: UTC, ISO 8601, microseconds.

    The wall clock is read once in a second; within one, time goes on as our own clock does.
    """
    global _second  # noqa: PLW0603 (a cache of one)
    second = _second
    nanoseconds = now - second.begin
    if not 0 <= nanoseconds < 1_000_000_000:
        second = _second = _Second(time.time_ns() - (clock() - now), now)
        nanoseconds = now - second.begin
    return b"%b.%06dZ" % (second.text, nanoseconds // 1000)


def timestamp() -> str:
    """The time of now, likewise."""
    return stamp(clock()).decode()


def process_line(
    server: str | None, app: str | None, options: dict[str, Any], why: str, hide: Callable[[str], str]
) -> bytes:
    """The `process` record of this process, as a line; `hide`: what stands in place of a secret argument."""
    process = current_process()
    record = ProcessRecord(
        v=VERSION,
        proc=process.proc,
        at=timestamp(),
        pid=process.pid,
        parent_pid=os.getppid(),
        host=platform.node(),
        argv=[_printable(argument) for argument in clean_arguments(sys.argv, hide)],
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
