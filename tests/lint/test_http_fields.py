"""What the rules of HTTP say of the fields of messages, and of lengths; above all where they are silent."""

from typing import Any

import pytest

from asgi_inspect.testing import http_scope, websocket_scope
from asgi_inspect.trace.records import (
    ProcessRecord,
    Record,
    ScopeRecord,
    SendRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.lint.http_steps import (
    DISCONNECT,
    FAILED,
    HEAD,
    OFFERED,
    REFUSED,
    SILENT,
    Step,
    body,
    length,
    records_of,
    start,
    told,
)
from tests.lint.telling import AT, findings_of


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, []),
        (100, ["H204 error"]),
        (199, ["H204 error"]),
        (299, []),
        (499, []),
        (599, []),
        (600, ["H205 warning"]),
        (999, ["H205 warning"]),
        (1000, ["H203 error"]),
        (99, ["H203 error"]),
        (0, ["H203 error"]),
        (-1, ["H203 error"]),
        ("200", ["H202 error"]),
        (200.0, ["H202 error"]),
        (True, ["H202 error"]),
        (None, ["H202 error"]),
        (Foreign("$object", "Status"), ["H202 error"]),
        (Redacted(3), []),
        (Truncated(None, None), []),
    ],
)
def test_the_status(status: Any, expected: list[str]) -> None:
    assert told([start(status), body()]) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], []),
        (((b"x-a", b"1"),), []),
        ({(b"x-a", b"1")}, []),
        (frozenset(), []),
        (Foreign("$object", "collections.deque"), []),
        (Foreign("$object", "starlette.datastructures.MutableHeaders"), []),
        (Foreign("$later", 1), []),
        (Foreign("$object", "generator"), ["H221 warning"]),
        (Foreign("$object", "itertools.chain"), ["H221 warning"]),
        (Foreign("$object", "function"), ["H206 error"]),
        (None, ["H206 error"]),
        ({b"x-a": b"1"}, ["H206 error"]),
        ({}, ["H206 error"]),
        ("x-a: 1", ["H206 error"]),
        (b"x-a: 1", ["H206 error"]),
        (5, ["H206 error"]),
        (Truncated(None, None), []),
        (Redacted(None), []),
        ([Truncated(9, None)], []),
        ([Foreign("$object", "Pair")], []),
        ([None], ["H207 error"]),
        ([b"ab"], ["H207 error"]),
        (["ab"], ["H207 error"]),
        ([[b"x-a"]], ["H207 error"]),
        ([[]], ["H207 error"]),
        ([["x-a", b"1"]], ["H208 error"]),
        ([["x-a", "1"]], ["H208 error"]),
        ([[None, b"1"]], ["H208 error"]),
        ([[b"x-a", "1"], [b"x-b", 1]], ["H209 error"]),
        ([[b"x-a", None]], ["H209 error"]),
        ([[b"x-a", Parts(("sid=", Redacted(9)))]], ["H209 error"]),
        ([[b"x-a", Parts((b"sid=", Redacted(9)))]], []),
        ([[b"x-a", Redacted(9)]], []),
        ([[b"x-a", Truncated(9, b"1")]], []),
        ([[Foreign("$object", "Name"), b"1"]], ["H208 error"]),
        ([[b"x-a", bytearray(b"1")]], ["A412 warning"]),
        ([[memoryview(b"x-a"), b"1"]], ["A412 warning"]),
        ([[b"X-A", b"1"], [b"X-B", b"2"]], ["H210 warning"]),
        ([[b"", b"1"]], ["H211 error"]),
        ([[b"x a", b"1"]], ["H211 error"]),
        ([[b"x:a", b"1"]], ["H211 error"]),
        ([[b"x\xe9", b"1"]], ["H211 error"]),
        ([[b"x\n", b"1"]], ["H211 error"]),
        ([[b"!#$%&'*+-.^_`|~09az", b"1"]], []),
        ([[b":status", b"200"]], ["H214 error"]),
        ([[b"x-a", b"1\r\nx-b: 2"]], ["H212 error"]),
        ([[b"x-a", b"1\x00"]], ["H212 error"]),
        ([[b"x-a", b"1\x07"]], ["H212 warning"]),
        ([[b"x-a", b"1\x07"], [b"x-a", b"\n2"]], ["H212 error"]),
        ([[b"x-a", Parts((b"sid=\n", Redacted(9)))]], ["H212 error"]),
        ([[b"x-a", b"1\t2 \xe9"]], []),
        ([[b"x-a", b" 1"]], ["H213 warning"]),
        ([[b"x-a", b"1\t"]], ["H213 warning"]),
        ([[b"x-a", b""]], []),
        ([[b"transfer-encoding", b"chunked"]], ["H215 warning"]),
        ([[b"Transfer-Encoding", b"chunked"], length(0)], ["H210 warning", "H216 error"]),
        ([[b"connection", b"close"]], []),
        ([[b"Connection", b"Close"]], ["H210 warning"]),
        ([[b"connection", b"keep-alive"]], ["H217 info"]),
        ([[b"keep-alive", b"timeout=5"], [b"upgrade", b"h2c"]], ["H217 info"]),
        ([[b"te", b"trailers"]], []),
        ([[b"content-length", b"abc"]], ["H218 error"]),
        ([[b"content-length", b""]], ["H218 error"]),
        ([[b"content-length", b"+1"]], ["H218 error"]),
        ([[b"content-length", b"5, 5"]], ["H218 error"]),
        ([[b"content-length", " 0"]], ["H209 error"]),
        ([[b"content-length", 0]], ["H209 error"]),
        ([length(0), length(0)], ["H219 warning"]),
        ([length(0), length(1)], ["H219 error"]),
        ([[b"set-cookie", b"a"], [b"set-cookie", b"b"], [b"vary", b"a"], [b"vary", b"b"]], []),
        ([[b"link", b"a"], [b"link", b"b"], [b"www-authenticate", b"a"], [b"www-authenticate", b"b"]], []),
        ([[b"content-type", b"a/b"], [b"Content-Type", b"a/b"]], ["H210 warning", "H225 warning"]),
        ([[b"content-encoding", b"gzip"], [b"content-encoding", b"br"]], []),
    ],
)  # fmt: skip
def test_headers(headers: Any, expected: list[str]) -> None:
    assert sorted(told([{**start(), "headers": headers}, body()])) == sorted(expected)


