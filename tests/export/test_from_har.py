"""HAR to a trace: what browsers write, what we wrote ourselves, and whatever else somebody calls an archive."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.export._from_har import records
from asgi_inspect.export._har_file import Archive, NotAnArchiveError
from asgi_inspect.trace.body import body_of, socket_messages
from asgi_inspect.trace.codec import decode_record, encode_record
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord
from tests.export.exporting import entries, export, written

# As a browser's panel saves it: HTTP/2 with its pseudo-headers, times before the request was sent, a body that was not saved.
BROWSER: dict[str, Any] = {
    "_initiator": {"type": "other"},
    "_priority": "High",
    "_resourceType": "fetch",
    "startedDateTime": "2026-11-23T10:00:00.123Z",
    "time": 61.5,
    "connection": "443",
    "serverIPAddress": "[2001:db8::1]",
    "request": {
        "method": "POST",
        "url": "https://shop.example:8443/caf%C3%A9/?q=a%20b#top",
        "httpVersion": "http/2.0",
        "headers": [
            {"name": ":authority", "value": "shop.example:8443"},
            {"name": ":method", "value": "POST"},
            {"name": "Accept", "value": "*/*"},
        ],
        "queryString": [{"name": "q", "value": "a%20b"}],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 7,
        "postData": {"mimeType": "application/json", "text": '{"a":1}'},
    },
    "response": {
        "status": 201,
        "statusText": "",
        "httpVersion": "http/2.0",
        "headers": [{"name": "Content-Type", "value": "image/png"}],
        "cookies": [],
        "content": {"size": 4711, "mimeType": "image/png"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "_transferSize": 4800,
        "_error": None,
    },
    "cache": {},
    "timings": {"blocked": 10, "dns": -1, "ssl": 5, "connect": 20, "send": 0.5, "wait": 30, "receive": 1, "_x": -1},
}
SOCKET: dict[str, Any] = {
    "startedDateTime": "2026-11-23T12:00:00.000+02:00",
    "time": 1000,
    "request": {"method": "GET", "url": "wss://shop.example/talk", "httpVersion": "HTTP/1.1", "headers": []},
    "response": {
        "status": 101,
        "headers": [
            {"name": "Sec-WebSocket-Accept", "value": "x"},
            {"name": "Sec-WebSocket-Protocol", "value": "chat"},
        ],
        "content": {},
    },
    "timings": {"send": 0, "wait": 20, "receive": 980},
    "_webSocketMessages": [
        {"type": "send", "time": 1795428000.1, "opcode": 1, "data": "Zoë"},
        {"type": "receive", "time": 1795428000.2, "opcode": 2, "data": "AP8="},
        {"type": "error", "time": 1795428000.3, "opcode": -1, "data": "broken"},
    ],
}


def archive(*found: Any, **more: Any) -> bytes:
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "Leaf", "version": "1"}, "entries": found, **more}}
    ).encode()


def folded(data: bytes) -> Fold:
    fold = Fold()
    for record in records(Archive(data), "x.har"):
        again = decode_record(encode_record(record))
        assert again is not None
        fold.feed(again)
    return fold


def only(data: bytes) -> Connection:
    (connection,) = folded(data).connections.values()
    return connection


@pytest.mark.parametrize("url", [None, "data:image/png;base64,AAAA", "blob:https://shop.example/1", "about:blank", ""])
def test_what_never_went_to_a_server_is_left_out(url: str | None) -> None:
    other = {**BROWSER, "request": None if url is None else {**BROWSER["request"], "url": url}}
    found = Archive(archive(other, BROWSER, other))
    kept = [record for record in records(found, "x.har") if isinstance(record, ScopeRecord)]
    assert [record.scope["path"] for record in kept] == ["/café/"]
    assert found.faults == 2


def test_what_a_browser_saved() -> None:
    connection = only(archive(BROWSER))
    assert connection.at == "2026-11-23T10:00:00.123000Z"
    scope = connection.scope
    assert (scope["method"], scope["scheme"], scope["http_version"]) == ("POST", "https", "2")
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/café/", b"/caf%C3%A9/", b"q=a%20b")
    assert scope["headers"] == [[b"host", b"shop.example:8443"], [b"accept", b"*/*"]]
    assert scope["server"] == ["2001:db8::1", 8443]
    assert body_of(connection, "request").data == b'{"a":1}'
    assert connection.answered_us == 60_500
    assert (connection.status, connection.response_bytes, connection.duration_us) == (201, 4711, 61_500)
    assert body_of(connection, "response").cut


def test_a_websocket_that_a_browser_saved() -> None:
    connection = only(archive(SOCKET))
    assert (connection.type, connection.accepted) == ("websocket", True)
    assert [(m.sender, m.kind, m.data, m.t_us) for m in socket_messages(connection)] == [
        ("client", "text", "Zoë".encode(), 100_000),
        ("application", "bytes", b"\x00\xff", 200_000),
    ]
    assert connection.scope["subprotocols"] == []


def test_the_process_says_where_it_comes_from() -> None:
    first = next(records(Archive(archive(BROWSER)), "x.har"))
    assert isinstance(first, ProcessRecord)
    assert (first.why, first.options) == ("import", {"imported": "x.har", "creator": "Leaf 1"})


def test_a_request_that_had_no_answer_is_left_open() -> None:
    failed = {**BROWSER, "response": {"status": 0, "_error": "net::ERR_FAILED", "content": {}}}
    connection = only(archive(failed))
    assert (connection.outcome, connection.status) == ("open", None)


def test_fields_without_their_text() -> None:
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "é"}, {"name": "c"}]}
    entry = {**BROWSER, "request": {**BROWSER["request"], "postData": posted}}
    assert body_of(only(archive(entry)), "request").data == b"a+b=%C3%A9&c="


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_is_coded_as_its_headers_say(coding: str) -> None:
    response = {
        "status": 200,
        "headers": [{"name": "Content-Encoding", "value": coding}],
        "content": {"size": 500, "mimeType": "text/plain", "text": "leaf " * 100},
    }
    body = body_of(only(archive({**BROWSER, "response": response})), "response")
    assert (body.data, body.coding, body.trouble) == (b"leaf " * 100, coding, None)
    assert len(body.wire) < 100


def test_what_was_exported_is_exported_again_the_same(captured: Path, tmp_path: Path) -> None:
    text = export("har", captured)
    file = written(tmp_path, records(Archive(text.encode()), "x.har"))
    assert _without_ids(entries(file)) == _without_ids(entries(captured))


def _without_ids(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.items() if name != "_conn"} for entry in found]


# --- the file ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + archive(BROWSER, BROWSER),
        json.dumps(json.loads(archive(BROWSER, BROWSER)), indent="\t").encode(),
        json.dumps({"x": [{"log": 1}, "]"], **json.loads(archive(BROWSER, BROWSER, later={"entries": [1]}))}).encode(),
        json.dumps({"log": {"entries": [BROWSER, BROWSER], "creator": {}}}, ensure_ascii=False).encode(),
    ],
)
def test_an_archive_however_it_is_written(data: bytes) -> None:
    found = Archive(data)
    assert list(found.entries()) == [BROWSER, BROWSER]
    assert (found.faults, found.torn) == (0, False)


def test_an_archive_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    data = archive(BROWSER, BROWSER)
    for end in range(data.index(b'"entries"') + 12, len(data), 97):
        found = Archive(data[:end])
        whole = list(found.entries())
        assert whole == [BROWSER] * len(whole)
        assert found.torn


def test_an_entry_that_is_none_is_left_out() -> None:
    found = Archive(archive(BROWSER, "rubbish", BROWSER).replace(b'"rubbish"', b"{x}"))
    assert list(found.entries()) == [BROWSER, BROWSER]
    assert found.faults == 1


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"log": 1}', b'{"log": {"entries": {}}}', b"\x00\xff", b'"', b"{]"]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnArchiveError):
        list(Archive(data).entries())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({*BROWSER, *SOCKET, *BROWSER["request"], *BROWSER["response"], *BROWSER["timings"], "_outcome", "_size"})
WORDS = ["ws://h/p", "http://[", "\x00", "base64", "raised", "2026-11-23T10:00:00Z", "0001-01-01T00:00:00+14:00", "h2"]
ENTRY: st.SearchStrategy[Any] = st.recursive(
    JSON | st.sampled_from([BROWSER, SOCKET, *WORDS]),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=20,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(ENTRY, max_size=3))
def test_whatever_an_entry_holds_a_trace_comes_of_it(found: list[Any]) -> None:
    try:
        data = archive(*found)
        folded(data)
    except NotAnArchiveError:
        pytest.fail("it has entries")


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=5))
def test_whatever_a_file_holds_it_is_read_to_its_end(at: int, octets: bytes) -> None:
    data = archive(BROWSER, SOCKET)
    at %= len(data)
    try:
        folded(data[:at] + octets + data[at + len(octets) :])
    except NotAnArchiveError:
        pass
