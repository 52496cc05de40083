"""What a trace holds where the true value could not be kept: frozen stand-ins that encode to the JSON they came from.

A trace gives back the very values that passed, with four exceptions, each visible by its type.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Truncated:
    """A value of which only the beginning was kept.

    `size` is the true size in bytes (of a str: of its UTF-8), None where it was not counted (nests too deep or too large);
    `head` is the beginning, of the value's own type (bytes, str, bytearray …), or None.
    """

    size: int | None
    head: Any = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """A value that was withheld: its size in bytes, a fingerprint keyed by a secret of the run, and why it was withheld."""

    size: int | None
    fingerprint: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """A bytes or str of which some parts are withheld: pieces in order, each a bytes, a str or a `Redacted`."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Foreign:
    """What JSON cannot hold and we cannot rebuild: the tag and what it carries, exactly as they stand in the trace.

    `Foreign("$object", "starlette.applications.Starlette")` is an object known by its type alone,
    `Foreign("$cycle", 2)` the container two levels up, and a tag of a later version is kept as it is.
    """

    tag: str
    content: Any

    def __hash__(self) -> int:
        # Of equal contents only a str is sure to have equal hashes; others may be unhashable, or too deep to be walked.
        return hash((self.tag, self.content)) if type(self.content) is str else hash(self.tag)
