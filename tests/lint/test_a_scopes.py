"""What rules say of scopes: what looks odd and is right gives nothing, and one cause one finding."""

from typing import Any

import pytest

from asgi_inspect.lint.choice import Choice
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.lint.telling import connection, findings_of

ALL = Choice(select=("A2", "A3", "A204", "A212", "A313", "A316", "A324", "A336", "A344", "A412", "A201"))
WITHHELD = (Redacted(3, "f", "name"), Truncated(9, b"a"), Truncated(None, None), Parts((b"a", Redacted(2, None, None))))


def codes(scope: Any) -> list[str]:
    """The rules that a scope breaks."""
    return [finding.code for finding in findings_of(connection(scope, (), outcome=None), ALL)]


def without(scope: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A scope that lacks these keys."""
    return {key: value for key, value in scope.items() if key not in keys}


RIGHT: list[Any] = [
    http_scope(),
    websocket_scope(),
    lifespan_scope(),
    http_scope(app=object(), path_params={"id": 1}, user=None),
    without(http_scope(), "raw_path", "root_path", "scheme", "client", "server", "state", "extensions"),
    without(websocket_scope(), "http_version", "query_string", "subprotocols", "scheme", "client", "server"),
    without(lifespan_scope(), "state", "asgi"),
    without(http_scope(client=["testclient", 50000]), "asgi") | {"client": ("testclient", 50000)},
    http_scope(asgi={"version": "3.0"}),
    http_scope(asgi={"version": "2.0", "spec_version": "2.10"}) | {"asgi": {"version": "2.1", "spec_version": "2.0"}},
    http_scope(client=None, server=None),
    http_scope(asgi={"version": "3.0", "spec_version": "2.2"}, server=["/run/app.sock", None]),
    http_scope(client=["127.0.0.1", 0]),
    http_scope(http_version="3", scheme="https"),
    http_scope(http_version="1.0", headers=[]),
    http_scope(headers=[(b"host", b"x"), (b"cookie", b"a"), (b"cookie", b"b")], http_version="2"),
    http_scope(headers=((b"host", b"x"), [b"set-cookie", b"\xe9"])),
    http_scope(headers={(b"host", b"x")}),
    http_scope(headers=Foreign("$object", "collections.deque")),
    http_scope(headers=[Foreign("$object", "pair"), [b"a", b"b"]]),
    http_scope(path="/a?b", raw_path=b"/a%3Fb"),
    http_scope(path="/a?b", raw_path=None),
    http_scope(path="/x", raw_path=b"/x%23#f"),
    http_scope(path="/é", raw_path=b"/%C3%A9"),
    http_scope(path="/a+b", raw_path=b"/a+b"),
    http_scope(path="/a%20b", raw_path=b"/a%2520b"),
    http_scope(path="/api/x y", raw_path=b"/x%20y", root_path="/api"),
    http_scope(path="/rewritten", raw_path=b"/x%20y"),
    http_scope(path="/*", raw_path=b"*"),
    http_scope(query_string=b"q=\xc3\xb8"),
    http_scope(method="M-SEARCH"),
    websocket_scope(subprotocols=("chat",)),
    websocket_scope(subprotocols={"chat"}),
    websocket_scope(query_string=None),
    websocket_scope(subprotocols=["chat"], headers=[(b"host", b"x")]),
    websocket_scope(headers=[(b"host", b"x"), (b"sec-websocket-protocol", WITHHELD[0])]),
    websocket_scope(headers=[(b"sec-websocket-protocol", b"chat")], subprotocols=Foreign("$object", "generator")),
]


@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_what_is_right_breaks_nothing(number: int) -> None:
    assert codes(RIGHT[number]) == [], RIGHT[number]


WRONG: list[tuple[Any, list[str]]] = [
    ([("type", "http")], ["A201"]),
    (None, ["A201"]),
    (Foreign("$object", "pkg.Scope"), ["A201"]),
    ({}, ["A202"]),
    ({b"type": "http"}, ["A205"]),
    ({"type": None}, ["A203"]),
    ({"type": "telnet"}, ["A204"]),
    (http_scope(asgi={b"version": "3.0", "version": "3.0"}), ["A205"]),
    (http_scope(extensions={1: {}}), []),  # X102's affair
    (without(http_scope(), "asgi"), ["A206"]),
    (http_scope(asgi=Foreign("$object", "Asgi")), ["A207"]),
    (http_scope(asgi={}), ["A208"]),
    (http_scope(asgi={"version": None}), ["A209"]),
    (http_scope(asgi={"version": "3.0", "spec_version": None}), ["A210"]),
    (http_scope(asgi={"version": "3.0", "spec_version": "2.4.1"}), ["A211"]),
    (http_scope(asgi={"version": "3.0", "spec_version": ""}), ["A211"]),
    (lifespan_scope(asgi={"version": "3.0", "spec_version": "2.3"}), ["A212"]),
    (http_scope(state=Foreign("$object", "State")), ["A213"]),
    (lifespan_scope(state=None), ["A213"]),
    (websocket_scope(state={"a": 1, b"b": 2}), ["A214"]),
    (http_scope(http_version=["1.1"]), ["A302"]),
    (http_scope(http_version="2.0"), ["A303"]),
    (http_scope(method={}), ["A306"]),
    (http_scope(method="Get"), ["A307"]),
    (http_scope(scheme=[]), ["A308"]),
    (websocket_scope(scheme="https"), ["A310"]),
    (http_scope(scheme="ftp"), ["A310"]),
    (http_scope(path="/a?b=1", raw_path=b"/a?b=1"), ["A314"]),
    (http_scope(path="/a", raw_path=b"/a?b=1"), ["A318"]),
    (http_scope(path="/a b", raw_path=b"/a+b"), ["A315"]),
    (http_scope(path="/a b", raw_path=b"/a%2520b"), ["A315"]),
    (http_scope(path="/Ã©", raw_path=b"/%C3%A9"), ["A315"]),
    ({**http_scope(), "path": "/\udcff", "raw_path": b"/%FF"}, ["A316"]),
    (http_scope(raw_path="/"), ["A317"]),
    (websocket_scope(query_string="a"), ["A320"]),
    (http_scope(root_path="/a/", path="/a/b"), ["A323"]),
    (http_scope(root_path="/a", path="/b"), ["A324"]),
    (http_scope(headers=5), ["A326"]),
    (http_scope(headers=b"ab"), ["A326"]),
    (http_scope(headers=[b"ab"]), ["A327"]),
    (http_scope(headers=[(b"host", b"x"), None]), ["A327"]),
    (http_scope(headers=[("host", "x")]), ["A328"]),
    (http_scope(headers=[(b"host", None)]), ["A329"]),
    (http_scope(headers=[(b":authority", b"x"), (b"host", b"x")], http_version="2"), ["A331"]),
    (http_scope(headers=[(b"host", bytearray(b"x"))]), ["A412"]),
    (http_scope(headers=[(b"Host", b"x"), (b"host", b"y")]), ["A330", "A333"]),
    (http_scope(headers=Foreign("$object", "list_iterator")), ["A334"]),
    (http_scope(headers=[(b"a", b"1\x00")]), ["A335"]),
    (http_scope(client=()), ["A337"]),
    (http_scope(client={"host": 1}), ["A337"]),
    (http_scope(client=["h", True]), ["A339"]),
    (http_scope(client=[None, None]), ["A338", "A339"]),
    (http_scope(server=["h", "80"], client=None), ["A343"]),
    (http_scope(server=["h", -1], client=None), ["A345"]),
    (http_scope(server=["h", None], asgi={"version": "3.0"}), ["A344"]),
    (websocket_scope(subprotocols=None), ["A346"]),
    (websocket_scope(subprotocols=["a", None]), ["A346"]),
    (websocket_scope(headers=[(b"sec-websocket-protocol", b"a, b")]), ["A347"]),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_breaks_this_alone(number: int) -> None:
    scope, expected = WRONG[number]
    assert sorted(codes(scope)) == expected, scope


@pytest.mark.parametrize("field", sorted({*http_scope(), *websocket_scope()}))
@pytest.mark.parametrize("number", range(len(WITHHELD)))
def test_what_the_trace_has_not_whole_breaks_nothing(field: str, number: int) -> None:
    for scope in (http_scope(), websocket_scope()):
        assert codes({**scope, field: WITHHELD[number]}) == []


def test_a_port_that_is_a_str_is_told_once_for_a_process() -> None:
    scope = http_scope(client=["127.0.0.1", "1"])
    records = [*connection(scope, ()), *connection({**scope, "path": "/b"}, (), conn="p.2")]
    told = findings_of(records, Choice(select=("A339",)))
    assert [finding.conn for finding in told] == ["p.1"]


def test_a_mapping_that_is_no_dict_is_told_by_its_record() -> None:
    record, *_ = connection(http_scope(), (), outcome=None)
    odd = type(record)(**{name: getattr(record, name) for name in record.__struct_fields__} | {"mapping": "types.X"})
    assert [finding.code for finding in findings_of([odd])] == ["A201"]
