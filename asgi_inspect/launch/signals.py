"""Signals that reach the launcher while the server runs: what was sent to us is the server's, what the terminal sent it has.

Ctrl-C in a terminal goes to the whole foreground group, the server included; passed on, it would count twice, and the
second SIGINT makes servers drop their connections. `kill` reaches us alone. Linux tells the two apart by the signal's
`si_code`. Where that cannot be read (macOS has no `sigwaitinfo`), a signal that a terminal can send counts as the
terminal's while our group is in its foreground.

One thing a terminal tells the leader of its session alone: that its window was closed. We are the leader where no shell
stands between the terminal and us (`tmux new-window 'asgi-inspect …'`, `ssh -t`, a container): then it is for us to tell.

What `kill` sends to the whole group (systemd, `timeout`) looks like what it sends to us alone: the server has it twice.
Servers take a second SIGTERM for the first; a second SIGINT may make an end of their connections.
"""

import os
import signal
from collections.abc import Set as AbstractSet
from typing import NamedTuple

SI_KERNEL = 0x80  # <asm-generic/siginfo.h>: "sent by the kernel from somewhere", which a terminal is

_FROM_TERMINAL = frozenset(
    {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGWINCH, signal.SIGTTIN, signal.SIGTTOU}
)
FORWARDED = _FROM_TERMINAL | {signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2}


class Arrived(NamedTuple):
    """A signal that was taken off the queue; `sent`: to us, and not to the server as well."""

    number: int
    sent: bool


def wait_for_signal(signals: AbstractSet[signal.Signals]) -> Arrived:
    """Wait for the next of these signals, which are blocked."""
    if hasattr(signal, "sigwaitinfo"):
        info = signal.sigwaitinfo(signals)
        to_us_alone = info.si_signo == signal.SIGHUP and os.getsid(0) == os.getpid()
        return Arrived(info.si_signo, info.si_code != SI_KERNEL or to_us_alone)
    number = signal.sigwait(signals)
    return Arrived(number, not (number in _FROM_TERMINAL and in_foreground()))


def in_foreground() -> bool:
    """Whether our process group is the one that the terminal talks to; False where there is no terminal."""
    try:
        fd = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)


def die_of(number: int) -> None:
    """End this process by a signal, as its child ended; returns where that cannot be (process 1 of a container)."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))  # the child has left its core; ours would only replace it
    if number != signal.SIGKILL:  # whose action is fixed
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
