"""A daemon thread of ours: started by need, gone when there was nothing to do for a while, standing still around `os.fork()`.

Nobody ever waits for it without a limit: what it works on may stand still for ever, and then it is left behind, at the end of
the process as well. There is never more than one of it: one that was told to stop and could not in time goes on.
"""

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from .alarm import Alarm, make_alarm

Stopping: TypeAlias = Callable[[], bool]

POSTPONE_NS: Final = 5_000_000
MOST_NS: Final = 1_000_000_000
LINGER: Final = 5.0  # seconds: starting a thread costs the loop 0.1 ms, an idle one costs nothing but its place


class Thread:
    """Runs `step` over and over; `step` does a piece of work and returns the seconds to wait, or None: nothing is left to do.

    A step returns soon, or asks the `stopping` that it is given while it waits. What it raises goes to `on_error`, and the
    thread goes on. Whoever brings work looks at `idle`, and calls `wake` if it is true.
    """

    def __init__(
        self, name: str, step: Callable[[Stopping], float | None], on_error: Callable[[BaseException], None]
    ) -> None:
        self._name = name
        self._step = step
        self._on_error = on_error
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child has to: it does not have the thread, and a lock may be held for ever."""
        # Held for a few instructions only. Reentrant, because a signal handler may come between them and fork.
        self._lock = threading.RLock()
        self._wakeup: Alarm = make_alarm()
        self._thread: threading.Thread | None = None
        self._halt = False
        self._postponed_at = 0
        self._postponed = 0  # when for the first time since its last step
        self._linger = LINGER
        # False: a step is still to come. True: whoever brings work has to `wake`.
        self.idle = True

    def wake(self) -> None:
        """Let the thread look for work now, and start it if there is none; where none can be had, it stays `idle`."""
        if sys.is_finalizing():
            # Garbage is collected, and a coroutine closed that never ended. No thread runs any more: to wait for one that was
            # started, as some Pythons do, or for a lock that another held, would be to wait for ever.
            return
        with self._lock:
            self._wakeup.set()
            if self._thread is None:
                self._start()
            self.idle = self._thread is None

    def postpone(self, seconds: float, now: int) -> None:
        """Let a thread that waits for its next step wait so long from now: what it would look after was just done.

        now: in nanoseconds. It is not told each time, and not kept from its work for more than a second.
        """
        if self.idle or 0 <= now - self._postponed_at < POSTPONE_NS:
            return
        self._postponed_at = now
        if not self._postponed:
            self._postponed = now
        if 0 <= now - self._postponed < MOST_NS:
            self._wakeup.postpone(seconds)

    def stop(self, timeout: float) -> bool:
        """Let the thread end after its step, waiting at most `timeout` seconds; whether it did. `wake` starts it again.

        One that did not goes on: whoever brings work sees that it is not idle, and relies on it.
        """
        with self._lock:
            thread = self._thread
            self._halt = thread is not None
            self._wakeup.set()
        ended = _ended(thread, timeout)
        self._halt = False
        return ended

    def finish(self, timeout: float) -> bool:
        """Let the thread end when there is nothing left to do, waiting at most `timeout` seconds; whether it did."""
        with self._lock:
            thread = self._thread
            self._linger = 0.0 if thread is not None else LINGER
            self._wakeup.set()
        return _ended(thread, timeout)

    def stopping(self) -> bool:
        """Whether a step that waits should give up."""
        return self._halt

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the limit is reached, or the interpreter ends, or there are no threads here at all
            return
        self._thread = thread

    # --- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        over = False
        while self._goes_on(over):
            self._postponed = 0
            wait = self._guarded_step()
            if wait is None:
                self.idle = True
                # Work that came between the step and this line saw no reason to wake us: look once more.
                wait = self._guarded_step()
            woken = self._wakeup.wait(self._linger if wait is None else wait)
            over = wait is None and not woken

    def _goes_on(self, over: bool) -> bool:
        with self._lock:
            if self._thread is not threading.current_thread():  # the child of a fork that was made in a step
                return False
            if self._halt or (over and not self._wakeup.is_set()):
                self._thread = None
                self._halt = False
                self._linger = LINGER
                self.idle = True
                return False
            self._wakeup.clear()
            return True

    def _guarded_step(self) -> float | None:
        try:
            return self._step(self.stopping)
        except BaseException as exc:  # noqa: BLE001 (nothing above this frame could answer it; `on_error` says it)
            self._on_error(exc)
            return 1.0


def _ended(thread: threading.Thread | None, timeout: float) -> bool:
    """Whether a thread that was told to end did so within `timeout` seconds."""
    if thread is None:
        return True
    if thread is threading.current_thread():
        return False
    thread.join(timeout)
    return not thread.is_alive()
