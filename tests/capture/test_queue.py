"""The queue in front of whoever may be slow: nobody waits for it, and what does not fit is counted."""

import gc
import json
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from asgi_inspect.capture import queue as queue_module
from asgi_inspect.capture import thread as thread_module
from asgi_inspect.capture.process import clock
from asgi_inspect.capture.queue import QueueSink
from asgi_inspect.capture.thread import Stopping
from tests.capture.sinking import PATIENCE, first_line, line, output, run_threads, told, until


class Reader:
    """A consumer that keeps what it gets, and may be told to stand still or to fail."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.by: set[str] = set()
        self.inside = 0
        self.at_once = 0
        self.reached = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.failure: BaseException | None = None
        self.forks = 0

    def __call__(self, data: bytes, stopping: Stopping) -> bool:
        self.inside += 1
        self.at_once = max(self.at_once, self.inside)
        try:
            self.by.add(threading.current_thread().name)
            self.reached.set()
            assert self.goes_on.wait(PATIENCE)
            if self.failure is not None:
                raise self.failure
            self.got.append(data)
            return True
        finally:
            self.inside -= 1

    def forked(self) -> None:
        self.forks += 1

    @property
    def told(self) -> list[object]:
        return told(b"".join(self.got))

    def stand(self) -> None:
        self.reached.clear()
        self.goes_on.clear()


class Gated:
    """A consumer that waits as one for a terminal does: for its gate, unless `stopping`."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.reached = threading.Event()
        self.got: list[bytes] = []

    def __call__(self, data: bytes, stopping: Stopping) -> bool:
        self.reached.set()
        while not self.gate.wait(0.001):
            if stopping():
                return False
        self.got.append(data)
        return True

    def forked(self) -> None:
        raise AssertionError("nothing was forked")


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.goes_on.set()


@pytest.fixture
def sink(reader: Reader) -> QueueSink:
    return QueueSink(reader, "the reader", first_line)


def add(sink: QueueSink, *numbers: int, size: int = 0) -> None:
    for n in numbers:
        sink.add(line(n, size=size), clock())
        sink.flush(clock())


def stuck(sink: QueueSink, reader: Reader) -> None:
    """The consumer stands still with the `process` record in its hands and line 1 behind it."""
    reader.stand()
    add(sink, 1)
    assert reader.reached.wait(PATIENCE)


def test_nothing_runs_before_the_first_line(sink: QueueSink, reader: Reader) -> None:
    sink.flush(clock())
    assert sink._thread.idle
    sink.at_exit()
    assert reader.got == []


def test_lines_come_in_order_on_a_thread_of_its_own(sink: QueueSink, reader: Reader) -> None:
    add(sink, *range(1, 501))
    until(lambda: len(reader.got) == 501)
    assert reader.told == ["start", *range(1, 501)]
    assert reader.by == {"asgi-inspect queue"}


def test_one_line_alone_comes_at_once(sink: QueueSink, reader: Reader) -> None:
    for n in range(1, 50):
        add(sink, n)
        until(lambda: reader.got and reader.told[-1:] == [n])


def test_four_threads_at_once(sink: QueueSink, reader: Reader) -> None:
    def run(conn: str) -> Callable[[], None]:
        def hammer() -> None:
            for n in range(1, 501):
                sink.add(line(n, conn=conn), clock())

        return hammer

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        run_threads([run(f"p.{number}") for number in range(4)])
        until(lambda: len(reader.got) == 2001)
    finally:
        sys.setswitchinterval(switch)
    records = [json.loads(data) for data in reader.got]
    assert records[0]["record"] == "process"
    assert reader.at_once == 1
    for number in range(4):
        assert [r["n"] for r in records[1:] if r["conn"] == f"p.{number}"] == list(range(1, 501))