def test_headers_that_are_left_out() -> None:
    assert told([{"type": "http.response.start", "status": 200}, body()]) == []


def test_headers_about_the_connection() -> None:
    close = [start(200, [b"connection", b"close"]), body()]
    assert told(close, http_version="2") == ["H217 warning"]
    assert told(close, http_version="3") == ["H217 warning"]
    upgrade = [start(426, [b"upgrade", b"websocket"], [b"connection", b"Upgrade"]), body()]
    assert told(upgrade) == []
    assert told(upgrade, http_version="2") == ["H217 warning"]


@pytest.mark.parametrize(
    ("status", "size", "expected"),
    [
        (204, 0, ["H220 info"]),
        (204, 5, ["H220 warning"]),
        (205, 0, []),
        (304, 500, []),
        (304, 0, []),
        (200, 0, []),
        (103, 0, ["H204 error"]),
    ],
)
def test_a_length_where_no_body_can_be(status: int, size: int, expected: list[str]) -> None:
    assert told([start(status, length(size)), body()]) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        ("", ["H301 error"]),
        (None, ["H301 error"]),
        ([b"a"], ["H301 error"]),
        (Foreign("$object", "pathlib.PosixPath"), ["H301 error"]),
        (Truncated(99_999, "the beginning"), ["H301 error"]),
        (Truncated(99_999, b"the beginning"), []),
        (Truncated(99_999, Redacted(9)), []),
        (Truncated(None, None), []),
        (Parts(("token=", Redacted(9))), ["H301 error"]),
        (Parts((b"token=", Redacted(9))), []),
        (Redacted(9), []),
        (bytearray(b"a"), ["A412 warning"]),
        (memoryview(b"a"), ["A412 warning"]),
    ],
)
def test_the_type_of_a_body(content: Any, expected: list[str]) -> None:
    assert told([start(), body(content)]) == expected
    assert told([start(200, length(5)), body(content)])[: len(expected)] == expected


def test_a_body_of_a_wrong_type_has_no_wrong_length_too() -> None:
    assert told([start(200, length(5)), body(None)]) == ["H301 error"]
    assert told([start(200, length(1)), body("hello")]) == ["H301 error"]


def test_what_a_body_holds_is_not_told() -> None:
    (finding,) = findings_of(records_of([start(), body("geheim")], http_scope()))
    assert "geheim" not in finding.sentence
    assert "str" in finding.sentence


