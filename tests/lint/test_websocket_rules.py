"""What the rules of WebSockets say of connections built by hand, and above all where they are silent."""

from typing import Any

import pytest

from asgi_inspect.testing import websocket_scope
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.lint.steps import (
    CANCELLED,
    CUT,
    FAILED,
    REFUSED,
    Step,
    codes,
    got,
    left,
    raised,
    records_of,
    returned,
    sent,
    stopped,
)
from tests.lint.telling import findings_of

OFFERED: dict[str, Any] = {"extensions": {"websocket.http.response": {}}}
OLD = {"asgi": {"version": "3.0", "spec_version": "2.0"}}
BETWEEN = {"asgi": {"version": "3.0", "spec_version": "2.3"}}
TEST: dict[str, Any] = {"client": ["testclient", 50000]}
CONNECT = got("websocket.connect")
TEXT = got("websocket.receive", text="x")
GONE = got("websocket.disconnect", code=1005)
ACCEPT = sent("websocket.accept")
SEND = sent("websocket.send", text="x")
CLOSE = sent("websocket.close")
OPEN = [CONNECT, ACCEPT]
DENY = sent("websocket.http.response.start", status=401, headers=[])
PART = sent("websocket.http.response.body", body=b"n", more_body=True)
LAST = sent("websocket.http.response.body", body=b"no")


