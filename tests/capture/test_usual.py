"""The fast lane writes what the general way does, byte for byte, and withholds what that withholds."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.capture.lines import message_json, scope_json
from asgi_inspect.capture.usual import usual_receive, usual_scope, usual_send
from asgi_inspect.redaction.connection import ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from tests.capture.test_lines import leaves, nests, values
from tests.stage import http_scope

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJl"
SECRET = "hunter2-hunter2"


def usual_http_scope() -> dict[str, Any]:
    return http_scope(scheme="http", root_path="")


def websocket_scope() -> dict[str, Any]:
    scope = http_scope(
        root_path="", type="websocket", scheme="ws", subprotocols=[], extensions={"websocket.http.response": {}}
    )
    del scope["method"]
    return scope


names = st.sampled_from(
    [
        b"host",
        b"accept",
        b"cookie",
        b"authorization",
        b"content-type",
        b"content-encoding",
        b"x-api-key",
        b"referer",
        b"X-Odd",
        b"\xff",
    ]
)
header_values = st.sampled_from(
    [
        b"", b"x", b"localhost:8000", b"text/plain; charset=utf-8", b"application/json", b"application/x-www-form-urlencoded",
        b"gzip", b"multipart/form-data; boundary=xx", f"Bearer {JWT}".encode(), b"sid=c2Vzc2lvbi1pZA; theme=dark",
        SECRET.encode(), b"https://x/?token=abcdefgh", "茶".encode(), b"\xff\xfe", bytearray(b"x"),
    ]
)  # fmt: skip
pairs = st.one_of(st.tuples(names, header_values), st.tuples(names, header_values).map(list), st.tuples(names), leaves)
usual_pairs = st.tuples(names, header_values.filter(lambda value: type(value) is bytes))
headers = st.one_of(st.lists(usual_pairs, max_size=5), st.lists(pairs, max_size=4), st.lists(usual_pairs).map(tuple))
paths = st.sampled_from(
    ["/", "/items/7", "/ä", f"/reset/{SECRET}1", "/callback", "/" + "x" * 5000, f"/{JWT}", "\ud800"]
)
queries = st.sampled_from([b"", b"q=tea", b"token=abcdefgh", b"code=abc&state=1", b"\xff", f"jwt={JWT}".encode()])
addresses = st.sampled_from(
    [("127.0.0.1", 8000), ["::1", 1], None, ("/run/x.sock", None), ("h", 1 << 70), ("h", True), ("h" * 300, 1)]
)
states = st.one_of(st.just({}), st.just({"token": SECRET, "n": 1}), nests)
bodies = st.one_of(
    st.sampled_from(
        [
            b"", b"Hello, world!", b"\xff\xfe\x00", "茶".encode(), b'{"password":"hunter2-hunter2","id":1}', b"password=hunter2-hunter2",
            b"hunter2-hunter2", JWT.encode(), f"Bearer {JWT}".encode(), b'"}', b"x" * 300, b"x" * 70_000, b"pass", b"word=hunter2-hunter2",
            bytearray(b"x"), "text", None,
        ]
    ),
    leaves,
)  # fmt: skip


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    scope = {**draw(st.sampled_from([usual_http_scope, websocket_scope]))()}
    changes = {
        "path": paths, "raw_path": queries, "query_string": queries, "headers": headers, "client": addresses, "server": addresses,
        "state": states, "extensions": st.one_of(st.just({}), st.just({"http.response.pathsend": {}}), nests),
        "root_path": st.sampled_from(["", "/api", f"/{JWT}"]), "method": leaves, "asgi": st.sampled_from([{"version": "3.0"}, {}, None]),
        "subprotocols": st.sampled_from([[], ["chat"], ["access_token", SECRET]]), "x": leaves, "scheme": leaves, "$x": leaves,
    }  # fmt: skip
    for key in draw(st.lists(st.sampled_from(sorted(changes)), max_size=4, unique=True)):
        scope[key] = draw(changes[key])
    for key in draw(st.lists(st.sampled_from(sorted(scope)), max_size=1)):
        del scope[key]
    if draw(st.integers(0, 3)) == 0:  # what is withheld first counts
        scope = {key: scope[key] for key in draw(st.permutations(sorted(scope)))}
    return scope


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    type_ = draw(
        st.sampled_from(
            ["http.request", "http.response.start", "http.response.body", "websocket.receive", "websocket.send"]
        )
    )
    message: dict[str, Any] = {"type": type_}
    if type_ == "http.response.start":
        message |= {"status": draw(st.sampled_from([200, 404, True, 1 << 70])), "headers": draw(headers)}
    elif type_.startswith("http"):
        message["body"] = draw(bodies)
        if draw(st.booleans()):
            message["more_body"] = draw(st.sampled_from([True, False, None, 1]))
    else:
        message[draw(st.sampled_from(["text", "bytes"]))] = draw(bodies)
        if draw(st.booleans()):
            message["bytes"] = None
    if draw(st.integers(0, 9)) == 0:
        message["x"] = draw(leaves)
    if draw(st.integers(0, 9)) == 0:
        message = dict(reversed(message.items()))
    return message


def redaction(kept: bool) -> Redaction | None:
    return None if kept else Redaction(Names(), b"key of the tests")


SHARED = Redaction(Names(), b"key of the tests")  # what one connection was found to have is known to the next


@settings(max_examples=300, deadline=None)
@given(
    scope=scopes(),
    talk=st.lists(messages(), max_size=4),
    room=st.sampled_from([None, 65_536, 65_536, 0, 5]),
    shared=st.sampled_from([None, SHARED, SHARED]),
)
def test_it_is_what_the_general_way_gives(
    scope: Any, talk: list[Any], room: int | None, shared: Redaction | None
) -> None:
    fast = None if shared is None else ConnectionRedaction(shared)
    slow = None if shared is None else ConnectionRedaction(Redaction(Names(), b"key of the tests"))
    expected = scope_json(scope, None if slow is None else slow.scope)
    found = usual_scope(scope, fast)
    if found is None and fast is not None:
        fast.seen = None
    assert (found or scope_json(scope, None if fast is None else fast.scope)) == expected
    for message in talk:
        receives = message["type"] in ("http.request", "websocket.receive")
        clean = None if slow is None else slow.receive if receives else slow.send
        expected = message_json(message, room, clean)
        found = (usual_receive if receives else usual_send)(message, room, fast)
        if found is None:
            clean = None if fast is None else fast.receive if receives else fast.send
            found = message_json(message, room, clean)
        assert found == expected


@settings(max_examples=300, deadline=None)
@given(value=values)
def test_of_anything_it_gives_the_same_or_nothing(value: Any) -> None:
    for found, expected in (
        (usual_scope(value, None), scope_json(value)),
        (usual_send(value, 65_536, None), message_json(value, 65_536)),
        (usual_receive(value, None, None), message_json(value, None)),
    ):
        assert found is None or found == expected


USUAL: dict[str, Any] = {
    "http.request": {"type": "http.request", "body": b"", "more_body": False},
    "http.response.start": {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/plain"), (b"x", b"y")],
    },
    "http.response.body": {"type": "http.response.body", "body": b"Hello, world!"},
    "a chunk": {"type": "http.response.body", "body": b"chunk", "more_body": True},
    "websocket.receive": {"type": "websocket.receive", "text": "hello", "bytes": None},
    "websocket.send": {"type": "websocket.send", "text": "hello"},
}


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize("kept", [True, False])
def test_what_is_usual_takes_the_fast_lane(name: str, kept: bool) -> None:
    """Else all of it would be tested and none of it used."""
    withheld = redaction(kept)
    clean = None if withheld is None else ConnectionRedaction(withheld)
    usual = usual_receive if name in ("http.request", "websocket.receive") else usual_send
    assert usual(USUAL[name], 65_536, clean) is not None


@pytest.mark.parametrize("scope", [usual_http_scope(), websocket_scope()], ids=["http", "websocket"])
def test_the_scopes_of_servers_take_it(scope: Any) -> None:
    withheld = redaction(False)
    assert withheld is not None
    assert usual_scope(scope, ConnectionRedaction(withheld)) is not None
    assert usual_scope(scope, None) is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"query_string": b"id=4711"},
        {"query_string": b"token=abcdefgh"},
        {"path": f"/reset/{JWT}"},
        {"state": {"token": SECRET}},
        {"root_path": "/api"},
    ],
    ids=["a query", "a secret query", "a path", "a state", "a root path"],
)
def test_a_scope_with_a_cookie_and_more_takes_it(odd: dict[str, Any]) -> None:
    """Else what nearly all requests of browsers have would be looked through twice."""
    withheld = redaction(False)
    assert withheld is not None
    order = ("type", "asgi", "http_version", "server", "client", "scheme", "method", "headers")
    scope = {**usual_http_scope(), **odd, "headers": [(b"cookie", b"sid=c2Vzc2lvbi1pZA")]}
    scope = {**{key: scope[key] for key in order}, **scope}
    assert usual_scope(scope, ConnectionRedaction(withheld)) == scope_json(scope, ConnectionRedaction(withheld).scope)
    late = {**{key: value for key, value in scope.items() if key != "headers"}, "headers": scope["headers"]}
    found = usual_scope(late, ConnectionRedaction(withheld))
    assert found in (None, scope_json(late, ConnectionRedaction(withheld).scope))
