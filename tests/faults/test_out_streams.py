"""`out` is no regular file, under a real server: a FIFO nobody reads, a redirected stream, a terminal, a pipe of four workers."""

import io
import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.capture.sinking import PATIENCE, objects, press_ctrl_s, until
from tests.clients import Wire
from tests.faults.disks import APP, Left, breaking, reach
from tests.serving import ROOT, running, uvicorn_command


@pytest.mark.parametrize("leaves", [False, True], ids=["nobody ever reads", "somebody came and stands still"])
def test_a_fifo_that_nobody_reads(leaves: bool, tmp_path: Path) -> None:
    """More than its buffer and ours hold: all is answered, the memory is bounded, and the process ends."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK) if leaves else None
    with breaking(fifo) as broken:
        before = int(broken.ask("/told?memory"))
        for _ in range(400):
            broken.ask("/large?100000")
        assert (int(broken.ask("/told?memory")) - before) * 1024 < 30_000_000
    if reader is not None:
        os.close(reader)
    (said,) = broken.said()
    assert said.endswith(f" records did not reach {fifo}")


def test_a_fifo_whose_reader_comes_late_and_leaves(tmp_path: Path) -> None:
    """Whole lines, in order; what came while nobody read is counted, and that it could not be written is said."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with breaking(fifo) as broken:
        broken.ask_often(5, "before")
        with open(fifo, "rb", buffering=0) as reader:
            early = _read_until(reader, "/before/4")
        broken.ask_often(5, "during")
        until(broken.said)
        with open(fifo, "rb", buffering=0) as reader:
            broken.ask("/after")
            late = _read_until(reader, "/after")
        assert broken.said() == [
            f"asgi-inspect: cannot write to {fifo}: Broken pipe; the application goes on, records are dropped"
        ]
    assert early[0]["record"] == "process"
    assert [record["why"] for record in late if record["record"] == "lost"] == [
        f"{fifo} could not be written: Broken pipe"
    ]


def _read_until(reader: io.RawIOBase, path: str) -> list[dict[str, object]]:
    """Each line as its JSON object, up to the scope with this path."""
    records = []
    for line in filter(bytes.strip, iter(reader.readline, b"")):  # after half of a line the next begins with a newline
        records.append(json.loads(line))
        if f'"path":"{path}"'.encode() in line:
            return records
    raise AssertionError(f"{path} never came")


@contextmanager
def served(out: str, stdout: int | IO[bytes], *options: str, stderr: int | None = None) -> Iterator[Wire]:
    """Serve with this standard output, at a socket of our own; ends the server and waits for it."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        command = [*uvicorn_command(APP, *options), "--fd", str(listener.fileno())]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env={**os.environ, "OUT": out},
            pass_fds=[listener.fileno()], start_new_session=True,
        )  # fmt: skip
        try:
            with Wire(listener.getsockname()[1]) as wire:
                yield wire
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"])
def test_standard_output_is_redirected_to_a_file(name: str, tmp_path: Path) -> None:
    """What the server prints there itself, through an offset of its own, does not stand in our lines, nor ours in its."""
    out = tmp_path / "out"
    with out.open("wb") as stdout, served(name, stdout) as wire:
        for number in range(20):
            assert wire.ask("GET", f"/leaf/{number}").status == 200
    lines = out.read_bytes().splitlines()
    ours = [json.loads(line) for line in lines if line.startswith(b'{"record":')]
    assert [
        record["scope"]["path"] for record in ours if record["record"] == "scope" and "path" in record["scope"]
    ] == [f"/leaf/{number}" for number in range(20)]
    theirs = [line for line in lines if not line.startswith(b'{"record":')]
    assert sum(b"GET /leaf/" in line for line in theirs) == 20, "uvicorn's access log"
    assert {line[:6] for line in theirs} == {b"INFO: "}


def test_standard_output_is_a_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as reader:
        with served("/dev/stdout", writing, "--no-access-log") as wire:
            os.close(writing)
            for number in range(20):
                assert wire.ask("GET", f"/leaf/{number}").status == 200
        lines = reader.read().splitlines()
    assert sum(json.loads(line)["record"] == "end" for line in lines) == 21


@pytest.mark.parametrize("stopped", [False, True], ids=["it runs", "it was stopped"])
@pytest.mark.parametrize("by_name", [False, True], ids=["/dev/stdout", "by its own name"])
def test_a_terminal(by_name: bool, stopped: bool) -> None:
    """Nothing acts there; and where it was stopped, all is answered, and the process ends."""
    master, slave = pty.openpty()
    if stopped:
        press_ctrl_s(master, slave)
    with served(
        os.ttyname(slave) if by_name else "/dev/stdout", slave, "--no-access-log", stderr=subprocess.DEVNULL
    ) as wire:
        for _ in range(20):
            answer = wire.ask("GET", "/", [(b"x-evil", "\x9b31m\u202e\u2028".encode())])
            assert answer.status == 200
        if not stopped:
            shown = b""
            while shown.count(b'"record":"end"') < 20:
                shown += os.read(master, 65536)
            assert b"x-evil" in shown
            assert "\x9b".encode() not in shown
            assert "\u202e".encode() not in shown
    os.close(slave)
    os.close(master)


def test_a_pipe_of_four_workers(tmp_path: Path) -> None:
    """Lines of 200 KB, far over what a pipe takes whole, of several workers at once."""
    fifo, collected = tmp_path / "fifo", tmp_path / "collected"
    os.mkfifo(fifo)
    with collected.open("wb") as into, subprocess.Popen(["cat", fifo], stdout=into) as collector:
        keeps = os.open(fifo, os.O_WRONLY)  # or `cat` would end when the first of them does
        try:
            _ask_four_workers(fifo, collected)
        finally:
            os.close(keeps)
        assert collector.wait(PATIENCE) == 0
    records = objects(collected.read_bytes())
    assert len({record["pid"] for record in records if record["record"] == "process"}) == 4
    left = Left(collected)
    assert left.paths == ["/large"] * 72
    assert (left.damages, left.lost) == ([], [])
    left.assert_in_order()


def _ask_four_workers(fifo: Path, collected: Path) -> None:
    command = uvicorn_command(APP, "--no-access-log", "--workers", "4")
    with running(command, env={"OUT": str(fifo)}) as process:
        port = process.port
        until(lambda: process.stderr.count("Application startup complete") == 4)
        with ExitStack() as stack:
            wires = [stack.enter_context(reach(port)) for _ in range(24)]
            for _ in range(3):
                for wire in wires:  # all of them at once
                    wire.begin("GET", "/large?200000")
                for wire in wires:
                    assert wire.finish().status == 200
        until(lambda: collected.read_bytes().count(b'"record":"end"') >= 72)
        process.stop()
