"""What rules say of messages of any kind, and of how a call goes: what is right gives nothing, one cause one finding."""

from typing import Any

import pytest

from asgi_inspect.lint.catalogue import all_rules
from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.event import Event
from asgi_inspect.lint.process import Process
from asgi_inspect.lint.rule import EVERY
from asgi_inspect.lint.talks import make_talk
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    Frame,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.lint.telling import AT, connection, findings_of

A = Choice(select=("A", "A504", "A506"))
START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"x"}
MORE: dict[str, Any] = {**BODY, "more_body": True}
REQUEST: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}
GONE: dict[str, Any] = {"type": "http.disconnect"}
CONNECT: dict[str, Any] = {"type": "websocket.connect"}
ACCEPT: dict[str, Any] = {"type": "websocket.accept"}
CLOSE: dict[str, Any] = {"type": "websocket.close"}
LEFT: dict[str, Any] = {"type": "websocket.disconnect", "code": 1001}
SCOPES = {"http": http_scope(), "websocket": websocket_scope(), "lifespan": lifespan_scope()}


def told(records: list[Record], choice: Choice = A) -> list[str]:
    return [finding.code for finding in findings_of(records, choice)]


# --- single messages --------------------------------------------------------------------------------------------------------

SENT: list[tuple[str, Any, list[str]]] = [
    ("http", [("type", "http.response.start")], ["A401"]),
    ("http", None, ["A401"]),
    ("http", "http.response.start", ["A401"]),
    ("http", Foreign("$object", "pkg.Start"), ["A401"]),
    ("http", Foreign("$later", 1), []),
    ("http", Truncated(None, None), []),
    ("http", Redacted(None, None, None), []),
    ("http", {}, ["A402"]),
    ("http", {"status": 200}, ["A402"]),
    ("http", {b"type": "http.response.start"}, ["A404"]),
    ("http", {"type": b"http.response.start"}, ["A403"]),
    ("http", {"type": None}, ["A403"]),
    ("http", {"type": Redacted(3, None, None)}, []),
    ("http", {**START, 1: 2}, ["A404"]),
    ("http", {**START, "note": {1: {b"a": 2}}}, []),
    ("http", {"type": ""}, ["A405"]),
    ("http", {"type": "http.bogus"}, ["A405"]),
    ("http", {"type": "HTTP.response.start"}, ["A405"]),
    ("http", {"type": "mychat.message"}, ["A405"]),
    ("lifespan", {"type": "lifespan.complete"}, ["A405"]),
    ("mychat", {"type": "mychat.message"}, []),
    ("websocket", START, ["A406"]),
    ("lifespan", START, ["A406"]),
    ("http", CLOSE, ["A406"]),
    ("http", {"type": "websocket.http.response.start", "status": 200, "headers": []}, ["A406"]),
    ("http", REQUEST, ["A407"]),
    ("http", GONE, ["A407"]),
    ("websocket", LEFT, ["A407"]),
    ("lifespan", {"type": "lifespan.startup"}, ["A407"]),
    ("http", {**START, "x": 2**63}, ["A409"]),
    ("http", {**START, "x": -(2**63)}, []),
    ("http", {**START, "x": True}, []),
    ("http", {**START, "x": float("inf")}, ["A410"]),
    ("http", {**START, "x": 1e300}, []),
    ("http", {**BODY, "body": bytearray(b"x")}, ["A412"]),
    ("http", {**BODY, "body": Truncated(99, bytearray(b""))}, ["A412"]),
    ("http", {**BODY, "body": Truncated(99, b"")}, []),
    ("http", {**BODY, "body": Parts((b"a", Redacted(1, None, None)))}, []),
    ("http", {**BODY, "other": bytearray(b"x")}, []),
    ("http", {**START, "headers": [(bytearray(b"a"), b"b")]}, ["A412"]),
    ("http", {**START, "headers": Foreign("$object", "generator")}, []),
    ("websocket", {"type": "websocket.send", "bytes": memoryview(b"x")}, ["A412"]),
    ("websocket", {"type": "websocket.send", "bytes": None, "text": "x"}, []),
]