# --- a consumer that is slow -------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_counted_and_told_in_its_place(
    sink: QueueSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(line(1, size=1000))
    monkeypatch.setattr(queue_module, "CEILING", 10 * size - 1)
    stuck(sink, reader)
    add(sink, *range(2, 102), size=1000)
    assert len(sink._lines) == 10, "the queue is not bounded"
    reader.goes_on.set()
    until(lambda: reader.got and sink._thread.idle)
    add(sink, 102)
    until(lambda: reader.told[-1:] == [102])
    assert reader.told == ["start", *range(1, 12), 90, 102]
    lost = json.loads(reader.got[-2])
    assert lost["why"] == "the reader could not keep up"
    assert (lost["conns"], lost["bytes"]) == (1, sum(len(line(n, size=1000)) for n in range(12, 102)))


def test_what_was_dropped_is_told_even_if_nothing_follows(
    sink: QueueSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "CEILING", 0)
    stuck(sink, reader)
    add(sink, 2, 3, 4)
    reader.goes_on.set()
    until(lambda: len(reader.got) == 4)
    assert reader.told == ["start", 1, 2, 2]


def test_a_line_longer_than_the_ceiling_comes_too(
    sink: QueueSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "CEILING", 1000)
    add(sink, 1, size=10_000)
    until(lambda: reader.told == ["start", 1])


def test_memory_is_bounded_whatever_comes(sink: QueueSink, reader: Reader) -> None:
    """A hundred times what may wait; what is held is the queue, and what the thread had taken."""
    stuck(sink, reader)
    data = line(2, size=1_000_000)
    for _ in range(100 * queue_module.CEILING // len(data)):
        sink.add(data, clock())
    held = sum(map(len, sink._lines)) + sum(map(len, sink._taken))
    assert held <= 2 * (queue_module.CEILING + len(data))


# --- a consumer that fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [BrokenPipeError(32, "Broken pipe"), ValueError("no"), SystemExit(1), MemoryError()]
)
def test_what_the_consumer_could_not_take_is_counted_said_and_told(
    failure: BaseException, sink: QueueSink, reader: Reader, capfd: pytest.CaptureFixture[str]
) -> None:
    add(sink, 1)
    until(lambda: reader.told == ["start", 1])
    reader.failure = failure
    add(sink, 2, 3, 4)
    until(lambda: sink._unwritten.records == 3)
    reader.failure = None
    add(sink, 5)
    until(lambda: reader.told == ["start", 1, 3, 5])
    reason = "Broken pipe" if isinstance(failure, OSError) else type(failure).__name__
    assert json.loads(reader.got[-2])["why"] == f"the reader could not be written: {reason}"
    assert capfd.readouterr().err == (
        f"asgi-inspect: cannot write to the reader: {reason}; the application goes on, records are dropped\n"
    )


def test_a_count_that_was_half_told_is_given_again_as_it_was(sink: QueueSink, reader: Reader) -> None:
    """A writer that was stopped in the middle of a line goes on with the very same one."""
    asked: list[bytes] = []

    def half(data: bytes, stopping: Stopping) -> bool:
        asked.append(data)
        return len(asked) > 2

    sink._unwritten.add(line(1), "gone")
    sink._consume = half  # type: ignore[assignment]
    assert not sink._give(line(2), lambda: True)
    assert not sink._give(line(2), lambda: True)
    assert sink._give(line(2), lambda: False)
    assert asked[0] is asked[1] is asked[2]
    assert told(asked[0]) == [1]
    assert asked[3:] == [line(2)]


# --- forks and the end -------------------------------------------------------------------------------------------------


def test_a_consumer_that_waits_stops_for_a_fork_and_loses_nothing() -> None:
    gated = Gated()
    sink = QueueSink(gated, "the gate", first_line)
    add(sink, 1, 2)
    assert gated.reached.wait(PATIENCE)
    sink.before_fork()
    assert sink._thread._thread is None
    add(sink, 3)
    gated.gate.set()
    until(lambda: told(b"".join(gated.got)) == ["start", 1, 2, 3])


def test_a_consumer_that_is_stuck_over_a_fork_gets_each_line_once(
    sink: QueueSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "FORK_SECONDS", 0.01)
    stuck(sink, reader)
    add(sink, 2, 3)
    sink.before_fork()
    add(sink, 4)
    reader.goes_on.set()
    until(lambda: len(reader.got) == 5)
    assert reader.told == ["start", 1, 2, 3, 4]
    assert reader.at_once == 1


