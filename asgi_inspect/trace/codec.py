"""One line of a trace to its record, and back to the very same bytes.

The frame of a record is msgspec's work, from its Struct; what stands in `scope` and `message` is `convert`'s. A line is
foreign input: whatever it holds, `decode_record` gives a record, None, or `DamagedRecordError`, and nothing else.
"""

import re
from typing import Any, Final

import msgspec
import orjson
from msgspec import UNSET
from msgspec.structs import force_setattr, replace

from ..decode import decode
from ..errors import DamagedRecordError
from .records import RECORDS, VERSION, ProcessRecord, ReceiveRecord, Record, ScopeRecord, SendRecord

TORN: Final = "torn: the line ends in the middle"

_OF_MESSAGES: Final = (ReceiveRecord, SendRecord)  # a union in its place would be made anew with each record
_DECODER: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)
_KINDS: Final = frozenset(str(kind.__struct_config__.tag) for kind in RECORDS)
_FAILURES: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_WHERE: Final = re.compile(r"(.*) - at `\$\.?([^`]*)`", re.DOTALL)


class _Kind(msgspec.Struct):
    """What a record of any version has."""

    record: str


_KIND_DECODER: Final = msgspec.json.Decoder(_Kind)


def decode_record(line: bytes) -> Record | None:
    """The record that a line holds, its `scope` or `message` as the Python value that was captured.

    line: the bytes of one line; a line break at its end does no harm.
    Returns None for a whole record of a kind that this version does not know.
    Raises DamagedRecordError for everything else; its text is the reason.
    """
    try:
        return _decode_values(_DECODER.decode(line))
    except msgspec.ValidationError as error:
        if _kind(line) in _KINDS:
            raise DamagedRecordError(_reason(error)) from error
        return None
    except _FAILURES as error:
        raise DamagedRecordError(_reason(error)) from error


def _decode_values(record: Record) -> Record:
    if isinstance(record, _OF_MESSAGES):
        if record.message is not UNSET:
            force_setattr(record, "message", decode(record.message))
    elif isinstance(record, ScopeRecord):
        force_setattr(record, "scope", decode(record.scope))
    elif isinstance(record, ProcessRecord) and record.v > VERSION:
        raise DamagedRecordError(f"version {record.v} of the trace format, which needs a newer asgi-inspect")
    return record


def _kind(line: bytes) -> str:
    """The kind of a record, once the whole line has proved to be JSON, whatever its other fields are."""
    try:
        return _KIND_DECODER.decode(line).record
    except _FAILURES as error:
        raise DamagedRecordError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Why a line is no record, in words of ours: those of the decoder may quote what the line holds."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    text = str(error)
    if isinstance(error, msgspec.ValidationError):
        return _reason_of_validation(text)
    return TORN if "truncated" in text else "not JSON: " + text.removeprefix("JSON is malformed: ")


def _reason_of_validation(text: str) -> str:
    found = _WHERE.fullmatch(text)
    what, where = (found[1], found[2]) if found else (text, "")
    if what.startswith("Invalid"):  # "Invalid enum value '…'", with the value
        what = "unknown value"
    what = what.replace("Object missing required", "no")
    what = what[:1].lower() + what[1:]
    return f"{what} in `{where}`" if where else what


def encode_record(record: Record) -> bytes:
    """The line of a record, without its line break: the bytes that the capture writes for it.

    Raises UnicodeEncodeError where a str of the record's frame (not of its scope or message) holds a lone surrogate.
    """
    if isinstance(record, ReceiveRecord | SendRecord):
        if record.message is not UNSET:
            record = replace(record, message=_value_json(record.message))
    elif isinstance(record, ScopeRecord):
        record = replace(record, scope=_value_json(record.scope))
    return msgspec.json.encode(record)


def _value_json(value: Any) -> msgspec.Raw:
    from ..convert import encode  # who reads does not need it

    tree = encode(value)
    try:
        return msgspec.Raw(orjson.dumps(tree))
    except TypeError:  # deeper than orjson's 254 levels; the two differ in how they write large floats
        return msgspec.Raw(msgspec.json.encode(tree))
