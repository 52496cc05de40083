"""What rules say where there are two taps: whose fault it is, and what a middleware may do."""

from collections.abc import Iterable
from typing import Any

import pytest

from asgi_inspect.lint.choice import Choice
from asgi_inspect.testing import http_scope, websocket_scope
from asgi_inspect.trace.records import EndRecord, Outcome, ReceiveRecord, Record, ScopeRecord, SendRecord
from tests.lint.telling import AT, findings_of

TWO_TAPS = Choice(select=("A", "H1", "H3", "A506", "A508", "A511"))
HINT = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
TRAILERS = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
REQUEST = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}
OFFERS: dict[str, Any] = {"http.response.early_hint": {}, "http.response.trailers": {}}
BOTH = "both"


def start(length: int | None = None, status: int = 200, **headers: bytes) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    pairs += [] if length is None else [(b"content-length", b"%d" % length)]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def body(content: bytes = b"fine", more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


Step = tuple[Any, ...]
"""`(layer, "send" or "receive", message)`, perhaps with the milliseconds that a receive waited; `BOTH`: it passes unchanged."""


def layered(
    steps: Iterable[Step],
    scope: dict[str, Any] | None = None,
    inner: Any = None,
    outcome: Outcome = "returned",
    pace: int = 1,
) -> list[Record]:
    """The records of a connection with two taps; `pace`: milliseconds from one to the next."""
    scope = http_scope() if scope is None else scope
    records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=scope)]
    records.append(ScopeRecord(conn="p.1", at=AT, layer=1, inside=0, scope=scope if inner is None else inner))
    for layer, direction, message, *waited in steps:
        for at in _layers(layer, direction):
            n = len(records) - 1
            same = {"same": n - 1} if layer == BOTH and at == _layers(layer, direction)[1] else {"message": message}
            if direction == "send":
                records.append(SendRecord(conn="p.1", n=n, layer=at, t_us=n * pace * 1000, **same))
            else:
                wait_us = 1000 * (waited[0] if waited else 0)
                records.append(
                    ReceiveRecord(conn="p.1", n=n, layer=at, t_us=n * pace * 1000 + wait_us, wait_us=wait_us, **same)
                )
    for layer in (1, 0):
        n = len(records) - 1
        records.append(EndRecord(conn="p.1", n=n, layer=layer, t_us=n * pace * 1000 + 10**6, outcome=outcome))
    return records


def _layers(layer: Any, direction: str) -> tuple[int, ...]:
    if layer != BOTH:
        return (layer,)
    return (1, 0) if direction == "send" else (0, 1)


