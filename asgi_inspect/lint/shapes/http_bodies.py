"""The fields of messages with a body: `http.request`, `http.response.body`, and the body of a response that refuses a WebSocket.

What a body holds is never said, only its type and size.
"""

from typing import Final

from ..kinds import no_bool, no_bytes
from ..shape import Row

_BODIES: Final = ("send http.response.body", "send websocket.http.response.body")
_BOTH: Final = frozenset({"http", "websocket"})

ROWS: Final = (
    Row(
        "H301",
        "body-type",
        "error",
        "application",
        "www.response-body",
        on=_BODIES,
        field="body",
        bad=no_bytes,
        by_type=True,
        says="`body` of `{type}` is {kind}, not bytes.",
        what="The `body` of a response is no bytes. One that is left out is empty; None is not.",
        why="granian sends an empty body in place of a str or None, and says nothing. All other servers raise for a str, behind a "
        "head that says 200; for None hypercorn, daphne and gunicorn raise, while uvicorn takes it for an empty body.",
        fix="Encode the body to bytes, or leave `body` out where there is none.",
        breaks=(
            '{"type": "http.response.body", "body": "hi"}',
            '{"type": "http.response.body", "body": None}',
        ),
        holds=(
            '{"type": "http.response.body", "body": b"hi"}',
            '{"type": "http.response.body"}',
        ),
        scopes=_BOTH,
    ),
    Row(
        "H302",
        "more-body-type",
        "error",
        "application",
        "www.response-body",
        on=_BODIES,
        field="more_body",
        bad=no_bool,
        by_type=True,
        says="`more_body` of `{type}` is {value}, not a bool.",
        what="The flag `more_body` of a response's body is no bool.",
        why="granian takes all but `True` itself for False: with `1` it completes the response, and refuses the rest of it. All "
        "others take `'false'` for true, and wait for more.",
        fix="Give `more_body` a bool, or leave it out where this is all.",
        breaks=(
            """async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": 1})
    await send({"type": "http.response.body", "body": b"b"})
""",
            '{"type": "http.response.body", "body": b"hi", "more_body": None}',
        ),
        holds=(
            '{"type": "http.response.body", "body": b"hi", "more_body": False}',
            '{"type": "http.response.body", "body": b"hi"}',
        ),
        scopes=_BOTH,
    ),
    Row(
        "H402",
        "request-body-type",
        "error",
        "server",
        "www.request",
        on=("receive http.request",),
        field="body",
        bad=no_bytes,
        by_type=True,
        says="`body` of `{type}` is {kind}, not bytes.",
        what="The `body` of a request, as the application receives it, is no bytes. One that is left out is empty; None is not.",
        why="Frameworks join the pieces of a body with `b''.join`, or add them to bytes: they raise `TypeError`.",
        fix="Give the application bytes, or leave `body` out where there is none.",
        breaks=('{"type": "http.request", "body": "abc"}', '{"type": "http.request", "body": None}'),
        holds=('{"type": "http.request"}', '{"type": "http.request", "body": b""}'),
    ),
    Row(
        "H403",
        "request-more-body-type",
        "error",
        "server",
        "www.request",
        on=("receive http.request",),
        field="more_body",
        bad=no_bool,
        by_type=True,
        says="`more_body` of `{type}` is {value}, not a bool.",
        what="The flag `more_body` of a request's body, as the application receives it, is no bool.",
        why="Applications that compare it with `True` or `False` read too little, or wait for ever.",
        fix="Give `more_body` a bool, or leave it out where this is all.",
        breaks=('{"type": "http.request", "body": b"", "more_body": 0}',),
        holds=('{"type": "http.request", "body": b"", "more_body": False}', '{"type": "http.request", "body": b"abc"}'),
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
