"""Values in the words of a finding: short, of one line, and never what a body holds."""

from typing import Any, Final

from ..text import safe
from ..trace.messages import size_of
from ..values import Foreign, Parts, Redacted, Truncated
from .event import Event
from .kinds import piece_of

_MOST: Final = 60  # characters of a value that are shown


def shown(value: Any) -> str:
    """A value with its kind, as a sentence has it: `the str '200'`, `None`, `an object of type pathlib.PosixPath`."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, Foreign):
        return f"an object of type {safe(str(value.content))[:_MOST]}" if value.tag == "$object" else "an odd value"
    if isinstance(value, Redacted | Parts):
        return "a withheld value"
    if isinstance(value, Truncated):
        return "a long value"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge int"
    if isinstance(value, list):
        return "an empty list" if not value else f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an empty dict" if not value else f"a dict of {len(value)}"
    if isinstance(value, str | bytes | int | float):
        return f"the {kind_of(value)} {clipped(repr(value[: 2 * _MOST] if isinstance(value, str | bytes) else value))}"
    return f"a {kind_of(value)}"


def sized(value: Any) -> str:
    """A value that may be a secret or long, by its kind and size: `a str of 12 bytes`."""
    if value is None or isinstance(value, bool | Foreign | int | float | list | dict):
        return shown(value)
    kind = kind_of(value if (piece := piece_of(value)) is None else piece)
    return f"a {kind} of {counted(size_of(value), 'byte')}"


def kind_of(value: Any) -> str:
    """The type of a value by its name."""
    return "withheld value" if isinstance(value, Redacted | Parts | Truncated) else type(value).__name__


def raised(event: Event) -> str:
    """The exception of an event, by its type: `ValueError`."""
    return "An exception" if event.error is None else clipped(event.error.type.removeprefix("builtins."))


def quoted(name: Any) -> str:
    """The name of a header or the like, as text in quotes."""
    if isinstance(name, bytes):
        try:
            name = name.decode()
        except UnicodeDecodeError:
            name = name.decode("latin-1")
    return f'"{clipped(safe(name))}"' if isinstance(name, str) else shown(name)


def counted(count: int, one: str) -> str:
    """`1 byte`, `2 bytes`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def clipped(text: str) -> str:
    """A text of a bounded length, of one line."""
    text = safe(text)
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def status_shown(status: Any) -> str:
    """The status of a response: `200`, or what stands in its place."""
    return str(status) if type(status) is int and 0 <= status < 10_000 else shown(status)
