"""Made-up traces: connections of every kind, legal and not, between each other, and what a whole reading says of them.

The whole reading is `read_trace` and the `Fold` of whole records, record by record in one process: what the fast ways of
reading say is held against it.
"""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from asgi_inspect.errors import NotATraceError
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.facts import Facts
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ExitRecord,
    LoopRecord,
    LostRecord,
    Outcome,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
    SkippedRecord,
)
from asgi_inspect.trace.seen import Asked
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

AT = "2026-11-22T09:30:{:02d}.{:06d}Z"
TEXTS = ("tea", "né", "\ufffd", "日本", "a b")
EVERYTHING = Asked(message_types=True, headers=True, bodies=TEXTS, texts=TEXTS)
PLAIN = sorted(
    name
    for name, member in vars(Facts).items()
    if isinstance(member, property) and name not in ("pid", "message_types")
)

# --- values ----------------------------------------------------------------------------------------------------------------

odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -1,
        7,
        10**30,
        0.5,
        float("nan"),
        "text",
        "né",
        "\ud800",
        b"octets",
        b"\xff",
        bytearray(b"array"),
        [],
        [1, "x"],
        {"a": 1},
        {7: "seven"},
        {"$odd": 1},
        {3},
        Truncated(99, b"te"),
        Truncated(None, "tea"),
        Redacted(8),
        Parts((b"sid=", Redacted(8), b"; tea")),
        Foreign("$object", "main.App"),
    ]
)
bodies = st.sampled_from([b"", b"tea", b"te", b"a", "né".encode(), b"\xff\xfe", b"x" * 40]) | odd
paths = st.sampled_from(["/", "/tea", "/a/b", "/日本", "/a b"]) | odd
header_names = st.sampled_from([b"host", b"HOST", b"content-type", b"x-tea", b"content-encoding"]) | odd
header_values = st.sampled_from([b"localhost", b"text/html", b"gzip", b"\xff", b"a b"]) | odd
headers = st.lists(st.lists(st.one_of(header_names, header_values), min_size=2, max_size=2), max_size=3) | odd
numbers = st.sampled_from([200, 404, 500, 1000, 1006]) | odd


def usual(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dict of these, of which any key may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


scopes = usual(
    type=st.sampled_from(["http", "http", "websocket", "lifespan"]) | odd,
    method=st.sampled_from(["GET", "POST"]) | odd,
    path=paths,
    query_string=st.sampled_from([b"", b"a=1", b"q=a%20b", b"\xff"]) | odd,
    http_version=st.sampled_from(["1.1", "2"]) | odd,
    client=st.sampled_from([["127.0.0.1", 4711], ["::1", 1], ["/run/x", None]]) | odd,
    headers=headers,
    state=odd,
)
TYPES = [
    "http.request",
    "http.disconnect",
    "websocket.connect",
    "websocket.receive",
    "websocket.disconnect",
    "http.response.start",
    "http.response.body",
    "http.response.trailers",
    "http.response.pathsend",
    "http.response.zerocopysend",
    "websocket.accept",
    "websocket.send",
    "websocket.close",
    "websocket.http.response.start",
    "websocket.http.response.body",
    "lifespan.startup",
]
messages = usual(
    type=st.sampled_from(TYPES) | odd,
    status=numbers,
    body=bodies,
    more_body=st.booleans() | odd,
    text=bodies,
    bytes=bodies,
    code=numbers,
    reason=st.sampled_from(["", "gone"]) | odd,
    headers=headers,
    trailers=st.booleans() | odd,
    more_trailers=st.booleans() | odd,
).map(lambda message: {"type": "http.request"} if not message else message)
beside: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {"once": ["links"]}, {"mapping": "né"}, {"state": ["tea"]}]
)
errors = st.sampled_from(
    [
        ErrorInfo(type="ValueError", bases=["Exception"], message="tea"),
        ErrorInfo(type="ExceptionGroup", exceptions=[ErrorInfo(type="KeyError", bases=["LookupError"])]),
    ]
)

# --- traces ----------------------------------------------------------------------------------------------------------------


