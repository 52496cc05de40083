"""A trace that is there already, without what is secret in it: line by line, in the order of the trace.

Every line is read as JSON and cleaned by the code that cleans it as it is captured; what was withheld then stays as it is.
Records and fields that this version does not know are kept, and looked through by the names of their keys and the looks of
their strings. A line that is no JSON is left out: nobody knows what is in it.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec
import orjson

from ..redaction.arguments import clean_arguments
from ..redaction.connection import ConnectionRedaction
from ..redaction.fingerprint import in_words
from ..redaction.nests import clean_nest
from ..redaction.redaction import Redaction
from ..redaction.sentences import sentence
from .records import RECORDS

_OPEN_AT_ONCE: Final = 10_000  # connections; of what was forgotten it is not known how a body began
_KNOWN: Final = {str(kind.__struct_config__.tag): frozenset({"record", *kind.__struct_fields__}) for kind in RECORDS}
_FRAME: Final = frozenset({"record", "conn", "proc", "n", "layer", "at", "t_us"})
_NAMES: Final = frozenset({"type", "bases", "frames", "cut"})  # of an exception: no text of anybody's


class Cleaning:
    """Cleans the lines of one trace. left_out: how many lines were no JSON objects."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._open: OrderedDict[tuple[Any, Any], ConnectionRedaction] = OrderedDict()
        self.left_out = 0

    def line(self, line: bytes) -> bytes | None:
        """A line without what is secret in it, without a line break; None: it has to be left out."""
        try:
            record = orjson.loads(line)
        except ValueError:
            record = None
        if type(record) is not dict:
            self.left_out += 1
            return None
        self._clean(record)
        try:
            return orjson.dumps(record)
        except orjson.JSONEncodeError:  # deeper than orjson goes
            return msgspec.json.encode(record)

    def _clean(self, record: dict[str, Any]) -> None:
        kind = record.get("record")
        known = _KNOWN.get(kind, _FRAME) if type(kind) is str else _FRAME
        record |= {key: self._nest(key, value) for key, value in record.items() if key not in known}
        if kind == "process":
            self._process(record)
        elif kind in ("scope", "receive", "send", "sent", "end"):
            self._of_connection(record, kind)

    def _nest(self, key: str, value: Any) -> Any:
        def kind_of(name: str) -> Any:
            return self._redaction.names.kind("scope", name)

        cleaned = clean_nest({key: value}, self._redaction, lambda text: sentence(text, kind_of))
        return cleaned[key]

    def _process(self, record: dict[str, Any]) -> None:
        argv = record.get("argv")
        if type(argv) is list and all(type(argument) is str for argument in argv):
            record["argv"] = clean_arguments(argv, lambda argument: in_words(argument, self._redaction.prints))
        options = record.get("options")
        if type(options) is dict:
            record["options"] = {**options, "redacted": self._redaction.told()}

    def _of_connection(self, record: dict[str, Any], kind: str) -> None:
        conn, layer = record.get("conn"), record.get("layer", 0)
        try:
            cleaning = self._connection((conn, layer), torn=kind != "scope")
        except TypeError:  # an id that is none
            cleaning = ConnectionRedaction(self._redaction, torn=kind != "scope")
        if "scope" in record:
            record["scope"] = cleaning.scope(record["scope"])
        if "message" in record:
            record["message"] = (cleaning.send if kind == "send" else cleaning.receive)(record["message"])
        if "error" in record:
            record["error"] = _error(record["error"], cleaning.text)
        if kind == "end":
            self._open.pop((conn, layer), None)

    def _connection(self, key: tuple[Any, Any], *, torn: bool) -> ConnectionRedaction:
        cleaning = self._open.get(key)
        if cleaning is None:
            cleaning = self._open[key] = ConnectionRedaction(self._redaction, torn=torn)
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)
        return cleaning


def _error(error: Any, text: Callable[[str], str], depth: int = 0) -> Any:
    """An exception as a record has it: all its texts, and those of the exceptions in it."""
    if type(error) is str:
        return text(error)
    if depth > 100:
        return None
    if type(error) is list:
        return [_error(one, text, depth + 1) for one in error]
    if type(error) is dict:
        return {key: x if key in _NAMES else _error(x, text, depth + 1) for key, x in error.items()}
    return error
