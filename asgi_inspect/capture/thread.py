"""A daemon thread of ours: started by need, standing still around `os.fork()`, never in the way of the interpreter's end."""

import threading
from collections.abc import Callable
from typing import TypeAlias

Stopping: TypeAlias = Callable[[], bool]


class Thread:
    """Runs `step` over and over; `step` does a piece of work and returns the seconds to wait, or None to wait to be woken.

    A step returns soon, or asks the `stopping` that it is given while it waits. What it raises goes to `on_error`, and the
    thread goes on.
    """

    def __init__(
        self, name: str, step: Callable[[Stopping], float | None], on_error: Callable[[BaseException], None]
    ) -> None:
        self._name = name
        self._step = step
        self._on_error = on_error
        self.reset()

    def reset(self) -> None:
        """Forget the thread, as a forked child has to: it does not have it, and a lock may be held for ever."""
        self._wakeup = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        # True while the thread sleeps without an end, or there is none: whoever then brings work has to `wake` it.
        self.idle = True

    def wake(self) -> None:
        """Start the thread if there is none, and let it look for work now. May be called from any thread; never waits."""
        self.idle = False
        self._wakeup.set()
        if self._thread is None and self._starting.acquire(blocking=False):
            try:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread = thread
                    thread.start()
            except (
                RuntimeError
            ):  # none can be had: the limit is reached or the interpreter ends; the next record asks again
                self._thread = None
                self.idle = True
            finally:
                self._starting.release()

    def stop(self, timeout: float) -> None:
        """Let the thread end, waiting at most `timeout` seconds for it; `wake` starts another."""
        thread, self._thread = self._thread, None
        self._wakeup.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        self.idle = True

    def _run(self) -> None:
        me = threading.current_thread()

        def stopping() -> bool:
            return self._thread is not me

        while not stopping():
            self._wakeup.clear()
            wait = self._guarded_step(stopping)
            if wait is None:
                self.idle = True
                # Work that came between the step and this line saw no reason to wake us: look once more.
                wait = self._guarded_step(stopping)
            if not stopping():
                self._wakeup.wait(wait)

    def _guarded_step(self, stopping: Stopping) -> float | None:
        try:
            return self._step(stopping)
        except BaseException as exc:  # noqa: BLE001 (nothing above this frame could answer it; it is said and counted there)
            self._on_error(exc)
            return 1.0
