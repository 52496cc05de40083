"""What servers and frameworks nearly always pass, as JSON: the fast lane in front of `lines`.

Each kind has straight code of its own, with as few calls as can be: under a server each step of the interpreter finds cold
caches, and costs two to three times what it does in a loop. Whatever is not exactly as it nearly always is (another type, a
field more, a text that is not ASCII) gives None, and `lines` does it all. Both give the same bytes; property tests hold that.
Secrets are withheld in the same pass, by the finders that do so everywhere.
"""

from base64 import b64encode
from typing import Any, Final

import msgspec
import orjson

from ..redaction.bodies import Side
from ..redaction.connection import ConnectionRedaction
from ..redaction.shapes import odd_in_path
from .lines import field_tree

_LONG: Final = 4096  # characters of all the short texts of a scope; `lines` may have to cut them
_MOST: Final = 65_536  # bytes of a body: `lines` asks for memory before it encodes more
# Subclasses of what JSON has, dataclasses and times are for `lines` to tag: here the encoder refuses them.
_STRICT: Final = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_NONE: Final[dict[Any, Any]] = {}
_OPEN: Final = ("state", "extensions", "subprotocols")  # of a scope: anything may stand in these
_LOOKED_AT: Final = frozenset((*_OPEN, "path", "raw_path", "query_string", "root_path"))


def usual_scope(scope: dict[Any, Any], clean: ConnectionRedaction | None) -> bytes | None:
    """The JSON of a scope of HTTP or of a WebSocket; where it is None, `clean` has to forget what it has seen."""
    for key in scope:
        if type(key) is not str:  # one that might answer when it is looked for
            return None
    get = scope.get
    path: Any = get("path")
    raw_path, query_string, root_path = get("raw_path"), get("query_string"), get("root_path")
    client, server, asgi, headers = get("client"), get("server"), get("asgi"), get("headers")
    if (
        type(client) is not tuple
        or len(client) != 2
        or type(server) is not tuple
        or len(server) != 2
        or type(asgi) is not dict
        or type(path) is not str
        or type(root_path) is not str
        or type(raw_path) is not bytes
        or type(query_string) is not bytes
    ):
        return None
    for key in asgi:
        if type(key) is not str:
            return None
    host, port = client
    own_host, own_port = server
    spec_version = asgi.get("spec_version", "")
    try:
        # Asks nobody: what is no str raises.
        texts: Any = (
            path,
            root_path,
            get("type"),
            get("http_version"),
            get("scheme"),
            get("method", ""),
            host,
            own_host,
        )
        short = "".join((*texts, asgi.get("version", 0), spec_version))
        raw, query = raw_path.decode("ascii"), query_string.decode("ascii")
    except (TypeError, UnicodeDecodeError):
        return None
    fields = 11 + ("method" in scope) + ("state" in scope) + ("extensions" in scope) + ("subprotocols" in scope)
    if (
        len(scope) != fields
        or not short.isascii()
        or len(short) + len(raw) + len(query) > _LONG
        or type(spec_version) is not str
        or len(asgi) != (2 if spec_version else 1)
        or type(port) is not int
        or type(own_port) is not int
        or not (0 <= port < 65_536 and 0 <= own_port < 65_536)
    ):
        return None
    try:
        pairs = _headers(headers, clean)
    except UnicodeDecodeError:
        return None
    if pairs is None:
        return None
    tree = {**scope, "headers": pairs, "raw_path": raw, "query_string": query}
    opened = False
    for key in _OPEN:
        x = get(key, _NONE)
        if (type(x) is dict or type(x) is list) and not x:
            continue  # as nearly always
        tree[key] = field_tree(key, x)
        opened = True
    if clean is not None:
        clean.where = path
        clean.request_began()
        if (
            opened
            or root_path
            or odd_in_path(path) is not None
            or (raw != path and odd_in_path(raw) is not None)
            or (query and query not in clean.redaction.queries)
        ):
            # What is withheld first counts, and the headers may not be the first: as nothing of a field in front of them is
            # withheld, nor looked for what they have, it was all the same.
            early = clean.seen is not None
            for key in scope:
                if key == "headers":
                    early = False
                elif key in _LOOKED_AT:
                    kept = clean.field(key, tree[key])
                    if early and (kept is not tree[key] or key in _OPEN):
                        return None
                    tree[key] = kept
    try:
        return orjson.dumps(tree, None, _STRICT)
    except orjson.JSONEncodeError:  # a key that is no plain str
        return None


