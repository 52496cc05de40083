"""What the rules of HTTP say of the order of messages, and of how a call ends; above all where they are silent."""

from typing import Any

import pytest

from asgi_inspect.testing import http_scope
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
)
from asgi_inspect.values import Foreign, Redacted, Truncated
from tests.lint.http_steps import (
    BODY_KIND,
    CANCELLED,
    DISCONNECT,
    FAILED,
    OFFERED,
    REFUSED,
    RESPONSE,
    SILENT,
    Raised,
    Step,
    body,
    length,
    request,
    start,
    told,
)
from tests.lint.telling import AT, findings_of


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], ["H101 error"]),
        ([request()], ["H101 error"]),
        ([request(), DISCONNECT], []),
        ([start()], ["H111 error"]),
        ([start(204)], ["H111 error"]),
        ([start(), DISCONNECT], []),
        ([start(), body(b"a", True)], ["H102 error"]),
        ([start(), body(b"a", True), DISCONNECT], []),
        ([start(), body(b"a", True), REFUSED], []),
        ([start(), body(b"a", True), FAILED], []),
        ([start(), body(b"a", True), CANCELLED], []),
        ([start(), {"type": BODY_KIND}], []),
        ([start(), body(b"", True), body(b"", True), body()], []),
        ([request(), *RESPONSE, DISCONNECT, DISCONNECT], []),
        ([body(b"a")], ["H103 error"]),
        ([body(b"a"), FAILED, *RESPONSE], ["H103 error"]),
        ([body(b"a"), *RESPONSE], ["H103 error"]),
        ([DISCONNECT, body(b"a")], []),
        ([start(), start(500), body()], ["H104 error"]),
        ([start(200, length(9)), body(b"abc", True), start(500, length(2)), body(b"no")], ["H104 error"]),
        ([start(), FAILED, start(500), body()], []),
        ([start(), REFUSED, start(500), body()], []),
        ([start(), body(b"a", True), DISCONNECT, start(500), body()], []),
        ([*RESPONSE, start(500), body(b"no")], ["H105 error"]),
        ([*RESPONSE, start(500), start(500), body()], ["H105 error"]),
        ([*RESPONSE, body(b"more")], ["H106 error"]),
        ([*RESPONSE, body(b"more"), body(b"and more")], ["H106 error"]),
        ([*RESPONSE, {"type": BODY_KIND}], ["H106 warning"]),
        ([*RESPONSE, body(), body(b"more")], ["H106 warning", "H106 error"]),
        ([start(), DISCONNECT, body(b"a"), body(b"b")], []),
    ],
)  # fmt: skip
def test_the_order_of_a_response(steps: list[Step], expected: list[str]) -> None:
    assert told(steps, **SILENT) == expected


def test_a_call_that_has_not_ended_owes_nothing_yet() -> None:
    assert told([request()], outcome=None) == []
    assert told([start(), body(b"a", True)], outcome=None) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("http.response.push", ["H107 warning"]), ("http.response.zerocopysend", ["H107 warning"])],
)
def test_what_is_sent_behind_the_end(kind: str, expected: list[str]) -> None:
    message = {"type": kind, "path": "/a.css", "headers": [], "file": Foreign("$object", "_io.BufferedReader")}
    assert told([*RESPONSE, message], extensions=OFFERED) == expected
    assert not any(
        code.startswith("H107") for code in told([*RESPONSE, message])
    )  # nobody offers it: that is the matter


