"""`only="errors"` and `sample=` under a real server, with real clients."""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from asgi_inspect.capture.omissions import omissions
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import ScopeRecord, SkippedRecord
from asgi_inspect.trace.search import connections
from tests.capture.sinking import run_threads
from tests.serving import PATIENCE, serving
from tests.stage import of_kind, records


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _talk(scope["path"], receive, send)
        return
    if scope["path"] == "/raises":
        raise ValueError(scope["path"])
    status = int(scope["path"][1:])
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"tea"})
    if scope["query_string"] == b"late":
        raise RuntimeError("after the answer")


async def _talk(path: str, receive: Any, send: Any) -> None:
    await receive()
    if path == "/refused":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    if path == "/raises":
        raise ValueError(path)
    if path.startswith("/close"):
        await send({"type": "websocket.close", "code": int(path[6:])})
    else:
        await receive()


def _visit(port: int, path: str) -> None:
    with contextlib.suppress(InvalidStatus, ConnectionClosed):
        with websockets.sync.client.connect(f"ws://127.0.0.1:{port}{path}") as socket:
            if path.startswith("/left"):
                socket.close(int(path[5:]))
            socket.recv()


GOOD_HTTP, BAD_HTTP = ["/200", "/201", "/302"], ["/404", "/500", "/raises", "/200?late"]
GOOD_TALKS, BAD_TALKS = (
    ["/close1000", "/close1001", "/left1000"],
    ["/close1011", "/close4003", "/left1002", "/refused", "/raises"],
)


def test_what_failed_is_there_whole_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    middleware = InspectMiddleware(application, out=out, only="errors")
    with serving(middleware, lifespan="off", log_level="critical") as port:
        with httpx.Client(timeout=PATIENCE) as client:
            for path in GOOD_HTTP + BAD_HTTP:
                client.get(f"http://127.0.0.1:{port}{path}")
        for path in GOOD_TALKS + BAD_TALKS:
            _visit(port, path)
    omissions().write()
    trace = records(middleware)
    fold = Fold()
    for record in trace:
        fold.feed(record)
    found = [(one.type, one.path + ("?late" if one.query else "")) for one in fold.connections.values() if one.path]
    wanted = [("http", path) for path in BAD_HTTP] + [("websocket", path) for path in BAD_TALKS]
    assert Counter(found) == Counter(wanted)
    assert all(one.end is not None and not one.gaps for one in fold.connections.values())
    assert sum(record.conns for record in of_kind(trace, SkippedRecord)) == len(GOOD_HTTP) + len(GOOD_TALKS)


def test_a_share_under_load_of_several_clients(tmp_path: Path) -> None:
    middleware = InspectMiddleware(application, out=tmp_path / "t.jsonl", sample=0.2, capture="-path:/404")
    with serving(middleware, lifespan="off", log_level="critical") as port:

        def visit() -> None:
            with httpx.Client(timeout=PATIENCE) as client:
                for _ in range(50):
                    client.get(f"http://127.0.0.1:{port}/200")
                    client.get(f"http://127.0.0.1:{port}/404")

        run_threads([visit] * 3)
    omissions().write()
    trace = records(middleware)
    kept = len(of_kind(trace, ScopeRecord))
    counts: Counter[str] = Counter()
    for record in of_kind(trace, SkippedRecord):
        counts[record.why] += record.conns
    assert counts["capture"] == 150
    assert kept + counts["sample"] == 150
    whole = list(connections(tmp_path / "t.jsonl"))
    assert {(one.path, one.complete, one.outcome, one.sample) for one in whole} == {("/200", True, "returned", 0.2)}
