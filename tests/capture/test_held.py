"""What is held back until it is known whether a connection failed: passed on whole and in order, or forgotten; bounded."""

import asyncio
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture import held
from asgi_inspect.capture.held import Held
from asgi_inspect.capture.omissions import Omissions, omissions
from asgi_inspect.capture.process import clock, current_process
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, LostRecord, ReceiveRecord, ScopeRecord, SendRecord, SkippedRecord
from tests.asking import app, ask
from tests.capture.recording import Kept
from tests.capture.sinking import PATIENCE, output, run_threads, until
from tests.stage import http_scope, no_send_is_slow, of_kind, records, run

SCOPE = b'{"record":"scope","conn":"p.1","at":"","scope":{"type":"http"}}\n'
OK = b'{"record":"send","conn":"p.1","n":1,"t_us":1,"message":{"type":"http.response.start","status":200}}\n'
BAD = b'{"record":"send","conn":"p.1","n":1,"t_us":1,"message":{"type":"http.response.start","status":500}}\n'
RETURNED = b'{"record":"end","conn":"p.1","n":9,"t_us":1,"outcome":"returned"}\n'
RAISED = b'{"record":"end","conn":"p.1","n":9,"t_us":1,"outcome":"raised"}\n'
LATE = b'{"record":"receive","conn":"p.1","n":10,"t_us":1,"wait_us":1,"outcome":"cancelled"}\n'
LOST = b'{"record":"lost","proc":"p","at":"","records":1,"conns":1,"bytes":0,"why":"x"}\n'


def body(size: int, n: int = 2) -> bytes:
    return b'{"record":"send","conn":"p.1","n":%d,"t_us":1,"message":{"type":"http.response.body","body":"%b"}}\n' % (
        n,
        b"x" * size,
    )


@pytest.fixture(autouse=True)
def counts_are_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    no_send_is_slow(monkeypatch)


@pytest.fixture
def omitted() -> Iterator[Omissions]:
    made = Omissions()
    yield made
    made.at_exit()


@pytest.fixture
def sink() -> Kept:
    return Kept()


def hold(sink: Kept, omissions: Omissions, slow_ns: int | None = None, type_: str | None = "http") -> Held:
    return Held(omissions.skips(sink, "only=errors"), omissions, type_, slow_ns)


def add(one: Held, *lines: bytes) -> None:
    for line in lines:
        one.add(line, clock())


def skips(sink: Kept, omissions: Omissions) -> int:
    omissions.write()
    return sum(record.conns for record in sink.records if isinstance(record, SkippedRecord))


def test_all_goes_on_as_soon_as_it_failed(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE)
    assert sink.lines == []
    add(one, BAD)
    assert sink.lines == [SCOPE, BAD]
    add(one, body(9), RETURNED, LATE)
    assert sink.lines == [SCOPE, BAD, body(9), RETURNED, LATE]
    one.flush(clock())
    assert (sink.flushed, omitted.held, skips(sink, omitted)) == (1, 0, 0)


def test_what_ended_well_is_forgotten_with_all_that_comes_late(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE, OK, body(9), RETURNED, LATE)
    one.flush(clock())
    assert (sink.lines, sink.flushed, omitted.held) == ([], 0, 0)
    assert skips(sink, omitted) == 1


def test_what_raised_at_last_is_there_from_its_beginning(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE, OK, body(9), RAISED)
    assert sink.lines == [SCOPE, OK, body(9), RAISED]


def test_what_was_lost_before_is_told_at_once(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE, LOST)
    assert sink.lines == [LOST]


def test_one_connection_holds_so_much_at_most(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE, OK)
    most = 0
    for n in range(100):
        add(one, body(100_000, n + 2))
        most = max(most, omitted.held)
    assert held.CONNECTION_CEILING // 2 < most <= held.CONNECTION_CEILING
    add(one, RAISED)
    kept = [record for record in sink.records if not isinstance(record, LostRecord)]
    (lost,) = (record for record in sink.records if isinstance(record, LostRecord))
    assert isinstance(kept[0], ScopeRecord)
    assert isinstance(kept[-1], EndRecord)
    assert lost.records + len(kept) == 103
    assert (lost.conns, lost.bytes > 9_000_000) == (1, True)
    assert "more than can be held" in lost.why
    assert omitted.held == 0


def test_a_line_that_is_too_long_is_lost_and_read_all_the_same(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted)
    add(one, SCOPE, OK, body(3_000_000), RAISED)
    assert [type(record) for record in sink.records] == [LostRecord, ScopeRecord, EndRecord]
    failing = hold(sink, omitted)
    add(failing, SCOPE, BAD.replace(b"500", b'500,"headers":"%b"' % (b"x" * 3_000_000)))
    assert len(sink.lines) == 5
    assert omitted.held == 0