@pytest.mark.parametrize(
    ("steps", "error", "expected"),
    [
        ([request()], "ValueError", ["H108 warning"]),
        ([request(), DISCONNECT], "ValueError", []),
        ([], "KeyError", ["H108 warning"]),
        ([], "AssertionError", []),
        ([], ErrorInfo(type="ValueError", message="no protocol 'http' here"), []),
        ([], ErrorInfo(type="ValueError", message="boom"), ["H108 warning"]),
        ([], ErrorInfo(type="KeyError", bases=["LookupError"], message="'scope'"), ["H108 warning"]),
        ([request()], "asyncio.CancelledError", []),
        ([request()], ErrorInfo(type="ExceptionGroup", exceptions=[ErrorInfo(type="CancelledError")]), []),
        ([start(), body(b"a", True)], "ValueError", ["H109 error"]),
        ([start()], "ValueError", ["H109 error"]),
        ([start(), body(b"a", True)], ErrorInfo(type="FileNotFoundError", bases=["OSError"]), ["H109 error"]),
        ([start(), body(b"a", True), DISCONNECT], "ValueError", []),
        ([start(), body(b"a", True), REFUSED], ErrorInfo(type="ClientDisconnect", bases=["OSError"]), []),
        ([start(), body(b"a", True), FAILED], "RuntimeError", []),
        (RESPONSE, "ValueError", ["H110 info"]),
        (RESPONSE, ErrorInfo(type="ConnectionResetError", bases=["OSError"]), []),
        (RESPONSE, ErrorInfo(type="ExceptionGroup", exceptions=[ErrorInfo(type="OSError")]), []),
    ],
)  # fmt: skip
def test_exceptions(steps: list[Step], error: Any, expected: list[str]) -> None:
    codes = [code for code in told(steps, outcome="raised", error=error) if not code.startswith(("A104", "A112"))]
    assert codes == expected


def test_an_exit_is_another_rules_affair() -> None:
    for error in ("SystemExit", "KeyboardInterrupt"):
        codes = told([start(), body(b"a", True)], outcome="raised", error=error)
        assert not any(code.startswith("H") for code in codes)


def test_a_cancelled_call_owes_nothing() -> None:
    for steps in ([], [request()], [start()], [start(), body(b"a", True)]):
        assert told(steps, outcome="cancelled") == []


UPLOAD: dict[str, Any] = {"method": "POST", "headers": [[b"host", b"a"], length(10)]}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([request(b"0123456789")], []),
        ([request(b"01234", True), request(b"56789", True), request()], []),
        ([request(b"", True), request(b"0123456789")], []),
        ([request(b"012345", True), request(b"6789A")], ["H406 error"]),
        ([request(b"0")], ["H407 warning"]),
        ([request(b"0", True), request()], ["H407 warning"]),
        ([request(Truncated(10, b"0"))], []),
        ([request(Truncated(None, b"0"))], []),
        ([request(Redacted(None))], []),
        ([request(b"0123456789"), request(b"more")], ["H404 error", "H406 error"]),
        ([request(b"0123456789"), request()], ["H404 error"]),
        ([request(b"0123456789"), (request(b"", True), 9000)], ["A501 warning"]),
        ([request("0123456789")], ["H402 error"]),
        ([request(None)], ["H402 error"]),
        ([{"type": "http.request", "more_body": 0, "body": b"0123456789"}], ["H403 error"]),
    ],
)  # fmt: skip
def test_the_body_of_a_request(steps: list[Step], expected: list[str]) -> None:
    assert told([*steps, *RESPONSE], **UPLOAD) == expected


def test_a_body_that_is_encoded_has_another_length() -> None:
    for name in (b"content-encoding", b"transfer-encoding"):
        headers = [[b"host", b"a"], length(10), [name, b"gzip"]]
        codes = told([request(b"0"), *RESPONSE], method="POST", headers=headers)
        assert not any(code.startswith("H") for code in codes)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([request(b"0", True), DISCONNECT, start(), body()], ["H903 warning"]),
        ([request(b"0", True), DISCONNECT, start(302), body()], ["H903 warning"]),
        ([request(b"0", True), DISCONNECT, start(400), body()], []),
        ([request(b"0123456789", True), DISCONNECT, start(), body()], []),
        ([request(b"0123456789"), DISCONNECT, start(), body()], []),
        ([request(b"0", True), start(), DISCONNECT, body()], []),
        ([start(), body()], ["H901 info"]),
        ([start(400), body()], []),
        ([start(307), body()], []),
    ],
)
def test_an_upload_that_is_not_read(steps: list[Step], expected: list[str]) -> None:
    assert told(steps, **UPLOAD, **SILENT) == expected


