"""The thread of a sink: no work is ever left lying, and there is never more than one of it."""

import gc
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable

import pytest

from asgi_inspect.capture import thread as thread_module
from asgi_inspect.capture.alarm import EventAlarm
from asgi_inspect.capture.thread import Stopping, Thread
from tests.capture.sinking import PATIENCE, run_threads, threads, until


class Work:
    """A queue with a Thread on it, as a sink has one."""

    def __init__(self, do: Callable[[int], object] | None = None) -> None:
        self.queue: deque[int] = deque()
        self.done: list[int] = []
        self.by: set[int] = set()
        self.errors: list[BaseException] = []
        self.do = do
        self.thread = Thread("asgi-inspect test", self.step, self.errors.append)

    def step(self, stopping: Stopping) -> float | None:
        while self.queue and not stopping():
            self.by.add(threading.get_ident())
            if self.do is not None:
                self.do(self.queue[0])
            self.done.append(self.queue.popleft())
        return None

    def add(self, item: int) -> None:
        self.queue.append(item)
        if self.thread.idle:
            self.thread.wake()


@pytest.fixture
def no_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that end as soon as there is nothing to do: each item meets one that is just about to end."""
    monkeypatch.setattr(thread_module, "LINGER", 0.0)


def test_nothing_runs_before_there_is_work() -> None:
    before = set(threading.enumerate())
    work = Work()
    assert work.thread.idle
    assert set(threading.enumerate()) <= before


def test_work_is_done_on_a_daemon_thread_of_that_name() -> None:
    seen: list[threading.Thread] = []
    work = Work(lambda item: seen.append(threading.current_thread()))
    work.add(1)
    until(lambda: work.done == [1])
    assert (seen[0].name, seen[0].daemon) == ("asgi-inspect test", True)
    work.thread.stop(PATIENCE)


def test_one_that_waits_is_woken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_module, "LINGER", 10 * PATIENCE)
    work = Work()
    for item in range(100):
        work.add(item)
        until(lambda: len(work.done) == item + 1)
        until(lambda: work.thread.idle)
    assert len(work.by) == 1
    assert work.thread.stop(PATIENCE)


def test_a_step_says_how_long_to_wait() -> None:
    steps = 0

    def step(stopping: Stopping) -> float | None:
        nonlocal steps
        steps += 1
        return 0.001 if steps < 20 else None

    thread = Thread("asgi-inspect test", step, lambda exc: None)
    thread.wake()
    until(lambda: steps >= 20 and thread.idle)
    assert thread.stop(PATIENCE)


@pytest.mark.parametrize("linger", [0.0, 0.001])
def test_no_work_is_left_lying_whenever_it_comes(linger: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads bring work one by one, each waiting for its own: any wake-up that is missed is waited for in vain."""
    monkeypatch.setattr(thread_module, "LINGER", linger)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    work = Work()

    def bring(offset: int) -> Callable[[], None]:
        def run() -> None:
            for item in range(offset, offset + 150):
                work.add(item)
                if item % 3 == 0:
                    until(lambda: item not in work.queue)

        return run

    try:
        run_threads([bring(offset) for offset in (0, 1000, 2000, 3000)])
        until(lambda: len(work.done) == 600, "all work done")
    finally:
        sys.setswitchinterval(switch)
    assert not work.errors
    assert all(
        [item for item in work.done if item // 1000 == thousand] == [*range(thousand * 1000, thousand * 1000 + 150)]
        for thousand in range(4)
    )


def test_work_that_comes_when_a_step_has_just_looked_is_not_left_lying() -> None:
    """Whoever brings it then sees a thread that is not idle, and does not wake it."""
    work = Work()
    step = work.step

    def looks_then_work_comes(stopping: Stopping) -> float | None:
        wait = step(stopping)
        if not work.thread.idle and len(work.done) < 5:
            work.add(len(work.done))
        return wait

    work.thread._step = looks_then_work_comes
    work.thread.wake()
    until(lambda: work.done[:1] == [0])
    assert work.thread.stop(PATIENCE)


def test_work_that_comes_when_the_thread_is_about_to_end_is_not_left_lying() -> None:
    """It has waited in vain, and has not yet said that it ends."""
    work = Work()

    class Wakeup(EventAlarm):
        def wait(self, seconds: float | None = None) -> bool:
            if work.done != [1]:
                return super().wait(seconds)
            work.add(2)
            return False

    work.thread._wakeup = Wakeup()
    work.add(1)
    until(lambda: work.done == [1, 2])
    assert work.thread.stop(PATIENCE)


@pytest.mark.usefixtures("no_linger")
def test_it_ends_when_nothing_is_left_and_lets_go_of_its_owner() -> None:
    def used() -> weakref.ref[Work]:
        work = Work()
        work.add(1)
        until(lambda: not threads("asgi-inspect test"))
        assert work.done == [1]
        work.add(2)
        until(lambda: work.done == [1, 2])
        return weakref.ref(work)

    reference = used()

    def gone() -> bool:
        gc.collect()
        return reference() is None

    until(gone)


def test_what_a_step_raises_is_told_and_it_goes_on() -> None:
    def do(item: int) -> None:
        if item == 1 and not work.errors:
            raise SystemExit("a step of somebody else's")

    work = Work(do)
    work.add(1)
    until(lambda: work.errors)
    assert repr(work.errors) == '[SystemExit("a step of somebody else\'s")]'
    work.add(2)
    work.thread.wake()
    until(lambda: work.done == [1, 2])
    assert work.thread.stop(PATIENCE)


def test_stop_waits_for_the_step_and_wake_goes_on() -> None:
    entered, leave = threading.Event(), threading.Event()

    def do(item: int) -> None:
        entered.set()
        assert leave.wait(PATIENCE)

    def when_stopping() -> None:
        until(work.thread.stopping)
        leave.set()

    work = Work(do)
    for item in range(3):
        work.add(item)
    assert entered.wait(PATIENCE)
    threading.Thread(target=when_stopping).start()
    assert work.thread.stop(PATIENCE)
    assert work.done == [0], "the step was not finished, or took more than it should"
    assert work.thread.idle
    work.thread.wake()
    until(lambda: work.done == [0, 1, 2])
    assert work.thread.stop(PATIENCE)


def test_stop_where_nothing_runs() -> None:
    work = Work()
    assert work.thread.stop(0)
    assert work.thread.finish(0)
    work.add(1)
    until(lambda: work.done == [1])
    assert work.thread.stop(PATIENCE)


def test_one_that_cannot_stop_in_time_goes_on_and_is_not_doubled() -> None:
    """What a stuck consumer holds must not be handed out again by a second thread, and what waits must not be left lying."""
    entered, leave = threading.Event(), threading.Event()

    def do(item: int) -> None:
        entered.set()
        assert leave.wait(PATIENCE)

    work = Work(do)
    for item in range(3):
        work.add(item)
    assert entered.wait(PATIENCE)
    assert not work.thread.stop(0.01)
    work.add(3)
    work.thread.wake()
    leave.set()
    until(lambda: len(work.done) == 4)
    assert work.done == [0, 1, 2, 3]
    assert len(work.by) == 1, "a second thread was started beside the first"
    assert work.thread.stop(PATIENCE)


def test_finish_lets_it_do_all_there_is() -> None:
    work = Work()
    for item in range(1000):
        work.add(item)
    assert work.thread.finish(PATIENCE)
    assert len(work.done) == 1000
    assert work.thread.idle
    work.add(1000)  # and it can be started again
    until(lambda: len(work.done) == 1001)
    assert work.thread.finish(PATIENCE)


def test_finish_waits_no_longer_than_it_is_told() -> None:
    leave = threading.Event()
    work = Work(lambda item: leave.wait(PATIENCE))
    work.add(1)
    assert not work.thread.finish(0.01)
    leave.set()
    until(lambda: work.done == [1])


def test_where_no_thread_can_be_had_the_next_work_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    work = Work()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        work.add(1)
        assert work.thread.idle
        assert work.thread.finish(0)
    work.add(2)
    until(lambda: work.done == [1, 2])
    assert work.thread.stop(PATIENCE)


def test_a_step_may_stop_its_own_thread() -> None:
    work = Work(lambda item: work.thread.stop(PATIENCE))
    work.add(1)
    until(lambda: work.done == [1] and work.thread.idle)


def test_after_it_was_forgotten_another_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a forked child, where the thread is not; here the old one still runs, and ends at its next look."""
    monkeypatch.setattr(thread_module, "LINGER", 10 * PATIENCE)
    work = Work()
    work.add(1)
    until(lambda: work.done == [1] and work.thread.idle)
    old = work.by.copy()
    wakeup = work.thread._wakeup
    work.thread.forget()
    wakeup.set()
    until(lambda: not old & {thread.ident for thread in threading.enumerate()})
    work.add(2)
    until(lambda: work.done == [1, 2])
    assert work.thread.stop(PATIENCE)