@pytest.mark.parametrize("number", range(len(SENT)))
def test_a_message_that_is_sent(number: int) -> None:
    scope, message, expected = SENT[number]
    records = connection(
        SCOPES.get(scope, {"type": scope, "asgi": {"version": "3.0"}}), [("send", message)], outcome=None
    )
    assert told(records) == expected, SENT[number]


RECEIVED: list[tuple[str, Any, list[str]]] = [
    ("http", None, ["A401"]),
    ("http", {"body": b""}, ["A402"]),
    ("http", {"type": "http.bogus"}, ["A405"]),
    ("http", {"type": "mychat.message"}, []),
    ("http", {"type": "websocket.receive", "text": ""}, ["A406"]),
    ("http", START, ["A407"]),
    ("websocket", {"type": "websocket.receive", "bytes": bytearray(b"x")}, ["A412"]),
    ("websocket", {**LEFT, "extra": float("nan")}, ["A410"]),
]


@pytest.mark.parametrize("number", range(len(RECEIVED)))
def test_a_message_that_is_received(number: int) -> None:
    scope, message, expected = RECEIVED[number]
    first = REQUEST if scope == "http" else CONNECT
    records = connection(SCOPES[scope], [("receive", first), ("receive", message)], outcome=None)
    found = findings_of(records, A)
    assert [finding.code for finding in found] == expected
    assert all(finding.party == "upstream" for finding in found)


def test_an_extension_that_is_offered_has_messages_of_its_own() -> None:
    scope = http_scope(extensions={"http.response.template": {}, "vendor": {}})
    for kind in ("http.response.template", "http.response.template.part", "vendor.flush"):
        assert told(connection(scope, [("send", {"type": kind})], outcome=None)) == []
    assert told(connection(scope, [("send", {"type": "vendors"})], outcome=None)) == ["A405"]


def test_a_mistyped_message_is_told_with_what_is_meant() -> None:
    (found,) = findings_of(connection(http_scope(), [("send", {"type": "http.response.bdoy"})], outcome=None), A)
    assert "`http.response.body`" in found.sentence


def test_a_huge_type_stays_short_in_the_finding() -> None:
    (found,) = findings_of(connection(http_scope(), [("send", {"type": "http." + "x" * 100_000})], outcome=None), A)
    assert len(found.sentence) < 300
    assert len(found.key) < 100


# --- how a call goes --------------------------------------------------------------------------------------------------------


def error(kind: str = "ValueError", *bases: str, **more: Any) -> ErrorInfo:
    return ErrorInfo(type=kind, bases=[*bases, "Exception", "BaseException"], frames=[Frame("a.py", 1, "app")], **more)


def ended(records: list[Record], **more: Any) -> list[Record]:
    """The same, with another end."""
    last = records[-1]
    assert isinstance(last, EndRecord)
    values = {"conn": last.conn, "n": last.n, "t_us": last.t_us, "outcome": "raised", **more}
    return [*records[:-1], EndRecord(**values)]


GONE_EARLY = [("receive", REQUEST), ("receive", GONE)]
ENDS: list[tuple[str, Any, dict[str, Any], list[str]]] = [
    ("http", GONE_EARLY, {"error": error()}, ["A104"]),
    ("http", GONE_EARLY, {"error": error("ConnectionResetError", "ConnectionError", "OSError")}, []),
    ("http", GONE_EARLY, {"error": error("ExceptionGroup", exceptions=[error("BrokenPipeError", "OSError")])}, []),
    ("http", GONE_EARLY, {"outcome": "cancelled"}, []),
    ("http", GONE_EARLY, {"outcome": "returned"}, []),
    ("http", [("receive", REQUEST)], {"error": error()}, []),  # H108's affair
    ("http", [("send", START), ("send", BODY), ("receive", GONE)], {"error": error()}, []),  # H110's
    ("websocket", [], {"error": error()}, []),
    ("websocket", [("receive", CONNECT), ("send", CLOSE)], {"error": error()}, ["A104"]),
    ("websocket", [("receive", CONNECT), ("send", ACCEPT), ("receive", LEFT)], {"error": error()}, ["A104"]),
    ("lifespan", [], {"error": error()}, []),
    ("mqtt", [], {"error": error()}, []),
    ("mqtt", [], {"outcome": "returned"}, ["A105"]),
    ("mqtt", [("receive", {"type": "mqtt.message"})], {"outcome": "returned"}, []),
    ("http", [("receive", REQUEST)], {"error": error("SystemExit")}, ["A111"]),
    (
        "http",
        [("receive", REQUEST)],
        {"error": error("BaseExceptionGroup", exceptions=[error("SystemExit")])},
        ["A111"],
    ),
    ("http", [("receive", REQUEST)], {"error": error("KeyboardInterrupt")}, []),
    ("http", [("send", START), ("send", BODY)], {"outcome": "returned", "returned": "pkg.Response"}, ["A103"]),
]


