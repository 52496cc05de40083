"""The fields of `http.response.start`, and of the start of a response that refuses a WebSocket."""

from typing import Any, Final

from ..kinds import is_int, no_bool, no_int
from ..shape import MISSING, Row
from .headers import no_headers

_STARTS: Final = ("send http.response.start", "send websocket.http.response.start")
_BOTH: Final = frozenset({"http", "websocket"})


def _is_out_of_range(value: Any) -> bool:
    return is_int(value) and not 100 <= value <= 999


def _is_informational(value: Any) -> bool:
    return is_int(value) and 100 <= value < 200


def _is_above_all_classes(value: Any) -> bool:
    return is_int(value) and 600 <= value <= 999


ROWS: Final = (
    Row(
        "H201",
        "status-missing",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        field="status",
        missing=True,
        bad=lambda value: value is MISSING,
        says="`{type}` has no `status`.",
        what="A response is started without a `status`.",
        why="uvicorn raises `KeyError`, and then refuses a corrected start too; daphne sends a 200.",
        fix="Give the start an int `status`.",
        breaks=('{"type": "http.response.start", "headers": []}',),
        holds=('{"type": "http.response.start", "status": 200, "headers": [], "reason": "fine"}',),
        scopes=_BOTH,
    ),
    Row(
        "H202",
        "status-type",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        field="status",
        bad=no_int,
        by_type=True,
        says="`status` is {value}, not an int.",
        what="The `status` of a response is no int. `http.HTTPStatus.OK` is one, a bool is not.",
        why="hypercorn takes `'200'` for 200, daphne and gunicorn write what they get: `HTTP/1.1 True`.",
        fix="Give `status` an int.",
        breaks=('{"type": "http.response.start", "status": "200", "headers": []}',),
        holds=('{"type": "http.response.start", "status": 200, "headers": []}',),
        scopes=_BOTH,
    ),
    Row(
        "H203",
        "status-out-of-range",
        "error",
        "application",
        "rfc9110.status",
        on=_STARTS,
        field="status",
        bad=_is_out_of_range,
        says="`status` is {value}, which is no status of three digits.",
        what="The `status` of a response is below 100 or above 999.",
        why="granian's worker dies of it, and with one worker the server exits; others write it as it is.",
        fix="Answer with a status from 200 to 599.",
        breaks=('{"type": "http.response.start", "status": 99, "headers": []}',),
        holds=('{"type": "http.response.start", "status": 599, "headers": []}',),
        scopes=_BOTH,
    ),
    Row(
        "H204",
        "status-informational",
        "error",
        "application",
        "rfc9110.informational",
        on=_STARTS,
        field="status",
        bad=_is_informational,
        says="`status` is {value}: a response is started with what can only come before one.",
        what="A response is started with a status of 100 to 199. Those announce a response, and are none.",
        why="uvicorn on h11 raises; on httptools, and with daphne, the client gets an interim response with a body, and takes "
        "that for the beginning of the real one; granian answers 500 instead.",
        fix="Start the response with its final status; send hints for it as `http.response.early_hint` where that is offered.",
        breaks=('{"type": "http.response.start", "status": 103, "headers": []}',),
        holds=(
            '{"type": "http.response.start", "status": 200, "headers": []}',
            """scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
""",
        ),
        scopes=_BOTH,
    ),
    Row(
        "H205",
        "status-nonstandard",
        "warning",
        "application",
        "rfc9110.status",
        on=_STARTS,
        field="status",
        bad=_is_above_all_classes,
        says="`status` is {value}, which belongs to none of the five classes of status.",
        what="The `status` of a response is from 600 to 999. One that is merely not registered, like 299 or 520, is legal.",
        why="uvicorn raises with each of its HTTP parsers; other servers send it, and clients treat it as a 5xx, if at all.",
        fix="Answer with a status from 200 to 599.",
        breaks=('{"type": "http.response.start", "status": 600, "headers": []}',),
        holds=(
            '{"type": "http.response.start", "status": 299, "headers": []}',
            '{"type": "http.response.start", "status": 520, "headers": []}',
        ),
        scopes=_BOTH,
    ),
    Row(
        "H206",
        "headers-type",
        "error",
        "application",
        "www.response-start",
        on=_STARTS,
        field="headers",
        bad=no_headers,
        says="`headers` of `{type}` is {value}, not an iterable of pairs.",
        what="The `headers` of a response are no iterable of pairs of name and value: None, a dict, a text.",
        why="A dict is iterated over by its keys, so that servers raise, or take a name of two letters for a pair. Headers that "
        "are left out are legal; None is not the same.",
        fix="Give `headers` a list of pairs, like `[(b'content-type', b'text/plain')]`, or leave it out.",
        breaks=(
            '{"type": "http.response.start", "status": 200, "headers": {b"x-a": b"1"}}',
            '{"type": "http.response.start", "status": 200, "headers": None}',
        ),
        holds=(
            '{"type": "http.response.start", "status": 200}',
            '{"type": "http.response.start", "status": 200, "headers": ((b"x-a", b"1"),)}',
            '{"type": "http.response.start", "status": 200, "headers": {b"x-a": b"1"}.items()}',
        ),
        scopes=_BOTH,
    ),
    Row(
        "H222",
        "headers-key-missing",
        "info",
        "application",
        "www.response-start",
        on=_STARTS,
        field="headers",
        missing=True,
        bad=lambda value: value is MISSING,
        says="`{type}` has no `headers`, which granian refuses.",
        what="A response is started without the key `headers`. That is legal: they are optional.",
        why="granian raises `Unsupported ASGI message` for such a start, all other servers take it.",
        fix="Give the start `headers`, an empty list if there are none.",
        breaks=('{"type": "http.response.start", "status": 200}',),
        holds=('{"type": "http.response.start", "status": 200, "headers": []}',),
        scopes=_BOTH,
        default=False,
    ),
    Row(
        "H223",
        "trailers-flag-type",
        "error",
        "application",
        "www.response-start",
        on=("send http.response.start",),
        field="trailers",
        bad=no_bool,
        says="`trailers` of `{type}` is {value}, not a bool.",
        what="The flag `trailers`, which promises trailers behind the body, is no bool.",
        why="A server that asks for `True` itself sees no promise, one that asks for truth waits for trailers: the response never "
        "ends.",
        fix="Give `trailers` a bool, or leave it out.",
        breaks=('{"type": "http.response.start", "status": 200, "headers": [], "trailers": 0}',),
        holds=(
            '{"type": "http.response.start", "status": 200, "headers": [], "trailers": False}',
            '{"type": "http.response.start", "status": 200, "headers": []}',
        ),
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