def test_a_request_without_a_body_need_not_be_received() -> None:
    assert told([start(), body()]) == []
    assert told([start(), body()], method="POST", headers=[[b"host", b"a"], length(0)]) == []
    assert told([DISCONNECT, start(), body()], **SILENT) == []
    expected = [[b"host", b"a"], length(10), [b"expect", b"100-continue"]]
    assert told([start(), body()], method="PUT", headers=expected) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([DISCONNECT, start(), body()], ["H502 info"]),
        ([DISCONNECT, start(), REFUSED], []),
        ([DISCONNECT, start(), FAILED], ["H501 warning"]),
        ([DISCONNECT, start(), Raised("TypeError")], []),
        ([DISCONNECT, start(), CANCELLED], []),
        ([start(), DISCONNECT, start(), FAILED], []),
        ([start(), body(b"", True), DISCONNECT, body(b"a"), Raised("BrokenPipeError", "OSError")], []),
        ([*RESPONSE, DISCONNECT], []),
        ([request(), DISCONNECT], []),
    ],
)
def test_a_client_that_has_left(steps: list[Step], expected: list[str]) -> None:
    assert told(steps) == expected
    assert told(steps, **SILENT) == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("RuntimeError", ["H412"]),
        ("asyncio.CancelledError", []),
        (ErrorInfo(type="RuntimeError", message="cannot call recv while another coroutine is already waiting"), []),
    ],
)
def test_a_receive_that_raised(error: Any, expected: list[str]) -> None:
    info = error if isinstance(error, ErrorInfo) else ErrorInfo(type=error)
    failed = ReceiveRecord(conn="p.1", n=1, t_us=10, wait_us=5, outcome="raised", error=info)
    scope = ScopeRecord(conn="p.1", at=AT, scope=http_scope())
    assert [finding.code for finding in findings_of([scope, failed])] == expected


# --- layers -------------------------------------------------------------------------------------------------------------------


def layered(*rest: Record) -> list[tuple[str, str, int]]:
    """What is told of an application with a layer around it: code, party, layer."""
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope=http_scope()),
        ScopeRecord(conn="p.1", at=AT, scope=http_scope(), layer=1, inside=0, name="Inner"),
        *rest,
    ]
    return [(finding.code, finding.party, finding.layer) for finding in findings_of(records)]


def sends(n: int, layer: int, message: Any) -> SendRecord:
    return SendRecord(conn="p.1", n=n, t_us=n * 1000, layer=layer, message=message)


def ends(n: int, layer: int, error: str | None = None) -> EndRecord:
    info = None if error is None else ErrorInfo(type=error)
    return EndRecord(
        conn="p.1", n=n, t_us=n * 1000, layer=layer, outcome="returned" if error is None else "raised", error=info
    )


def test_what_an_application_sends_twice_is_its_own_fault() -> None:
    found = layered(
        sends(1, 1, start()), sends(2, 0, start()), sends(3, 1, start(500)), sends(4, 0, start(500)),
        sends(5, 1, body()), sends(6, 0, body()), ends(7, 1), ends(8, 0),
    )  # fmt: skip
    assert found == [("H104", "application", 1)]


def test_an_exception_that_a_layer_outside_handles_is_no_fault() -> None:
    assert layered(ends(1, 1, "ValueError"), sends(2, 0, start(500)), sends(3, 0, body()), ends(4, 0)) == []


def test_an_exception_that_passes_all_layers_is_the_applications() -> None:
    sent = [sends(1, 1, start()), sends(2, 0, start())]
    assert layered(*sent, ends(3, 1, "ValueError"), ends(4, 0, "ValueError")) == [("H109", "application", 0)]
    assert layered(*sent, ends(3, 1), ends(4, 0, "ValueError"))[-1] == ("H109", "middleware", 0)


def test_a_layer_that_was_left_by_its_client_owes_nothing() -> None:
    gone = ReceiveRecord(conn="p.1", n=1, t_us=10, wait_us=5, message=DISCONNECT)
    assert layered(gone, ends(2, 1), ends(3, 0)) == []
