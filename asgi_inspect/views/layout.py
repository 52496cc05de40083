"""JSON as lines for people: two blanks a level, but a container of plain values that fits on its line stays on it.

What was parsed from a body keeps the order, the repeated keys and the very digits of its text (`Members`, `Number`). What
came out of a trace may hold stand-ins for what could not be kept: those are shown as remarks, outside quotes.
Lines are made one at a time, so whoever stops asking has not paid for the rest. Types are asked with `type(x)` only.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any, Final

from ..text import safe_json
from ..values import Foreign, Parts, Redacted, Truncated
from .spans import Line, Own, Span, columns_of, plural, size_text

MAX_DEPTH: Final = 40
MAX_STRING: Final = 4000  # characters of one value; what a longer one had is said
DECIMAL_BITS: Final = 8192  # a longer integer is shown in hex: decimal takes quadratic time


class Number(str):
    """A JSON number, digit for digit."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of a JSON object, in order, with repeated keys."""

    __slots__ = ()


CONTAINERS: Final = frozenset({dict, Members, list, tuple})
STAND_INS: Final = frozenset({Truncated, Redacted, Parts, Foreign})
KNOWN: Final = CONTAINERS | STAND_INS | {str, int, float, bool, type(None), Number}
SHORT: Final = frozenset({int, float, bool, type(None), Number})
MOST_PACKED: Final = 10_000
DEEPER: Final[Span] = (Own("…"), "mark")


def parse(text: str) -> Any:
    """JSON for `Layout`; ValueError where it is none, RecursionError where it is nested too deep."""
    return json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=Number)


class Layout:
    """How values become lines of at most `width` columns, as far as their scalars allow."""

    def __init__(self, width: int, plain: Callable[[Any], Any]) -> None:
        """plain: makes JSON's types of a value that is of none of them (bytes, sets, ...)."""
        self.width = width
        self.plain = plain

    def lines(self, value: Any) -> Iterator[Line]:
        """The lines of a value."""
        return self._lines([], value, [], 0)

    def member(self, key: str | None, value: Any, comma: bool, depth: int = 1) -> Iterator[Line]:
        """The lines of one member of an object (of an array, if it has no key), `depth` levels in."""
        indent = ("  " * depth, "")
        before = [indent] if key is None else [indent, *_key(key)]
        return self._lines(before, value, [(",", "json.punctuation")] if comma else [], depth)

    def flat(self, value: Any, room: int) -> Line | None:
        """The value on one line, if it holds no filled container and fits in `room` columns; else None."""
        value = self._settled(value)
        members = _members_of(value)
        if members is None:
            line = self.scalar(value)
            return line if columns_of(line) <= room else None
        opening, closing = _brackets(value)
        line = [(opening, "json.punctuation")]
        used = 2
        for index, (key, member) in enumerate(members):
            if index:
                line.append((", ", "json.punctuation"))
            piece = self._simple(member)
            if piece is None:
                return None
            if key is not None:
                piece = [*_key(key), *piece]
            line += piece
            used += columns_of(piece) + (2 if index else 0)
            if used > room:
                return None
        line.append((closing, "json.punctuation"))
        return line

    def scalar(self, value: Any) -> Line:
        """A value that is no container, as spans."""
        t = type(value)
        if t is str:
            return _string(value)
        if value is None or t is bool:
            return [("null" if value is None else "true" if value else "false", "json.word")]
        if t is int:
            return [_number(integer_text(value))]
        if t is float:
            return [_number(json.dumps(value))]
        if t is Number:
            return [_number(str(value))]
        if t in STAND_INS:
            return stand_in(value, lambda part: self.scalar(self._settled(part)))
        return [DEEPER]

    def _lines(self, before: Line, value: Any, after: Line, depth: int) -> Iterator[Line]:
        """`before` is what stands left of the value on its first line (indent, key), `after` what follows it (a comma)."""
        value = self._settled(value)
        members = _members_of(value)
        if members is None:
            yield [*before, *self.scalar(value), *after]
            return
        one_line = self.flat(value, self.width - columns_of(before) - len(after))
        if one_line is not None:
            yield [*before, *one_line, *after]
            return
        opening, closing = _brackets(value)
        if depth >= MAX_DEPTH:
            yield [*before, (opening, "json.punctuation"), DEEPER, (closing, "json.punctuation"), *after]
            return
        yield [*before, (opening, "json.punctuation")]
        if opening == "[" and (packed := self._packed(value, self.width - 2 * (depth + 1))) is not None:
            for line in packed:
                yield [("  " * (depth + 1), ""), *line]
            yield [("  " * depth, ""), (closing, "json.punctuation"), *after]
            return
        left = len(value)
        for key, inner in members:
            left -= 1
            yield from self.member(key, inner, left > 0, depth + 1)
        yield [("  " * depth, ""), (closing, "json.punctuation"), *after]

    def _packed(self, value: Any, room: int) -> list[Line] | None:
        """An array of many short plain values, as many on a line as fit; None for any other."""
        if len(value) > MOST_PACKED or any(type(member) not in SHORT for member in value):
            return None
        lines: list[Line] = [[]]
        used = 0
        for index, member in enumerate(value):
            piece = [*self.scalar(member), ("," if index < len(value) - 1 else "", "json.punctuation")]
            length = columns_of(piece) + 1
            if used and used + length > room + 1:
                lines.append([])
                used = 0
            lines[-1] += [(" ", ""), *piece] if used else piece
            used += length
        return lines

    def _simple(self, value: Any) -> Line | None:
        """A plain value or an empty container; None for a filled container."""
        value = self._settled(value)
        if type(value) not in CONTAINERS:
            return self.scalar(value)
        return None if value else [("".join(_brackets(value)), "json.punctuation")]

    def _settled(self, value: Any) -> Any:
        """The value if its type is known here, else what `plain` makes of it; what is still unknown is only named."""
        t = type(value)
        if t in KNOWN and (t is not dict or all(type(key) is str for key in value)):
            return value
        found = self.plain(value)
        return found if type(found) in KNOWN else Foreign("$object", t.__qualname__)