QUEUE = """
import threading
from asgi_inspect.capture.process import clock
from asgi_inspect.capture.queue import QueueSink
from tests.capture.sinking import first_line, line, told, threads, until
class Printer:
    def __call__(self, data, stopping):
        os.write(1, data)
        return True
    def forked(self):
        os.write(1, b'{"record":"forked","n":"forked"}\\n')
stands = threading.Event()
class Stuck:
    def __call__(self, data, stopping):
        stands.set()
        threading.Event().wait()
    forked = None
def add(sink, *numbers):
    for n in numbers:
        sink.add(line(n), clock())
"""


def test_a_fork() -> None:
    # Handlers before a fork run in reverse order: this one after ours, which is registered with the first sink.
    code = (
        "at_fork = []\nos.register_at_fork(before=lambda: at_fork.extend(threads()))\n"
        + QUEUE
        + """
sink = QueueSink(Printer(), "stdout", first_line)
add(sink, 1)
until(lambda: not sink._taken and not sink._lines)
pid = os.fork()
assert at_fork == [], at_fork
if not pid:
    add(sink, 100)
    assert sink._thread.finish(10)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
add(sink, 2)
"""
    )
    out, err = output(code)
    assert told(out) == ["start", 1, "forked", "fork", 100, 2]
    assert err == b"", "a warning, which Pythons from 3.12 on have for a fork among threads"


def test_the_end_of_the_interpreter_waits_for_what_is_left() -> None:
    code = (
        QUEUE
        + """
sink = QueueSink(Printer(), "stdout", first_line)
add(sink, *range(1, 2001))
"""
    )
    out, err = output(code)
    assert told(out) == ["start", *range(1, 2001)]
    assert err == b""


def test_a_consumer_that_stands_still_delays_the_end_by_two_seconds() -> None:
    # What is registered first runs last: this one after ours, which is registered with the first sink.
    code = (
        QUEUE
        + """
import atexit, time
atexit.register(lambda: print(time.monotonic() - began))
sink = QueueSink(Stuck(), "the reader", first_line)
add(sink, 1, 2, 3)
stands.wait()
began = time.monotonic()
"""
    )
    out, err = output(code)
    assert 1.5 < float(out) < 10
    assert err == b"asgi-inspect: 4 records did not reach the reader\n"


def test_it_waits_two_seconds_in_all(sink: QueueSink, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was waited for in vain when the server stopped is not waited for again at the end of the process."""
    monkeypatch.setattr(queue_module, "SETTLE_SECONDS", 0.05)
    sink._patience = 0.08
    stuck(sink, reader)
    began = time.monotonic()
    for _ in range(4):
        sink.settle()
    waited = time.monotonic() - began
    assert 0.08 <= waited < PATIENCE / 2
    assert sink._patience == 0
    reader.goes_on.set()
    until(lambda: reader.told == ["start", 1])
    sink.settle()
    assert sink._patience == queue_module.EXIT_SECONDS, "one that goes on is waited for again"


def test_settling_hands_on_all_there_is(sink: QueueSink, reader: Reader) -> None:
    add(sink, *range(1, 500))
    sink.settle()
    assert reader.told == ["start", *range(1, 500)]
    add(sink, 500)
    until(lambda: reader.told[-1:] == [500])


def test_where_no_thread_can_be_had_the_end_says_what_is_left(
    sink: QueueSink, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    sink._patience = PATIENCE
    add(sink, 1, 2)
    began = time.monotonic()
    sink.at_exit()
    assert time.monotonic() - began < PATIENCE / 2, "it was waited for in vain"
    assert capfd.readouterr().err == "asgi-inspect: 2 records did not reach the reader\n"


def test_a_sink_that_nobody_uses_any_more_goes_when_its_lines_are_handed_on(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_module, "LINGER", 0.0)
    sink = QueueSink(reader, "the reader", first_line)
    add(sink, 1, 2)
    reference = weakref.ref(sink)
    del sink

    def gone() -> bool:
        gc.collect()
        return reference() is None

    until(gone)
    assert reader.told == ["start", 1, 2]
