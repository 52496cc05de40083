"""What a thread of ours waits on: woken at once, woken after a time, or let sleep on without ever waking.

A thread that wakes needs the interpreter's lock, and one that waits for it makes each system call of the event loop an
expensive one: the loop lets go of the lock there, wakes the waiter, and takes the lock again before it has come. So a thread
that is only there in case the loop does nothing must not wake as long as the loop does something: `postpone` moves the moment
on, which Linux's timers can do from outside (`timerfd_create(2)`). Elsewhere the thread wakes and looks.
"""

import contextlib
import errno
import os
import sys
import threading
import time
import weakref
from functools import cache
from typing import Final, Protocol

if sys.version_info < (3, 13) and sys.platform == "linux":
    with contextlib.suppress(ImportError):  # a Python without: then without such timers
        import ctypes  # now, and not when a connection waits

_SECOND: Final = 1_000_000_000
_AT_ONCE_NS: Final = 1


class Alarm(Protocol):
    """An event with a time."""

    def set(self) -> None:
        """Wake who waits, and whoever waits next, until `clear`."""

    def clear(self) -> None:
        """Nobody is woken any more but by the time."""

    def is_set(self) -> bool:
        """Whether it was `set`."""

    def wait(self, seconds: float) -> bool:
        """Wait until it is `set`, or so long; whether it is set."""

    def postpone(self, seconds: float) -> None:
        """Let who waits, wait so long from now, if that can be done without waking him."""


def make_alarm() -> Alarm:
    """The best that there is here."""
    return TimerAlarm() if sys.platform == "linux" and sys.maxsize > 1 << 32 else EventAlarm()


class EventAlarm(threading.Event):
    """Any system has this."""

    def wait(self, seconds: float | None = None) -> bool:
        return super().wait(seconds)

    def postpone(self, seconds: float) -> None:
        pass


class TimerAlarm(EventAlarm):
    """A timer of the kernel's: reading it waits until it runs out, and it can be set anew meanwhile.

    It is opened when somebody waits. Where there is none (no descriptor is left, another libc), or where somebody closed all
    descriptors, as daemons do, it is an event like any other.
    """

    def __init__(self) -> None:
        super().__init__()
        self._timer: _Timer | None = None
        self._opened = False

    def set(self) -> None:
        super().set()
        if self._timer is not None:
            self._run_out_in(_AT_ONCE_NS)

    def wait(self, seconds: float | None = None) -> bool:
        if seconds is None or not self._open() or not self._run_out_in(max(int(seconds * _SECOND), _AT_ONCE_NS)):
            return super().wait(seconds)
        # Whoever set it before that line has set the timer too early, but this before that.
        if self._timer is not None and not self.is_set():
            with contextlib.suppress(OSError):  # closed by others meanwhile: the next call sees that, and is an event's
                os.read(self._timer.fd, 8)
        return self.is_set()

    def postpone(self, seconds: float) -> None:
        if self._timer is not None and not self.is_set():
            self._run_out_in(int(seconds * _SECOND))
            if self.is_set():  # meanwhile
                self._run_out_in(_AT_ONCE_NS)

    def _open(self) -> bool:
        if not self._opened:
            self._opened = True
            # No such call in this libc, no `ctypes`, no descriptor left: an event does it, only less well.
            with contextlib.suppress(AttributeError, NameError, OSError):
                self._timer = _Timer()
        return self._timer is not None

    def _run_out_in(self, nanoseconds: int) -> bool:
        timer = self._timer
        try:
            if timer is None:
                return False
            timer.run_out_in(nanoseconds)
        except OSError:  # the number is another's by now
            self._timer = None
            return False
        return True


class _Timer:
    """One of the kernel's timers; closed when it is collected, if its descriptor is still its own."""

    def __init__(self) -> None:
        self.fd = _new_timer()
        if self.fd <= 2:  # others would print into it
            os.close(self.fd)
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        weakref.finalize(self, _close, self.fd).atexit = False

    def run_out_in(self, nanoseconds: int) -> None:
        """Raises OSError where the descriptor is none of a timer."""
        _set_timer(self.fd, nanoseconds)


def _close(fd: int) -> None:
    with contextlib.suppress(OSError):  # the number is another's by now, and not ours to close
        _set_timer(fd, _SECOND)  # refused by all that is no timer
        os.close(fd)


if sys.version_info >= (3, 13) and sys.platform == "linux":

    def _new_timer() -> int:
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_CLOEXEC)

    def _set_timer(fd: int, nanoseconds: int) -> None:
        os.timerfd_settime_ns(fd, initial=nanoseconds)

else:

    @cache
    def _libc() -> "ctypes.CDLL":
        return ctypes.CDLL(None, use_errno=True)

    def _new_timer() -> int:
        # The numbers are those of the kernel: CLOCK_MONOTONIC, TFD_CLOEXEC.
        return _checked(_libc().timerfd_create(1, 0o2000000))

    def _set_timer(fd: int, nanoseconds: int) -> None:
        spec = (ctypes.c_long * 4)(0, 0, *divmod(nanoseconds, _SECOND))  # a `struct itimerspec`
        _checked(_libc().timerfd_settime(fd, 0, ctypes.byref(spec), None))

    def _checked(result: int) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result