def told(steps: list[Step], *more: str, **scope: Any) -> str:
    return codes(records_of(websocket_scope(**scope), steps), *more)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # what the server gives
        ([TEXT, ACCEPT, CLOSE], "W101"),
        ([GONE], ""),
        ([ACCEPT, TEXT, CLOSE], "W118"),  # the connect is never given behind that, by some servers
        ([CONNECT, CONNECT, ACCEPT, CLOSE], "W102"),
        ([CONNECT, TEXT, ACCEPT, CLOSE], "W103"),
        ([CONNECT, GONE], ""),
        ([*OPEN, TEXT, GONE], ""),
        ([*OPEN, GONE, TEXT], "W115"),
        ([*OPEN, GONE, got("websocket.receive", text="x", wait_us=1_500)], "A501"),  # both waited at a time
        # the handshake
        ([CONNECT], "W104"),
        ([], "W104"),
        ([CONNECT, stopped()], ""),
        ([CONNECT, CUT, stopped()], ""),
        ([CONNECT, CLOSE], ""),
        ([CONNECT, ACCEPT, REFUSED], ""),
        ([CONNECT, CLOSE, GONE], ""),
        ([CONNECT, sent("http.response.start", status=404, headers=[])], "A406"),
        ([CONNECT, sent("websocket.ping")], "A405"),
        ([CONNECT, SEND], "W105"),
        ([CONNECT, SEND, FAILED, CLOSE], "W105"),
        ([CONNECT, SEND, ACCEPT, SEND, CLOSE], "W105"),
        ([CONNECT, GONE, SEND], ""),
        ([CONNECT, left("ValueError")], "W114"),
        ([CONNECT, left("SystemExit")], "A111"),
        ([CONNECT, left("CancelledError")], ""),
        ([left("ValueError")], ""),
        ([left("NotImplementedError", "RuntimeError")], ""),
        ([left("KeyError", "LookupError")], "W114"),
        ([CONNECT, GONE, left("WebSocketDisconnect")], "A104"),
        ([ACCEPT, CONNECT, CLOSE], "W118"),
        ([CLOSE], "W118"),
        # once it is open
        ([*OPEN], "W112"),
        ([*OPEN, SEND], "W112"),
        ([*OPEN, SEND, GONE], ""),
        ([*OPEN, SEND, REFUSED], ""),
        ([*OPEN, SEND, FAILED], ""),
        ([*OPEN, SEND, CANCELLED], ""),
        ([*OPEN, TEXT, CUT, stopped()], ""),
        ([*OPEN, left("ValueError")], "W113"),
        ([*OPEN, left("FileNotFoundError", "OSError")], "W113"),  # no `send` raised it
        ([*OPEN, SEND, REFUSED, left("uvicorn.ClientDisconnected", "OSError")], ""),
        ([*OPEN, SEND, raised("BrokenPipeError", "ConnectionError", "OSError"), left("ValueError")], "A104"),
        ([*OPEN, GONE, left("WebSocketDisconnect")], "A104"),
        ([*OPEN, left("CancelledError")], ""),
        ([*OPEN, ACCEPT, CLOSE], "W106"),
        ([CONNECT, ACCEPT, FAILED, ACCEPT, CLOSE], ""),
        # once it is closed
        ([*OPEN, CLOSE, ACCEPT], "W107"),
        ([CONNECT, CLOSE, ACCEPT, SEND, CLOSE], "W107"),
        ([*OPEN, CLOSE, SEND], "W108"),
        ([*OPEN, CLOSE, FAILED, SEND], ""),
        ([*OPEN, CLOSE, CLOSE], "W109"),
        ([*OPEN, CLOSE, REFUSED, CLOSE, REFUSED], ""),
        ([*OPEN, SEND, REFUSED, CLOSE, CLOSE], ""),
        ([*OPEN, GONE, CLOSE], ""),
        ([*OPEN, GONE, CLOSE, CLOSE, SEND, ACCEPT], ""),
        ([*OPEN, CLOSE, GONE, SEND], ""),
        ([CONNECT, GONE, ACCEPT], ""),
    ],
)
def test_the_order(steps: list[Step], expected: str) -> None:
    assert told(steps) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([CONNECT, GONE, ACCEPT], "W110"),
        ([*OPEN, GONE, CLOSE, SEND], "W111"),
        ([*OPEN, CLOSE, GONE], ""),
        ([CONNECT, sent("websocket.close", code=4003)], "W408"),
        ([CONNECT, sent("websocket.close", code=1000, reason="no")], "W408"),
        ([CONNECT, sent("websocket.close", code=1000, reason="")], ""),
        ([CONNECT, CLOSE], ""),
        ([*OPEN, sent("websocket.close", code=4003, reason="no")], ""),
        ([*OPEN, sent("websocket.send", text=""), CLOSE], "W310"),
        ([*OPEN, sent("websocket.send", text=None, bytes=b""), CLOSE], "W310"),
        ([*OPEN, sent("websocket.send", bytes=b"x" * (1 << 20)), CLOSE], ""),
        ([*OPEN, sent("websocket.send", bytes=b"x" * ((1 << 20) + 1)), CLOSE], "W311"),
        ([*OPEN, sent("websocket.send", bytes=Truncated(2 << 20, b"x")), CLOSE], "W311"),
    ],
)
def test_what_is_off_by_default(steps: list[Step], expected: str) -> None:
    assert told(steps, "W110", "W111", "W310", "W311", "W408") == expected
    assert told(steps) == ""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"subprotocol": None, "headers": []}, ""),
        ({"subprotocol": "chat"}, ""),
        ({"subprotocol": "news"}, "W202"),
        ({"subprotocol": "Chat"}, "W202"),
        ({"subprotocol": ""}, "W203"),
        ({"subprotocol": b"chat"}, "W201"),
        ({"subprotocol": ["chat"]}, "W201"),
        ({"subprotocol": Redacted(4, None, "name")}, ""),
        ({"headers": None}, "W204"),
        ({"headers": {b"x-a": b"1"}}, "W204"),
        ({"headers": "x"}, "W204"),
        ({"headers": [[b"x-a"]]}, "W204"),
        ({"headers": Foreign("$object", "pkg.Headers")}, ""),
        ({"headers": {(b"x-a", b"1")}}, ""),
        ({"headers": (("x-a", b"1"),)}, "W205"),
        ({"headers": [[b"x-a", "1"]]}, "W205"),
        ({"headers": [[b"x-a", bytearray(b"1")]]}, "A412"),
        ({"headers": [[b"x-a", Redacted(None, None, "name")]]}, ""),
        ({"headers": [[b"set-cookie", Parts((b"a=", Redacted(1, None, "cookie"), b"; Path=/"))]]}, ""),
        ({"headers": [[b"X-A", b"1"]]}, "W206"),
        ({"headers": [[b":x", b"1"]]}, "W207"),
        ({"headers": [[b"x a", b"1"]]}, "W208"),
        ({"headers": [[b"x-a", b"1\n2"]]}, "W208"),
        ({"headers": [[b"x-a", b"\xe9\t2"]]}, ""),
        ({"headers": [[b"sec-websocket-protocol", b"chat"]]}, "W209"),
        ({"headers": [[b"upgrade", b"websocket"]]}, "W210"),
        ({"headers": [[b"content-length", b"0"]]}, "W210"),
        ({"headers": [[b"x-upgrade", b"1"], [b"set-cookie", b"a"], [b"set-cookie", b"b"]]}, ""),
    ],
)
def test_the_accept(fields: dict[str, Any], expected: str) -> None:
    assert told([CONNECT, sent("websocket.accept", **fields), CLOSE], subprotocols=["chat", "more"]) == expected


