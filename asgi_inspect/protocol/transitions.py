"""Which order of messages is legal: for each phase the symbols that may come, and the phase that each leads to.

What is not in a table is not legal there. A message that changes no phase leads to the phase that it came in.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from .alphabet import Symbol

Phase: TypeAlias = str
Transitions: TypeAlias = Mapping[Phase, Mapping[Symbol, Phase]]

# --- HTTP: Response Start, Response Body; Extensions: HTTP Trailers, Path Send, Zero Copy Send, Early Hints, Debug, Push -----

IDLE: Final = "idle"
"""Nothing of the response was sent."""
STARTED: Final = "started"
BODY: Final = "body"
"""A part of the body was sent, and more is to come."""
STARTED_WITH_TRAILERS: Final = "started, trailers promised"
BODY_WITH_TRAILERS: Final = "body, trailers promised"
TRAILERS: Final = "trailers"
"""The body is complete, the trailers are not."""
DONE: Final = "done"

_BEFORE_START: Final[Mapping[Symbol, Phase]] = {
    "http.response.start": STARTED,
    "http.response.start…": STARTED_WITH_TRAILERS,
    # Extensions, Early Hints: before the start. Until August 2026 the text said after it, where servers refuse them.
    "http.response.early_hint": IDLE,
    "http.response.debug": IDLE,
}


def _content(here: Phase, more: Phase, complete: Phase) -> dict[Symbol, Phase]:
    return {
        "http.response.body…": more,
        "http.response.body": complete,
        "http.response.zerocopysend…": more,
        "http.response.zerocopysend": complete,
        "http.response.push": here,
    }


HTTP_RESPONSE: Final[Transitions] = {
    IDLE: _BEFORE_START,
    # Path Send: instead of the body, never mixed with it.
    STARTED: {**_content(STARTED, BODY, DONE), "http.response.pathsend": DONE},
    BODY: _content(BODY, BODY, DONE),
    STARTED_WITH_TRAILERS: {
        **_content(STARTED_WITH_TRAILERS, BODY_WITH_TRAILERS, TRAILERS),
        "http.response.pathsend": TRAILERS,
    },
    BODY_WITH_TRAILERS: _content(BODY_WITH_TRAILERS, BODY_WITH_TRAILERS, TRAILERS),
    TRAILERS: {"http.response.trailers…": TRAILERS, "http.response.trailers": DONE},
    DONE: {},
}

# --- HTTP: Request, Disconnect ----------------------------------------------------------------------------------------------

WAITING: Final = "waiting"
"""Nothing of the request was received."""
READING: Final = "reading"
READ: Final = "read"
GONE: Final = "gone"
"""A disconnect was received."""

HTTP_REQUEST: Final[Transitions] = {
    WAITING: {"http.request…": READING, "http.request": READ, "http.disconnect": GONE},
    READING: {"http.request…": READING, "http.request": READ, "http.disconnect": GONE},
    READ: {"http.disconnect": GONE},
    GONE: {"http.disconnect": GONE},
}

# --- WebSocket: what the application sends; Extensions: Websocket Denial Response -------------------------------------------

CONNECTING: Final = "connecting"
ACCEPTED: Final = "accepted"
CLOSED: Final = "closed"
DENYING: Final = "denying"
"""An HTTP response in place of the WebSocket was begun."""
DENYING_BODY: Final = "denying, body"
DENIED: Final = "denied"

WEBSOCKET: Final[Transitions] = {
    CONNECTING: {
        "websocket.accept": ACCEPTED,
        "websocket.close": CLOSED,
        "websocket.http.response.start": DENYING,
    },
    ACCEPTED: {"websocket.send": ACCEPTED, "websocket.close": CLOSED},
    CLOSED: {},
    DENYING: {"websocket.http.response.body…": DENYING_BODY, "websocket.http.response.body": DENIED},
    DENYING_BODY: {"websocket.http.response.body…": DENYING_BODY, "websocket.http.response.body": DENIED},
    DENIED: {},
}

# --- WebSocket: what the application receives -------------------------------------------------------------------------------

OPENING: Final = "opening"
CONNECTED: Final = "connected"

# `websocket.receive` before the application accepted is a matter of both tables, and a rule of its own.
WEBSOCKET_RECEIVED: Final[Transitions] = {
    OPENING: {"websocket.connect": CONNECTED, "websocket.disconnect": GONE},
    CONNECTED: {"websocket.receive": CONNECTED, "websocket.disconnect": GONE},
    GONE: {"websocket.disconnect": GONE},
}

# --- Lifespan: both directions ----------------------------------------------------------------------------------------------

NEW: Final = "new"
STARTING: Final = "starting"
RUNNING: Final = "running"
STOPPING: Final = "stopping"
STOPPED: Final = "stopped"
FAILED: Final = "failed"

LIFESPAN: Final[Transitions] = {
    NEW: {"lifespan.startup": STARTING},
    STARTING: {"lifespan.startup.complete": RUNNING, "lifespan.startup.failed": FAILED},
    RUNNING: {"lifespan.shutdown": STOPPING},
    STOPPING: {"lifespan.shutdown.complete": STOPPED, "lifespan.shutdown.failed": STOPPED},
    STOPPED: {},
    FAILED: {},
}

# --- where an application may return ------------------------------------------------------------------------------------------

COMPLETE: Final = frozenset({DONE, CLOSED, DENIED, STOPPED, FAILED})
"""The phases in which nothing is left to be sent."""
