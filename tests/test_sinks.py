"""Where the records go: to one sink for each place, and never at the cost of the application."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect import sinks
from asgi_inspect.capture import notice
from asgi_inspect.capture import queue as queue_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from asgi_inspect.capture.queue import QueueSink
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import Options
from asgi_inspect.sinks import sink_for
from asgi_inspect.trace.records import EndRecord, LostRecord, ProcessRecord, Record, ScopeRecord, SendRecord, SentRecord
from tests.asking import APP, app, ask
from tests.capture.sinking import (
    PATIENCE,
    first_line,
    line,
    objects,
    output,
    python,
    read_line,
    run_threads,
    told,
    until,
)


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


# --- one sink for each place -----------------------------------------------------------------------------------------


def test_two_that_name_one_file_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trace.jsonl"
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.jsonl").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    names: list[Any] = [path, str(path), "trace.jsonl", "folder/../trace.jsonl", "link.jsonl"]
    applications = [InspectMiddleware(app, out=name) for name in names]
    for application in applications:
        ask(application, "/x")
    assert [record["record"] for record in objects(path.read_bytes())].count("process") == 1
    assert len({id(application._sink) for application in applications}) == 1


def test_a_terminal_is_shown_what_each_asked_for() -> None:
    """One that hides bodies must not get the view of one that shows them."""
    plain, hidden = Options(), Options(body=False)
    sinks = [sink_for(None, options, first_line) for options in (plain, hidden, Options())]
    assert sinks[0] is sinks[2]
    assert sinks[0] is not sinks[1]


def test_threads_that_come_first_at_once_share_it_too(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    got: list[object] = []
    barrier = threading.Barrier(4)

    def first() -> None:
        barrier.wait(PATIENCE)
        got.append(sink_for(str(path), Options(), first_line))

    run_threads([first] * 4)
    assert len({id(sink) for sink in got}) == 1


def test_a_lock_that_a_fork_left_locked_is_not_waited_for(tmp_path: Path) -> None:
    with sinks._opening:
        assert sink_for(str(tmp_path / "trace.jsonl"), Options(), first_line)


def test_whoever_wants_each_record_at_once_gets_it(tmp_path: Path) -> None:
    path = str(tmp_path / "trace.jsonl")
    sink = sink_for(path, Options(), first_line)
    assert sink_for(path, Options(flush="record"), first_line) is sink
    sink.add(line(1), clock())
    assert told(Path(path).read_bytes()) == ["start", 1]


def test_one_callable_has_one_queue_also_as_a_method() -> None:
    class Log:
        def __init__(self) -> None:
            self.records: list[Record] = []

        def take(self, record: Record) -> None:
            self.records.append(record)

    def function(record: Record) -> None:
        pass

    one, other = Log(), Log()
    same: list[tuple[Any, Any]] = [(one.take, one.take), (one.records.append, one.records.append), (function, function)]
    for first, second in same:
        assert sink_for(first, Options(), first_line) is sink_for(second, Options(), first_line)
    kept = [sink_for(out, Options(), first_line) for out in (one.take, other.take, one.records.append, function)]
    assert len({id(sink) for sink in kept}) == 4


def test_the_kind_of_sink(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    kinds: list[tuple[Any, type]] = [
        (str(tmp_path / "new.jsonl"), FileSink),
        (str(tmp_path / "fifo"), QueueSink),
        ("/dev/null", QueueSink),
        ("-", QueueSink),
        (None, QueueSink),
        (print, QueueSink),
    ]
    assert [type(sink_for(out, Options(), first_line)) for out, _ in kinds] == [kind for _, kind in kinds]
    assert list(tmp_path.iterdir()) == [tmp_path / "fifo"], "something was opened before the first record"


def test_a_thousand_middlewares_do_not_use_up_descriptors(tmp_path: Path) -> None:
    """As in a test suite that makes one for each test."""
    code = (
        APP
        + """
import gc, resource
from asgi_inspect.capture import file, thread
from tests.capture.sinking import until
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
thread.LINGER, file.QUIET_TICKS = 0.0, 2
def number():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))
for n in range(300):
    ask(InspectMiddleware(app, out=f"{sys.argv[1]}/{n}.jsonl"), "/x")
    if n % 40 == 39:
        until(lambda: number() < 20)
"""
    )
    assert output(code, str(tmp_path)) == (b"", b"")
    assert len(list(tmp_path.iterdir())) == 300
    assert all(b'"outcome":"returned"' in path.read_bytes() for path in tmp_path.iterdir())


# --- a callable ------------------------------------------------------------------------------------------------------


def test_a_callable_gets_each_record_as_a_struct_in_order_on_the_queues_thread() -> None:
    records: list[Record] = []
    by: set[str] = set()

    def out(record: Record) -> None:
        by.add(threading.current_thread().name)
        if not isinstance(record, SentRecord):  # one that took long, which a busy machine may cause
            records.append(record)

    ask(InspectMiddleware(app, out=out), *(f"/{n}" for n in range(50)))
    until(lambda: len(records) == 1 + 50 * 4)
    assert [type(record) for record in records] == [
        ProcessRecord,
        *[ScopeRecord, SendRecord, SendRecord, EndRecord] * 50,
    ]
    assert [record.scope["path"] for record in records if isinstance(record, ScopeRecord)] == [
        f"/{n}" for n in range(50)
    ]
    assert by == {"asgi-inspect queue"}


def test_a_callable_that_raises_harms_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    records: list[Record] = []

    def out(record: Record) -> None:
        records.append(record)
        raise SystemExit("not yours to end")

    ask(InspectMiddleware(app, out=out), "/x", "/y")
    until(lambda: len(records) >= 9)
    assert capfd.readouterr().err == (
        "asgi-inspect: the callable given as out= raised SystemExit; it gets the next records all the same\n"
    )


def test_a_callable_that_blocks_harms_nobody_and_what_it_missed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "CEILING", 20_000)
    goes_on = threading.Event()
    records: list[Any] = []

    def out(record: Record) -> None:
        assert goes_on.wait(PATIENCE)
        records.append(record)

    sink: Any = sink_for(out, Options(), first_line)
    for n in range(1, 1001):
        sink.add(line(n, size=100), clock())
    goes_on.set()
    until(lambda: records and sink._thread.idle)
    sink.add(line(1001), clock())
    until(lambda: records[-1] == SendRecord(conn="p.1", n=1001, t_us=0, message=""))
    numbers = [record.n for record in records if isinstance(record, SendRecord)]
    lost = sum(record.records for record in records if isinstance(record, LostRecord))
    assert lost > 500
    assert numbers == sorted(numbers)
    assert len(numbers) + lost == 1001, "some records are neither there nor counted"


def test_a_callable_that_blocks_for_ever_delays_the_end_by_two_seconds() -> None:
    code = (
        APP
        + """
