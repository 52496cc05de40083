"""JSON of whatever a trace holds: lone surrogates and huge numbers included, which fast encoders refuse."""

import json
from typing import Any, Final

import orjson

from ..trace.messages import as_text

_LARGEST: Final = (1 << 63) - 1


def json_text(value: Any) -> str:
    """A value as JSON on one line; numbers that no other program can hold become the largest that it can."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return json.dumps(_plain(value), separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_LARGEST, min(value, _LARGEST))
    return value if value is None or isinstance(value, str | bool | float) else as_text(value)