@pytest.mark.parametrize("number", range(len(ENDS)))
def test_how_a_call_ends(number: int) -> None:
    scope, steps, more, expected = ENDS[number]
    records = connection(SCOPES.get(scope, {"type": scope, "asgi": {"version": "3.0"}}), steps)
    assert told(ended(records, **more)) == expected, ENDS[number]


def test_a_disconnect_that_is_told_by_an_exception_is_an_info() -> None:
    steps = [("receive", CONNECT), ("send", ACCEPT), ("receive", LEFT)]
    records = ended(connection(websocket_scope(), steps), error=error("starlette.websockets.WebSocketDisconnect"))
    (found,) = findings_of(records, A)
    assert (found.code, found.severity) == ("A104", "info")


def test_only_one_rule_tells_how_a_connection_ended() -> None:
    records = ended(connection(http_scope(), [("receive", REQUEST)]), error=error("SystemExit"))
    assert told(records, Choice()) == ["A111"]


# --- calls that overlap -----------------------------------------------------------------------------------------------------


def received(n: int, began: int, over: int, message: Any = REQUEST, **more: Any) -> Record:
    values = {"message": message} if "outcome" not in more else {}
    return ReceiveRecord(conn="p.1", n=n, t_us=over, wait_us=over - began, **values, **more)


CALLS: list[tuple[list[Record], list[str]]] = [
    ([received(1, 0, 10), received(2, 10, 20)], []),
    ([received(1, 0, 10), received(2, 5, 20)], ["A501"]),
    ([received(1, 5, 10), received(2, 0, 20)], ["A501"]),
    ([received(1, 0, 10, outcome="cancelled"), received(2, 10, 20)], []),
    ([received(1, 0, 12, outcome="cancelled"), received(2, 10, 20)], ["A501"]),
    ([received(1, 15, 16, outcome="cancelled"), received(2, 0, 20)], ["A501"]),
    ([received(1, 0, 9000), received(2, 10, 9500, outcome="cancelled")], ["A501"]),
    ([received(1, 0, 10, outcome="cancelled"), received(2, 10, 20, outcome="cancelled"), received(3, 21, 30)], []),
    ([received(1, 0, 10, outcome="raised", error=error()), received(2, 5, 20)], ["A501"]),
    ([received(1, 0, 10, GONE), received(2, 10, 20, GONE)], ["A503"]),
    ([received(1, 0, 10, GONE), received(2, 5, 20, GONE)], ["A501"]),
    ([received(1, 0, 10, GONE), received(2, 10, 11, outcome="cancelled")], []),
    ([received(1, 0, 10, GONE), received(2, 10, 900_000, outcome="cancelled")], ["A503"]),
    ([received(1, 0, 10, GONE), received(2, 10, 20, outcome="raised", error=error())], ["A503"]),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_receives_of_one_connection(number: int) -> None:
    records, expected = CALLS[number]
    assert told([ScopeRecord(conn="p.1", at=AT, scope=http_scope()), *records]) == expected, CALLS[number]


def sends(*messages: Any) -> list[Record]:
    return [SendRecord(conn="p.1", n=n, t_us=n, message=message) for n, message in enumerate(messages, 1)]


def sent(n: int, of: int, **more: Any) -> Record:
    return SentRecord(conn="p.1", n=n, of=of, t_us=9000, took_us=8000, **more)


SENDS: list[tuple[str, list[Record], list[str]]] = [
    ("http", [*sends(START), sent(2, 1)], []),
    ("http", [*sends(START, MORE), sent(3, 1)], ["A502"]),
    ("http", [*sends(START, MORE), sent(3, 2)], []),
    ("http", [*sends(START, MORE), sent(3, 1, outcome="cancelled")], []),
    ("websocket", [*sends(ACCEPT, {"type": "websocket.send", "text": "a"}), sent(3, 1)], []),
]


@pytest.mark.parametrize("number", range(len(SENDS)))
def test_sends_of_one_connection(number: int) -> None:
    scope, records, expected = SENDS[number]
    assert told([ScopeRecord(conn="p.1", at=AT, scope=SCOPES[scope]), *records]) == expected, SENDS[number]


def test_a_disconnect_after_the_response_is_the_normal_end() -> None:
    steps = [("receive", REQUEST), ("send", START), ("send", BODY), *[("receive", GONE)] * 3]
    assert told(connection(http_scope(), steps)) == []


def test_who_sends_after_a_disconnect_is_told_only_where_that_is_asked_for() -> None:
    steps = [("receive", REQUEST), ("receive", GONE), ("send", START), ("send", BODY)]
    records = connection(http_scope(), steps)
    assert told(records) == ["A504"]
    assert told(records, Choice(select=("A",))) == []


def refused(count: int) -> list[Record]:
    """A send that raised an OSError, and so many more."""
    oserror = error("ConnectionResetError", "ConnectionError", "OSError")
    records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=http_scope()), *sends(START)]
    for number in range(count + 1):
        n = 2 * number + 2
        records += [SendRecord(conn="p.1", n=n, t_us=n, message=MORE), sent(n + 1, n, outcome="raised", error=oserror)]
    return records


