"""The frame of a record without its content: which kind, of which connection and process. A tenth of the cost of all of it."""

from typing import Any

import msgspec


class Type(msgspec.Struct):
    """Of a scope, what it is about."""

    type: Any = None


class Frame(msgspec.Struct):
    """What records of any version say of themselves, as far as they do."""

    record: str
    conn: str | None = None
    proc: str | None = None
    layer: int = 0
    pid: int | None = None
    scope: Type | None = None


_DECODER = msgspec.json.Decoder(Frame)


def frame_of(line: bytes) -> Frame | None:
    """The frame of the record in a line; None for what is no record, which is for the readers of whole records to report."""
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