import atexit, threading, time
atexit.register(lambda: print(time.monotonic() - began))
ask(InspectMiddleware(app, out=lambda record: threading.Event().wait()), "/x")
began = time.monotonic()
"""
    )
    out, err = output(code)
    assert 1.5 < float(out) < 10
    assert b"did not reach the callable given as out=" in err


# --- records on stdout -----------------------------------------------------------------------------------------------


STDOUT = """
from asgi_inspect.capture.process import clock
from asgi_inspect.options import Options
from asgi_inspect.sinks import sink_for
from tests.capture.sinking import first_line, line
sink = sink_for("-", Options(), first_line)
"""


def test_records_on_stdout_of_four_processes_are_whole_lines() -> None:
    """Lines far over PIPE_BUF."""
    code = (
        STDOUT
        + """
for n in range(1, 61):
    sink.add(line(n, conn=f"{os.getpid()}.1", size=n * 1000), clock())
"""
    )
    read, write = os.pipe()
    with ExitStack() as stack:
        processes = [stack.enter_context(python(code, stdout=write)) for _ in range(4)]
        os.close(write)
        with os.fdopen(read, "rb") as file:
            records = objects(file.read())
        assert [process.wait(PATIENCE) for process in processes] == [0] * 4
    for process in processes:
        own = [r for r in records if r.get("pid") == process.pid or r.get("conn") == f"{process.pid}.1"]
        assert [own[0]["record"], *(record["n"] for record in own[1:])] == ["process", *range(1, 61)]


def test_stdout_that_nobody_reads_stalls_nobody() -> None:
    """Whoever reads in the end gets whole lines, and is told what was dropped."""
    code = (
        STDOUT
        + """
from asgi_inspect.capture import queue
queue.CEILING = 100_000
for n in range(1, 10_001):
    sink.add(line(n), clock())
os.write(2, b"gone on\\n")
sys.stdin.readline()
for n in range(10_001, 10_101):
    sink.add(line(n), clock())
"""
    )
    with python(code) as process:
        assert read_line(process.stderr) == b"gone on\n"
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout is not None
        records = objects(process.stdout.read())
        assert process.wait(PATIENCE) == 0
    lost = [record for record in records if record["record"] == "lost"]
    assert {record["why"] for record in lost} == {"stdout could not keep up"}
    assert sum(record["records"] for record in lost) + len(records) - len(lost) == 1 + 10_100


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| true"])
def test_stdout_that_cannot_be_written_harms_nobody(redirection: str) -> None:
    code = (
        APP
        + """
application = InspectMiddleware(app, out="-")
for _ in range(20):
    ask(application, "/x")
os.write(2, b"answered\\n")
"""
    )
    command = f'"{sys.executable}" -c "$1" {redirection}'
    done = subprocess.run(["sh", "-c", command, "sh", "import os, sys\n" + code], check=True, capture_output=True)
    assert b"answered\n" in done.stderr
    assert b"Traceback" not in done.stderr
    if redirection != "| true":  # there it depends on who is faster
        assert b"asgi-inspect: cannot write to stdout: " in done.stderr


def test_stdout_redirected_to_a_file_keeps_the_applications_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "out"
    code = (
        APP
        + """
async def printing(scope, receive, send):
    sys.stdout.write('{"record": "print", "path": "%s"}\\n' % scope["path"])
    sys.stdout.flush()
    await app(scope, receive, send)
application = InspectMiddleware(printing, out="-")
ask(application, *(f"/{n}" for n in range(100)))
"""
    )
    with path.open("wb") as file, python(code, stdout=file) as process:
        assert process.wait(PATIENCE) == 0
    records = objects(path.read_bytes())
    assert [record["path"] for record in records if record["record"] == "print"] == [f"/{n}" for n in range(100)]
    assert len([record for record in records if record["record"] == "end"]) == 100


def test_a_fifo_nobody_reads_and_then_somebody_does(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    application = InspectMiddleware(app, out=fifo)
    ask(application, "/x", "/y")
    paths: list[str] = []

    def read_until(reader: Any, path: str) -> None:
        while path not in paths:
            record = json.loads(reader.readline())
            if record["record"] == "scope":
                paths.append(record["scope"]["path"])

    with fifo.open("rb") as reader:
        read_until(reader, "/y")
        ask(application, "/z")
        read_until(reader, "/z")
    assert paths == ["/x", "/y", "/z"]
    sink: Any = application._sink
    assert sink._thread.stop(PATIENCE)