@pytest.mark.parametrize("flag", [1, 0, "false", None, Foreign("$object", "numpy.bool_")])
def test_the_type_of_more_body(flag: Any) -> None:
    assert told([start(), body(b"a", flag), *([body()] if flag else [])])[0] == "H302 error"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([start(200, length(2)), body(b"hi")], []),
        ([start(200, length(2)), body(b"h", True), body(b"i", True), body()], []),
        ([start(200, length(1)), body(b"hi")], ["H303 error"]),
        ([start(200, length(1)), body(b"h", True), body(b"i", True), body(b"j")], ["H303 error"]),
        ([start(200, length(0)), body(b"h")], ["H303 error"]),
        ([start(200, length(3)), body(b"hi")], ["H304 error"]),
        ([start(200, length(3)), body(b"h", True), body()], ["H304 error"]),
        ([start(200, length(3)), DISCONNECT, body(b"h")], []),
        ([start(200, length(3)), body(b"h", True), REFUSED, body()], []),
        ([start(200, length(3)), FAILED, body(b"h")], []),
        ([start(200, length(3), length(3)), body(b"hi")], ["H219 warning"]),
        ([start(200, [b"content-length", b"x"]), body(b"hi")], ["H218 error"]),
        ([start(200, length(9)), body(Truncated(9, b"hi"))], []),
        ([start(200, length(9)), body(Truncated(10, b"hi"))], ["H303 error"]),
        ([start(200, length(9)), body(Truncated(None, b"hi"))], []),
        ([start(200, length(9)), body(Parts((b"token=", Redacted(3))))], []),
        ([start(200, length(9)), body(Parts((b"token=", Redacted(None))))], []),
        ([start(200, length(9)), body(Redacted(8))], ["H304 error"]),
        ([start(304, length(9)), body()], []),
        ([start(206, length(2)), body(b"hi")], []),
        ([start(204), body(b"x")], ["H305 error"]),
        ([start(304), body(b"x", True), body(b"y")], ["H305 error"]),
        ([start(304), body(b"", True), body()], []),
        ([start(205), body(b"x")], []),
        ([start(302), body(b"x")], []),
        ([start(103), body(b"x")], ["H204 error"]),
    ],
)  # fmt: skip
def test_lengths(steps: list[Step], expected: list[str]) -> None:
    assert told(steps, **SILENT) == expected


def test_the_length_of_a_file() -> None:
    file = {"type": "http.response.zerocopysend", "file": Foreign("$object", "_io.BufferedReader")}
    path = {"type": "http.response.pathsend", "path": "/srv/a"}
    assert told([start(200, length(9)), {**file, "count": 4}], extensions=OFFERED) == ["H304 error"]
    assert (
        told([start(200, length(9)), {**file, "count": 4, "more_body": True}, body(b"12345")], extensions=OFFERED) == []
    )
    assert told([start(200, length(9)), file], extensions=OFFERED) == []
    assert told([start(200, length(9)), path], extensions=OFFERED) == []
    assert told([start(304), path], extensions=OFFERED)[0] == "H305 error"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([start(200, length(9)), body()], []),
        ([start(200, length(2)), body(b"hi")], ["H306 info"]),
        ([start(), body(b"a", True), body(b"b")], ["H306 warning"]),
        ([start(), body(b"", True), body(b"b", True), body()], ["H306 info"]),
        ([start(), body(b"a", True), body(b"b", True), body(b"c")], ["H306 warning"]),
        ([start(204), body(b"a")], ["H305 error"]),
        ([start(), body(b"a", True), DISCONNECT, body(b"b")], []),
    ],
)
def test_a_body_for_head(steps: list[Step], expected: list[str]) -> None:
    assert told(steps, **HEAD, **SILENT) == expected


def test_a_body_for_head_where_the_server_sends_it() -> None:
    process = ProcessRecord(
        v=1, proc="p", at=AT, pid=1, parent_pid=0, host="h", argv=[], python="3", asgi_inspect="1", server="granian"
    )
    records = records_of([start(), body(b"a")], http_scope(method="HEAD", http_version="2"))
    assert [(found.code, found.severity) for found in findings_of([process, *records])] == [("H306", "warning")]


def test_a_response_that_refuses_a_websocket_is_a_response() -> None:
    kind = "websocket.http.response."
    scope = websocket_scope()
    for first, second, expected in (
        (start("403"), body(), ["H202"]),
        (start(403, ["x-a", b"1"]), body(), ["H208"]),
        (start(403, length(3)), body(b"no"), ["H304"]),
        (start(403, length(1)), body(b"no"), ["H303"]),
        (start(403), body("no"), ["H301"]),
        (start(403), body(b"no"), []),
    ):
        steps = [{"type": "websocket.connect"}, {**first, "type": kind + "start"}, {**second, "type": kind + "body"}]
        assert [finding.code for finding in findings_of(records_of(steps, scope))] == expected


def test_headers_read_from_an_iterator() -> None:
    sent = SendRecord(conn="p.1", n=1, t_us=10, message=start(200, [b"x-a", b"1"]), once=["headers"])
    records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=http_scope()), sent]
    assert [finding.code for finding in findings_of(records)] == ["H221"]