def test_what_the_client_offered_may_be_a_tuple_or_unknown() -> None:
    steps = [CONNECT, sent("websocket.accept", subprotocol="chat"), CLOSE]
    assert told(steps, subprotocols=("chat",)) == ""
    assert told(steps, subprotocols=Foreign("$object", "generator")).split() != ["W202"]
    assert told(steps, subprotocols=[Redacted(4, None, "name")]) == ""
    assert told(steps) == "W202"


@pytest.mark.parametrize(
    ("scope", "headers", "expected"),
    [
        (OLD, [[b"set-cookie", b"a=1"]], "W211"),
        (OLD, [], ""),
        (OLD, Foreign("$object", "pkg.Headers"), ""),
        (BETWEEN, [[b"set-cookie", b"a=1"]], ""),
        ({"asgi": {"version": "3.0"}}, [[b"set-cookie", b"a=1"]], "W211"),
        ({"asgi": {"version": "3.0"}, **TEST}, [[b"set-cookie", b"a=1"]], ""),
        ({**OLD, **TEST}, [[b"set-cookie", b"a=1"]], "W211"),
    ],
)
def test_headers_that_the_server_does_not_know(scope: dict[str, Any], headers: Any, expected: str) -> None:
    assert told([CONNECT, sent("websocket.accept", headers=headers), CLOSE], **scope) == expected


NONE = {"text": None, "bytes": None}


@pytest.mark.parametrize(
    ("fields", "received", "expected"),
    [
        ({"text": ""}, "", ""),
        ({"bytes": b""}, "", ""),
        ({"text": "x", "bytes": None}, "", ""),
        ({"bytes": b"x", "text": None}, "", ""),
        ({}, "W301", "W305"),
        (NONE, "W301", "W305"),
        ({"text": "x", "bytes": b"x"}, "W302", "W306"),
        ({"text": "", "bytes": b""}, "W302", "W306"),
        ({"bytes": "x"}, "W303", "W307"),
        ({"text": b"x"}, "W304", "W308"),
        ({"text": 5}, "W304", "W308"),
        ({"bytes": bytearray(b"x")}, "A412", "A412"),
        ({"text": Truncated(9, "x")}, "", ""),
        ({"text": Truncated(9, b"x")}, "W304", "W308"),
        ({"bytes": Truncated(9, Redacted(9, None, "JSON"))}, "", ""),
        ({"text": Parts(("a", Redacted(3, None, "JSON")))}, "", ""),
        ({"text": Redacted(3, None, "JSON")}, "", ""),
        ({"text": "\ud800"}, "", "W309"),
        ({"text": "中 🙂"}, "", ""),
    ],
)
def test_a_message(fields: dict[str, Any], received: str, expected: str) -> None:
    assert told([*OPEN, sent("websocket.send", **fields), CLOSE]) == expected
    assert told([*OPEN, got("websocket.receive", **fields), CLOSE]) == received