def test_all_together_hold_so_much_at_most(sink: Kept, omitted: Omissions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "CEILING", 1_000_000)
    some = [hold(sink, omitted) for _ in range(2_000)]
    for one in some:
        add(one, SCOPE, OK, body(2000))
        assert omitted.held <= 1_000_000
    for one in some:
        add(one, RAISED)
    lost = sum(record.records for record in sink.records if isinstance(record, LostRecord))
    kept = sum(not isinstance(record, LostRecord) for record in sink.records)
    assert lost + kept == 8_000
    assert lost > 1000
    assert omitted.held == 0


def test_memory_is_bounded_by_what_is_held(tmp_path: Path) -> None:
    """A connection that streams for ever."""

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 60_000, "more_body": True})
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            await send({"type": "http.response.body", "body": b"x" * 60_000, "more_body": True})
        grown.append(tracemalloc.get_traced_memory()[0] - before)
        tracemalloc.stop()

    grown: list[int] = []
    asyncio.run(run(InspectMiddleware(stream, out=tmp_path / "t.jsonl", only="errors", body_limit=None)))
    assert grown[0] < 2 * held.CONNECTION_CEILING


# --- slow ----------------------------------------------------------------------------------------------------------------


def test_what_lasts_too_long_goes_on_though_nothing_happens(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted, slow_ns=1_000_000)
    one.add(SCOPE, one._began)
    until(lambda: sink.lines, "the slow connection is written")
    assert sink.lines == [SCOPE]
    add(one, OK, RETURNED)
    assert sink.lines == [SCOPE, OK, RETURNED]
    assert threading.current_thread().name != "asgi-inspect skipped"


def test_what_is_quick_is_not_slow(sink: Kept, omitted: Omissions) -> None:
    add(hold(sink, omitted, slow_ns=60_000_000_000), SCOPE, OK, RETURNED)
    assert sink.lines == []
    one = hold(sink, omitted, slow_ns=60_000_000_000)
    one.add(SCOPE, one._began)
    one.add(RETURNED, one._began + 60_000_000_001)
    assert sink.lines == [SCOPE, RETURNED]


def test_a_lifespan_may_last(sink: Kept, omitted: Omissions) -> None:
    one = hold(sink, omitted, slow_ns=1, type_="lifespan")
    add(one, SCOPE, RETURNED)
    assert sink.lines == []


def test_a_slow_one_of_a_real_application(tmp_path: Path) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(
                until, lambda: "/slow" in _text(tmp_path / "t.jsonl"), "it is in the trace while it runs"
            )
        await app(scope, receive, send)

    middleware = InspectMiddleware(slow, out=tmp_path / "t.jsonl", only="errors", slow_ms=50)
    ask(middleware, "/slow")
    trace = records(middleware)
    assert [type(record) for record in trace[1:] if not isinstance(record, SkippedRecord)] == [
        ScopeRecord, SendRecord, SendRecord, EndRecord,
    ]  # fmt: skip


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def test_order_holds_while_a_thread_passes_on(sink: Kept, omitted: Omissions) -> None:
    """Whoever comes first passes all on; none is passed twice, none is left."""
    for _ in range(20):
        sink.lines.clear()
        one = hold(sink, omitted, slow_ns=60_000_000_000)
        add(one, SCOPE)
        numbered = [body(5, n) for n in range(2, 200)]
        far = one._began + 60_000_000_001
        run_threads([lambda o=one: add(o, *numbered), lambda o=one: o.look(far)])  # type: ignore[misc]
        one.look(far)
        assert sink.lines == [SCOPE, *numbered]


def test_the_loop_does_not_wait_for_a_thread_that_passes_on(omitted: Omissions) -> None:
    class Slow(Kept):
        """A disk that takes its time."""

        def add(self, line: bytes, now: int) -> None:
            entered.set()
            assert free.wait(PATIENCE)
            super().add(line, now)

    entered, free, sink = threading.Event(), threading.Event(), Slow()
    one = hold(sink, omitted, slow_ns=60_000_000_000)
    add(one, SCOPE)
    thread = threading.Thread(target=one.look, args=(one._began + 60_000_000_001,))
    thread.start()
    assert entered.wait(PATIENCE)
    add(one, OK, RETURNED)
    assert sink.lines == []
    free.set()
    thread.join(PATIENCE)
    assert sink.lines == [SCOPE, OK, RETURNED]


