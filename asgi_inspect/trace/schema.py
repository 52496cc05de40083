"""The JSON Schema of one line of a trace: `python -m asgi_inspect.trace.schema` prints what stands in the documentation.

The frame of each record comes from its Struct. What `scope` and `message` hold is written here once, as `TAGS` and `VALUE`;
tests hold both against what `encode` writes.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from .records import RECORDS, VERSION, Record


class Tag(NamedTuple):
    """A tag of a value: what it stands for, and the schema of what it carries."""

    meaning: str
    content: Mapping[str, Any]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


_TEXT: Final = {"anyOf": [{"type": "string"}, _ref("$text")]}
_BYTES: Final = {"anyOf": [{"type": "string"}, _ref("$base64")]}
_VALUES: Final = {"type": "array", "items": _ref("value")}
_SIZE: Final = {"type": ["integer", "null"], "minimum": 0}

TAGS: Final[Mapping[str, Tag]] = {
    "$base64": Tag(
        "A byte string that is not UTF-8, in a place where a byte string stands.",
        {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]*={0,2}$"},
    ),
    "$bytes": Tag("A byte string in a place where the specification has none.", _BYTES),
    "$bytearray": Tag("A bytearray, in any place.", _BYTES),
    "$memoryview": Tag("A memoryview, in any place.", _BYTES),
    "$str": Tag("A str in a place where the specification has a byte string.", _TEXT),
    "$float": Tag("A float that JSON has no number for.", {"enum": ["nan", "inf", "-inf"]}),
    "$int": Tag(
        "An int of more than 64 bits, in decimal or, where it is very long, in hexadecimal.",
        {"type": "string", "pattern": "^-?([0-9]+|0x[0-9a-f]+)$"},
    ),
    "$text": Tag(
        "A str with lone surrogates, each written as `\\udXXX`; a backslash of the str is doubled.", {"type": "string"}
    ),
    "$map": Tag(
        "A mapping with keys that are no str, or that begin with `$`: its pairs of key and value, in order.",
        {"type": "array", "items": {"type": "array", "items": _ref("value"), "minItems": 2, "maxItems": 2}},
    ),
    "$set": Tag("A set: its members.", _VALUES),
    "$frozenset": Tag("A frozenset: its members.", _VALUES),
    "$object": Tag("Anything else: the qualified name of its type.", _TEXT),
    "$truncated": Tag(
        "A value of which only the beginning is kept: the true size in bytes, null where it was not counted, and the "
        "beginning as its place has it, or null.",
        {
            "type": "object",
            "properties": {"size": _SIZE, "head": _ref("value")},
            "required": ["size", "head"],
            "additionalProperties": False,
        },
    ),
    "$redacted": Tag(
        "A value that was withheld: its size in bytes, a fingerprint by which equal values can be told, and why.",
        {
            "type": "object",
            "properties": {
                "size": _SIZE,
                "fingerprint": {"type": ["string", "null"]},
                "why": {"type": ["string", "null"]},
            },
            "required": ["size", "fingerprint", "why"],
            "additionalProperties": False,
        },
    ),
    "$parts": Tag("A string of which parts were withheld: its pieces, in order.", _VALUES),
    "$cycle": Tag("The container that stands this many levels above.", {"type": "integer", "minimum": 1}),
}

VALUE: Final[Mapping[str, Any]] = {
    "description": "A value of Python: plain JSON wherever JSON can hold it, else an object with one key that begins with $.",
    "anyOf": [
        {"type": ["null", "boolean", "number", "string"]},
        _VALUES,
        {"type": "object", "propertyNames": {"pattern": "^(?!\\$)"}, "additionalProperties": _ref("value")},
        *map(_ref, TAGS),
        _ref("later-tag"),
    ],
}

_LATER_TAG: Final = {
    "description": "A tag that version 1 does not know; readers keep it as it is.",
    "type": "object",
    "propertyNames": {"pattern": "^\\$", "not": {"enum": list(TAGS)}},
    "minProperties": 1,
    "maxProperties": 1,
}


def schema() -> dict[str, Any]:
    """The schema of one line, as a new tree of plain data."""
    (line,), frames = msgspec.json.schema_components([Record], ref_template="#/$defs/{name}")
    for name, field in (("ScopeRecord", "scope"), ("ReceiveRecord", "message"), ("SendRecord", "message")):
        frames[name]["properties"][field] = _ref("value")
    later = {
        "description": "A record of a kind that version 1 does not know; readers skip it.",
        "type": "object",
        "properties": {"record": {"type": "string", "not": {"enum": [kind.__struct_config__.tag for kind in RECORDS]}}},
        "required": ["record"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"One line of an asgi-inspect trace, format version {VERSION}",
        "anyOf": [*line["anyOf"], _ref("later-record")],
        "$defs": {
            **frames,
            "later-record": later,
            "value": VALUE,
            **{name: _tag_schema(name, tag) for name, tag in TAGS.items()},
            "later-tag": _LATER_TAG,
        },
    }


def _tag_schema(name: str, tag: Tag) -> dict[str, Any]:
    return {
        "description": tag.meaning,
        "type": "object",
        "properties": {name: tag.content},
        "required": [name],
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as it stands in the documentation."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