def stand_in(value: Truncated | Redacted | Parts | Foreign, show: Callable[[Any], Line]) -> Line:
    """What a trace holds where the value itself could not be kept, in words; `show` shows the parts that are there."""
    if isinstance(value, Truncated):
        return _truncated(value, show)
    if isinstance(value, Redacted):
        return [(f"<{_redacted(value)}>", "mark")]
    if isinstance(value, Parts):
        return [span for part in value.parts for span in show(part)]
    if value.tag == "$object" and type(value.content) is str:
        return [(f"<{value.content}>", "mark")]
    if value.tag == "$cycle" and type(value.content) is int:
        return [(f"<the container {plural(value.content, 'level')} up>", "mark")]
    return [(f"<{value.tag}>", "mark")]


def integer_text(value: int) -> str:
    """The digits of an integer of any size."""
    return str(value) if value.bit_length() <= DECIMAL_BITS else hex(value)


def _truncated(value: Truncated, show: Callable[[Any], Line]) -> Line:
    kept = _octets_in(value.head)
    if type(value.size) is not int:  # too deep, too large, or not as capture writes it
        return [("<too deep or too large to keep>", "mark")]
    if kept == 0 or value.head is None:
        return [(f"<{size_text(value.size)}, not kept>", "mark")]
    first = f", first {size_text(kept)} kept" if kept is not None else ""
    return [*show(value.head), (Own("…"), "mark"), (f" ({size_text(value.size)}{first})", "mark")]


def _octets_in(head: Any) -> int | None:
    """The size in bytes of a str (in UTF-8) or a byte string; None for anything else."""
    if type(head) is str:
        return len(head.encode("utf-8", "surrogatepass"))
    if type(head) is memoryview:
        return head.nbytes
    return len(head) if type(head) is bytes or type(head) is bytearray else None


def _redacted(value: Redacted) -> str:
    parts = ["redacted"]
    if type(value.size) is int:
        parts.append(size_text(value.size))
    parts += [part for part in (value.fingerprint, value.why) if type(part) is str and part]
    return ", ".join(parts)


def _members_of(value: Any) -> Iterable[tuple[str | None, Any]] | None:
    """The keys (None in an array) and values of a container; None for what is no container."""
    t = type(value)
    if t is dict:
        return value.items()  # type: ignore[no-any-return]
    if t is Members:
        return value  # type: ignore[no-any-return]
    if t is list or t is tuple:
        return ((None, member) for member in value)
    return None


def _brackets(value: Any) -> tuple[str, str]:
    return ("[", "]") if type(value) is list or type(value) is tuple else ("{", "}")


def _key(key: str) -> Line:
    return [
        (_quoted(key if len(key) <= MAX_STRING else key[:MAX_STRING] + "..."), "json.key"),
        (": ", "json.punctuation"),
    ]


def _string(value: str) -> Line:
    if len(value) <= MAX_STRING:
        return [(_quoted(value), "json.string")]
    rest = plural(len(value) - MAX_STRING, "more character")
    return [(_quoted(value[:MAX_STRING]), "json.string"), (Own("…"), "mark"), (f" ({rest})", "mark")]


def _quoted(value: str) -> str:
    return safe_json(encode_basestring(value))


def _number(digits: str) -> Span:
    return (digits if len(digits) <= MAX_STRING else digits[:MAX_STRING] + "...", "json.number")