def test_what_a_message_or_a_reason_holds_is_not_said() -> None:
    for steps in (
        [*OPEN, sent("websocket.send", text=b"secret"), CLOSE],
        [*OPEN, got("websocket.receive", bytes="secret"), CLOSE],
        [*OPEN, sent("websocket.close", reason=b"secret")],
    ):
        (finding,) = findings_of(records_of(websocket_scope(), steps))
        assert "secret" not in finding.sentence


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"code": 1000, "reason": None}, ""),
        ({"code": 4999, "reason": "e" * 123}, ""),
        ({"code": None}, "W401"),
        ({"code": "1000"}, "W401"),
        ({"code": True}, "W401"),
        ({"code": 99}, "W402"),
        ({"code": 5000}, "W402"),
        ({"code": 1004}, "W402"),
        ({"code": 1005}, "W402"),
        ({"code": 1006}, "W402"),
        ({"code": 1015}, "W402"),
        ({"code": 10**5000}, "W402"),
        ({"code": 1016}, "W403"),
        ({"code": 2999}, "W403"),
        ({"code": 1001}, "W404"),
        ({"code": 1011}, "W404"),
        ({"code": 1014}, "W404"),
        ({"code": 3000}, ""),
        ({"reason": b"bye"}, "W405"),
        ({"reason": "é" * 62}, "W406"),
        ({"reason": "é" * 61}, ""),
        ({"reason": "\ud800" * 42}, "W406"),
        ({"reason": Redacted(300, None, "token")}, ""),
    ],
)
def test_a_close(fields: dict[str, Any], expected: str) -> None:
    close = sent("websocket.close", **fields)
    assert told([*OPEN, close]) == expected
    if expected[:4] not in ("W401", "W405"):  # of a wrong type it is wherever it is sent
        assert told([*OPEN, GONE, close]) == ""


@pytest.mark.parametrize(
    ("scope", "reason", "expected"),
    [
        (OLD, "bye", "W407"),
        (OLD, "", ""),
        (OLD, None, ""),
        (BETWEEN, "bye", ""),
        ({"asgi": {"version": "3.0"}, **TEST}, "bye", ""),
    ],
)
def test_a_reason_that_the_server_does_not_know(scope: dict[str, Any], reason: Any, expected: str) -> None:
    assert told([*OPEN, sent("websocket.close", code=4001, reason=reason)], **scope) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": 1000}, ""),
        *(({"code": code, "reason": None}, "") for code in (1005, 1006, 1012, 1015)),
        ({}, "W409"),
        ({"code": None}, "W409"),
        ({"code": "1000"}, "W409"),
        ({"code": Redacted(None, None, "name")}, ""),
        ({"code": 0}, "W410"),
        ({"code": 65535}, "W410"),
        ({"code": 1000, "reason": b""}, "W411"),
        ({"code": 1000, "reason": "bye"}, ""),
    ],
)
def test_a_disconnect(fields: dict[str, Any], expected: str) -> None:
    assert told([*OPEN, got("websocket.disconnect", **fields)]) == expected


def test_a_disconnect_that_gives_the_code_of_the_application_back() -> None:
    for code, close in ((None, "W401"), (99, "W402"), (5000, "W402"), ("x", "W401")):
        assert told([*OPEN, sent("websocket.close", code=code), got("websocket.disconnect", code=code)]) == close


