"""The alphabet of ASGI: every message type, who says it, and the symbol that a message is in the tables of legal order.

A flag that decides what may follow is part of the symbol, so that those tables need no conditions: a chunk of a body with
`more_body` is another symbol than the last one. A symbol is the message's type, with `…` behind it where more is to come.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

Direction: TypeAlias = Literal["receive", "send"]
Symbol: TypeAlias = str

MORE: Final = "…"
"""Behind a type: more of the same is to come (`more_body`, `more_trailers`), or trailers are (`trailers` of a start)."""

# The tables of message types: sections "Request" to "Close" of HTTP & WebSocket, "Startup" to "Shutdown Failed" of Lifespan.
RECEIVED: Final[Mapping[str, frozenset[str]]] = {
    "http": frozenset({"http.request", "http.disconnect"}),
    "websocket": frozenset({"websocket.connect", "websocket.receive", "websocket.disconnect"}),
    "lifespan": frozenset({"lifespan.startup", "lifespan.shutdown"}),
}
"""What `receive()` may give, by the type of the scope."""

# Extensions: what a server offers under that name in `scope["extensions"]`, and the messages that it then takes.
EXTENSIONS: Final[Mapping[str, frozenset[str]]] = {
    "websocket.http.response": frozenset({"websocket.http.response.start", "websocket.http.response.body"}),
    "http.response.push": frozenset({"http.response.push"}),
    "http.response.zerocopysend": frozenset({"http.response.zerocopysend"}),
    "http.response.pathsend": frozenset({"http.response.pathsend"}),
    "http.response.early_hint": frozenset({"http.response.early_hint"}),
    "http.response.trailers": frozenset({"http.response.trailers"}),
    "http.response.debug": frozenset({"http.response.debug"}),
    "tls": frozenset(),
}
EXTENSION_OF: Final[Mapping[str, str]] = {kind: name for name, kinds in EXTENSIONS.items() for kind in kinds}
"""The extension that a message type belongs to."""

SENT: Final[Mapping[str, frozenset[str]]] = {
    "http": frozenset(
        {
            "http.response.start",
            "http.response.body",
            *(kind for kind in EXTENSION_OF if kind.startswith("http.")),
        }
    ),
    "websocket": frozenset(
        {
            "websocket.accept",
            "websocket.send",
            "websocket.close",
            "websocket.http.response.start",
            "websocket.http.response.body",
        }
    ),
    "lifespan": frozenset(
        {
            "lifespan.startup.complete",
            "lifespan.startup.failed",
            "lifespan.shutdown.complete",
            "lifespan.shutdown.failed",
        }
    ),
}
"""What `send()` may be given, by the type of the scope."""

KNOWN: Final = frozenset().union(*RECEIVED.values(), *SENT.values())

# The key that says that more is to come. What is not given is False; what is no bool is taken as Python takes it, as most
# servers do.
_FLAGS: Final[Mapping[str, str]] = {
    "http.request": "more_body",
    "http.response.body": "more_body",
    "http.response.zerocopysend": "more_body",
    "websocket.http.response.body": "more_body",
    "http.response.trailers": "more_trailers",
    "http.response.start": "trailers",
}


def symbol_of(kind: str, message: Mapping[Any, Any]) -> Symbol:
    """The symbol of a message of that type."""
    flag = _FLAGS.get(kind)
    return kind + MORE if flag is not None and message.get(flag) else kind
