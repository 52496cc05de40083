"""Whole legal scopes and messages, as an exemplary server gives them. Each call makes a new one."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ..types import Message

PORT: Final = 8000


def http_scope(**changes: Any) -> dict[str, Any]:
    """A new scope of a GET of `/`, with these keys changed; `raw_path` follows `path`."""
    return _with_path(
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"127.0.0.1:%d" % PORT),
                (b"accept", b"*/*"),
                (b"user-agent", b"asgi-inspect"),
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", PORT),
            "state": {},
            "extensions": {},
        },
        changes,
    )


def websocket_scope(**changes: Any) -> dict[str, Any]:
    """A new scope of a WebSocket at `/`, with these keys changed; `raw_path` follows `path`."""
    headers = [
        (b"host", b"127.0.0.1:%d" % PORT),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"YXNnaS1pbnNwZWN0IGtleQ=="),
        (b"origin", b"http://127.0.0.1:%d" % PORT),
        (b"user-agent", b"asgi-inspect"),
    ]
    scope = http_scope(
        type="websocket",
        scheme="ws",
        headers=headers,
        subprotocols=[],
        extensions={"websocket.http.response": {}},
    )
    del scope["method"]
    return _with_path(scope, changes)


def lifespan_scope(**changes: Any) -> dict[str, Any]:
    """A new scope of a lifespan, with these keys changed."""
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}, **changes}


def _with_path(scope: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(changes.get("path"), str):
        scope["raw_path"] = quote(changes["path"], safe="/:@!$&'()*+,;=-._~").encode()
    return {**scope, **changes}


def body_in(*pieces: bytes) -> list[Message]:
    """The messages of a request body that comes in these pieces."""
    last = len(pieces) - 1
    return [{"type": "http.request", "body": piece, "more_body": n < last} for n, piece in enumerate(pieces)]
