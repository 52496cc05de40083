"""Which connections are recorded: a share of them, what a function says, what a filter means; whole ones, in all layers."""

import asyncio
import copy
import gc
import json
import os
import pickle
import random
import weakref
from collections import Counter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.capture import notice
from asgi_inspect.capture.omissions import Omissions, omissions
from asgi_inspect.capture.selection import LeftOut, Selection
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ScopeRecord, SkippedRecord
from tests.asking import app, ask
from tests.capture.recording import Kept
from tests.capture.sinking import output, run_threads
from tests.onion import onion, through
from tests.stage import REQUEST, difference, echo, http_scope, nothing, of_kind, records, run, twice


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "_said", set())


def recorded(middleware: InspectMiddleware) -> list[Any]:
    """All records, those of what was left out among them."""
    omissions().write()
    return records(middleware)


def skipped(trace: list[Any]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for record in of_kind(trace, SkippedRecord):
        counts[record.why] += record.conns
    return dict(counts)


def paths(trace: list[Any]) -> list[str]:
    return [record.scope["path"] for record in of_kind(trace, ScopeRecord)]


def rates(trace: list[Any]) -> list[float | None]:
    return [record.sample for record in of_kind(trace, ScopeRecord)]


# --- sample -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_a_share_is_recorded_whole_and_the_rest_counted(rate: float, tmp_path: Path) -> None:
    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=rate)
    ask(middleware, *["/x"] * 600)
    trace = recorded(middleware)
    kept = len(of_kind(trace, ScopeRecord))
    assert kept + skipped(trace).get("sample", 0) == 600
    assert len(of_kind(trace, EndRecord)) == kept
    assert set(rates(trace)) <= {None if rate == 1.0 else rate}
    assert 600 * rate - 120 <= kept <= 600 * rate + 120  # ten times the standard deviation
    assert kept in {0.0: (0,), 1.0: (600,)}.get(rate, range(1, 600))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=20))
def test_what_is_kept_and_what_is_left_out_is_all_there_was(
    tmp_path_factory: pytest.TempPathFactory, some: Any
) -> None:
    answers = iter(some)

    def choose(scope: Any) -> Any:
        rate, flag = next(answers)
        return rate if flag else rate > 0.5

    middleware = InspectMiddleware(app, out=tmp_path_factory.mktemp("t") / "t.jsonl", sample=choose)
    ask(middleware, *["/x"] * len(some))
    trace = recorded(middleware)
    assert len(of_kind(trace, ScopeRecord)) + sum(skipped(trace).values()) == len(some)
    assert all(rate is None or 0 < rate < 1 for rate in rates(trace))


def test_a_function_of_the_scope(tmp_path: Path) -> None:
    def choose(scope: Any) -> Any:
        return {"/yes": True, "/no": False, "/one": 1, "/zero": 0, "/all": 1.0, "/none": 0.0}[scope["path"]]

    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=choose)
    ask(middleware, "/yes", "/no", "/one", "/zero", "/all", "/none")
    trace = recorded(middleware)
    assert paths(trace) == ["/yes", "/one", "/all"]
    assert rates(trace) == [None, None, None]
    assert skipped(trace) == {"sample": 3}


@pytest.mark.parametrize("answer", [None, "0.5", -0.1, 1.5, 2, float("nan"), {}, [True]], ids=repr)
def test_an_answer_that_is_none_keeps_the_connection_and_is_said_once(
    answer: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=lambda scope: answer)
    ask(middleware, "/a", "/b")
    assert paths(recorded(middleware)) == ["/a", "/b"]
    (said,) = capfd.readouterr().err.splitlines()
    assert said.startswith(
        "asgi-inspect: sample= takes True, False or a rate from 0 to 1 from its function, which gave "
    )


@pytest.mark.parametrize(
    "exc", [ValueError("its own"), asyncio.CancelledError(), SystemExit(3), GeneratorExit()], ids=repr
)
def test_a_function_that_raises_keeps_the_connection_and_is_said_once(
    exc: BaseException, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def choose(scope: Any) -> float:
        raise exc

    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=choose)
    ask(middleware, "/a", "/b")
    assert paths(recorded(middleware)) == ["/a", "/b"]
    (said,) = capfd.readouterr().err.splitlines()
    assert said.endswith(f"could not be decided ({type(exc).__name__}): it is")


def test_ctrl_c_is_not_swallowed(tmp_path: Path) -> None:
    def choose(scope: Any) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=choose), "/a")


