"""What came with which version of the specification: "Spec Versions" of HTTP & WebSocket, "Version History" of Lifespan."""

import re
from typing import Any, Final, TypeAlias

Version: TypeAlias = tuple[int, int]

FIRST_HTTP: Final[Version] = (2, 0)
"""What http and websocket scopes without `spec_version` speak."""
FIRST_LIFESPAN: Final[Version] = (1, 0)
ACCEPT_HEADERS: Final[Version] = (2, 1)
"""`headers` of `websocket.accept`."""
UNIX_SERVER: Final[Version] = (2, 2)
"""`None` as the port of `server`."""
CLOSE_REASON: Final[Version] = (2, 3)
"""`reason` of `websocket.close`."""
SEND_RAISES: Final[Version] = (2, 4)
"""`send()` on a closed connection raises a subclass of `OSError`."""
DISCONNECT_REASON: Final[Version] = (2, 5)
"""`reason` of `websocket.disconnect`."""
NEWEST_HTTP: Final[Version] = (2, 5)
NEWEST_LIFESPAN: Final[Version] = (2, 0)

_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


def parsed(version: Any) -> Version | None:
    """`"2.10"` as (2, 10); None for what is no version."""
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None


def spec_version(scope: Any) -> Version:
    """The version of the specification that the server of this scope understands.

    It is the first one where the scope says none, and the newest where what it says is no text, so that nothing follows from it.
    """
    scope = scope if isinstance(scope, dict) else {}
    asgi = scope.get("asgi")
    said = asgi.get("spec_version") if isinstance(asgi, dict) else None
    found = parsed(said)
    if found is not None:
        return found
    if said is not None and not isinstance(said, str):
        return NEWEST_HTTP
    return FIRST_LIFESPAN if scope.get("type") == "lifespan" else FIRST_HTTP
