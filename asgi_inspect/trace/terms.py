"""The terms of filters, in one table: what each takes, what it says, and how it is decided. Filters, their page and their
errors are made from it, so that a term is added here alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from . import predicates
from .predicates import OUTCOMES, Test


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One term."""

    name: str
    takes: str
    says: str
    examples: tuple[str, ...]
    make: Callable[[str, datetime], Test]
    """Reads one value. Raises ValueError where it is none of this term's."""
    headers: bool = False
    """Whether headers must be kept."""
    message_types: bool = False
    """Whether the types of the messages must be kept."""
    of_scope: bool = False
    """Whether the scope alone decides it."""
    passing: bool = False
    """Whether what it says may cease to be true while the connection goes on."""
    words: tuple[str, ...] = ()
    """All values that there are, where they are few."""
    also: tuple[str, ...] = ()
    """What others call it: said where somebody tries such a name."""
    spread: Callable[[list[str]], list[str]] = list
    """Makes values out of what stood between the commas."""


def _each_with_name(values: list[str]) -> list[str]:
    """`accept=a,b` is `accept=a,accept=b`."""
    spread: list[str] = []
    for value in values:
        named = "=" in value or not spread or "=" not in spread[-1]
        spread.append(value if named else f"{spread[-1].partition('=')[0]}={value}")
    return spread


_STATUS: Final = "404, 4xx, 400+, >=400, 400-499"
_DURATION: Final = "a duration such as 200ms, 1.5s or 2min"
_TIME: Final = "10m (ago), 14:30 (today), 2026-11-22, or 2026-11-22T14:30:00Z"
_HEADER: Final = "the name of a header, or NAME=VALUE"

KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        name="type",
        takes="http, websocket (or ws), lifespan",
        says="The type of the scope.",
        examples=("type:websocket",),
        make=predicates.by_type,
        of_scope=True,
        also=("scope", "protocol", "kind"),
    ),
    Kind(
        name="method",
        takes="a method",
        says="The method of the HTTP request.",
        examples=("method:POST,PUT", "-method:GET,HEAD"),
        make=predicates.by_method,
        of_scope=True,
        also=("verb",),
    ),
    Kind(
        name="path",
        takes="a path; * stands for anything, slashes too",
        says="The whole path, decoded, without the query.",
        examples=("path:/api/*", "-path:*.js,*.css"),
        make=predicates.by_path,
        of_scope=True,
        also=("url", "uri"),
    ),
    Kind(
        name="query",
        takes="a part of it; with a * the whole of it",
        says="The query string, as it was sent, or decoded.",
        examples=("query:debug=1", "query:'name=Ada L'"),
        make=predicates.by_query,
        of_scope=True,
        also=("querystring", "search", "param"),
    ),
    Kind(
        name="host",
        takes="a host, with or without its port; * stands for anything",
        says="The Host header, in any case.",
        examples=("host:example.com", "host:*.example.com"),
        make=predicates.by_host,
        of_scope=True,
        headers=True,
        also=("domain", "server", "hostname"),
    ),
    Kind(
        name="route",
        takes="a route; * stands for anything",
        says="The route that the framework chose.",
        examples=("route:/items/{id}",),
        make=predicates.by_route,
        also=("endpoint", "handler"),
    ),
    Kind(
        name="client",
        takes="an address, with or without its port; * stands for anything",
        says="The address of the client.",
        examples=("client:10.0.*",),
        make=predicates.by_client,
        of_scope=True,
        also=("ip", "remote", "address", "peer"),
    ),
    Kind(
        name="status",
        takes=_STATUS,
        says="The status of the response, or of the refusal of a WebSocket.",
        examples=("status:404", "status:5xx", "status:400+"),
        make=predicates.by_status,
        also=("status-code", "http-status"),
    ),
    Kind(
        name="code",
        takes="1006, 4xxx, 4000+, >=4000, 1001-1011",
        says="The code with which the WebSocket was closed.",
        examples=("code:1006",),
        make=predicates.by_code,
        also=("close-code", "close"),
    ),
    Kind(
        name="outcome",
        takes="returned, raised, cancelled, open",
        says="How the application ended; open: it has not.",
        examples=("outcome:raised,cancelled",),
        make=predicates.by_outcome,
        passing=True,
        words=OUTCOMES,
        also=("result", "state", "is"),
    ),
    Kind(
        name="error",
        takes="a type of exceptions, with or without its module; * stands for anything",
        says="The exception that left the application, by its type, a base of it, or those of a group's members.",
        examples=("error:ValueError", "error:OSError", "error:sqlalchemy.*"),
        make=predicates.by_error,
        also=("exception", "exc"),
    ),
    Kind(
        name="message",
        takes="the type of a message; * stands for anything",
        says="A message of this type passed.",
        examples=("message:http.disconnect", "message:websocket.*"),
        make=predicates.by_message,
        message_types=True,
        also=("event", "message-type"),
    ),
    Kind(
        name="header",
        takes=_HEADER,
        says="A header of the request or of the response; of its value a part, or with a * the whole.",
        examples=("header:x-request-id", "header:content-type=json"),
        make=partial(predicates.by_header, sides=("request", "response"), of_messages=True),
        headers=True,
        spread=_each_with_name,
        also=("has-header", "mime-type", "content-type"),
    ),
    Kind(
        name="request-header",
        takes=_HEADER,
        says="The same of the request alone.",
        examples=("request-header:authorization",),
        make=partial(predicates.by_header, sides=("request",), of_messages=False),
        of_scope=True,
        headers=True,
        spread=_each_with_name,
    ),
    Kind(
        name="response-header",
        takes=_HEADER,
        says="The same of the response alone, or of the acceptance of a WebSocket.",
        examples=("response-header:set-cookie=sid",),
        make=partial(predicates.by_header, sides=("response",), of_messages=True),
        headers=True,
        spread=_each_with_name,
        also=("has-response-header",),
    ),
    Kind(
        name="body",
        takes="a text",
        says="A body holds it, across chunks and below gzip, br, zstd and deflate, or a message of a WebSocket.",
        examples=("body:ada@example.com", 'body:"not found"', "body:'\"total\":12'"),
        make=predicates.by_body,
        headers=True,  # content-encoding
        also=("content", "payload", "data"),
    ),
    Kind(
        name="text",
        takes="a text",
        says="It stands anywhere in the records of the connection, as they are; a word alone means this.",
        examples=("text:deadbeef", "deadbeef"),
        make=predicates.by_text,
        also=("word", "grep", "any"),
    ),
    Kind(
        name="larger-than",
        takes="a size such as 500, 10k or 1.5M (a k is 1024)",
        says="What the application received, or what it sent, is larger.",
        examples=("larger-than:10k",),
        make=predicates.by_larger_than,
        also=("size", "bytes", "length"),
    ),
    Kind(
        name="slower-than",
        takes=_DURATION,
        says="The application ran for longer.",
        examples=("slower-than:200ms",),
        make=predicates.by_slower_than,
        also=("duration", "time", "took", "elapsed", "latency"),
    ),
    Kind(
        name="ttfb",
        takes=_DURATION,
        says="From its call to the begin of its response the application took at least so long.",
        examples=("ttfb:200ms", "ttfb:<50ms"),
        make=predicates.by_ttfb,
        also=("wait", "answered"),
    ),
    Kind(
        name="since",
        takes=_TIME,
        says="The application was called then, or later.",
        examples=("since:10m", "since:14:30"),
        make=predicates.by_since,
        also=("after", "from", "start"),
    ),
    Kind(
        name="until",
        takes=_TIME,
        says="The application was called then, or before.",
        examples=("until:1h", "until:2026-11-22"),
        make=predicates.by_until,
        also=("before", "to"),
    ),
    Kind(
        name="conn",
        takes="17, #17 or 4711#17 as on the screen, an id, or the end of one",
        says="The connection with this id.",
        examples=("conn:17", "conn:4711#17"),
        make=predicates.by_conn,
        also=("connection", "id"),
    ),
    Kind(
        name="proc",
        takes="a process id, or a proc of the trace or its first characters, four at least",
        says="The process in which the connection ran: one worker of several.",
        examples=("proc:4711",),
        make=predicates.by_proc,
        also=("pid", "process", "worker"),
    ),
)

BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}

SYNONYMS: Final[Mapping[str, str]] = {other: kind.name for kind in KINDS for other in kind.also}
