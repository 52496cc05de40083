"""The fields of `websocket.close` and `websocket.disconnect`.

Nothing is said of what a close holds behind a disconnect: it goes nowhere.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ..event import Event
from ..kinds import is_int, no_int, no_str_or_none
from ..rule import Found, Rule
from ..shape import Row
from ..talks import WebSocketTalk

_CLOSE: Final = ("send websocket.close",)
_DISCONNECT: Final = ("receive websocket.disconnect",)
# RFC 6455, 7.4.1: what an endpoint reports, and never sends.
_NEVER_SENT: Final = frozenset({1004, 1005, 1006, 1015})
_MOST_REASON: Final = 123  # bytes; a control frame has 125, the code takes two


def _is_forbidden(value: Any) -> bool:
    return is_int(value) and (not 1000 <= value <= 4999 or value in _NEVER_SENT)


def _is_unassigned(value: Any) -> bool:
    return is_int(value) and 1016 <= value <= 2999


def _is_too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > _MOST_REASON


ROWS: Final = (
    Row(
        "W401",
        "close-code-type",
        "error",
        "application",
        "www.websocket-close",
        on=_CLOSE,
        field="code",
        bad=no_int,
        says="`code` of `websocket.close` is {value}, not an int.",
        what="The `code` with which a WebSocket is closed is no int. None is none; without the key it is 1000.",
        why="Some servers raise, some close without a code; uvicorn gives the bad value back in `websocket.disconnect`.",
        fix="Give `code` an int such as 1000, or leave it out.",
        breaks=('{"type": "websocket.close", "code": "1000"}', '{"type": "websocket.close", "code": None}'),
        holds=('{"type": "websocket.close"}', '{"type": "websocket.close", "code": 1000}'),
    ),
    Row(
        "W402",
        "close-code-forbidden",
        "error",
        "application",
        "rfc6455.codes",
        on=_CLOSE,
        field="code",
        bad=_is_forbidden,
        says="`code` of `websocket.close` is {value}, which no endpoint may send.",
        what="A WebSocket is closed with a code that must not stand in a close frame: 1004, 1005, 1006, 1015, or outside 1000 to 4999.",
        why="uvicorn with websockets raises, and the client sees a connection that breaks off; granian and gunicorn send the "
        "illegal frame; uvicorn with wsproto and hypercorn send 1000 in its place.",
        fix="Close with 1000, 1001, 1008, 1011, or a code of your own from 4000 to 4999.",
        breaks=('{"type": "websocket.close", "code": 1006}', '{"type": "websocket.close", "code": 99}'),
        holds=('{"type": "websocket.close", "code": 4999}',),
    ),
    Row(
        "W403",
        "close-code-unassigned",
        "warning",
        "application",
        "rfc6455.codes",
        on=_CLOSE,
        field="code",
        bad=_is_unassigned,
        says="`code` of `websocket.close` is {value}, which is kept for later versions of the protocol.",
        what="A WebSocket is closed with a code from 1016 to 2999, none of which is assigned.",
        why="uvicorn with websockets refuses it; other servers send it, and no client knows what it says.",
        fix="Close with a code of your own from 4000 to 4999.",
        breaks=(
            """scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 2999})
""",
        ),
        holds=('{"type": "websocket.close", "code": 3000}',),
    ),
    Row(
        "W405",
        "close-reason-type",
        "error",
        "application",
        "www.websocket-close",
        on=_CLOSE,
        field="reason",
        bad=no_str_or_none,
        by_type=True,
        says="`reason` of `websocket.close` is {kind}, neither a str nor None.",
        what="The `reason` with which a WebSocket is closed is neither a str nor None.",
        why="Servers encode it as text, and raise out of `send`: the WebSocket stays open.",
        fix="Give `reason` a str, or leave it out.",
        breaks=('{"type": "websocket.close", "code": 1000, "reason": b"bye"}',),
        holds=('{"type": "websocket.close", "code": 1000, "reason": None}',),
        since="2.3",
    ),
    Row(
        "W406",
        "close-reason-too-long",
        "error",
        "application",
        "rfc6455.control",
        on=_CLOSE,
        field="reason",
        bad=_is_too_long,
        says="`reason` of `websocket.close` has more than 123 bytes in UTF-8, which is all that a close frame holds.",
        what="The `reason` with which a WebSocket is closed does not fit into a close frame: 123 bytes of UTF-8.",
        why="uvicorn with websockets raises; wsproto and hypercorn cut it, gunicorn in the middle of a character; granian sends "
        "a frame that is not legal.",
        fix="Say it in at most 123 bytes, and send what is longer as a message before.",
        breaks=('{"type": "websocket.close", "code": 1000, "reason": "é" * 100}',),
        holds=('{"type": "websocket.close", "code": 1000, "reason": "e" * 123}',),
        since="2.3",
    ),
    Row(
        "W411",
        "disconnect-reason-type",
        "error",
        "server",
        "www.websocket-disconnect",
        on=_DISCONNECT,
        field="reason",
        bad=no_str_or_none,
        by_type=True,
        says="`reason` of `websocket.disconnect` is {kind}, neither a str nor None.",
        what="The `reason` that the client has given is neither a str nor None.",
        why="Applications log or compare it as text.",
        fix="Give `reason` a str or None, or leave it out.",
        breaks=('{"type": "websocket.disconnect", "code": 1000, "reason": b""}',),
        holds=('{"type": "websocket.disconnect", "code": 1000, "reason": None}',),
        since="2.5",
    ),
)


def _while_there(rule: Rule) -> Rule:
    """The rule, silent where the client has left."""
    check: Callable[[WebSocketTalk, Event], Found | None] = rule.check

    def quiet(talk: WebSocketTalk, event: Event) -> Found | None:
        return None if event.direction == "send" and talk.aborted else check(talk, event)

    return replace(rule, check=quiet)


RULES: Final = tuple(_while_there(row.rule()) for row in ROWS)