def test_a_loop_that_goes_on_though_the_client_has_left() -> None:
    assert told(refused(2)) == []
    assert told(refused(3)) == ["A505"]
    assert told(refused(9)) == ["A505"]


def late(*, began: int, outcome: Any = "returned", direction: str = "receive") -> list[Record]:
    """A connection, and what comes after its end at 5000 µs."""
    records = connection(http_scope(), [("receive", REQUEST), ("send", START), ("send", BODY)])[:-1]
    end = EndRecord(conn="p.1", n=4, t_us=5000, outcome=outcome)
    if direction == "send":
        return [*records, end, SendRecord(conn="p.1", n=5, t_us=began, message=BODY)]
    return [*records, end, ReceiveRecord(conn="p.1", n=5, t_us=9000, wait_us=9000 - began, message=GONE)]


def test_what_comes_after_the_end() -> None:
    assert told(late(began=6000)) == ["A107"]
    assert told(late(began=4000)) == []  # it waited as the application returned
    assert told(late(began=6000, outcome="cancelled")) == []
    assert "A107" in told(late(began=6000, direction="send"))


# --- whatever comes ---------------------------------------------------------------------------------------------------------

ODD: list[Any] = [
    None, True, 0, 2**70, float("nan"), "", "x", b"", b"x", bytearray(b"x"), memoryview(b"x"), [], ["x"], [[b"a", b"b"]],
    [[[], {}]], [["a"]], (), {}, {1: 2}, {"x": []}, set(), {(b"a", b"b")}, Foreign("$object", "generator"), Foreign("$map", []),
    Truncated(None, None), Truncated(3, "x"), Truncated(3, Redacted(1, None, None)), Redacted(None, None, None),
    Parts((Redacted(1, None, None),)), Parts(()),
]  # fmt: skip
FIELDS = sorted({*http_scope(), *websocket_scope()})


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan", ""])
def test_no_rule_raises_whatever_a_scope_holds(kind: str) -> None:
    base = SCOPES.get(kind, {})
    scopes = [*ODD, *({**base, field: value} for field in FIELDS for value in ODD)]
    scopes += [{**base, "asgi": {"version": value, "spec_version": value}} for value in ODD]
    scopes += [{**base, "client": [value, value], "server": [value, value]} for value in ODD]
    for scope in scopes:
        _ask_all(
            scope, Event(None, 0, 0, 0, "", "", scope, record=ScopeRecord(conn="p.1", at=AT, scope=scope)), "scope"
        )


def _ask_all(scope: Any, event: Event, moment: str) -> None:
    talk = make_talk(scope, Process())
    for rule in all_rules():
        if (
            rule.code.startswith("A")
            and moment in rule.about.on
            and (talk.type if talk.type in EVERY else "") in rule.scopes
        ):
            rule.check(talk, event)
