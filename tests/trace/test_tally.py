from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest

from asgi_inspect.trace.records import ReceiveRecord, SendRecord
from asgi_inspect.trace.tally import Tally
from asgi_inspect.values import Truncated

Passed: TypeAlias = ReceiveRecord | SendRecord

REQUEST = {"type": "http.request", "body": b"abc", "more_body": False}
START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"hello", "more_body": False}
MORE = {"type": "http.response.body", "body": b"12", "more_body": True}
GONE = {"type": "http.disconnect"}
TRAILERS = {"type": "http.response.trailers", "headers": []}
ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close", "code": 4001, "reason": "bye"}
LEFT = {"type": "websocket.disconnect", "code": 1001}


def receive(n: int, message: Any = msgspec.UNSET, **more: Any) -> ReceiveRecord:
    return ReceiveRecord(conn="p.1", n=n, t_us=n * 10, wait_us=1, message=message, **more)


def send(n: int, message: Any = msgspec.UNSET, **more: Any) -> SendRecord:
    return SendRecord(conn="p.1", n=n, t_us=n * 10, message=message, **more)


def tally(*records: Passed, bounded: bool = False) -> Tally:
    found = Tally(bounded=bounded)
    for record in records:
        found.take(record)
    return found


def messages(*messages: tuple[Callable[..., Passed], Any]) -> Tally:
    return tally(*(kind(n, message) for n, (kind, message) in enumerate(messages, 1)))


@pytest.mark.parametrize(
    ("passed", "complete", "disconnected"),
    [
        ([(send, START), (send, BODY)], True, False),
        ([(send, START), (send, BODY), (receive, GONE)], True, False),
        ([(send, START), (send, MORE), (receive, GONE), (send, BODY)], True, True),
        ([(send, START), (receive, GONE)], False, True),
        ([(receive, GONE)], False, True),
        ([(send, START), (send, MORE)], False, False),
        ([(send, {**START, "trailers": True}), (send, BODY), (receive, GONE), (send, TRAILERS)], True, True),
        ([(send, {**START, "trailers": True}), (send, BODY)], False, False),
        ([(send, {**START, "trailers": True}), (send, BODY), (send, TRAILERS), (receive, GONE)], True, False),
        ([(send, START), (send, {"type": "http.response.pathsend", "path": "/x"}), (receive, GONE)], True, False),
        ([(send, GONE), (receive, BODY)], False, False),
    ],
)
def test_who_left_before_the_response_was_complete(
    passed: list[tuple[Callable[..., Passed], Any]], complete: bool, disconnected: bool
) -> None:
    found = messages(*passed)
    assert (found.complete, found.disconnected) == (complete, disconnected)


@pytest.mark.parametrize(
    ("passed", "code", "reason", "by"),
    [
        ([(send, ACCEPT)], None, None, None),
        ([(send, ACCEPT), (send, CLOSE)], 4001, "bye", "application"),
        ([(send, ACCEPT), (receive, LEFT)], 1001, None, "client"),
        ([(send, ACCEPT), (send, CLOSE), (receive, LEFT)], 4001, "bye", "application"),
        ([(send, ACCEPT), (receive, LEFT), (send, CLOSE)], 1001, None, "client"),
        ([(send, {"type": "websocket.close"})], 1000, None, "application"),
        ([(receive, {"type": "websocket.disconnect"})], 1005, None, "client"),
        ([(receive, {"type": "websocket.disconnect", "code": "x"})], None, None, "client"),
    ],
)
def test_who_closed_a_websocket(
    passed: list[tuple[Callable[..., Passed], Any]], code: int | None, reason: str | None, by: str | None
) -> None:
    found = messages(*passed)
    assert (found.close_code, found.close_reason, found.closed_by) == (code, reason, by)


def test_a_websocket_counts_text_and_bytes_both_ways() -> None:
    found = messages(
        (receive, {"type": "websocket.connect"}),
        (send, ACCEPT),
        (receive, {"type": "websocket.receive", "text": "né", "bytes": None}),
        (receive, {"type": "websocket.receive", "bytes": b"\xff"}),
        (send, {"type": "websocket.send", "text": "日"}),
        (send, {"type": "websocket.send", "bytes": Truncated(1000, b"")}),
    )
    assert (found.request_bytes, found.response_bytes, found.status, found.accepted, found.answered_us) == (
        4,
        1003,
        None,
        True,
        20,
    )


def test_a_websocket_that_is_refused_with_a_response() -> None:
    found = messages(
        (send, {"type": "websocket.http.response.start", "status": 403}),
        (send, {"type": "websocket.http.response.body", "body": b"no"}),
    )
    assert (found.status, found.response_bytes, found.complete, found.accepted) == (403, 2, True, False)


def test_of_two_starts_the_first_counts() -> None:
    found = messages((send, START), (send, {**START, "status": 500}))
    assert (found.status, found.answered_us) == (200, 10)


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_message_that_passed_unchanged_is_counted_where_it_came_out(bounded: bool, backwards: bool) -> None:
    events: list[Passed] = [
        send(1, START, layer=2),
        send(2, same=1, layer=1),
        send(3, same=1),
        send(4, BODY, layer=2),
        send(5, same=4),
    ]
    found = tally(*(reversed(events) if backwards else events), bounded=bounded)
    assert (found.status, found.answered_us, found.response_bytes, found.sent, found.complete) == (200, 30, 5, 2, True)


@pytest.mark.parametrize("bounded", [True, False])
def test_a_message_that_passes_again_and_again_is_counted_each_time(bounded: bool) -> None:
    found = tally(receive(1, REQUEST), bounded=bounded)
    for n in range(2, 2001, 2):
        found.take(receive(n, same=1, layer=1))
        found.take(receive(n + 1, same=1))
    assert (found.received, found.request_bytes) == (1001, 3003)
