"""The kind of a connection in one short word, as the Network panel's column `Type` has it."""

from functools import lru_cache
from typing import Final

from ..trace.facts import Facts

_SHORT: Final = {
    "javascript": "js",
    "ecmascript": "js",
    "event-stream": "sse",
    "form-data": "multipart",
    "octet-stream": "binary",
    "plain": "text",
    "svg+xml": "svg",
    "x-www-form-urlencoded": "form",
    "x-icon": "icon",
    "vnd.microsoft.icon": "icon",
}
_LONGEST: Final = 100


def short_type(facts: Facts, width: int) -> str:
    """`json`, `html`, `png`, `sse`: what was sent; `WebSocket`, `lifespan`: where nothing is, what it was."""
    if facts.type == "websocket":
        return "WebSocket" if width >= len("WebSocket") else "WS"
    if facts.type != "http":
        return facts.type[:_LONGEST]
    content_type = facts.content_type  # which has to be looked for
    return "" if content_type is None else _of(content_type[:_LONGEST])


@lru_cache(maxsize=256)
def _of(content_type: str) -> str:
    kind, _, rest = content_type.partition(";")[0].strip().lower().partition("/")
    if rest in _SHORT:
        return _SHORT[rest]
    short = rest.rpartition("+")[2].removeprefix("x-")  # application/problem+json is read as JSON
    return _SHORT.get(short, short) or kind