def _headers(x: Any, clean: ConnectionRedaction | None) -> list[Any] | None:
    """The JSON of headers; raises UnicodeDecodeError."""
    if type(x) is not list and type(x) is not tuple:
        return None
    pairs: list[Any] = []
    known = _NONE
    if clean is not None:
        clean.type = clean.coding = None
        known = clean.redaction.headers
    for pair in x:
        if type(pair) is not tuple:
            if type(pair) is not list:
                return None
            pair = tuple(pair)  # noqa: PLW2901 (the same two)
        if len(pair) != 2:
            return None
        name, value = pair
        if type(name) is not bytes or type(value) is not bytes:
            return None
        kept = known.get(pair)
        if kept is None:
            kept = (name.decode(), value.decode()) if clean is None else clean.header_of_octets(pair)
        pairs.append(kept)
    return pairs


def usual_send(message: dict[Any, Any], room: int | None, clean: ConnectionRedaction | None) -> bytes | None:
    """The JSON of a message that the application sends."""
    for key in message:
        if type(key) is not str:
            return None
    kind = message.get("type")
    if type(kind) is not str:
        return None
    if kind == "http.response.body":
        return _body(message, room, clean, "send")
    if kind == "http.response.start":
        return _start(message, clean)
    return _text(message, room, clean) if kind == "websocket.send" else None


def usual_receive(message: dict[Any, Any], room: int | None, clean: ConnectionRedaction | None) -> bytes | None:
    """The JSON of a message that the application receives."""
    for key in message:
        if type(key) is not str:
            return None
    kind = message.get("type")
    if type(kind) is not str:
        return None
    if kind == "http.request":
        return _body(message, room, clean, "receive")
    return _text(message, room, clean) if kind == "websocket.receive" else None


def _start(message: dict[Any, Any], clean: ConnectionRedaction | None) -> bytes | None:
    status = message.get("status")
    if type(status) is not int or len(message) != 3 or not 0 <= status < 1000:
        return None
    try:
        pairs = _headers(message.get("headers"), clean)
        if pairs is None:
            return None
        if clean is not None:
            clean.response_began()
        return orjson.dumps({**message, "headers": pairs}, None, _STRICT)
    except (UnicodeDecodeError, orjson.JSONEncodeError):
        return None


def _body(message: dict[Any, Any], room: int | None, clean: ConnectionRedaction | None, side: Side) -> bytes | None:
    body, more = message.get("body"), message.get("more_body")
    if type(body) is not bytes or not (len(message) == 2 if more is None else len(message) == 3 and type(more) is bool):
        return None
    tree: Any
    if room == 0 and body:
        tree = {"$truncated": {"size": len(body), "head": ""}}
    elif len(body) > (_MOST if room is None else room):
        return None
    else:
        try:
            tree = text = body.decode()
            known = clean is None or not text or (not more and clean.is_harmless(text, side, body))
        except UnicodeDecodeError:
            tree, known = {"$base64": b64encode(body).decode("ascii")}, clean is None
        if not known:
            assert clean is not None
            tree = clean.body(tree, side, more is True)
    return _dumps({**message, "body": tree})


def _text(message: dict[Any, Any], room: int | None, clean: ConnectionRedaction | None) -> bytes | None:
    text: Any = message.get("text")
    if type(text) is not str or not text.isascii():
        return None
    if len(message) != 2 and not (len(message) == 3 and "bytes" in message and message["bytes"] is None):
        return None
    if room == 0 and text:
        return _dumps({**message, "text": {"$truncated": {"size": len(text), "head": ""}}})
    if len(text) > _MOST or (room is not None and len(text) * 4 > room):
        return None
    if clean is None or not text or clean.is_harmless(text, "receive"):
        return _dumps(message)
    return _dumps({**message, "text": clean.message_text(text)})


def _dumps(tree: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(tree, None, _STRICT)
    except orjson.JSONEncodeError:  # a key that is no plain str; what was looked through once cannot be again
        return msgspec.json.encode(tree)
