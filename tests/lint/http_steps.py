"""Connections of HTTP by hand, in few words, and what is told of them."""

from typing import Any

from asgi_inspect.lint.choice import Choice
from asgi_inspect.testing import http_scope
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    Outcome,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from tests.lint.telling import AT, findings_of

Step = Any
DISCONNECT = {"type": "http.disconnect"}
BODY_KIND = "http.response.body"
OFFERED: dict[str, Any] = {"http.response.push": {}, "http.response.pathsend": {}, "http.response.zerocopysend": {}}
HEAD: dict[str, Any] = {"method": "HEAD"}
SILENT: dict[str, Any] = {"asgi": {"version": "3.0", "spec_version": "2.3"}}


def request(body: Any = b"", more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def start(status: Any = 200, *headers: Any, **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(content: Any = b"", more: Any = False) -> dict[str, Any]:
    return {"type": BODY_KIND, "body": content, "more_body": more}


def length(size: int) -> list[bytes]:
    return [b"content-length", b"%d" % size]


class Raised:
    """The send before this one raised."""

    def __init__(self, kind: str, *bases: str) -> None:
        self.error = ErrorInfo(type=kind, bases=[*bases, "Exception", "BaseException"])


REFUSED = Raised("ClientDisconnect", "OSError")
FAILED = Raised("RuntimeError")
CANCELLED = Raised("CancelledError")


def records_of(
    steps: list[Step], scope: dict[str, Any], outcome: Outcome | None = "returned", error: ErrorInfo | None = None
) -> list[Record]:
    """The records: a message that only a server gives is received, any other is sent; a pair says how long it waited."""
    records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=scope)]
    n = sent = 0
    for n, step in enumerate(steps, 1):
        message, wait_us = step if isinstance(step, tuple) else (step, 10)
        if isinstance(message, Raised):
            how: Outcome = "cancelled" if message is CANCELLED else "raised"
            shown = None if message is CANCELLED else message.error
            records.append(SentRecord(conn="p.1", n=n, of=sent, t_us=n * 1000, took_us=10, outcome=how, error=shown))
        elif isinstance(message, dict) and message.get("type") in (
            "http.request",
            "http.disconnect",
            "websocket.connect",
        ):
            records.append(ReceiveRecord(conn="p.1", n=n, t_us=n * 1000, wait_us=wait_us, message=message))
        else:
            sent = n
            records.append(SendRecord(conn="p.1", n=n, t_us=n * 1000, message=message))
    if outcome is not None:
        records.append(EndRecord(conn="p.1", n=n + 1, t_us=(n + 1) * 1000, outcome=outcome, error=error))
    return records


def told(
    steps: list[Step], *more: str, outcome: Outcome | None = "returned", error: Any = None, **scope: Any
) -> list[str]:
    """What is told of a connection: codes and severities, in the order of the messages."""
    info = (
        None if error is None else error if isinstance(error, ErrorInfo) else ErrorInfo(type=error, bases=["Exception"])
    )
    choice = Choice(select=("default", *more))
    found = findings_of(records_of(steps, http_scope(**scope), outcome, info), choice)
    return [f"{finding.code} {finding.severity}" for finding in found]


RESPONSE = [start(), body(b"hi")]
