"""Which signals are passed on, and what death by a signal is."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from asgi_inspect.launch import signals
from asgi_inspect.launch.signals import Arrived, wait_for_signal
from asgi_inspect.trace.records import ExitRecord, ProcessRecord, ReceiveRecord
from tests.launch.conftest import Start, ended, gone, traces
from tests.launch.test_launch import get, paths, records, slow_connection, until
from tests.serving import running


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


# --- real servers ---

GUNICORN = ["gunicorn", "-k", "asgi", "--no-control-socket", "--bind", "127.0.0.1:0", "main:app"]
LISTENS = r"Listening at: http://127\.0\.0\.1:(\d+)"


def processes(file: Path) -> list[ProcessRecord]:
    return [record for record in records(file) if isinstance(record, ProcessRecord)]


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGTTIN, 2),  # one more
        (signal.SIGTTOU, 1),  # one less; the last one stays
        (signal.SIGHUP, 2),  # another in its place
        (signal.SIGUSR1, 1),  # its logs are opened again
        (signal.SIGWINCH, 1),
    ],
)
def test_a_master_gets_each_signal_once(
    number: signal.Signals, workers: int, start: Start, environ: dict[str, str]
) -> None:
    with start(*GUNICORN, port=False) as server:
        get(int(server.wait_for(LISTENS)[1]))
        os.kill(server.pid, number)
        said = f"Handling signal: {number.name.removeprefix('SIG').lower()}"
        server.wait_for(said)
        file = traces(environ)[-1]
        until(lambda: len(processes(file)) == workers)
        assert server.stop() == 0  # the master takes one signal after the other
    assert server.stderr.count(said) == 1


def test_a_master_that_starts_itself_anew(start: Start, environ: dict[str, str]) -> None:
    """SIGUSR2 to the old master, later SIGQUIT: the new one is traced as well, and outlives the run."""
    with start(*GUNICORN, port=False) as server:
        port = int(server.wait_for(LISTENS)[1])
        get(port, "/before")
        file = traces(environ)[-1]
        until(lambda: paths(file) == ["/before"])
        old = processes(file)[0].parent_pid
        os.kill(server.pid, signal.SIGUSR2)
        until(lambda: len(processes(file)) == 2)
        worker = processes(file)[1]
        assert worker.parent_pid != old
        os.kill(server.pid, signal.SIGQUIT)
        assert ended(server) == 0  # as the bare old master; its streams stay open, as the new one has them
        server.wait_for(f"still running, and writing to the trace: process {worker.pid}$")
        assert get(port, "/behind") == str(worker.pid)
        until(lambda: paths(file) == ["/before", "/behind"])
        os.kill(worker.parent_pid, signal.SIGTERM)
        until(lambda: gone(worker.pid))


def test_a_signal_to_the_whole_group_harms_nothing(start: Start, environ: dict[str, str]) -> None:
    """As systemd sends SIGTERM: the server has it twice, once through us, and lets its connections end all the same."""
    with start("main:app") as server:
        client = slow_connection(server.port)
        os.killpg(server.pid, signal.SIGTERM)
        server.wait_for("Waiting for connections to close")
        client.close()
        assert server.wait() == -signal.SIGTERM
    received = [record.message["type"] for record in records(traces(environ)[-1]) if isinstance(record, ReceiveRecord)]
    assert received.count("lifespan.shutdown") == 1


def test_what_was_ignored_stays_ignored(project: Path, environ: dict[str, str]) -> None:
    command = ["nohup", sys.executable, "-m", "asgi_inspect", "main:app", "--port", "0"]
    with running(command, env=environ, cwd=project) as server:
        get(server.port)
        os.kill(server.pid, signal.SIGHUP)
        assert server.stop() == -signal.SIGTERM  # the signal with the lower number is passed on first


def test_all_of_it_killed_at_once(start: Start, environ: dict[str, str]) -> None:
    """Workers that die a moment after their server are not said to go on."""
    with start("main:app", "--workers", "2", "--quiet") as server:
        get(server.port)
        client = slow_connection(server.port)
        file = traces(environ)[-1]
        until(lambda: len(processes(file)) == 2 and "/slow" in paths(file))
        for pid in (processes(file)[0].parent_pid, *(record.pid for record in processes(file))):
            os.kill(pid, signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
        client.close()
    assert "still running" not in server.stderr
    assert re.search("open when the process ended: .*GET /slow", server.stderr)
    assert len([record for record in records(file) if isinstance(record, ExitRecord)]) == 2