def test_a_lifespan_is_recorded_and_nobody_is_asked(tmp_path: Path) -> None:
    def choose(scope: Any) -> float:
        raise AssertionError

    samples: list[Any] = [0.0, choose]
    for number, sample in enumerate(samples):
        middleware = InspectMiddleware(nothing, out=tmp_path / f"{number}.jsonl", sample=sample)
        asyncio.run(run(middleware, {"type": "lifespan"}))
        assert rates(recorded(middleware)) == [None]


def test_chance_is_our_own(tmp_path: Path) -> None:
    """The application's random numbers are those that it would have without us."""
    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=0.5)
    ask(middleware, "/x")
    random.seed(7)
    wanted = random.random()
    random.seed(7)
    ask(middleware, "/x")
    assert random.random() == wanted


def test_a_fork_draws_numbers_of_its_own() -> None:
    ours = omissions()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, repr([ours.chance() for _ in range(3)]).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(read, 1000).decode()
    os.close(read)
    os.close(write)
    assert theirs != repr([ours.chance() for _ in range(3)])


def test_copies_decide_as_well(tmp_path: Path) -> None:
    made = InspectMiddleware(app, out=tmp_path / "t.jsonl", capture="-path:/health", sample=0.999999)
    for middleware in (made, copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        ask(middleware, "/health")
        assert skipped(recorded(middleware))["capture"] >= 1
        assert paths(recorded(middleware)) == []


# --- layers --------------------------------------------------------------------------------------------------------------


def test_a_layer_inside_records_none_of_what_is_left_out(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    for through_scope in (lambda scope: scope, dict, lambda scope: {**scope, "path": "/else"}, MappingProxyType):

        def between(inner: Any, change: Any = through_scope) -> Any:
            async def middleware(scope: Any, receive: Any, send: Any) -> None:
                await inner(change(scope), receive, send)

            return middleware

        inside = InspectMiddleware(between(InspectMiddleware(app, out=out)), out=out)
        ask(InspectMiddleware(between(inside), out=out, sample=0.0), "/x")
        ask(InspectMiddleware(between(InspectMiddleware(app)), out=out, sample=0.0), "/x")
    trace = list(read_trace(out)) if recorded(inside) else []
    assert of_kind(trace, ScopeRecord) == []
    assert skipped(trace) == {"sample": 8}


def test_layers_of_what_is_recorded_are_all_there(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    middleware = InspectMiddleware(onion(out, through, through), out=out, sample=0.999999)
    asyncio.run(run(middleware))
    assert [record.layer for record in of_kind(recorded(middleware), ScopeRecord)] == [0, 1, 2, 3]


def test_a_file_of_its_own_is_decided_on_its_own(tmp_path: Path) -> None:
    inner = InspectMiddleware(app, out=tmp_path / "inner.jsonl")
    outer = InspectMiddleware(inner, out=tmp_path / "outer.jsonl", sample=0.0)
    ask(outer, "/x")
    assert paths(recorded(inner)) == ["/x"]
    assert paths(recorded(outer)) == []
    kept = InspectMiddleware(InspectMiddleware(app, out=tmp_path / "c.jsonl", sample=0.0), out=tmp_path / "d.jsonl")
    ask(kept, "/x")
    assert [record.layer for record in of_kind(recorded(kept), ScopeRecord)] == [0, 1]
    own = kept.app
    assert isinstance(own, InspectMiddleware)
    assert paths(recorded(own)) == []
    assert skipped(recorded(own)) == {"sample": 1}


def test_a_call_within_a_handler_is_a_connection_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    inner = InspectMiddleware(app, out=out)

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        await run(inner, http_scope(path="/inner"))
        await app(scope, receive, send)

    middleware = InspectMiddleware(handler, out=out, capture="-path:/outer")
    ask(middleware, "/outer", "/else")
    trace = recorded(middleware)
    assert paths(trace) == ["/inner", "/else", "/inner"]
    scopes = of_kind(trace, ScopeRecord)
    assert [scope.parent for scope in scopes] == [None, None, scopes[1].conn]
    assert skipped(trace) == {"capture": 1}


def test_a_task_that_outlives_what_is_left_out_is_recorded(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    inner = InspectMiddleware(nothing, out=out)
    shared = {"n": 1}
    tasks: list[asyncio.Task[Any]] = []

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        async def later() -> None:
            await gone.wait()
            await run(inner, http_scope(path="/later", state=shared))

        tasks.append(asyncio.create_task(later()))

    async def main() -> None:
        await run(middleware, http_scope(path="/outer", state=shared))
        gone.set()
        await tasks[0]

    gone = asyncio.Event()
    middleware = InspectMiddleware(handler, out=out, capture="-path:/outer")
    asyncio.run(main())
    assert paths(recorded(middleware)) == ["/later"]


@pytest.mark.parametrize(
    "options",
    [
        {"sample": 0.0},
        {"sample": lambda scope: 1 / 0},
        {"capture": "-path:/"},
        {"only": "errors", "slow_ms": 0.001},
        {"only": "errors"},
    ],
    ids=["sample", "raises", "capture", "slow", "errors"],
)
def test_neither_side_sees_any_of_it(options: dict[str, Any], tmp_path: Path) -> None:
    plain, wrapped, _ = twice(echo, tmp_path / "t.jsonl", scope=http_scope(), receives=[("give", REQUEST)], **options)
    assert difference(plain, wrapped) == ""


def test_no_sink_is_kept_for_what_it_left_out() -> None:
    """But until that is written."""
    sink = Kept()
    lines = sink.lines
    selection = Selection(0.0, None)
    assert isinstance(selection.choose(sink, http_scope()), LeftOut)
    kept = weakref.ref(sink)
    del sink, selection
    gc.collect()
    omissions().write()
    omissions().write()  # nothing came since
    gc.collect()
    assert kept() is None
    assert [json.loads(line)["conns"] for line in lines] == [1]


# --- the counts ----------------------------------------------------------------------------------------------------------

LEAVES = """
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from tests.asking import app, ask
from tests.capture.sinking import until
import signal, threading
def wrapped(**options): return InspectMiddleware(app, out=sys.argv[1], **options)
"""


def counted(file: Path) -> list[tuple[str, int]]:
    return sorted((record.why, record.conns) for record in of_kind(list(read_trace(file)), SkippedRecord))


def test_what_is_counted_is_written_when_the_process_ends(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    output(LEAVES + 'ask(wrapped(sample=0.0), *["/x"] * 50); ask(wrapped(only="errors"), "/x", "/x")', str(file))
    counts: Counter[str] = Counter()
    for why, conns in counted(file):
        counts[why] += conns
    assert counts == {"sample": 50, "only=errors": 2}


def test_a_process_that_is_killed_has_told_by_then(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    code = """
ask(wrapped(sample=0.0), *["/x"] * 50)
count = lambda: sum(getattr(r, "conns", 0) for r in read_trace(sys.argv[1])) if os.path.exists(sys.argv[1]) else 0
until(lambda: count() == 50)
os.kill(os.getpid(), signal.SIGKILL)
"""
    output(LEAVES + code, str(file), status=-9)
    assert sum(conns for _, conns in counted(file)) == 50
    assert len(counted(file)) <= 3


def test_parent_and_child_count_for_themselves(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    code = """
import warnings; warnings.simplefilter("error")
middleware = wrapped(sample=0.0)
ask(middleware, *["/x"] * 7)
pid = os.fork()
ask(middleware, *["/x"] * (3 if pid else 5))
if pid: os.waitpid(pid, 0)
assert [t.name for t in threading.enumerate()].count("asgi-inspect skipped") <= 1
"""
    _, err = output(LEAVES + code, str(file))
    assert err == b""
    by_process: Counter[str] = Counter()
    for record in of_kind(list(read_trace(file)), SkippedRecord):
        by_process[record.proc] += record.conns
    assert sorted(by_process.values()) == [5, 10]


def test_a_forked_child_counts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, sink = Omissions(), Kept()
    skips = ours.skips(sink, "sample")
    monkeypatch.setattr(ours._thread, "idle", False)  # no thread comes between
    for _ in range(5):
        skips.add()
    ours.forked()
    skips.add()
    ours.write(sink)
    assert sum(record.conns for record in sink.records) == 1


def test_at_most_one_record_a_second_and_reason(tmp_path: Path) -> None:
    code = """
import time
middleware = wrapped(sample=0.0)
began = time.monotonic()
while time.monotonic() - began < 1.5: ask(middleware, *["/x"] * 10)
import atexit; atexit._run_exitfuncs(); print(time.monotonic() - began)
"""
    took, _ = output(LEAVES + code, str(tmp_path / "t.jsonl"))
    # At the beginning, every second, at the end; a busy machine may take more than two.
    assert 2 <= len(counted(tmp_path / "t.jsonl")) <= int(float(took)) + 3


def test_threads_lose_no_count(tmp_path: Path) -> None:
    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", sample=0.0)
    run_threads([lambda: ask(middleware, *["/x"] * 300)] * 4)
    assert skipped(recorded(middleware)) == {"sample": 1200}
