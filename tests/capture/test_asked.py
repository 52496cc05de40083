"""A filter asked of a scope before anything is recorded says what it says of the trace afterwards."""

from collections import ChainMap, OrderedDict, UserDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.capture.asked import ScopeTest
from asgi_inspect.capture.lines import scope_json
from asgi_inspect.capture.selection import LeftOut, Selection
from asgi_inspect.errors import FilterError
from asgi_inspect.selecting import read_capture
from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.filter import Filter, parse_filter
from asgi_inspect.trace.records import ScopeRecord
from asgi_inspect.trace.terms import KINDS
from tests.capture.recording import Kept
from tests.stage import http_scope
from tests.trace.made import odd
from tests.traps import CALLS, TRAPS

OF_SCOPE = [kind.name for kind in KINDS if kind.of_scope]


def afterwards(filter: Filter, scope: Any) -> bool | None:
    """What `show FILTER` says of a connection with this scope."""
    line = b'{"record":"scope","conn":"p.1","at":"2026-11-23T13:00:00.000000Z","scope":%b}' % scope_json(scope)
    record = decode_record(line)
    assert isinstance(record, ScopeRecord)
    connection = Connection("p.1")
    connection.feed(record)
    return filter.decide(connection, final=True)


text = st.sampled_from(
    ["/health", "/api/x", "/API/x", "GET", "get", "a=1", "a=%31", "née", "10.0.0.7", "::1", "leaf.example"]
)
octets = st.sampled_from(
    [b"a=1", b"a=%31&b=+", b"\xff", b"leaf.example:80", b"LEAF.example", b"gzip", b"", "né".encode()]
)
pairs = st.tuples(st.sampled_from([b"host", b"Host", b"x-tea", b"\xff"]) | odd, octets | odd)
fields = {
    "type": st.sampled_from(["http", "websocket", "other"]),
    "method": text | odd,
    "path": text | odd,
    "query_string": octets | odd,
    "client": st.tuples(text, st.integers(0, 70_000)) | odd,
    "headers": st.lists(pairs, max_size=3) | st.lists(pairs, max_size=3).map(tuple) | odd,
    "state": odd,
}
scopes = st.fixed_dictionaries({}, optional=fields).flatmap(
    lambda scope: st.sampled_from([dict, OrderedDict, UserDict, MappingProxyType, ChainMap]).map(
        lambda kind: kind(scope)
    )
)
values = st.sampled_from(
    ["/health", "/api/*", "*", "GET,POST", "a=1", "'a=1&b= '", "leaf.example", "leaf.*", "LEAF.EXAMPLE:80", "10.0.*", "::1",
     "http", "ws", "lifespan", "x-tea", "x-tea=gzip", "host=*", "h*=*e", "né*", "[a-z]*"]
)  # fmt: skip
terms = st.builds(
    lambda minus, name, value: f"{minus}{name}:{value}", st.sampled_from(["", "-"]), st.sampled_from(OF_SCOPE), values
)


@settings(deadline=None)
@given(st.lists(terms, min_size=1, max_size=3), scopes)
def test_it_says_the_same_before_and_afterwards(words: list[str], scope: Any) -> None:
    try:
        found = parse_filter(words)
    except FilterError:
        return
    for term in found.terms:
        one = Filter((term,))
        assert ScopeTest(one).holds(scope) is afterwards(one, scope), (term, scope)
    assert ScopeTest(found).holds(scope) is afterwards(found, scope)


@settings(deadline=None)
@given(
    st.lists(terms, min_size=1, max_size=3),
    odd | st.dictionaries(odd.filter(lambda x: x.__hash__ is not None and not isinstance(x, bytearray)), odd),
)
def test_no_scope_makes_it_raise(words: list[str], scope: Any) -> None:
    try:
        found = parse_filter(words)
    except FilterError:
        return
    assert ScopeTest(found).holds(scope) in (True, False)


@pytest.mark.parametrize(
    ("filter", "kept"),
    [
        ("path:/api/* -path:/api/health", True),
        ("-path:/api/x", False),
        ("path:/other", False),
        ("method:get", True),
        ("type:websocket", False),
        ("query:'b=c d'", True),
        ("host:leaf.example", True),
        ("-client:127.0.*", False),
        ("request-header:x-tea=green", True),
        ("-request-header:x-tea", False),
    ],
)
def test_what_servers_pass(filter: str, kept: bool) -> None:
    scope = http_scope(path="/api/x", query_string=b"a=1&b=c%20d")
    scope["headers"] = [(b"Host", b"leaf.example:80"), (b"X-Tea", b"green")]
    chosen = Selection(None, read_capture("capture", filter)).choose(Kept(), scope)
    assert isinstance(chosen, LeftOut) is not kept


@pytest.mark.parametrize(
    ("filter", "kept"),
    [("path:/api/*", True), ("type:http", False), ("-type:websocket", True), ("-type:websocket path:/x", True),
     ("type:lifespan", True), ("-type:lifespan", False)],
)  # fmt: skip
def test_a_lifespan_is_left_out_only_by_a_filter_that_speaks_of_types(filter: str, kept: bool) -> None:
    chosen = Selection(None, read_capture("capture", filter)).choose(Kept(), {"type": "lifespan"})
    assert isinstance(chosen, LeftOut) is not kept


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_foreign_is_asked(name: str) -> None:
    """A lazy object in a scope would query its database."""
    foreign = TRAPS[name]
    found = parse_filter("-method:no -path:/no -client:no -query:no -host:no -request-header:x=no -type:other")
    plain = http_scope(method=foreign(), path=foreign(), client=(foreign(), foreign()), query_string=foreign())
    CALLS.clear()
    for headers in (foreign(), [(foreign(), b"x")], [foreign()], [(b"host", foreign())]):
        assert ScopeTest(found).holds({**plain, "headers": headers})
    assert ScopeTest(found).holds({**plain, "type": foreign()})
    for scope in ({**plain, "type": foreign()}, foreign()):
        ScopeTest(found).holds(scope)
        Selection(0.0, None).choose(Kept(), scope)
        Selection(None, found, only_errors=True).choose(Kept(), scope)
        assert not LeftOut(Kept(), scope).has(http_scope())
        assert not LeftOut(Kept(), http_scope()).has(scope)
    assert CALLS == []


def test_a_one_shot_iterator_stays_whole() -> None:
    headers = iter([(b"host", b"leaf.example")])
    assert not ScopeTest(parse_filter("host:leaf.example")).holds(http_scope(headers=headers))
    assert list(headers) == [(b"host", b"leaf.example")]
