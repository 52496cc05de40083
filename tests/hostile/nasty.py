"""A trace in which every string is an attack on a terminal, and what may come out of it: nothing that a terminal obeys."""

import gzip
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ExitRecord,
    Frame,
    LoopRecord,
    LostRecord,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
    SkippedRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

AT = "2026-01-02T03:04:05.000000Z"
SEEN: Final = "[bold red]B"
"""Rich's markup, in every hostile text: where a text is shown, this stands there letter by letter."""
CONTROLS: Final = (
    "\x1b[8m\x1b[38;5;201m\x1b[2J\x1b[1;1H\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\\x1bP+q\x1b\\"
    "\x9b8m\x9d0;title\x9c\x90\x85\r\b\x7f\x00\v\f\x0e\x05"
)
HIDDEN: Final = "\u202e\u2066\u200b\u200f\u061c\ufeff\u2028\u2029\u00ad\u2060\U000e0041\ufff9\u3164\u115f\u034f\u180e"
MARKUP: Final = f"{SEEN}[/bold red][link=http://evil.example]L[/link][/][@click=app.bell]c[/]:bomb:\\[x]"
QUOTES: Final = "http://evil.example 'q' \"d\" `b` $(x) ${HOME} !h %s %n {conn} {0} \\ <b> &amp; ; | \t x\n# y"
NASTY: Final = MARKUP + CONTROLS + HIDDEN + QUOTES
OCTETS: Final = NASTY.encode() + b"\xff\x9b8m\xc3"
FIELD: Final = NASTY.replace("\r", "").replace("\n", "").replace("\0", "").encode()
BROKEN: Final = NASTY + "\ud800\udfff"

FRAME: Final = Frame(NASTY, 3, NASTY)
# What we paint with: colours, bold, dim, italic, underline, and their end; the attack's own (8, and 201 of 256) are not among it.
_PAINT: Final = re.compile(r"\x1b\[(?:0|[1-4](?:;3[0-7])?|[39][0-7]|38;5;(?!201)\d+)m")
_FORBIDDEN: Final = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\ufffe\uffff")


