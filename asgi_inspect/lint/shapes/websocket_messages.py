"""The fields of `websocket.accept`, `websocket.send` and `websocket.receive`."""

from typing import Any, Final

from ..kinds import no_bytes_or_none, no_str_or_none
from ..shape import Row

_ACCEPT: Final = ("send websocket.accept",)
_SEND: Final = ("send websocket.send",)
_RECEIVE: Final = ("receive websocket.receive",)


def _has_surrogates(value: Any) -> bool:
    if not isinstance(value, str) or value.isascii():
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


ROWS: Final = (
    Row(
        "W201",
        "accept-subprotocol-type",
        "error",
        "application",
        "www.websocket-accept",
        on=_ACCEPT,
        field="subprotocol",
        bad=no_str_or_none,
        by_type=True,
        says="`subprotocol` of `websocket.accept` is {value}, neither a str nor None.",
        what="The `subprotocol` with which a WebSocket is accepted is neither a str nor None.",
        why="Servers write it into a header: some raise, some send what no client has offered.",
        fix="Give `subprotocol` one of the str in `scope['subprotocols']`, or leave it out.",
        breaks=(
            """scope = websocket_scope(subprotocols=["chat"])


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": b"chat"})
    await send({"type": "websocket.close"})
""",
        ),
        holds=('{"type": "websocket.accept", "subprotocol": None}',),
    ),
    Row(
        "W203",
        "accept-subprotocol-empty",
        "warning",
        "application",
        "www.websocket-accept",
        on=_ACCEPT,
        field="subprotocol",
        bad=lambda value: value == "",
        says="`subprotocol` of `websocket.accept` is an empty str, which no client can have offered.",
        what="A WebSocket is accepted with an empty `subprotocol`.",
        why="An empty value in `Sec-WebSocket-Protocol` is no answer to any offer: clients fail the connection.",
        fix="Leave `subprotocol` out, or give None, where none of the offered ones is chosen.",
        breaks=('{"type": "websocket.accept", "subprotocol": ""}',),
        holds=('{"type": "websocket.accept"}', '{"type": "websocket.accept", "subprotocol": None}'),
    ),
    Row(
        "W303",
        "receive-bytes-type",
        "error",
        "server",
        "www.websocket-receive",
        on=_RECEIVE,
        field="bytes",
        bad=no_bytes_or_none,
        by_type=True,
        says="`bytes` of `websocket.receive` is {kind}, neither a byte string nor None.",
        what="What came as a binary message is no byte string.",
        why="Applications decode or store it, and raise far from the cause.",
        fix="Give `bytes` a byte string, or None beside a `text`.",
        breaks=('{"type": "websocket.receive", "bytes": "x"}',),
        holds=(
            '{"type": "websocket.receive", "bytes": b""}',
            '{"type": "websocket.receive", "bytes": None, "text": "x"}',
        ),
    ),
    Row(
        "W304",
        "receive-text-type",
        "error",
        "server",
        "www.websocket-receive",
        on=_RECEIVE,
        field="text",
        bad=no_str_or_none,
        by_type=True,
        says="`text` of `websocket.receive` is {kind}, neither a str nor None.",
        what="What came as a text message is no str.",
        why="Applications parse it as text, and raise far from the cause.",
        fix="Give `text` a str, or None beside a `bytes`.",
        breaks=('{"type": "websocket.receive", "text": b"x"}',),
        holds=(
            '{"type": "websocket.receive", "text": ""}',
            '{"type": "websocket.receive", "text": None, "bytes": b"x"}',
        ),
    ),
    Row(
        "W307",
        "send-bytes-type",
        "error",
        "application",
        "www.websocket-send",
        on=_SEND,
        field="bytes",
        bad=no_bytes_or_none,
        by_type=True,
        says="`bytes` of `websocket.send` is {kind}, neither a byte string nor None.",
        what="What is sent as a binary message is no byte string.",
        why="uvicorn with wsproto sends a str as text; granian sends an empty binary message in its place.",
        fix="Give `bytes` a byte string, or send a str as `text`.",
        breaks=('{"type": "websocket.send", "bytes": "x"}',),
        holds=('{"type": "websocket.send", "bytes": b""}', '{"type": "websocket.send", "bytes": None, "text": "x"}'),
    ),
    Row(
        "W308",
        "send-text-type",
        "error",
        "application",
        "www.websocket-send",
        on=_SEND,
        field="text",
        bad=no_str_or_none,
        by_type=True,
        says="`text` of `websocket.send` is {kind}, neither a str nor None.",
        what="What is sent as a text message is no str.",
        why="uvicorn with wsproto sends a byte string as a binary message; granian sends an empty text in its place.",
        fix="Give `text` a str, or send a byte string as `bytes`.",
        breaks=('{"type": "websocket.send", "text": b"x"}', '{"type": "websocket.send", "text": 5}'),
        holds=('{"type": "websocket.send", "text": ""}', '{"type": "websocket.send", "text": None, "bytes": b"x"}'),
    ),
    Row(
        "W309",
        "send-text-surrogate",
        "error",
        "application",
        "rfc6455.data",
        on=_SEND,
        field="text",
        bad=_has_surrogates,
        says="`text` of `websocket.send` holds lone surrogates, which cannot be written as UTF-8.",
        what="A text message holds code points that UTF-8 cannot write.",
        why="The server raises `UnicodeEncodeError` out of `send`, and the message is lost.",
        fix="Encode with `errors='replace'` where the text comes from, or send it as `bytes`.",
        breaks=('{"type": "websocket.send", "text": "\\ud800"}',),
        holds=('{"type": "websocket.send", "text": "中文 🙂"}',),
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
