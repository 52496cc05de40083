"""What counts as usual is right: no rule that the value of a field decides objects to it, those that are off among them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.lint.catalogue import all_rules
from asgi_inspect.lint.dispatch import Dispatch
from asgi_inspect.lint.event import Event
from asgi_inspect.lint.process import Process
from asgi_inspect.lint.talks import make_talk
from asgi_inspect.lint.usual import USUAL
from asgi_inspect.protocol.alphabet import symbol_of
from asgi_inspect.testing import http_scope, websocket_scope
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

SCOPES = {"http": http_scope, "websocket": websocket_scope}
DISPATCH = Dispatch(all_rules())
NAMES = [
    b"content-type", b"content-length", b"Content-Type", b"x-a", b"x a", b"", b":status", b"transfer-encoding", b"connection",
    b"set-cookie", b"date", b"status", b"trailer", b"te", b"upgrade", b"keep-alive", b"location", b"x_\xe9", b"server",
    b"sec-websocket-protocol", b"host", b"cookie", b"content-encoding", b"authorization",
]  # fmt: skip
VALUES = [
    b"1",
    b"x",
    b"",
    b" x",
    b"x ",
    b"a\r\nb",
    b"\x00",
    b"\x7f",
    b"chunked",
    b"5, 5",
    b"-1",
    b"\xe9",
    b"a\tb",
    b"a=1, b=2",
]
ODD: list[Any] = [None, True, 1, 1.5, "x", b"x", bytearray(b"x"), [], {}, Foreign("$object", "pathlib.Path"), Truncated(3, b"x"), Redacted(3), Parts((b"x",))]  # fmt: skip

odd = st.sampled_from(ODD)
pairs = st.lists(
    st.one_of(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)).map(list), st.tuples(odd, odd).map(list), odd),
    max_size=4,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.one_of(st.integers(0, 1100), odd),
    "headers": st.one_of(pairs, odd),
    "trailers": st.one_of(st.booleans(), odd),
    "body": st.one_of(st.binary(max_size=3), odd),
    "more_body": st.one_of(st.booleans(), odd),
    "bytes": st.one_of(st.binary(max_size=3), odd),
    "text": st.one_of(st.text(max_size=3), odd),
    "code": st.one_of(st.integers(0, 5000), odd),
    "reason": st.one_of(st.text(max_size=3), odd),
    "extra": odd,
    "method": st.one_of(st.sampled_from(["GET", "get", "", "PURGE"]), odd),
    "http_version": st.one_of(st.sampled_from(["1.1", "2", "1", "HTTP/1.1"]), odd),
    "scheme": st.one_of(st.sampled_from(["http", "https", "ws", "wss", "", "ftp"]), odd),
    "path": st.one_of(st.sampled_from(["/", "/a b", "/a?b", "a", "*", "/é", "/a%20b", "/\ufffd", "/\ud800"]), odd),
    "raw_path": st.one_of(st.sampled_from([b"/", b"/a%20b", b"/a?b", b"/%C3%A9", b"/a#b"]), odd),
    "query_string": st.one_of(st.sampled_from([b"", b"?a", b"a=1", b"\xe9"]), odd),
    "root_path": st.one_of(st.sampled_from(["", "/", "/api", "api", "/api/"]), odd),
    "client": st.one_of(
        st.sampled_from([["127.0.0.1", 1], ["unknown", 1], ["::1", 70000], ["", 0], ["a", "1"], ["testclient", 50000]]), odd
    ),
    "server": st.one_of(st.sampled_from([["127.0.0.1", 80], ["/run/a.sock", None], ["h", "80"], [1, 2], ["h"]]), odd),
    "state": st.one_of(st.sampled_from([{}, {"a": 1}, {1: 2}]), odd),
    "extensions": st.one_of(
        st.sampled_from([{}, {"tls": {}}, {"x": 1}, {"http.response.debug": {}}, {"http.response.push": {}}, {1: {}}]), odd
    ),
    "subprotocols": st.one_of(st.sampled_from([["chat"], [b"x"], "chat"]), odd),
    "asgi": st.one_of(
        st.sampled_from(
            [{"version": "3.0"}, {"version": "3.0", "spec_version": "2.9"}, {"version": 3}, {"version": "9.0"}, {"spec_version": "2.x"}]
        ),
        odd,
    ),
}  # fmt: skip


BASES: dict[str, dict[str, Any]] = {
    "scope http": http_scope(client=["127.0.0.1", 50000], server=["127.0.0.1", 80], headers=[[b"host", b"a"]]),
    "scope websocket": websocket_scope(
        client=["127.0.0.1", 50000],
        server=["127.0.0.1", 80],
        headers=[[b"host", b"a"], [b"sec-websocket-version", b"13"]],
    ),
    "send http.response.start": {
        "status": 200,
        "headers": [[b"content-type", b"text/plain"], [b"content-length", b"1"]],
    },
    "send http.response.body": {"body": b"x", "more_body": False},
    "receive http.request": {"body": b"", "more_body": False},
    "receive http.disconnect": {},
    "send websocket.send": {"text": "x"},
    "receive websocket.receive": {"text": None, "bytes": b"x"},
    "receive websocket.connect": {},
}


@st.composite
def messages(draw: st.DrawFn, moment: str) -> dict[Any, Any]:
    """A usual scope or message, some of whose fields are not."""
    kind = moment.partition(" ")[2]
    message = {**BASES[moment], "type": kind}
    names = [name for name in message if name in FIELDS] or ["extra"]
    for name in draw(st.lists(st.sampled_from([*names, "extra"]), max_size=3, unique=True)):
        message[name] = draw(FIELDS[name])
    for name in draw(st.lists(st.sampled_from(names), max_size=1)):
        message.pop(name, None)
    return message


def values_asked(moment: str, message: dict[Any, Any]) -> list[str]:
    """The codes of the rules that object to a value of this scope or message."""
    direction, _, kind = moment.partition(" ")
    if direction == "scope":
        plan, talk, symbol = DISPATCH.at("scope", kind), make_talk(message, Process()), ""
        event = Event(None, 0, 0, 0, "", "", message)
    else:
        scope_type, symbol = kind.partition(".")[0], symbol_of(kind, message)
        talk = make_talk(SCOPES[scope_type](), Process())
        plan = DISPATCH.send(kind, scope_type) if direction == "send" else DISPATCH.receive(kind, scope_type)
        event = Event("send" if direction == "send" else "receive", 1, 1, 1, kind, symbol, message)
    return [rule.code for rule in plan.values if rule.check(talk, event) is not None]


@pytest.mark.parametrize("moment", sorted(USUAL))
@given(data=st.data())
def test_no_rule_objects_to_what_is_usual(moment: str, data: st.DataObject) -> None:
    message = data.draw(messages(moment))
    if USUAL[moment](message):
        assert values_asked(moment, message) == [], message


@pytest.mark.parametrize("moment", sorted(USUAL))
def test_what_is_plain_is_usual(moment: str) -> None:
    assert USUAL[moment]({**BASES[moment], "type": moment.partition(" ")[2]})
