"""What the two processes of a check tell each other: the order, as a file; what became of it, as lines of another one."""

from typing import Final, Literal, TypeAlias

import msgspec

from ...launch.trial import Failed

CODE: Final = "check"
"""What a check finds beyond the rules of the specification bears this one."""
TROUBLES: Final = (
    "no-answer",
    "does-not-end",
    "blocks-the-loop",
    "ends-the-process",
    "startup-failed",
    "startup-unanswered",
)
"""Their names."""


class Order(msgspec.Struct):
    """What the user wants to have asked."""

    timeout: float
    """Seconds; see `testing.drive`."""
    module: str
    """The one that has the application."""
    paths: list[str] = []
    """With their queries, as one would type them; none: what the application says that it has."""
    websockets: list[str] = []
    methods: list[str] = []
    headers: list[tuple[bytes, bytes]] = []
    """Names in lower case."""
    data: bytes | None = None


class Loaded(msgspec.Struct, tag="loaded"):
    """The application is there."""

    file: str = ""
    """Of its module, where that has one."""


class Refused(msgspec.Struct, tag="refused"):
    """It cannot be, and why was said on standard error."""


class Began(msgspec.Struct, tag="began"):
    """A connection was begun."""

    label: str


class Asked(msgspec.Struct, tag="asked"):
    """What became of that connection."""

    label: str
    """`GET /teas/1`."""
    about: str
    """What is special about it; empty: nothing."""
    how: Literal["returned", "raised", "cancelled"]
    status: int | None = None
    """Of an answer, or 101 where a WebSocket was accepted."""
    complete: bool = False
    left: bool = False
    error: str = ""
    """What was raised; of a startup that failed, what was said."""
    startup: str = ""
    """Of a lifespan."""


class Done(msgspec.Struct, tag="done"):
    """All was asked."""


Line: TypeAlias = Loaded | Refused | Failed | Began | Asked | Done
DECODER = msgspec.json.Decoder(Line)