SENDS, GETS = "send", "receive"
CASES: dict[str, tuple[list[Record], list[tuple[str, str, int]]]] = {
    "unchanged and right": (layered([(BOTH, GETS, REQUEST), (BOTH, SENDS, start(4)), (BOTH, SENDS, body())]), []),
    "the application's length is wrong": (
        layered([(BOTH, SENDS, start(9)), (BOTH, SENDS, body())]),
        [("H304", "application", 1)],
    ),
    "the middleware's length is wrong": (
        layered([(BOTH, SENDS, start(4)), (1, SENDS, body()), (0, SENDS, body(b"fi"))]),
        [("A510", "middleware", 0)],
    ),
    "the middleware adds to the body": (
        layered([(BOTH, SENDS, start(4)), (1, SENDS, body()), (0, SENDS, body(b"fine!"))]),
        [("A510", "middleware", 0)],
    ),
    "the middleware mends the length": (
        layered([(1, SENDS, start(9)), (0, SENDS, start()), (BOTH, SENDS, body())]),
        [("H304", "application", 1)],
    ),
    "the application sends a body too many": (
        layered([(BOTH, SENDS, start()), (BOTH, SENDS, body()), (BOTH, SENDS, body())]),
        [("H106", "application", 1)],
    ),
    "the middleware sends a body too many": (
        layered([(BOTH, SENDS, start()), (BOTH, SENDS, body()), (0, SENDS, body())]),
        [("A517", "middleware", 0)],
    ),
    "the middleware starts after the body": (
        layered([(1, SENDS, start()), (1, SENDS, body()), (0, SENDS, body()), (0, SENDS, start())]),
        [("A517", "middleware", 0)],
    ),
    "a hint is lost": (
        layered([(1, SENDS, HINT), (BOTH, SENDS, start()), (BOTH, SENDS, body())], http_scope(extensions=OFFERS)),
        [("A509", "middleware", 0)],
    ),
    "a hint is lost with the response": (
        layered(
            [
                (1, SENDS, HINT),
                (1, SENDS, start()),
                (0, SENDS, start(status=304)),
                (1, SENDS, body()),
                (0, SENDS, body(b"")),
            ],
            http_scope(extensions=OFFERS),
        ),
        [],
    ),
    "a hint is lost after the client has left": (
        layered(
            [(BOTH, GETS, GONE), (1, SENDS, HINT), (BOTH, SENDS, start()), (BOTH, SENDS, body())],
            http_scope(extensions=OFFERS),
        ),
        [],
    ),
    "an event stream is held back": (
        layered(
            [
                (1, SENDS, start(content_type=b"text/event-stream; charset=utf-8")),
                (1, SENDS, body(b"a", more=True)),
                (1, SENDS, body(b"b")),
                (0, SENDS, start(content_type=b"text/event-stream")),
                (0, SENDS, body(b"ab")),
            ]
        ),
        [("A516", "middleware", 0)],
    ),
    "a slow stream is held back": (
        layered(
            [
                (1, SENDS, start()),
                (1, SENDS, body(b"a", more=True)),
                (1, SENDS, body(b"b")),
                (0, SENDS, start()),
                (0, SENDS, body(b"ab")),
            ],
            pace=1500,
        ),
        [("A516", "middleware", 0)],
    ),
    "a quick stream is held back": (
        layered(
            [
                (1, SENDS, start()),
                (1, SENDS, body(b"a", more=True)),
                (1, SENDS, body(b"b")),
                (0, SENDS, start()),
                (0, SENDS, body(b"ab")),
            ]
        ),
        [],
    ),
    "a stream passes part by part": (
        layered(
            [
                (BOTH, SENDS, start(content_type=b"text/event-stream")),
                (BOTH, SENDS, body(b"a", more=True)),
                (BOTH, SENDS, body(b"b")),
            ],
            pace=1500,
        ),
        [],
    ),
    "the body is read away": (
        layered([(0, GETS, REQUEST), (BOTH, GETS, GONE, 900)]),
        [("A507", "middleware", 1)],
    ),
    "the body is read away, and nobody waits for it": (
        layered(
            [(0, GETS, REQUEST), (BOTH, SENDS, start()), (BOTH, SENDS, body(b"a", more=True)), (BOTH, GETS, GONE, 900)]
        ),
        [],
    ),
    "the body is replayed": (
        layered([(0, GETS, REQUEST), (1, GETS, REQUEST), (BOTH, GETS, GONE, 900)]),
        [],
    ),
    "a disconnect is invented": (
        layered([(BOTH, GETS, REQUEST), (1, GETS, GONE), (BOTH, SENDS, start()), (BOTH, SENDS, body())]),
        [("A508", "middleware", 1)],
    ),
    "a disconnect is invented after the response": (
        layered([(BOTH, GETS, REQUEST), (BOTH, SENDS, start()), (BOTH, SENDS, body()), (1, GETS, GONE)]),
        [],
    ),
    "an extension is hidden": (
        layered([(BOTH, SENDS, start()), (BOTH, SENDS, body())], http_scope(extensions=OFFERS), http_scope()),
        [("A511", "middleware", 1)],
    ),
    "a page for HTTP reaches a WebSocket": (
        layered([(BOTH, SENDS, start(status=404))], websocket_scope()),
        [("A406", "application", 0)],
    ),
    "a page for HTTP is turned into a refusal": (
        layered(
            [(1, SENDS, start(status=404)), (0, SENDS, {**start(status=404), "type": "websocket.http.response.start"})],
            websocket_scope(),
        ),
        [],
    ),
    "a middleware sends a page for HTTP to a WebSocket": (
        layered([(0, SENDS, start(status=404))], websocket_scope()),
        [("A406", "middleware", 0)],
    ),
    "a message between the layers": (
        layered([(1, SENDS, {"type": "mine.flush"}), (BOTH, SENDS, start()), (BOTH, SENDS, body())]),
        [],
    ),
    "a message of the application's own gets out": (
        layered([(BOTH, SENDS, {"type": "mine.flush"}), (BOTH, SENDS, start()), (BOTH, SENDS, body())]),
        [("A405", "application", 0)],
    ),
    "the application's memoryview": (
        layered([(BOTH, SENDS, start()), (BOTH, SENDS, body(memoryview(b"x")))]),  # type: ignore[arg-type]  # no bytes
        [("A412", "application", 1)],
    ),
    "the middleware's memoryview": (
        layered([(BOTH, SENDS, start()), (1, SENDS, body()), (0, SENDS, body(memoryview(b"x")))]),  # type: ignore[arg-type]  # no bytes
        [("A412", "middleware", 0)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_two_taps(name: str) -> None:
    records, expected = CASES[name]
    found = findings_of(records, TWO_TAPS)
    told = [(finding.code, finding.party, finding.layer) for finding in found if finding.code not in _OF_THE_CLIENT]
    assert told == expected, found


_OF_THE_CLIENT = ("H101",)  # these talks are short
