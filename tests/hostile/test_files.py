"""Whatever passes, a record is one line of strict JSON that begins as it must, and comes back as what it was."""

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from asgi_inspect.capture import tap
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.hostile.nasty import BROKEN, NASTY, OCTETS
from tests.stage import Account, Server, http_scope, play

FORGED = '"}}\n{"record":"end","conn":"p.1","n":1,"t_us":1,"outcome":"returned"}\n'
NUMBERS = itertools.count()
WORDS = st.one_of(
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        [
            NASTY,
            BROKEN,
            FORGED,
            "\u2028\u2029\u0085\x00\ud800",
            "record",
            "conn",
            "n",
            "$base64",
            "$map",
            "$redacted",
            "__proto__",
            "",
        ]
    ),
)
BYTES = st.binary(max_size=20) | st.sampled_from([OCTETS, FORGED.encode(), b"\xff\n", b"\xe2\x80\xa8", b"\xed\xa0\x80"])


class Word(str):
    """A key that is equal to another, and of another type."""

    __hash__ = str.__hash__


class Twice(dict[Any, Any]):
    """A mapping that gives each key twice."""

    def items(self) -> Any:
        return [*super().items(), *super().items()]

    def __iter__(self) -> Iterator[Any]:
        return iter([*super().__iter__(), *super().__iter__()])


LEAVES = st.one_of(
    WORDS, BYTES, st.none(), st.booleans(), st.integers(), st.floats(), WORDS.map(Word), BYTES.map(bytearray)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | WORDS.map(Word), inner, max_size=3)
        | st.dictionaries(WORDS, inner, max_size=2).map(Twice)
    ),
    max_leaves=8,
)
HEADERS = st.lists(st.tuples(BYTES, BYTES), max_size=3)
SCOPES = st.fixed_dictionaries(
    {"headers": HEADERS, "path": WORDS, "raw_path": BYTES, "query_string": BYTES, "method": WORDS},
    optional={"record": VALUES, "conn": VALUES, "n": VALUES, "state": VALUES, "client": VALUES},
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["http.request", "http.response.start", "http.response.body"]) | WORDS},
    optional={"body": BYTES | VALUES, "text": WORDS, "headers": HEADERS, "record": VALUES, "conn": VALUES, "n": VALUES},
)


def traced(out: Path, scope: dict[str, Any], messages: list[Any]) -> list[bytes]:
    """The lines that a connection leaves which receives and sends all of these, and raises what bears such a name."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await receive()
            await send(message)
        raise type("E" + scope["path"].replace("\0", "").encode("utf-8", "replace").decode(), (Exception,), {})(
            scope["path"]
        )

    middleware = InspectMiddleware(app, out=out, redact=None, body_limit=None)
    account = Account()
    server = Server(account, [("give", message) for message in messages])
    with patch.object(tap, "_SLOW_SEND_NS", sys.maxsize):  # however slow this machine is
        play(lambda: middleware(http_scope(**scope), server.receive, server.send), account)
    assert middleware._sink is not None
    middleware._sink.settle()
    return out.read_bytes().split(b"\n")


def same(one: Any, other: Any) -> bool:
    """Equal, but for what a trace does not tell apart: lists and tuples, a str and one of its subclasses, nan."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = list(dict(one.items()).items())
        return len(pairs) == len(other) and all(name in other and same(value, other[name]) for name, value in pairs)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))


@settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(scope=SCOPES, messages=st.lists(MESSAGES, max_size=3))
def test_no_value_breaks_or_forges_a_record(scope: dict[str, Any], messages: list[Any], tmp_path: Path) -> None:
    out = tmp_path / f"{next(NUMBERS)}.jsonl"
    *lines, last = traced(out, scope, messages)
    assert last == b""
    kinds = [orjson.loads(line)["record"] for line in lines]
    assert kinds == ["process", "scope", *["receive", "send"] * len(messages), "end"]
    for line in lines:
        assert_strict(line)
    found = list(read_trace(out, on_damage=lambda damage: pytest.fail(str(damage))))
    starts = [record for record in found if isinstance(record, ScopeRecord)]
    assert same(http_scope(**scope), starts[0].scope)
    for kind in (ReceiveRecord, SendRecord):
        for message, record in zip(messages, (one for one in found if isinstance(one, kind)), strict=True):
            assert same(message, record.message)
    end = found[-1]
    assert isinstance(end, EndRecord)
    assert end.error is not None


def assert_strict(line: bytes) -> None:
    """One object without raw controls, which begins with `record`, of which no key stands twice, and all parsers agree."""
    assert line.startswith(b'{"record":"')
    assert not any(octet < 0x20 for octet in line)
    assert (
        msgspec.json.decode(line) == orjson.loads(line) == json.loads(line, object_pairs_hook=once, parse_constant=fail)
    )


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def fail(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_jq_and_line_tools_see_the_same_lines(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    scope = {"path": FORGED, "headers": [(FORGED.encode(), OCTETS)], "state": {FORGED: BROKEN, "record": "end"}}
    lines = traced(out, scope, [{"type": FORGED, "body": OCTETS}, {"type": "http.request", "body": FORGED.encode()}])[
        :-1
    ]
    assert len(lines) == len(out.read_text("utf-8").split("\n")) - 1 == 7
    assert subprocess.run(["grep", "-c", '^{"record":"end"', out], capture_output=True, check=False).stdout == b"1\n"
    jq = shutil.which("jq")
    if jq is not None:
        made = subprocess.run([jq, "-c", ".record", out], capture_output=True, check=True).stdout
        assert made.split() == [b'"process"', b'"scope"', *[b'"receive"', b'"send"'] * 2, b'"end"']
