"""The recorder of one connection: its lines, its numbers, and what it tells of the scope."""

import asyncio
from collections import OrderedDict, UserDict
from typing import Any

import msgspec
import pytest

from asgi_inspect.capture.connection import Recorder
from asgi_inspect.capture.process import clock, current_process
from asgi_inspect.capture.recorder import LayerRecorder
from asgi_inspect.trace.codec import encode_record
from tests.capture.recording import Kept
from tests.stage import http_scope


def start(scope: Any, limit: int | None = 65_536) -> tuple[LayerRecorder, Kept]:
    sink = Kept()
    layer = LayerRecorder(Recorder(sink, scope), scope, limit)
    layer.rec.begin()
    return layer, sink


def test_every_line_is_what_the_codec_writes_for_its_record() -> None:
    """The hot path puts its lines together by hand; the order of keys and each byte are those of the Structs."""
    scope = http_scope()
    outer, sink = start(scope)
    outer.scope("outer", None)
    inner = LayerRecorder(outer.rec, scope, None, outer)
    inner.scope("inner", None)
    for layer in (outer, inner):
        layer.received(clock(), {"type": "http.request", "body": b"\xff"})
        n, began = layer.sends({"type": "http.response.body", "body": b"tea", "x": {"y": (1, 2)}})
        layer.receive_failed(clock(), asyncio.CancelledError())
        layer.receive_failed(clock(), ValueError("leaves"))
        layer.sent(n, began, None)
        layer.sent(n, began, OSError(32, "gone"))
    inner.sends(message := {"type": "x"})
    outer.sends(message)
    for layer in (inner, outer):
        layer.end(None)
        layer.end(RuntimeError("leaves"))
    assert [encode_record(record) + b"\n" for record in sink.records] == sink.lines
    assert len({record.conn for record in sink.records}) == 1
    assert [record.n for record in sink.records[2:]] == list(range(1, 19))
    assert [record.same for record in sink.records if getattr(record, "same", None)] == [13]
    outer.close()


def test_conn_is_the_process_and_a_number() -> None:
    first, second = Recorder(Kept(), None), Recorder(Kept(), None)
    (proc, one), (same_proc, other) = first.conn.split("."), second.conn.split(".")
    assert proc == same_proc == current_process().proc
    assert int(other) == int(one) + 1
    assert len(proc) >= 10, "40 bits in hex"


def test_a_connection_counts_as_open_from_begin_to_close() -> None:
    before = current_process().open
    layer, _ = start(http_scope())
    assert current_process().open == before + 1
    layer.close()
    layer.close()
    assert current_process().open == before
    Recorder(Kept(), None).close()  # one that never began
    assert current_process().open == before


def test_an_end_flushes_and_that_of_a_lifespan_settles() -> None:
    for type_, exc, settled in [
        ("http", None, 0), ("lifespan", None, 1), ("lifespan", RuntimeError(), 0), ("lifespan", asyncio.CancelledError(), 1),
    ]:  # fmt: skip
        layer, sink = start({"type": type_})
        layer.end(exc)
        assert (sink.flushed, sink.settled) == (1, settled)
        layer.close()
    outer, sink = start({"type": "lifespan"})
    LayerRecorder(outer.rec, {"type": "lifespan"}, None, outer).end(None)
    assert (sink.flushed, sink.settled) == (0, 0), "the outer layer may still be going to send"
    outer.close()


CHANGES: dict[str, tuple[Any, list[str]]] = {
    "nothing": (lambda scope: None, []),
    "read": (lambda scope: scope["headers"], []),
    "added": (lambda scope: scope.update(user=1, route=2), ["user", "route"]),
    "replaced": (lambda scope: scope.update(path="/new"), ["path"]),
    "replaced by an equal one": (lambda scope: scope.update(headers=list(scope["headers"])), ["headers"]),
    "removed": (lambda scope: scope.pop("state"), []),
    "removed and put back": (lambda scope: scope.update(state=scope.pop("state")), []),
    "changed inside": (lambda scope: scope["state"].update(n=2), []),
    "removed and added": (lambda scope: (scope.pop("state"), scope.update(user=1)), ["user"]),
    "odd keys": (lambda scope: scope.update({b"bytes": 1, 7: 2, ("\ud800" + "x"): 3}), ["\\ud800x"]),
    "cleared": (lambda scope: scope.clear(), []),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict, type("Scope", (dict,), {})])
def test_scope_changes(name: str, kind: Any) -> None:
    change, expected = CHANGES[name]
    scope = kind(http_scope())
    layer, sink = start(scope)
    change(scope)
    layer.end(None)
    assert sink.objects[0].get("scope_changes", []) == expected
    layer.close()


@pytest.mark.parametrize("scope", [None, 7, "text", {}, [], {f"key{n}": n for n in range(5000)}], ids=type)
def test_scopes_of_every_kind_have_an_end(scope: Any) -> None:
    layer, sink = start(scope)
    layer.scope(None, None)
    layer.end(None)
    assert [record["record"] for record in sink.objects] == ["scope", "end"]
    assert "scope_changes" not in sink.objects[1]
    layer.close()


def test_a_message_after_the_end_is_still_told() -> None:
    layer, sink = start(http_scope())
    layer.end(None)
    layer.close()
    layer.sends({"type": "late"})
    assert msgspec.json.decode(sink.lines[-1])["message"] == {"type": "late"}
    assert msgspec.json.decode(sink.lines[-1])["n"] == 2


def test_what_a_body_takes_is_counted_for_messages_of_every_kind() -> None:
    for kind in (dict, OrderedDict, UserDict, type("Message", (dict,), {})):
        layer, sink = start(http_scope(), limit=4)
        for _ in range(2):
            layer.received(clock(), kind(type="http.request", body=b"tea"))
            layer.sends(kind(type="http.response.body", body=b"tea"))
        bodies = [record["message"]["body"] for record in sink.objects]
        assert bodies == ["tea", "tea", *[{"$truncated": {"size": 3, "head": "t"}}] * 2]
        layer.close()