@st.composite
def events(draw: st.DrawFn, conn: str) -> list[Record]:
    """The records of one connection, in their order."""
    found: list[Record] = []
    if draw(st.integers(0, 9)):
        at, sample = AT.format(draw(st.integers(0, 59)), 7), draw(st.none() | st.sampled_from([0.01, 0.3]))
        found.append(ScopeRecord(conn=conn, at=at, scope=draw(scopes | odd), sample=sample))
    if draw(st.booleans()):
        found.append(ScopeRecord(conn=conn, at=AT.format(0, 8), scope=draw(scopes), layer=1, name="a.b", inside=0))
    t_us = n = 0
    inner: list[int] = []  # the messages of an inner layer, which may pass on unchanged
    for kind in draw(st.lists(st.sampled_from("rrssssiioup"), max_size=8)):
        n += 1
        t_us += draw(st.integers(0, 3000))
        if kind == "o" and inner:
            found.append(SendRecord(conn=conn, n=n, t_us=t_us, same=inner.pop(0)))
            continue
        if kind == "i":
            inner.append(n)
        found.append(draw(event(kind, conn, n, t_us)))
    if draw(st.integers(0, 4)):
        outcomes: tuple[Outcome, ...] = ("returned", "raised", "cancelled")
        outcome = draw(st.sampled_from(outcomes))
        error = draw(st.none() | errors)
        found.append(
            EndRecord(
                conn=conn,
                n=n + 1,
                t_us=t_us + 9,
                outcome=outcome,
                error=error,
                route=draw(st.none() | st.just("/t/{x}")),
                returned=draw(st.none() | st.just("shop.tea")),
            )
        )
        if not draw(st.integers(0, 3)):  # a receive that was still waiting
            found.append(ReceiveRecord(conn=conn, n=n + 2, t_us=t_us + 20, wait_us=1, outcome="cancelled"))
    return found


@st.composite
def event(draw: st.DrawFn, kind: str, conn: str, n: int, t_us: int) -> Record:
    """One event: a receive, a send, one of an inner layer or its passing on, a sent, a pending."""
    message = draw(messages | odd)
    match kind:
        case "r":
            return ReceiveRecord(conn=conn, n=n, t_us=t_us, wait_us=2, message=message)
        case "s":
            return SendRecord(conn=conn, n=n, t_us=t_us, message=message, **draw(beside))
        case "i":
            return SendRecord(conn=conn, n=n, layer=1, t_us=t_us, message=message)
        case "u":
            return SentRecord(conn=conn, n=n, of=1, t_us=t_us, took_us=2000)
        case _:
            return PendingRecord(conn=conn, n=n, call="receive", started_us=3)


PROCESSES: list[Record] = [
    ProcessRecord(
        v=1, proc=proc, at=AT.format(0, 1), pid=pid, parent_pid=1, host="box", argv=[], python="3", asgi_inspect="0"
    )
    for proc, pid in (("p", 4711), ("q", 4712))
]
OTHERS: list[Record] = [
    LoopRecord(proc="p", at=AT.format(1, 1), blocked_us=200_000),
    LostRecord(proc="p", at=AT.format(1, 1), records=3, conns=1, bytes=512, why="full"),
    SkippedRecord(proc="q", at=AT.format(1, 1), conns=9, why="sample"),
    ExitRecord(proc="q", at=AT.format(59, 1), status=0, open=0),
]


@st.composite
def traces(draw: st.DrawFn) -> list[Record]:
    """Records of several connections between each other, each connection's in order."""
    names = draw(
        st.lists(
            st.sampled_from(["p.1", "p.2", "p.12", "q.1", "q.99", "odd", "né.1", "x" * 300]), unique=True, max_size=5
        )
    )
    waiting = [draw(events(name)) for name in names]
    found = [*PROCESSES]
    while waiting := [one for one in waiting if one]:
        one = draw(st.sampled_from(waiting))
        found += [one.pop(0) for _ in range(draw(st.integers(1, len(one))))]
        if not draw(st.integers(0, 5)):
            found.append(draw(st.sampled_from(OTHERS)))
    return found


def lines_of(records: Iterable[Record]) -> bytes:
    """The records as the bytes of a file."""
    return b"".join(encode_record(record) + b"\n" for record in records)


# --- what a whole reading says ---------------------------------------------------------------------------------------------


def plain_facts(facts: Facts) -> dict[str, Any]:
    """What is known of a connection without being asked for."""
    return {name: getattr(facts, name) for name in PLAIN} | {"error_types": list(facts.error_types)}


def all_facts(facts: Facts) -> dict[str, Any]:
    """All that is known of a connection."""
    return plain_facts(facts) | {
        "message_types": set(facts.message_types),
        "request": facts.headers("request"),
        "response": facts.headers("response"),
        "body": {text for text in TEXTS if facts.holds(text, "body")},
        "anywhere": {text for text in TEXTS if facts.holds(text, "anywhere")},
    }


def read_whole(*sources: bytes | Path) -> tuple[dict[str, Connection], list[Damage]]:
    """The connections of one or more traces, from whole records; and the damage. Nothing of what is no trace."""
    fold, damages = Fold(), list[Damage]()
    for source in sources:
        try:
            for record in read_trace(
                io.BytesIO(source) if isinstance(source, bytes) else source, on_damage=damages.append
            ):
                fold.feed(record)
        except NotATraceError:
            continue
    return fold.connections, damages
