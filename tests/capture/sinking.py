"""What the tests of sinks share: lines as capture writes them, what a file holds of them, and waiting without sleeping."""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0  # seconds; a slow machine is no failure


def first_line(why: str) -> bytes:
    """A `process` record, as short as one can be."""
    head = b'{"record":"process","v":1,"proc":"p","at":"","pid":%d,"parent_pid":1,"host":"",' % os.getpid()
    return head + b'"argv":[],"python":"","asgi_inspect":"","why":"%b"}\n' % why.encode()


def line(n: int, *, conn: str = "p.1", size: int = 0) -> bytes:
    """A `send` record with the number `n`, about `size` bytes long."""
    return b'{"record":"send","conn":"%b","n":%d,"t_us":0,"message":"%b"}\n' % (conn.encode(), n, b"x" * size)


def objects(data: bytes) -> list[dict[str, Any]]:
    """Every line as its JSON object; a line that is none fails. Empty lines are nothing."""
    return [json.loads(part) for part in data.split(b"\n") if part]


def told(data: bytes) -> list[Any]:
    """What the lines tell in short: `process` records by why, `lost` records by count, all others by number."""
    short = {"process": "why", "lost": "records"}
    return [record[short[record["record"]]] if record["record"] in short else record["n"] for record in objects(data)]


def holds(condition: Callable[[], object]) -> bool:
    """Whether it holds now. Who looks before a file is there, or sees half of a line in it: that is not yet, and no failure."""
    try:
        return bool(condition())
    except (FileNotFoundError, json.JSONDecodeError):
        return False


def until(condition: Callable[[], object], what: str = "it") -> None:
    """Wait until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + PATIENCE
    never = threading.Event()
    while not holds(condition):
        assert time.monotonic() < deadline, f"{what} did not come true"
        never.wait(0.002)


def press_ctrl_s(master: int, slave: int) -> None:
    """Stop a terminal as its user does; the kernel heeds that a little later."""
    os.write(master, b"\x13")
    until(lambda: not select.select([], [slave], [], 0)[1], "the terminal is stopped")


def threads(name: str = "asgi-inspect") -> list[threading.Thread]:
    """The threads of ours that run."""
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def descriptors_in(folder: Path, *others: str) -> list[str]:
    """What this process has open there, what was removed among it, or has one of these other names.

    All that it has open does not tell: what other tests have left is closed at any moment.
    """
    found = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # that of the listing itself
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return sorted(name for name in found if name.startswith((f"{folder}{os.sep}", *others)))


class Pipe(NamedTuple):
    """The two ends of a pipe, or of a terminal."""

    read: int
    write: int

    @property
    def size(self) -> int:
        return fcntl.fcntl(self.write, fcntl.F_GETPIPE_SZ)

    def drain(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            taken += os.read(self.read, size - len(taken))
        return taken


@contextmanager
def python(code: str, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that runs `code`, with `ready()` to tell that it got so far; it is killed at the end."""
    prelude = "import os, sys\ndef ready(): os.write(1, b'ready\\n')\n"
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    process = subprocess.Popen(
        [sys.executable, "-c", prelude + code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, **given
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def output(code: str, *arguments: str, status: int = 0, **options: Any) -> tuple[bytes, bytes]:
    """What a Python process prints on stdout and stderr, and that it ends with `status`."""
    with python(code, *arguments, **options) as process:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == status, (process.returncode, out, err)
    return out or b"", err or b""


def read_line(stream: IO[bytes] | None) -> bytes:
    """The next line of a process's stream."""
    assert stream is not None
    return stream.readline()


def run_threads(targets: Sequence[Callable[[], object]]) -> None:
    """Run these at once, each in a thread; what one raises fails here."""
    failures: list[BaseException] = []

    def guarded(target: Callable[[], object]) -> None:
        try:
            target()
        except BaseException as failure:
            failures.append(failure)

    running = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert not failures, failures
