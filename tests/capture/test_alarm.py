"""What a thread waits on: no call is missed, and it lets sleep on who need not wake."""

import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from asgi_inspect.capture import alarm
from asgi_inspect.capture import thread as thread_module
from asgi_inspect.capture.alarm import Alarm, make_alarm
from asgi_inspect.capture.thread import Thread
from tests.capture.sinking import PATIENCE, until

TIMERS = sys.platform == "linux" and sys.maxsize > 1 << 32
KINDS: list[Callable[[], Alarm]] = [alarm.EventAlarm, *([alarm.TimerAlarm] if TIMERS else [])]
each = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def test_the_best_that_there_is() -> None:
    assert type(make_alarm()) is KINDS[-1]


@each
def test_it_is_set_until_it_is_cleared(kind: Callable[[], Alarm]) -> None:
    one = kind()
    assert not one.is_set()
    assert not one.wait(0.001)
    one.set()
    assert one.is_set()
    assert one.wait(PATIENCE)
    assert one.wait(PATIENCE), "it stays set"
    one.clear()
    assert not one.wait(0.0)


@each
def test_who_waits_is_woken(kind: Callable[[], Alarm]) -> None:
    one = kind()
    woken: list[bool] = []
    for _ in range(200):
        thread = threading.Thread(target=lambda: woken.append(one.wait(PATIENCE)))
        thread.start()
        one.set()
        thread.join(PATIENCE)
        one.clear()
    assert woken == [True] * 200


@each
def test_what_was_set_is_not_postponed(kind: Callable[[], Alarm]) -> None:
    one = kind()
    one.set()
    one.postpone(PATIENCE)
    assert one.wait(PATIENCE)


@each
def test_a_time_can_be_moved_while_one_waits(kind: Callable[[], Alarm]) -> None:
    """Moved nearer here, as that can be seen without waiting long; where it cannot be moved, `set` ends it."""
    one = kind()
    ended = threading.Event()

    def wait() -> None:
        one.wait(PATIENCE)
        ended.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    if kind is KINDS[-1] and TIMERS:

        def moved() -> bool:
            one.postpone(0.001)
            return ended.is_set()

        until(moved)
    else:
        one.postpone(0.001)
        one.set()
    thread.join(PATIENCE)
    assert ended.is_set()


@each
def test_it_leaves_no_descriptor(kind: Callable[[], Alarm]) -> None:
    def used() -> "weakref.ref[Alarm]":
        one = kind()
        one.set()
        return weakref.ref(one)

    before = os.listdir("/dev/fd")
    references = [used() for _ in range(50)]
    gc.collect()
    assert not any(reference() for reference in references)
    assert len(os.listdir("/dev/fd")) < len(before) + 50, "one each; other tests' sinks may open or close one"


@each
def test_where_its_descriptor_became_anothers_it_goes_on_and_leaves_that_alone(kind: Callable[[], Alarm]) -> None:
    """As daemons close all descriptors that they do not know."""
    one = kind()
    assert not one.wait(0.001)
    timer = getattr(one, "_timer", None)
    number = os.dup(0) if timer is None else timer.fd
    reading, writing = os.pipe()
    os.dup2(writing, number)
    one.postpone(PATIENCE)
    assert not one.wait(0.001)
    one.set()
    assert one.wait(PATIENCE)
    del one, timer
    gc.collect()
    os.write(number, b"it is open")
    assert os.read(reading, 10) == b"it is open"
    for descriptor in (number, reading, writing):
        os.close(descriptor)


def test_a_thread_is_not_kept_from_its_work_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_module, "MOST_NS", 50_000_000)
    steps: list[int] = []

    def step(stopping: Callable[[], bool]) -> float:
        steps.append(1)
        return 0.02

    thread = Thread("asgi-inspect test", step, lambda exc: None)
    thread.wake()
    until(lambda: bool(steps))
    ended = len(steps) + 3

    def goes_on() -> bool:
        thread.postpone(0.02, time.perf_counter_ns())
        return len(steps) >= ended

    until(goes_on, "three more steps")
    thread.stop(PATIENCE)
