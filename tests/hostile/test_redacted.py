"""Traces full of what was withheld: everything shows it in its place, in words that can be read, and nothing raises."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.render import ViewOptions, make_view
from asgi_inspect.render.story import story
from asgi_inspect.trace.codec import decode_record, encode_record
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, Record, ScopeRecord, SendRecord
from asgi_inspect.trace.search import Traces
from asgi_inspect.values import Parts, Redacted, Truncated
from tests.export import exporting
from tests.hostile.nasty import AT
from tests.hostile.test_terminal import Screen, printer

NAME, TOKEN, NUMBER = (
    Redacted(12, "a1b2c3d4e5f6", "name"),
    Redacted(7, "ffeeddccbbaa", "token"),
    Redacted(4, "001122334455"),
)
MARK = "<redacted, 12 B, a1b2c3d4e5f6>"
PART = b'--X\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
BODIES: dict[str, tuple[bytes, Any, str]] = {
    "JSON": (b"application/json", Parts((b'{"a":1,"password":"', NAME, b'","in":[{"token":"', TOKEN, b'"}, ', NUMBER, b'],"pin": ', NUMBER, b"}")), f'"password": "{MARK}",'),
    "a form": (b"application/x-www-form-urlencoded", Parts((b"user=zoe&password=", NAME, b"&x=1")), f"password = {MARK}"),
    "multipart": (b"multipart/form-data; boundary=X", Parts((PART, NAME, b"\r\n--X--\r\n")), f"password = {MARK}"),
    "events": (b"text/event-stream", Parts((b'data: {"token":"', NAME, b'"}\n\n')), f'data: {{"token":"{MARK}"}}'),
    "JSON lines": (b"application/x-ndjson", Parts((b'{"token":"', NAME, b'"}\n{"a":1}\n')), f'{{"token": "{MARK}"}}'),
    "a text": (b"text/plain", Parts((b"it is ", NAME, b" today")), f"it is {MARK} today"),
    "a head": (b"application/json", Truncated(5000, Parts((b'{"password":"', NAME, b'","n":[1'))), f'{{"password":"{MARK}","n":[1'),
    "all of it": (b"text/plain", NAME, f"{MARK[:-1]}, name>\n"),  # with the reason, as no name stands before it
}  # fmt: skip


def answered(conn: str, content_type: bytes, body: Any) -> Iterator[Record]:
    """A request with secrets everywhere, and the same body there and back."""
    headers: list[tuple[bytes, Any]] = [
        (b"host", b"127.0.0.1:8000"),
        (b"content-type", content_type),
        (b"authorization", Parts((b"Bearer ", TOKEN))),
        (b"cookie", Parts((b"sid=", NAME, b"; theme=dark"))),
        (b"x-api-key", NAME),
    ]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": Parts(("/reset/", TOKEN, "/x")),
        "raw_path": Parts((b"/reset/", TOKEN, b"/x")),
        "query_string": Parts((b"a=1&token=", NAME, b"&b=2")),
        "headers": headers,
        "server": ("127.0.0.1", 8000),
    }
    found = [
        (b"content-type", content_type),
        (b"location", Parts((b"/?code=", NAME))),
        (b"set-cookie", Parts((b"sid=", NAME, b"; Path=/"))),
    ]
    yield ScopeRecord(conn=conn, at=AT, scope=scope)
    yield ReceiveRecord(conn=conn, n=1, t_us=1, wait_us=1, message={"type": "http.request", "body": body})
    yield SendRecord(conn=conn, n=2, t_us=2, message={"type": "http.response.start", "status": 303, "headers": found})
    yield SendRecord(conn=conn, n=3, t_us=3, message={"type": "http.response.body", "body": body})
    yield EndRecord(conn=conn, n=4, t_us=4, outcome="returned")


def talked(conn: str) -> Iterator[Record]:
    scope = {"type": "websocket", "path": "/ws", "headers": [], "subprotocols": ["chat", TOKEN]}
    text = Parts(('{"token":"', NAME, '"}'))
    yield ScopeRecord(conn=conn, at=AT, scope=scope)
    yield SendRecord(conn=conn, n=1, t_us=1, message={"type": "websocket.accept", "subprotocol": TOKEN})
    yield ReceiveRecord(conn=conn, n=2, t_us=2, wait_us=1, message={"type": "websocket.receive", "text": text})
    yield SendRecord(
        conn=conn, n=3, t_us=3, message={"type": "websocket.close", "code": 4000, "reason": Parts(("bad ", NAME))}
    )
    yield EndRecord(conn=conn, n=4, t_us=4, outcome="returned")


def page(records: Iterator[Record]) -> str:
    """The page of the one connection, and its records as they are shown live."""
    fold, screen = Fold(), Screen()
    view, printing = make_view("pretty", ViewOptions()), printer(screen, 150)
    for record in records:
        again = decode_record(encode_record(record))
        assert again is not None
        fold.feed(again)
        printing.print(view.feed(again))
    (connection,) = fold.connections.values()
    shown = screen.getvalue()
    printing.print(story(connection, None, ViewOptions(), gone=None))
    assert shown
    return screen.plain


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_shown_as_what_it_is_with_marks_in_it(name: str) -> None:
    content_type, body, words = BODIES[name]
    shown = page(answered("p.1", content_type, body))
    assert shown.count(words) >= 4
    assert "authorization  Bearer <redacted, 7 B, ffeeddccbbaa, token>" in shown
    assert "cookie         sid=<redacted, 12 B, a1b2c3d4e5f6, name>; theme=dark" in shown
    assert "POST /reset/<redacted>/x?a=1&token=<redacted>&b=2" in shown
    assert "0000  " not in shown  # no hexdump


def test_json_stays_json_where_a_whole_value_is_withheld() -> None:
    assert '"pin": "<redacted, 4 B, 001122334455>"' in page(answered("p.1", *BODIES["JSON"][:2]))


def test_a_websocket_is_shown_with_marks() -> None:
    shown = page(talked("p.1"))
    assert shown.count(f'{{"token": "{MARK}"}}') == 2
    assert "bad <redacted" in shown
    assert '["chat", <redacted, 7 B, ffeeddccbbaa, token>]' in shown


@pytest.fixture
def file(tmp_path: Path) -> Path:
    records = [record for number, one in enumerate(BODIES.values()) for record in answered(f"p.{number}", *one[:2])]
    return exporting.written(tmp_path, [*records, *talked("p.99")])


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ("path:/reset/*", 8),
        ("header:x-api-key", 8),
        ("query:token", 8),
        ("status:303", 8),
        ("body:zoe", 1),
        ("path:/ws", 1),
    ],
)
def test_filters_find_what_is_left(filter: str, count: int, file: Path) -> None:
    assert len(list(Traces([file], jobs=1).summaries(parse_filter(filter)))) == count


@pytest.mark.parametrize("kind", ["curl", "httpie"])
def test_commands_are_still_commands(kind: str, file: Path) -> None:
    lines = [line for line in exporting.lines(kind, file) if not line.startswith("#")]
    assert len(lines) == len(BODIES)
    for line in lines:
        words = shlex.split(line, posix=True)
        assert words[0] in ("curl", "http", "printf")
        assert any("Bearer <redacted>" in word for word in words)
    (said,) = (line for line in lines if "zoe" in line)
    assert f"user=zoe&password={MARK}&x=1" in " ".join(shlex.split(said))


def test_a_har_holds_the_marks(file: Path) -> None:
    entry = next(
        entry
        for entry in exporting.entries(file)
        if "JSON" and entry["request"]["postData"]["mimeType"] == "application/json"
    )
    assert json.loads(entry["request"]["postData"]["text"])["password"] == MARK
    assert entry["request"]["cookies"][0] == {"name": "sid", "value": "<redacted>"}
    assert entry["request"]["bodySize"] == entry["response"]["content"]["size"]


def test_csv_and_the_close_reason(file: Path) -> None:
    rows = exporting.export("csv", file, fields="path,query,close_reason").splitlines()
    assert rows[1] == "/reset/<redacted>/x,a=1&token=<redacted>&b=2,"
    assert rows[-1] == "/ws,,bad <redacted>"
