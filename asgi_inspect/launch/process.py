"""The server's process, and the thread of ours that stands between it and the world: signals in, its end out."""

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self

from .output import hurry, key_echoed
from .signals import FORWARDED, wait_for_signal

_CHILD_ENDED = signal.SIGCHLD
_INIT = 1
_GRACE = 4.0  # seconds between the server's end and ours, after which we can be ended by a signal whatever we wait for
_APART = 0.05  # seconds
# What stops a job in the background that turns to its terminal; the terminal sends it to the whole group.
_STOPPED_BY_TERMINAL = (signal.SIGTTIN, signal.SIGTTOU)
_KEYS = (signal.SIGINT, signal.SIGQUIT)  # Ctrl-C, Ctrl-\
_FATAL = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})
# What Python ignores for itself, and no program that it starts should inherit.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)


class ServerProcess:
    """A server that runs. While it does, this process passes on the signals that are sent to it, and acts on none itself.

    `ended` is set when the server is gone; `status` is then its exit status, negative for a death by signal.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], *, stdout_to_stderr: bool) -> None:
        """Start it; to be called in the main thread. Standard input stays the server's, whatever descriptors we inherited too."""
        self.ended = threading.Event()
        self._released = threading.Event()
        self.status = 0
        # A handler that never runs, as the signal stays blocked: an ignored signal would not even be queued.
        self._handlers = {number: signal.signal(number, _never) for number in (_CHILD_ENDED, signal.SIGWINCH)}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED | {_CHILD_ENDED})
        try:
            self.pid = os.posix_spawn(
                command[0],
                list(command),
                dict(environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)] if stdout_to_stderr else [],
                setsigmask=self._mask,
                setsigdef=_RESTORED,
            )
        except BaseException:
            self.release_signals()
            raise
        threading.Thread(target=self._watch, name="asgi-inspect signals", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release_signals()

    def release_signals(self) -> None:
        """Signals mean what they did before, for when the server has ended: one that has come since then is acted on now."""
        self._released.set()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _watch(self) -> None:
        while not self._gone():
            arrived = wait_for_signal(FORWARDED | {_CHILD_ENDED})
            if arrived.number != _CHILD_ENDED and arrived.sent:
                # If it was sent to the whole group, the server is at it already: two at once may stop one for good, whose
                # handler takes a lock.
                time.sleep(_APART)
                os.kill(self.pid, arrived.number)  # not yet waited for, so the number is still its own
            elif arrived.number in _KEYS:
                key_echoed()
        hurry()
        self.ended.set()
        if not self._released.wait(_GRACE):
            # Whoever reads our records stands still, and so do we. Who then wants us gone must not have to use SIGKILL.
            os._exit(128 + wait_for_signal(_FATAL).number)

    def _gone(self) -> bool:
        """Collect what has ended: the server, and, where we are process 1 of a container, whatever was left to us."""
        while True:
            try:
                pid, status = os.waitpid(-1 if os.getpid() == _INIT else self.pid, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:  # somebody else's handler has collected it: its status is lost
                return True
            if os.WIFSTOPPED(status):
                if pid == self.pid and os.WSTOPSIG(status) in _STOPPED_BY_TERMINAL:
                    self._stop_too()
            elif pid == self.pid:
                self.status = os.waitstatus_to_exitcode(status)
                return True
            elif pid == 0:
                return False

    def _stop_too(self) -> None:
        """The shell looks at us: only if we stand still as well is the job stopped for it, and woken by `fg`."""
        signal.raise_signal(signal.SIGSTOP)  # to this very thread, so that the next line waits for it
        os.kill(self.pid, signal.SIGCONT)  # who wakes us, wakes the server


def _never(number: int, frame: object) -> None:
    """What a blocked signal would call."""
