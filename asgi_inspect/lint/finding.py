"""A finding: what broke a rule, whose fault it is, where it is seen, and what to do about it. A value, never an exception."""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

Severity: TypeAlias = Literal["error", "warning", "info"]
Party: TypeAlias = Literal["application", "server", "upstream", "middleware"]
"""Whose fault it is. What is above a tap is `server` where that is known to be one, else `upstream`: the server, or a
middleware around the tap. `middleware` needs taps on both of its sides."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the worst to the mildest."""
PARTIES: Final[tuple[Party, ...]] = get_args(Party)


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule broken, in one connection or in `count` of them that tell the same story."""

    code: str
    """`H105`: letter of the protocol (A, H, W, L, X) and a number; stable."""
    name: str
    """`start-after-complete`."""
    severity: Severity
    party: Party
    where: str
    """What was called: `GET /items/{id}`, `WEBSOCKET /ws`, `lifespan`."""
    sentence: str
    """What happened in this connection, with its values; one sentence, safe to print once `text.safe` was asked."""
    fix: str
    """What to do about it, in one sentence."""
    link: str
    """The section of the specification."""
    conn: str
    """The connection in which it was seen first."""
    records: tuple[int, ...] = ()
    """The numbers (`n`) of its records that prove it; none where its scope does."""
    layer: int = 0
    """The layer at whose tap it was seen."""
    layer_name: str | None = None
    """What that layer is called, where it is an inner one or the fault of a middleware."""
    key: str = ""
    """What of the same rule and route makes another finding: the name of a header, a type."""
    count: int = 1
    """In how many connections it was seen."""


def rank(severity: Severity) -> int:
    """0 for an error, 2 for an info: findings sorted by it begin with the worst."""
    return SEVERITIES.index(severity)
