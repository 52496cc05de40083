"""The columns that lists of connections are made of, by name: the facts, and a few that are put together from them.

A value becomes text: nothing for what is not known, `true` and `false`, numbers as digits, several values with commas
between them. What would break a line or a column is for the list to escape.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from ..errors import UsageError
from ..text import safe
from .connection import proc_of
from .facts import Facts, Side
from .seen import Asked

_MOST_BITS: Final = 256  # of an integer; more digits are no fact about a connection
_IN_PATH: Final = "/:@!$&'()*+,;=~"
_PREFIXES: Final[dict[str, tuple[Side, ...]]] = {
    "header:": ("request", "response"),
    "request-header:": ("request",),
    "response-header:": ("response",),
}


class Column(NamedTuple):
    """A column: its name, the text that it holds for a connection, and what must have been kept of that one."""

    name: str
    text_of: Callable[[Facts], str]
    headers: bool = False
    message_types: bool = False


def columns_of(names: str | Sequence[str]) -> list[Column]:
    """The columns of these names, with commas between them where they are one text.

    Raises UsageError for a name that no column has.
    """
    words = names.split(",") if isinstance(names, str) else names
    return [_column(word.strip()) for word in words]


def wanted_by(columns: Iterable[Column]) -> Asked:
    """What must be kept of connections for these columns."""
    return Asked(
        headers=any(column.headers for column in columns), message_types=any(column.message_types for column in columns)
    )


def _column(name: str) -> Column:
    for prefix, sides in _PREFIXES.items():
        wanted = name[len(prefix) :].strip().lower()
        if name.lower().startswith(prefix) and wanted:
            return Column(name, partial(_headers, sides, wanted), headers=True)
    key = name.lower().replace("-", "_")
    known = KNOWN.get(key)
    if known is None:
        raise _unknown(name)
    value = known.value
    return Column(key, lambda facts: text_of(value(facts)), key in _OF_HEADERS, key == "message_types")


def _unknown(name: str) -> UsageError:
    near = difflib.get_close_matches(name.lower().replace("-", "_"), [*KNOWN, *_PREFIXES], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}{'NAME' if near[0].endswith(':') else ''}?" if near else "--fields help lists all."
    return UsageError(f'there is no field "{safe(name)}"; {hint}')


def text_of(value: Any) -> str:
    """A value as text; of any type."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value) if value.bit_length() <= _MOST_BITS else hex(value)
    if isinstance(value, set | frozenset):
        return ",".join(sorted(map(text_of, value)))
    return ",".join(map(text_of, value)) if isinstance(value, list | tuple) else str(value)


def _headers(sides: Sequence[Side], wanted: str, facts: Facts) -> str:
    return ", ".join(value for side in sides for name, value in facts.headers(side) if name.lower() == wanted)


def _time(facts: Facts) -> str:
    try:
        at = datetime.fromisoformat(facts.at or "")
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return at.astimezone().isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return facts.at or ""


def _short(facts: Facts) -> str:
    return facts.conn if facts.pid is None else f"{facts.pid}#{facts.conn.rpartition('.')[2]}"


def _url(facts: Facts) -> str:
    if facts.type not in ("http", "websocket"):
        return ""
    scheme = facts.scheme or ("ws" if facts.type == "websocket" else "http")
    path = quote(facts.path or "", safe=_IN_PATH, errors="backslashreplace")
    return f"{scheme}://{facts.host or ''}{path}" + (f"?{facts.query}" if facts.query else "")


@dataclass(frozen=True)
class Known:
    """What a name stands for: in words, and as a value."""

    says: str
    value: Callable[[Facts], Any]


def _fact(name: str, says: str) -> tuple[str, Known]:
    return name, Known(says, lambda facts: getattr(facts, name))


KNOWN: Final[dict[str, Known]] = dict(
    [
        ("time", Known("when it began, in local time, with the offset of its zone", _time)),
        _fact("at", "when it began, as the trace has it: UTC"),
        _fact("sample", "the share of such connections that was recorded, where not all were"),
        ("id", Known("its short name, as --conn takes it", _short)),
        _fact("conn", "its id"),
        ("proc", Known("the id of its process", lambda facts: proc_of(facts.conn))),
        _fact("pid", "the number of its process"),
        _fact("type", "http, websocket, lifespan, or another"),
        _fact("method", "the method of the request"),
        ("url", Known("scheme, Host, path and query", _url)),
        _fact("path", "the path, decoded"),
        _fact("query", "the query string, as it was sent"),
        _fact("http_version", "1.0, 1.1, 2 or 3"),
        _fact("scheme", "http, https, ws or wss"),
        _fact("client", "the client's address"),
        _fact("host", "the Host header"),
        _fact("status", "the status of the response"),
        _fact("content_type", "the Content-Type of the response"),
        _fact("outcome", "returned, raised, cancelled, or open"),
        (
            "error",
            Known("the type of the exception that left it", lambda facts: next(iter(facts.error_types), "")),
        ),
        _fact("error_types", "that type, its bases, and those of a group's members"),
        _fact("route", "the route, where the framework tells it"),
        _fact("endpoint", "the function that the route leads to"),
        _fact("answered_us", "microseconds until the response began, or the WebSocket was accepted"),
        _fact("duration_us", "microseconds until the application ended"),
        _fact("last_us", "microseconds until the last that is known of it"),
        _fact("request_bytes", "bytes that the application received"),
        _fact("response_bytes", "bytes that it sent"),
        _fact("received", "messages that it received"),
        _fact("sent", "messages that it sent"),
        _fact("complete", "whether the response was sent whole"),
        _fact("disconnected", "whether the client left before that"),
        _fact("accepted", "whether the WebSocket was accepted"),
        _fact("close_code", "the code with which the WebSocket was closed"),
        _fact("close_reason", "the reason that was given for it"),
        _fact("closed_by", "application or client"),
        _fact("message_types", "the types of all of its messages"),
    ]
)
HEADERS_SAY: Final = "that header of the request or response; also request-header:NAME, response-header:NAME"
_OF_HEADERS: Final = frozenset({"url", "host", "content_type"})