def acting(output: str, allowed: str = "") -> list[str]:
    """What in an output a terminal could obey, or that hides or reorders; allowed: a pattern of what is ours beside colours."""
    plain = _PAINT.sub("", output.replace("\r\n", "\n"))
    if allowed:
        plain = re.sub(allowed, "", plain)
    return [
        f"{character!r} in {plain[max(0, at - 30) : at + 30]!r}"
        for at, character in enumerate(plain)
        if character != "\n"
        and (character in _FORBIDDEN or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    ]


def records(host: bytes = b"evil.example") -> Iterator[Record]:
    """A process, and connections of every kind."""
    yield ProcessRecord(
        v=1, proc="p" + CONTROLS, at=AT, pid=7, parent_pid=1, host=NASTY, argv=[NASTY, NASTY], python=NASTY,
        asgi_inspect=NASTY, server=NASTY, app=NASTY, why=NASTY, options={NASTY: NASTY},
    )  # fmt: skip
    yield ProcessRecord(
        v=1, proc="p", at=AT, pid=8, parent_pid=1, host=NASTY, argv=[NASTY], python=NASTY, asgi_inspect=NASTY
    )
    yield from http("p.1", body=OCTETS, content_type=b"text/plain")
    yield from http(
        "p.2", body=(f'{{"{MARKUP}":[{_json(NASTY)},{{{_json(NASTY)}:1}}]}}').encode(), content_type=b"application/json"
    )
    yield from http(
        "p.3", body=b"a=" + b"%1b%5b8m&" + FIELD + b"=" + FIELD, content_type=b"application/x-www-form-urlencoded"
    )
    yield from http("p.4", body=_parts(), content_type=b"multipart/form-data; boundary=XX")
    yield from http(
        "p.5",
        body=b"data: " + OCTETS + b"\n\nevent: " + FIELD + b"\r\n" + FIELD + b": x\n\n:" + OCTETS + b"\n\n",
        content_type=b"text/event-stream",
    )
    yield from http(
        "p.6", body=f'{{"a":{_json(NASTY)}}}\n{{"b":1}}\n{NASTY}\n'.encode(), content_type=b"application/x-ndjson"
    )
    yield from http("p.7", body=gzip.compress(OCTETS * 9), content_type=FIELD, coding=b"gzip, " + FIELD)
    yield from http(
        "p.8", body=b"<svg width='" + FIELD + b"'>" + OCTETS, content_type=b"image/svg+xml; charset=" + FIELD
    )
    yield from http("p.9", body=bytes(range(256)) * 3, content_type=b"application/octet-stream")
    yield from http(
        "p.10",
        body=Truncated(10**9, Parts((OCTETS, Redacted(12, NASTY, NASTY), OCTETS))),
        content_type=Parts((b"text/", Redacted(3, NASTY, NASTY))),
    )
    yield from http("p.11", body=b"\xff\xfe" + NASTY.encode("utf-16-le"), content_type=b"text/html; charset=utf-7")
    yield from http(
        "p.12", type=NASTY, method=Redacted(3, NASTY, NASTY), path=Parts((NASTY, Redacted(5, NASTY))), status=NASTY
    )
    yield from http(
        "p.13", host=host, method="GET", body=OCTETS, headers=[(b"x-" + b"a" * 70, b"v" * 1_000_000 + FIELD)]
    )
    yield from socket("p.14")
    yield from lifespan("p.15")
    yield from http("p.16", open_=True)
    yield from http("p.17", method="PATCH", host=host, http_version="1.1", body=OCTETS)
    yield from http("p\x1b[8m\x9b.18")
    yield LoopRecord(proc="p", at=AT, blocked_us=10**7, frames=[FRAME], conn="p.1", waiting=[NASTY])
    yield LostRecord(proc="p", at=AT, records=3, conns=1, bytes=7, why=NASTY)
    yield SkippedRecord(proc="p" + CONTROLS, at=AT, conns=3, why=NASTY)
    yield ExitRecord(proc="p", at=AT, status=-9, open=1)


def _json(text: str) -> str:
    """A string as JSON that holds what it may as it is."""
    return '"' + re.sub(r'[\x00-\x1f"\\]', lambda match: f"\\u{ord(match[0]):04x}", text) + '"'


def _parts() -> bytes:
    disposition = b'Content-Disposition: form-data; name="' + FIELD + b'"; filename="' + FIELD + b'"'
    return b"--XX\r\n%s\r\nContent-Type: %s\r\n\r\n%s\r\n--XX--\r\n" % (disposition, FIELD, OCTETS)


def error(depth: int = 2) -> ErrorInfo:
    """An exception of which nothing is harmless."""
    inner = error(depth - 1) if depth else None
    return ErrorInfo(
        type=NASTY, bases=[NASTY], message=NASTY, frames=[FRAME, Frame("/usr/lib/a.py", 3, NASTY)], notes=[NASTY],
        cause=inner, context=inner, exceptions=[inner] if inner else [], cut=[NASTY],
    )  # fmt: skip


def http(
    conn: str,
    body: Any = b"",
    content_type: Any = OCTETS,
    *,
    coding: bytes | None = None,
    host: bytes = FIELD,
    headers: list[tuple[Any, Any]] | None = None,
    status: Any = 500,
    open_: bool = False,
    **scope: Any,
) -> Iterator[Record]:
    """One request with this body, and an answer with the same; it raises at the end."""
    found: list[tuple[Any, Any]] = [
        (b"host", host), (b"content-type", content_type), (b"user-agent", OCTETS), (b"cookie", b"a=" + FIELD + b"; " + FIELD + b"=b"),
        (OCTETS, OCTETS), (FIELD, FIELD), (NASTY, BROKEN), (b"referer", Parts((FIELD, Redacted(8, NASTY, NASTY)))),
        (b"authorization", Redacted(20, NASTY, NASTY)), (b"x", Foreign(NASTY, NASTY)), (b"accept", Truncated(99, OCTETS)), *(headers or []),
    ]  # fmt: skip
    if coding:
        found.append((b"content-encoding", coding))
    made = {
        "type": "http", "asgi": {NASTY: NASTY, "version": NASTY}, "http_version": NASTY, "method": NASTY, "scheme": NASTY,
        "path": BROKEN, "raw_path": OCTETS, "query_string": b"a=1&" + OCTETS, "root_path": "/" + NASTY, "headers": found,
        "client": (NASTY, 7), "server": (NASTY, 8), "state": {NASTY: Foreign("$object", NASTY)}, "extensions": {NASTY: {NASTY: OCTETS}},
        NASTY: NASTY, **scope,
    }  # fmt: skip
    yield ScopeRecord(conn=conn, at=AT, scope=made, name=NASTY, parent=NASTY)
    yield ScopeRecord(conn=conn, at=AT, layer=1, inside=0, name=NASTY, scope=made)
    yield ReceiveRecord(conn=conn, n=1, t_us=5, wait_us=1, message={"type": "http.request", "body": body, NASTY: NASTY})
    yield SendRecord(
        conn=conn,
        n=2,
        t_us=9,
        message={
            "type": "http.response.start",
            "status": status,
            "headers": [*found, (b"set-cookie", b"a=" + FIELD + b"; Path=" + FIELD), (b"location", FIELD)],
        },
    )
    yield SentRecord(conn=conn, n=3, of=2, t_us=9, took_us=10**6, outcome="raised", error=error())
    yield SendRecord(conn=conn, n=4, t_us=10, message={"type": "http.response.body", "body": body, "more_body": True})
    yield SendRecord(conn=conn, n=5, layer=1, t_us=11, message={"type": NASTY, NASTY: OCTETS})
    yield SendRecord(conn=conn, n=6, t_us=11, message={"type": "http.response.pathsend", "path": NASTY})
    yield SendRecord(conn=conn, n=7, t_us=11, message=Foreign("$object", NASTY))
    yield PendingRecord(conn=conn, n=8, of=None, call=None, started_us=12, frames=[FRAME])
    if not open_:
        yield EndRecord(
            conn=conn, n=9, t_us=13, outcome="raised", error=error(), route=NASTY, endpoint=NASTY, scope_changes=[NASTY]
        )


def socket(conn: str) -> Iterator[Record]:
    """A WebSocket on which everybody says nasty things."""
    found = [(b"host", FIELD), (FIELD, FIELD)]
    scope = {"type": "websocket", "path": NASTY, "headers": found, "subprotocols": [NASTY, Redacted(3, NASTY)]}
    yield ScopeRecord(conn=conn, at=AT, scope=scope)
    yield SendRecord(
        conn=conn, n=1, t_us=1, message={"type": "websocket.accept", "subprotocol": NASTY, "headers": found}
    )
    said: list[dict[str, Any]] = [
        {"text": BROKEN},
        {"bytes": OCTETS},
        {"text": Parts((NASTY, Redacted(7, NASTY)))},
        {"text": f'{{"a":{_json(NASTY)}}}'},
    ]
    for n, message in enumerate(said, 2):
        yield ReceiveRecord(conn=conn, n=2 * n, t_us=n, wait_us=1, message={"type": "websocket.receive", **message})
        yield SendRecord(conn=conn, n=2 * n + 1, t_us=n, message={"type": "websocket.send", **message})
    yield SendRecord(conn=conn, n=50, t_us=60, message={"type": "websocket.close", "code": 4000, "reason": NASTY})
    yield EndRecord(conn=conn, n=51, t_us=70, outcome="returned", route=NASTY, endpoint=NASTY)


def lifespan(conn: str) -> Iterator[Record]:
    """A startup that fails, and says why."""
    yield ScopeRecord(conn=conn, at=AT, scope={"type": "lifespan", "state": {NASTY: NASTY}})
    yield ReceiveRecord(conn=conn, n=1, t_us=1, wait_us=1, message={"type": "lifespan.startup"})
    yield SendRecord(conn=conn, n=2, t_us=2, message={"type": "lifespan.startup.failed", "message": NASTY})
    yield EndRecord(conn=conn, n=3, t_us=3, outcome="raised", error=error())


def write(file: Path) -> Path:
    """The trace as a file."""
    file.write_bytes(b"".join(encode_record(record) + b"\n" for record in records()))
    return file
