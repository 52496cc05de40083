"""Point 3 of the transparency contract: what we do not know is forwarded, and traced."""

import types
from collections import UserDict
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.stage import Account, App, difference, records, twice


class Strange(dict[Any, Any]):
    """A mapping that answers with something else than it holds."""

    def get(self, key: Any, default: Any = None) -> Any:
        raise AssertionError

    def __getitem__(self, key: Any) -> Any:
        return "something else"

    items = keys = values = __iter__ = get  # type: ignore[assignment]


class Enumish(str):
    __slots__ = ()


UNKNOWN = [
    None,
    "a text",
    7,
    b"octets",
    [],
    object(),
    {},
    {"type": "quic.stream", "n": 1},
    {"type": None},
    {"type": 7, "headers": 7, "body": object()},
    {"type": Enumish("http.request"), "body": "str", "headers": "odd"},
    {b"type": b"http.request", 3: 4, (1, 2): {None: 1}},
    {"$truncated": {"size": 1, "head": ""}, "type": "x"},
    {"type": "http.request", "body": memoryview(b"view"), "headers": {b"a": b"b"}.items()},
    {"type": "x", "\ud800": "\udfff", "big": 1 << 99, "nan": float("nan")},
    UserDict({"type": "http.request", "body": b"user", "headers": [(b"a", b"b")]}),
    types.MappingProxyType({"type": "http.request", "body": b"proxy"}),
    Strange({"type": "http.request", "body": b"strange"}),
]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=lambda unknown: type(unknown).__name__)
def test_unknown_scopes_and_messages_pass_and_are_traced(unknown: Any, out: Path) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("scope", scope)
            account.add("got", await receive())
            await send(unknown)

        return app

    plain, wrapped, middleware = twice(application, out, scope=unknown, receives=[("give", unknown)])
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("got")[0] is wrapped.seen("send")[0] is unknown
    trace = records(middleware)
    assert [type(record) for record in trace[1:]] == [ScopeRecord, ReceiveRecord, SendRecord, EndRecord]
    assert trace[2].message is not None or unknown is None  # type: ignore[union-attr]
