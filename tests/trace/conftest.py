"""A small trace of everything, written by the codec as the capture would write it."""

import pytest

from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ExitRecord,
    Frame,
    LoopRecord,
    LostRecord,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
    SkippedRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

AT = "2026-11-22T09:30:00.000001Z"
HTTP_SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "server": ["127.0.0.1", 8000],
    "client": ["127.0.0.1", 52798],
    "scheme": "http",
    "method": "POST",
    "root_path": "",
    "path": "/naïve/日本",
    "raw_path": b"/na%C3%AFve/%E6%97%A5%E6%9C%AC",
    "query_string": b"a=1&b=%20",
    "headers": [[b"host", b"localhost"], [b"x-bytes", b"\xff\xfe"], [b"x-line", "é\u2028".encode()]],
    "state": {"app": Foreign("$object", "main.App"), "tags": {3}, 7: b"seven", "nan": float("inf")},
    "extensions": {},
}

RECORDS: list[Record] = [
    ProcessRecord(
        v=1,
        proc="p",
        at=AT,
        pid=4711,
        parent_pid=1,
        host="box",
        argv=["asgi-inspect", "main:app"],
        python="3.11.9",
        asgi_inspect="0.1.0",
        server="uvicorn 0.54.0",
        app="main:app",
        options={"body_limit": 65536},
    ),
    ScopeRecord(conn="p.1", at=AT, scope={"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}),
    ReceiveRecord(conn="p.1", n=1, t_us=12, wait_us=4, message={"type": "lifespan.startup"}),
    SendRecord(conn="p.1", n=2, t_us=99, message={"type": "lifespan.startup.complete"}),
    ScopeRecord(conn="p.2", at=AT, scope=HTTP_SCOPE),
    ReceiveRecord(
        conn="p.2", n=1, t_us=20, wait_us=3, message={"type": "http.request", "body": b"", "more_body": True}
    ),
    ScopeRecord(conn="p.3", at=AT, scope={**HTTP_SCOPE, "type": "websocket"}, parent="p.2", sample=0.5),
    ReceiveRecord(conn="p.3", n=1, t_us=1, wait_us=0, message={"type": "websocket.connect"}),
    ReceiveRecord(
        conn="p.2", n=2, t_us=40, wait_us=9, message={"type": "http.request", "body": b"\xff{}", "more_body": False}
    ),
    SendRecord(conn="p.3", n=2, t_us=5, message={"type": "websocket.accept", "subprotocol": None, "headers": []}),
    ReceiveRecord(conn="p.3", n=3, t_us=6, wait_us=1, message={"type": "websocket.receive", "text": "héllo"}),
    SendRecord(conn="p.3", n=4, t_us=7, message={"type": "websocket.send", "bytes": b"\x00\x01", "text": None}),
    SendRecord(
        conn="p.2",
        n=3,
        t_us=60,
        message={
            "type": "http.response.start",
            "status": 201,
            "headers": [[b"set-cookie", Parts((b"sid=", Redacted(8)))]],
        },
    ),
    SendRecord(conn="p.2", n=4, t_us=70, message={"type": "http.response.body", "body": Truncated(1 << 30, b"{")}),
    SentRecord(conn="p.2", n=5, of=4, t_us=5070, took_us=5000),
    PendingRecord(conn="p.3", n=5, call="receive", started_us=8, frames=[Frame("main.py", 3, "app")]),
    ReceiveRecord(conn="p.3", n=6, t_us=90, wait_us=82, message={"type": "websocket.disconnect", "code": 1001}),
    EndRecord(conn="p.3", n=7, t_us=100, outcome="returned"),
    ReceiveRecord(conn="p.2", n=6, t_us=6000, wait_us=800, outcome="cancelled"),
    EndRecord(
        conn="p.2",
        n=7,
        t_us=6100,
        outcome="raised",
        error=ErrorInfo(type="ValueError", bases=["Exception"], message="né", frames=[Frame("main.py", 9, "app")]),
        route="/naïve/{name}",
        endpoint="main.create",
        scope_changes=["app", "router"],
    ),
    LoopRecord(proc="p", at=AT, blocked_us=200_000, conn="p.2"),
    LostRecord(proc="p", at=AT, records=3, conns=1, bytes=512, why="No space left on device"),
    SkippedRecord(proc="p", at=AT, conns=9, why="sample"),
    SendRecord(conn="p.1", n=3, t_us=9000, message=None),
    EndRecord(conn="p.1", n=4, t_us=9001, outcome="cancelled"),
    ExitRecord(proc="p", at=AT, status=-15, open=0),
]


@pytest.fixture(scope="session")
def records() -> list[Record]:
    """One record of each kind at least, of three connections between each other."""
    return RECORDS


@pytest.fixture(scope="session")
def lines() -> list[bytes]:
    """The same, each as its line without the line break."""
    return [encode_record(record) for record in RECORDS]
