"""Which signals are passed on, and what death by a signal is."""

import signal
import subprocess
import sys
import threading

import pytest

from asgi_inspect.launch import signals
from asgi_inspect.launch.signals import Arrived, wait_for_signal


@pytest.fixture(params=["with sigwaitinfo", "without"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without":
        monkeypatch.delattr(signal, "sigwaitinfo")
    return str(request.param)


def received(number: signal.Signals) -> Arrived:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        signal.pthread_kill(threading.get_ident(), number)  # to this thread: no other one blocks it
        return wait_for_signal({number})
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize("number", sorted(signals.FORWARDED))
def test_what_was_sent_to_us_is_passed_on(number: signal.Signals, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "in_foreground", lambda: False)
    assert received(number) == (number, True)


@pytest.mark.parametrize(
    ("number", "sent"), [(signal.SIGINT, False), (signal.SIGHUP, False), (signal.SIGTERM, True), (signal.SIGUSR1, True)]
)
def test_without_sigwaitinfo_the_foreground_decides(
    number: signal.Signals, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(signal, "sigwaitinfo")
    monkeypatch.setattr(signals, "in_foreground", lambda: True)
    assert received(number) == (number, sent)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGABRT, signal.SIGUSR1])
def test_death_by_a_signal(number: signal.Signals) -> None:
    script = f"from asgi_inspect.launch.signals import die_of; die_of({int(number)}); print('alive')"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (-number, b"")
