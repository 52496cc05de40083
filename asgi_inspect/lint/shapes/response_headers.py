"""The headers of a response, also of one that refuses a WebSocket: what is wrong with one of them alone."""

from typing import Any, Final

from .headers import (
    HeaderRow,
    has_space_around,
    is_no_token,
    is_pseudo,
    wrong_type,
)

_STARTS: Final = ("send http.response.start", "send websocket.http.response.start")
_BOTH: Final = frozenset({"http", "websocket"})


def _start(*headers: str) -> str:
    """An example: a response with these headers."""
    return f'{{"type": "http.response.start", "status": 200, "headers": [{", ".join(headers)}]}}'


def _is_no_length(name: Any, value: Any) -> bool:
    return isinstance(value, bytes) and not value.strip(b" \t").isdigit()


ROWS: Final = (
    HeaderRow(
        "H208",
        "header-name-type",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        bad=lambda name, value: wrong_type(name),
        says="`headers` of `{type}` has the name {name}, {name_kind} where bytes belong.",
        what="The name of a header of the response is no bytes; mostly it is a str.",
        why="uvicorn on h11 and gunicorn take a str silently. All other servers raise, and the client gets a 500 from them.",
        fix="Give name and value as bytes, the name in lower case: `(b'content-type', b'text/plain')`.",
        breaks=(_start('("x-a", b"1")'),),
        holds=(_start('(b"x-a", b"1")'), _start('[b"x-a", b"1"]')),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H209",
        "header-value-type",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        bad=lambda name, value: wrong_type(value) and not wrong_type(name),
        says="`headers` of `{type}` has a value for {name} that is {kind}, where bytes belong.",
        what="The value of a header of the response is no bytes; mostly it is a str, or a number.",
        why="uvicorn on h11 and gunicorn take a str silently. All other servers raise, and the client gets a 500 from them.",
        fix="Encode the value to bytes: `b'5'`, `str(size).encode()`.",
        breaks=(_start('(b"x-a", "1")'), _start('(b"content-length", 0)')),
        holds=(_start('(b"x-a", b"1")'), _start('(b"x-a", b"")'), _start('(b"x-a", "\\xe9".encode("latin-1"))')),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H211",
        "header-name-invalid",
        "error",
        "application",
        "rfc9110.names",
        on=_STARTS,
        bad=lambda name, value: is_no_token(name),
        says="`headers` of `{type}` has the name {name}, which is empty or has characters that no name may have.",
        what="The name of a header of the response is empty, or has a character that is not allowed in one: a space, a colon, "
        "a bracket, a byte above 0x7f.",
        why="uvicorn on httptools writes a line `: 1` for an empty name; other servers raise. Clients and proxies refuse such "
        "a response, or take it for another one.",
        fix="Use letters, digits and hyphens.",
        breaks=(_start('(b"x a", b"1")'), _start('(b"", b"1")')),
        holds=(_start('(b"x_a", b"1")', '(b"x-1!#$%&\'*+.^`|~", b"1")'),),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H213",
        "header-value-whitespace",
        "warning",
        "application",
        "rfc9110.values",
        on=_STARTS,
        bad=lambda name, value: has_space_around(value),
        says="`headers` of `{type}` has a value for {name} that begins or ends with a space or a tab.",
        what="The value of a header of the response begins or ends with a space or a tab.",
        why="uvicorn on h11 raises, and the connection is lost; hypercorn strips the value, other servers send it as it is.",
        fix="Strip the value.",
        breaks=(_start('(b"x-a", b" 1")'), _start('(b"x-a", b"1\\t")')),
        holds=(_start('(b"x-a", b"1 2\\t3")'), _start('(b"x-a", b"")')),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H214",
        "pseudo-header",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        bad=lambda name, value: is_pseudo(name),
        says="`headers` of `{type}` has the pseudo header {name}.",
        what="The headers of a response have a pseudo header of HTTP/2, like `:status`.",
        why="hypercorn raises; over HTTP/1.1 other servers write a line that begins with a colon.",
        fix="Give the status as `status`, and leave pseudo headers to the server.",
        breaks=(_start('(b":status", b"200")'),),
        holds=(_start('(b"x-a", b":status")'),),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H218",
        "content-length-malformed",
        "error",
        "application",
        "rfc9110.content-length",
        on=_STARTS,
        names=frozenset({b"content-length"}),
        bad=_is_no_length,
        says="`content-length` of `{type}` is {value}, which is no number.",
        what="The `content-length` of a response is not made of digits alone.",
        why="daphne, granian and gunicorn put it on the wire, where client and proxy may differ on where the response ends; "
        "others raise.",
        fix="Give the number of bytes of the body, in digits, or leave the header out.",
        breaks=(_start('(b"content-length", b"abc")'), _start('(b"content-length", b"-1")')),
        holds=(_start('(b"content-length", b"0")'),),
        scopes=_BOTH,
    ),
    HeaderRow(
        "H228",
        "status-header",
        "info",
        "application",
        "www.response-start",
        on=_STARTS,
        names=frozenset({b"status"}),
        bad=lambda name, value: True,
        says="`headers` of `{type}` has a header {name}, which is no status to anybody.",
        what="A response has a header called `status`, as CGI has it.",
        why="It is sent like any other header; the status of the response is another one.",
        fix="Give the status as `status` of `http.response.start`.",
        breaks=(_start('(b"status", b"200 OK")'),),
        holds=(_start('(b"x-status", b"200 OK")'),),
        scopes=_BOTH,
        default=False,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
