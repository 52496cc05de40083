"""The fields of every scope and message of the specification, and what each holds: the table that other parts read.

Sources: "HTTP & WebSocket ASGI Message Format" 2.5, "Lifespan Protocol" 2.0, "Extensions". A name that ends in `?` may be
left out. Here a *byte string* is what the specification calls so; where one stands is what makes a place a byte position.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "str",
    "int",
    "bool",
    "octets",  # a byte string
    "headers",  # an iterable of pairs of byte strings
    "links",  # an iterable of byte strings
    "address",  # (host, port)
    "strings",  # an iterable of str
    "versions",  # the `asgi` mapping
    "mapping",
    "any",
]

_CONNECTION: Final[Mapping[str, Kind]] = {
    "type": "str",
    "asgi": "versions",
    "scheme?": "str",
    "path": "str",
    "raw_path?": "octets",
    "root_path?": "str",
    "headers": "headers",
    "client?": "address",
    "server?": "address",
    "state?": "mapping",
    "extensions?": "mapping",
}

SCOPES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "http": {**_CONNECTION, "http_version": "str", "method": "str", "query_string": "octets"},
    "websocket": {**_CONNECTION, "http_version?": "str", "query_string?": "octets", "subprotocols?": "strings"},
    "lifespan": {"type": "str", "asgi": "versions", "state?": "mapping", "extensions?": "mapping"},
}

MESSAGES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "http.request": {"body?": "octets", "more_body?": "bool"},
    "http.disconnect": {},
    "http.response.start": {"status": "int", "headers?": "headers", "trailers?": "bool"},
    "http.response.body": {"body?": "octets", "more_body?": "bool"},
    "http.response.trailers": {"headers": "headers", "more_trailers?": "bool"},
    "http.response.push": {"path": "str", "headers": "headers"},
    "http.response.zerocopysend": {"file": "any", "offset?": "int", "count?": "int", "more_body?": "bool"},
    "http.response.pathsend": {"path": "str"},
    "http.response.early_hint": {"links": "links"},
    "http.response.debug": {"info": "mapping"},
    "websocket.connect": {},
    "websocket.accept": {"subprotocol?": "str", "headers?": "headers"},
    "websocket.receive": {"bytes?": "octets", "text?": "str"},
    "websocket.send": {"bytes?": "octets", "text?": "str"},
    "websocket.disconnect": {"code": "int", "reason?": "str"},
    "websocket.close": {"code?": "int", "reason?": "str"},
    "websocket.http.response.start": {"status": "int", "headers?": "headers"},
    "websocket.http.response.body": {"body?": "octets", "more_body?": "bool"},
    "lifespan.startup": {},
    "lifespan.shutdown": {},
    "lifespan.startup.complete": {},
    "lifespan.startup.failed": {"message?": "str"},
    "lifespan.shutdown.complete": {},
    "lifespan.shutdown.failed": {"message?": "str"},
}


def _positions() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for fields in (*SCOPES.values(), *MESSAGES.values()):
        for name, kind in fields.items():
            if kind in ("octets", "headers", "links"):
                found[name.removesuffix("?")] = kind
    return found


# The byte positions of trace format 1, a closed list: by name, at the top level of any scope and message, so that a reader
# needs no knowledge of types. A field of a later specification that holds bytes is written with a tag instead.
BYTE_POSITIONS: Final[Mapping[str, Kind]] = _positions()
