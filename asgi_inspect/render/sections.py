"""The page of one connection is made of sections: a title, and below it rows that are a little further in.

A section is bounded like everything else: `max_lines` for each list of headers and each body, said where it cuts.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from ..text import safe
from ..trace.body import WholeBody
from ..trace.messages import as_text
from ..views import Body, Room, Shown, show
from ..views.content import media_type
from ..views.layout import STAND_INS, stand_in
from ..views.spans import Line, Own, columns, indented, plural, size_text, take
from .block import Block, Row
from .fields import data, more, short_value

INDENT: Final = "  "
_WIDEST_NAME: Final = 30  # columns of a header's name that others are aligned with
_LONGEST_NAME: Final = 200
_WIDEST_VALUE: Final = 200

Rows: TypeAlias = Callable[[int], Iterable[Row]]

_KINDS: Final = {
    "json": "JSON",
    "ndjson": "JSON lines",
    "events": "event stream",
}
_LANGUAGES: Final = {
    "html": "HTML",
    "xhtml": "HTML",
    "xml": "XML",
    "css": "CSS",
    "csv": "CSV",
    "markdown": "Markdown",
    "yaml": "YAML",
    "javascript": "JavaScript",
}


def section(title: Line, *parts: Rows) -> Block:
    """A title and what stands below it, with a blank line above."""
    return Block(lambda width: section_rows(title, parts, width))


def section_rows(title: Line, parts: Iterable[Rows], width: int) -> Iterator[Row]:
    """The rows of a section whose title is known only when its content is."""
    yield Row([])
    yield Row(title)
    for rows_at in parts:
        for row in rows_at(max(1, width - len(INDENT))):
            hang = None if row.hang is None else row.hang + len(INDENT)
            yield row._replace(line=indented(row.line, INDENT), hang=hang)


def titled(text: str, *after: Line) -> Line:
    """A title, and what is said beside it."""
    line: Line = [(text, "section")]
    for words in after:
        line += [("  ", ""), *words]
    return line


def labelled(pairs: Iterable[tuple[str, Line]], style: str = "quiet") -> Rows:
    """Labels and values, the values below each other; what has no value is left out."""
    known = [(label, value) for label, value in pairs if value]
    widest = max((columns(label) for label, _ in known), default=0)
    return lambda width: (_labelled(label, value, widest, style) for label, value in known)


def _labelled(label: str, value: Line, widest: int, style: str) -> Row:
    return Row([(label.ljust(widest), style), ("  ", ""), *value], hang=widest + 2)


# --- headers -------------------------------------------------------------------------------------------------------------


def headers_rows(headers: Any, max_lines: int | None, hint: str | None) -> Rows:
    """The headers of a scope or a message, a line each, their values below each other."""
    if type(headers) not in (list, tuple):
        return labelled([("headers", short_value(headers, _WIDEST_VALUE) or [(Own("…"), "mark")])])
    return lambda width: _headers_rows(headers, Room(max_lines, width), hint)


def _headers_rows(headers: Any, room: Room, hint: str | None) -> Iterator[Row]:
    names = [columns(_name(pair)) for pair in (headers if room.lines is None else headers[: room.lines + 1])]
    widest = max((name for name in names if name <= _WIDEST_NAME), default=0)
    taken, left = take((_header(pair, widest) for pair in headers), room)
    for line in taken:
        yield Row(line, hang=widest + 2)
    if left:
        yield Row(more(plural(len(headers) - len(taken), "more header"), hint))


def _name(pair: Any) -> str:
    return safe(as_text(pair[0])[:_LONGEST_NAME]) if _is_pair(pair) else ""


def _is_pair(pair: Any) -> bool:
    return type(pair) in (list, tuple) and len(pair) == 2


def _header(pair: Any, widest: int) -> Line:
    if not _is_pair(pair):
        return [*_value(pair), ("  no pair of name and value", "warning")]
    name = _name(pair)
    line: Line = [(name, "header.name"), (" " * max(0, widest - columns(name)) + "  ", ""), *_value(pair[1])]
    wrong = dict.fromkeys(
        type(part).__name__ for part in pair if type(part) is not bytes and type(part) not in STAND_INS
    )
    return [*line, (f" ({' and '.join(wrong)}, not bytes)", "warning")] if wrong else line


def _value(value: Any) -> Line:
    t = type(value)
    if t is bytes or t is str:
        return data(as_text(value), "header.value")
    if t in STAND_INS:
        return stand_in(value, _value)
    return short_value(value, _WIDEST_VALUE) or [(Own("…"), "mark")]


# --- bodies --------------------------------------------------------------------------------------------------------------


def sizes(body: WholeBody) -> str:
    """`41 KiB`; `9.8 KiB gzip → 41 KiB` where a coding was undone."""
    said = size_text(body.size)
    if body.coding is None or not body.size:
        return said
    said += f" {safe(body.coding[:_WIDEST_NAME])}"
    return said if body.data == body.wire else f"{said} → {size_text(len(body.data))}"


def kind_of(shown: Shown, content_type: str | None) -> str:
    """What a body was taken for, in a word; of a text, its language."""
    if shown.kind != "text":
        return _KINDS.get(shown.kind, shown.kind)
    language = (media_type(content_type) or "").rpartition("/")[2].rpartition("+")[2].removeprefix("x-")
    return _LANGUAGES.get(language, "text")


def shown_body(body: WholeBody, room: Room) -> Shown:
    """The body by the view that suits it; what is cut is not taken for the whole."""
    cut = body.missing > 0 or (body.cut and not body.size)
    return show(Body(body.data, len(body.data) + cut, body.content_type), room)


def notes_rows(body: WholeBody) -> Rows:
    """What else is to be known of a body: what is missing, what could not be decoded."""
    notes = [*([body.trouble] if body.trouble else []), *body.notes]
    if body.missing and body.loss == "redacted":  # nothing of it can be read, and nobody has asked for that
        notes.append("a run with --no-redact keeps what is or may be secret")
    return lambda width: (Row([(Own("… "), "warning"), *data(note, "warning")]) for note in notes)


def lines_rows(shown: Shown, hint: str | None) -> Iterator[Row]:
    """The lines of a view, and how much it left out."""
    yield from map(Row, shown.lines)
    if shown.rest is not None:
        yield Row(more(shown.rest, hint))