# --- the ways in which a connection ends ---------------------------------------------------------------------------------


def test_one_that_is_cancelled_has_not_failed(tmp_path: Path) -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(run(middleware))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    middleware = InspectMiddleware(waits, out=tmp_path / "t.jsonl", only="errors")
    asyncio.run(main())
    omissions().write()
    assert of_kind(records(middleware), ScopeRecord) == []


def test_one_that_ended_without_our_knowing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we fail ourselves, too much is written rather than too little."""

    def fail(*args: Any) -> Any:
        raise RuntimeError("ours")

    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", only="errors", slow_ms=60_000)
    ask(middleware, "/x")
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.recorder.endpoint_of", fail)
        patch.setattr("asgi_inspect.capture.recorder.tells_of_route", lambda *_: True, raising=False)
        ask(middleware, "/failing")
    until(lambda: "/failing" in _text(tmp_path / "t.jsonl"), "it is written")
    ask(middleware, "/x")
    assert [record.scope["path"] for record in of_kind(records(middleware), ScopeRecord)] == ["/failing"]


def test_what_we_failed_to_record_is_told_whatever_becomes_of_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("ours")

    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", only="errors")
    ask(middleware, "/x")
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.recorder.LayerRecorder.sends", fail)
        ask(middleware, "/x")
    ask(middleware, "/x")
    omissions().write()
    trace = records(middleware)
    assert sum(record.records for record in of_kind(trace, LostRecord)) == 2
    assert middleware._sink not in current_process().missed


LEAVES = """
from asgi_inspect.middleware import InspectMiddleware
from tests.asking import app, ask
from tests.stage import http_scope, run
import asyncio
"""


def test_one_that_is_open_when_the_process_ends_is_counted(tmp_path: Path) -> None:
    code = """
async def waits(scope, receive, send):
    sys.exit(0) if scope["path"] == "/exit" else await asyncio.Event().wait()
middleware = InspectMiddleware(waits, out=sys.argv[1], only="errors")
async def main():
    for _ in range(3): asyncio.get_running_loop().left = [*getattr(asyncio.get_running_loop(), "left", []), asyncio.ensure_future(run(middleware))]
    await asyncio.sleep(0)
    import atexit; atexit._run_exitfuncs(); os._exit(0)
asyncio.run(main())
"""
    output(LEAVES + code, str(tmp_path / "t.jsonl"))
    trace = list(read_trace(tmp_path / "t.jsonl"))
    assert [(record.why, record.conns) for record in of_kind(trace, SkippedRecord)] == [("only=errors", 3)]
    assert of_kind(trace, ScopeRecord) == []


def test_a_forked_child_holds_nothing_of_its_parents(tmp_path: Path) -> None:
    code = """
middleware = InspectMiddleware(app, out=sys.argv[1], only="errors")
async def forks(scope, receive, send):
    pid = os.fork()
    if pid: os.waitpid(pid, 0)
    else:
        from asgi_inspect.capture.omissions import omissions
        assert omissions().held == 0
    await send({"type": "http.response.start", "status": 500, "headers": []})
asyncio.run(run(InspectMiddleware(forks, out=sys.argv[1], only="errors")))
ask(middleware, "/x")
"""
    output(LEAVES + code, str(tmp_path / "t.jsonl"))
    trace = list(read_trace(tmp_path / "t.jsonl"))
    assert len(of_kind(trace, ScopeRecord)) == 1
    assert len(of_kind(trace, SendRecord)) == 1
    assert sorted(record.conns for record in of_kind(trace, SkippedRecord)) == [1, 1]


def test_each_way_out_gets_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    got: list[Any] = []
    failing = http_scope(path="/bad")

    async def bad(scope: Any, receive: Any, send: Any) -> None:
        status = 500 if scope["path"] == "/bad" else 200
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"tea"})

    for out in (got.append, tmp_path / "t.jsonl", "-", None):
        middleware = InspectMiddleware(bad, out=out, only="errors", format="compact")
        asyncio.run(run(middleware))
        asyncio.run(run(middleware, failing))
        assert middleware._sink is not None
        middleware._sink.settle()
    kinds = [type(record) for record in got if not isinstance(record, SkippedRecord)]
    assert kinds[1:] == [ScopeRecord, ReceiveRecord, SendRecord, SendRecord, EndRecord]
    assert len(of_kind(list(read_trace(tmp_path / "t.jsonl")), ScopeRecord)) == 1
    shown = capfd.readouterr()
    assert shown.out.count('"path":"/bad"') == 1
    assert '"path":"/"' not in shown.out
    assert "/bad" in shown.err
    assert "200 OK" not in shown.err
