"""The first and the last line of a connection: what was asked, and how it went."""

from http import HTTPStatus
from typing import Any, Final

from ..trace.connection import Connection
from ..trace.records import EndRecord, ScopeRecord
from ..views.layout import integer_text
from ..views.spans import Line, Own, size_text
from .errors import short_type, summary
from .fields import MOST_TEXT, data, short_value
from .units import clock, duration

_BLANKS: Final = ("  ", "")
_HIGHEST_STATUS: Final = 9999
_LONGEST_CODE: Final = 20
NORMAL_CLOSES: Final = (1000, 1001, 1005)  # done, going away, none given; codes of applications may mean anything


def head(connection: Connection, record: ScopeRecord, *, utc: bool, parent: str | None) -> Line:
    """Time, what was asked, HTTP version, client."""
    return [
        (clock(record.at, utc=utc), "time"),
        _BLANKS,
        *title(connection),
        *_circumstances(connection, record, parent),
    ]


def title(connection: Connection) -> Line:
    """`GET /items?q=1`, `WebSocket /chat`, `lifespan`, or the type of a scope that nobody has heard of."""
    kind = connection.type if connection.scope is not None else ""
    if kind == "http":
        return [*data(connection.method or "(no method)", "method", 100), (" ", ""), *_target(connection)]
    if kind == "websocket":
        return [("WebSocket", "method"), (" ", ""), *_target(connection)]
    return data(kind or "(no scope)", "method", 100)


def _target(connection: Connection) -> Line:
    line = data(connection.path or "", "path")
    return [*line, ("?", "quiet"), *data(connection.query, "query")] if connection.query else line


def _circumstances(connection: Connection, record: ScopeRecord, parent: str | None) -> Line:
    said = []
    if connection.http_version:
        said.append(f"HTTP/{connection.http_version}")
    if connection.client:
        said.append(connection.client)
    if parent is not None:
        said.append(f"called by {parent}")
    if record.sample is not None:
        said.append(f"sampled at {record.sample:g}")
    return [span for text in said for span in (_BLANKS, (text[:MOST_TEXT], "quiet"))]


def status_line(status: Any) -> Line:
    """`404 Not Found` in the colour of its class; what is no status, as a warning."""
    if type(status) is not int or not 0 <= status <= _HIGHEST_STATUS:
        return [(text, "warning") for text, _ in short_value(status, 60) or [("?", "")]]
    try:
        phrase = " " + HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return [(f"{status}{phrase}", status_style(status))]


def status_style(status: int) -> str:
    """The style of a status class; of what is no status, a warning."""
    return f"status.{status // 100}" if 100 <= status <= 599 else "warning"


def ending(connection: Connection, record: EndRecord, *, message: bool) -> Line:
    """How the connection went, on one line: status, bytes, duration, or what stopped it.

    message: with the message of the exception, where no traceback stands above.
    """
    parts: list[Line] = [*_verdict(connection, record, message), *_sizes(connection)]
    parts.append([(duration(record.t_us), "quiet")])
    if record.route is not None:
        parts.append(data(record.route, "quiet", 200))
    if record.endpoint is not None:
        parts.append(data(record.endpoint, "quiet", 200))
    if connection.lost:
        parts.append([(f"{connection.lost} records lost", "warning")])
    return joined(parts)


def cut_off(connection: Connection) -> Line:
    """The last line of a connection whose process ended before it: what it was, and how far it came."""
    parts: list[Line] = [[("cut off", "warning")], title(connection)]
    if connection.status is not None:
        parts.append(status_line(connection.status))
    return joined([*parts, *_sizes(connection)])


def _sizes(connection: Connection) -> list[Line]:
    if connection.type not in ("http", "websocket"):
        return []
    sizes = (f"{size_text(connection.request_bytes)} in", f"{size_text(connection.response_bytes)} out")
    return [[(text, "quiet")] for text in sizes]


def joined(parts: list[Line]) -> Line:
    """The parts with a dot between them."""
    line: Line = []
    for part in parts:
        line += [(Own(" · "), "quiet"), *part] if line else part
    return line


def inner_ending(record: EndRecord) -> Line:
    """How the call of an inner layer ended; what came of it stands at the connection's end."""
    if record.error is None:
        return [(record.outcome, "quiet")]
    return [("raised ", "error"), *summary(record.error)]


def _verdict(connection: Connection, record: EndRecord, message: bool) -> list[Line]:
    """What to say first: the exception or the cancellation, then the status or the close code, then what is missing."""
    said: list[Line] = []
    if record.outcome == "raised":
        said.append(_raised(connection, record, message))
    elif record.outcome == "cancelled":
        said.append([("cancelled", "warning")])
    if connection.disconnected:
        said.append([("the client left", "warning")])
    if connection.status is not None:
        said.append(status_line(connection.status))
    if connection.type == "websocket":
        said.append(_closing(connection))
    elif (
        connection.type == "http"
        and not connection.complete
        and record.outcome == "returned"
        and not connection.disconnected
    ):
        missing = "without a response" if connection.answered_us is None else "before the response was complete"
        said.append([(f"returned {missing}", "error")])
    return said or [[(record.outcome, "quiet")]]


def _raised(connection: Connection, record: EndRecord, message: bool) -> Line:
    if is_unsupported_lifespan(connection, record):
        words = summary(record.error) if record.error is not None else []
        return [("no lifespan: ", "quiet"), *((text, "quiet") for text, _ in words)]
    if record.error is None:
        return [("raised", "error")]
    return [("raised ", "error"), *(summary(record.error) if message else [(short_type(record.error), "error")])]


def is_unsupported_lifespan(connection: Connection, record: EndRecord) -> bool:
    """An application that raises at once on a lifespan scope says in the legal way that it has no lifespan."""
    return (
        connection.type == "lifespan" and record.outcome == "raised" and not connection.received and not connection.sent
    )


def _closing(connection: Connection) -> Line:
    if connection.closed_by is None:
        return [("not closed", "warning")]
    code = "" if connection.close_code is None else f" {integer_text(connection.close_code)[:_LONGEST_CODE]}"
    if not connection.accepted and connection.closed_by == "application":
        line: Line = [(f"refused{code}", "warning")]
    else:
        style = "good" if connection.close_code in NORMAL_CLOSES else "warning"
        line = [(f"closed{code}", style), (f" by the {connection.closed_by}", "quiet")]
    if connection.close_reason:
        line += [(": ", "quiet"), *data(connection.close_reason, "quiet", 200)]
    return line
