"""What the tests of a trace file share: a disk that a test may slow down or break, and a clock that it may set."""

import os
import threading
import time
from collections.abc import Callable

from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.sinking import line

real_write = os.write
SOON_NS = 20_000_000  # for the next try of what failed

SINK = """
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.sinking import first_line, line, until, told, threads
sink = FileSink(sys.argv[1], first_line)
def add(*numbers, **how):
    for n in numbers:
        sink.add(line(n, **how), clock())
"""


def add(sink: FileSink, *numbers: int, size: int = 0) -> None:
    for n in numbers:
        sink.add(line(n, size=size), clock())


def flush(sink: FileSink) -> None:
    sink.flush(clock())


class Disk:
    """`os.write`, but what is written to the sink's file meets what a test has in store; and who wrote what."""

    def __init__(self, sink: FileSink) -> None:
        self.sink = sink
        self.by: list[str] = []
        self.answer: Callable[[int, bytes], int] = real_write

    def write(self, fd: int, data: bytes) -> int:
        if fd != self.sink._fd:
            return real_write(fd, data)
        self.by.append(threading.current_thread().name)
        return self.answer(fd, data)


class Clock:
    """The clock, which goes only where a test sets it: on a slow machine, too, a write takes what the test says."""

    def __init__(self) -> None:
        self.offset = 0
        self._at = time.perf_counter_ns()

    def __call__(self) -> int:
        return self._at + self.offset


def fails(number: int) -> Callable[[int, bytes], int]:
    def write(fd: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    return write