@pytest.mark.parametrize(
    ("steps", "version", "expected"),
    [
        ([*OPEN, GONE, SEND, FAILED], "2.4", "W413"),
        ([*OPEN, GONE, CLOSE, FAILED], "2.5", "W413"),
        ([*OPEN, GONE, SEND, FAILED], "2.3", ""),
        ([*OPEN, GONE, SEND, REFUSED], "2.4", ""),
        ([*OPEN, GONE, SEND, raised("TypeError")], "2.4", ""),  # the message may have been wrong
        ([*OPEN, GONE, SEND, CANCELLED], "2.4", ""),
        ([*OPEN, SEND, FAILED], "2.4", ""),
        ([*OPEN, CLOSE, GONE, SEND, FAILED], "2.4", ""),  # it had closed it itself
        ([*OPEN, GONE, CLOSE, CLOSE, FAILED], "2.4", ""),
        ([*OPEN, GONE, ACCEPT, FAILED], "2.4", ""),
        ([CONNECT, GONE, SEND, FAILED], "2.4", ""),
    ],
)
def test_what_a_server_raises_for_a_client_that_has_left(steps: list[Step], version: str, expected: str) -> None:
    assert told(steps, asgi={"version": "3.0", "spec_version": version}) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([CONNECT, DENY, LAST], ""),
        ([CONNECT, DENY, LAST, GONE], ""),
        ([CONNECT, DENY, PART, LAST], "W511"),
        ([*OPEN, DENY], "W502"),
        ([CONNECT, CLOSE, DENY], "W502"),
        ([CONNECT, LAST, CLOSE], "W503"),
        ([*OPEN, LAST, CLOSE], "W503"),
        ([CONNECT, DENY, DENY, LAST], "W504"),
        ([CONNECT, DENY, FAILED, DENY, LAST], ""),
        ([CONNECT, DENY, ACCEPT, LAST], "W505"),
        ([CONNECT, DENY, SEND, LAST], "W505"),
        ([CONNECT, DENY, LAST, CLOSE], "W505"),
        ([CONNECT, DENY], "W506"),
        ([CONNECT, DENY, GONE], ""),
        ([CONNECT, DENY, REFUSED], ""),
        ([CONNECT, DENY, stopped()], ""),
        ([CONNECT, DENY, LAST, LAST], "W507"),
        ([CONNECT, GONE, DENY], ""),
        ([CONNECT, sent("websocket.http.response.start", status="401", headers=[]), LAST], "H202"),
        ([CONNECT, sent("websocket.http.response.start", headers=[]), LAST], "H201"),
        ([CONNECT, sent("websocket.http.response.start", status=401, headers=[["x", b"1"]]), LAST], "H208"),
        ([CONNECT, sent("websocket.http.response.start", status=401, headers={"x": "1"}), LAST], "H206"),
        ([CONNECT, sent("websocket.http.response.start", status=401, headers=[[b"X", b"1"]]), LAST], "H210"),
        ([CONNECT, sent("websocket.http.response.start", status=200, headers=[]), LAST], "W509"),
        ([CONNECT, sent("websocket.http.response.start", status=302, headers=[]), LAST], ""),
        ([CONNECT, sent("websocket.http.response.start", status=401), LAST], "W510"),
        ([CONNECT, DENY, sent("websocket.http.response.body")], "W510"),
        ([CONNECT, DENY, sent("websocket.http.response.body", body="no")], "H301"),
        ([CONNECT, DENY, sent("websocket.http.response.body", body=b"no", more_body=0)], "H302"),
    ],
)
def test_the_response_that_refuses(steps: list[Step], expected: str) -> None:
    assert told(steps, **OFFERED) == expected


@pytest.mark.parametrize(("size", "expected"), [(b"1", "H303"), (b"2", ""), (b"3", "H304")])
def test_its_length(size: bytes, expected: str) -> None:
    start = sent("websocket.http.response.start", status=401, headers=[[b"content-length", size]])
    assert told([CONNECT, start, LAST], **OFFERED) == expected


@pytest.mark.parametrize(
    "steps",
    [[CONNECT, DENY, LAST], [CONNECT, DENY, PART, LAST], [CONNECT, DENY], [CONNECT, LAST], [CONNECT, DENY, ACCEPT]],
)
def test_a_response_that_is_not_offered_is_told_once(steps: list[Step]) -> None:
    assert told(steps, extensions=None) == "W501"
    assert told(steps, extensions={"x.y": {}}) == "W501"
    assert told([CONNECT, GONE, *steps[1:]], extensions={}) == ""


def test_nothing_is_said_of_extensions_that_are_not_known() -> None:
    assert told([CONNECT, DENY, LAST], extensions=Foreign("$object", "pkg.Extensions")) == ""


def test_an_inner_layer_that_was_not_told_of_the_disconnect_is_silent() -> None:
    inner = [got("websocket.connect", layer=1), sent("websocket.accept", layer=1)]
    outer = [CONNECT, ACCEPT, GONE]
    assert told([outer[0], inner[0], inner[1], outer[1], outer[2], returned(1)]) == ""


def test_an_exception_that_a_layer_handles_is_no_finding() -> None:
    steps = [CONNECT, got("websocket.connect", layer=1), left("ValueError", layer=1), CLOSE]
    assert told(steps) == ""
