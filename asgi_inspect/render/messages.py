"""One message as rows: a line with its type, its plain fields and what fits on it; below, headers, body, and what is long."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from ..convert import convert_bytes_to_str
from ..trace.messages import is_start, message_type
from ..views import Body, Room, show
from ..views.spans import Line, columns_of, indented, plural, size_text
from .block import Row
from .fields import body_of, body_size, data, headers_lines, member_lines, more, short_value, value_lines
from .heads import status_line

INDENT: Final = "  "
_HANG: Final = 4
_LONGEST_TYPE: Final = 200
_MOST_FIELDS: Final = 30  # of one message; those of the specification have at most four
_SHORT: Final = 60  # columns of a field's value that stands on the message's own line


@dataclass(frozen=True, slots=True)
class Shape:
    """How a message is shown: the type of its body, with the body or not, in how many lines, what is said where some are left out."""

    content_type: str | None
    show_body: bool
    max_lines: int | None
    hint: str | None


@dataclass(slots=True)
class _Parts:
    """A message while it is taken apart: its line, what may follow on it if there is room, and what stands below."""

    line: Line
    short_body: Line | None = None
    below: list[Iterator[Line]] = field(default_factory=list)


def message_rows(before: Line, message: Any, after: Line, shape: Shape, width: int) -> Iterator[Row]:
    """The rows of a message; `before` and `after` stand on its line round its type."""
    parts = _Parts(list(before))
    room = Room(shape.max_lines, max(1, width - len(INDENT)))
    if type(message) is dict:
        kind = message_type(message)
        parts.line += [*(data(kind, "type", _LONGEST_TYPE) if kind else [("no type", "warning")]), *after]
        _take_apart(message, kind, shape, room, parts)
    else:
        parts.line.append(("not a dict", "warning"))
        parts.below.append(value_lines(message, room, shape.hint))
    if parts.short_body is not None:
        if columns_of(parts.line) + 2 + columns_of(parts.short_body) <= width:
            parts.line += [("  ", ""), *parts.short_body]
        else:
            parts.below.append(iter([parts.short_body]))
    yield Row(parts.line, hang=_HANG)
    for lines in parts.below:
        for line in lines:
            yield Row(indented(line, INDENT))


def _take_apart(message: dict[Any, Any], kind: str, shape: Shape, room: Room, parts: _Parts) -> None:
    for name, value in islice(message.items(), _MOST_FIELDS):
        if name == "type":
            continue
        if name == "status" and is_start(message):
            parts.line += [("  ", ""), *status_line(value)]
        elif name == "headers" and type(value) in (list, tuple) and value:
            parts.below.append(headers_lines(value, False, 0, room, shape.hint))
        elif name == "message" and kind.startswith("lifespan.") and (body := body_of(value, None)) is not None:
            # Servers send a traceback in it; it is why the start failed, so it is shown even where bodies are not.
            _add_body(name, body, replace(shape, show_body=True), room, parts)
        elif value is not None and _is_body(name, kind) and (body := body_of(value, shape.content_type)) is not None:
            _add_body(name, body, shape, room, parts)
            if type(value) is str and name != "text":
                parts.line.append((" (a str, not bytes)", "warning"))
        else:
            _add_field(name, value, shape, room, parts)
    if len(message) > _MOST_FIELDS:
        parts.below.append(iter([more(plural(len(message) - _MOST_FIELDS, "more field"), shape.hint)]))


def _is_body(name: Any, kind: str) -> bool:
    """Whether the field is what the message carries; `text` is, of a WebSocket message."""
    return name in ("body", "bytes") or (name == "text" and kind.startswith("websocket."))


def _add_field(name: Any, value: Any, shape: Shape, room: Room, parts: _Parts) -> None:
    label = name if type(name) is str else str(convert_bytes_to_str(name))
    short = short_value(value, _SHORT) if len(label) <= _SHORT else None
    if short is not None:
        parts.line += [("  ", ""), (f"{label}: ", "quiet"), *short]
    else:
        parts.below.append(member_lines(label, value, room, shape.hint))


def _add_body(name: str, body: Body, shape: Shape, room: Room, parts: _Parts) -> None:
    size = body_size(body)
    parts.line += [("  ", ""), (size if name == "body" else f"{name} {size}", "size")]
    if not shape.show_body or not body.data:
        return
    shown = show(body, room)
    if shown.kind != "text":
        parts.line.append((f" {shown.kind}", "size"))
    whole = shown.rest is None and not body.cut
    if whole and len(shown.lines) == 1:
        parts.short_body = shown.lines[0]
        return
    parts.below.append(iter(shown.lines))
    if not whole:
        missing = body.size - body.kept
        said = [shown.rest] if shown.rest else []
        said += [f"{size_text(missing)} not kept"] if missing else []
        parts.below.append(iter([more(" and ".join(said), shape.hint if shown.rest else None)]))
