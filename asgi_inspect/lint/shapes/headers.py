"""Headers of whatever message has some: what can be wrong with the list, with a pair, with a name and with a value.

A `HeaderRow` is a row about single headers: it is asked for each pair of the `headers`, and the name of the header is the key of
the finding. A part that the trace has not whole is never wrong, and so is none of a pair that has another fault of a worse kind:
what is no pair has no name, what is no bytes has no wrong character.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from ...values import Foreign, Parts, Truncated
from ..event import Event
from ..finding import Severity
from ..kinds import KEPT_BACK, TOKEN, piece_of
from ..manual import Manual
from ..rule import About, Blamed, Found, Rule
from ..shape import example
from ..talk import Talk
from ..words import quoted, shown

Judge = Callable[[Any, Any], bool]
"""Whether something is wrong with a header, by its name and value."""

_BREAK: Final = re.compile(rb"[\r\n\x00]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_UPPER: Final = re.compile(rb"[A-Z]")
# What is surely no iterable, of what a trace knows by the name of its type alone.
_SCALARS: Final = frozenset(
    {"object", "function", "method", "builtin_function_or_method", "type", "coroutine", "NoneType"}
)


# --- the list ---------------------------------------------------------------------------------------------------------------


def no_headers(value: Any) -> bool:
    """Whether it is no iterable of pairs: None, a dict, a text, a number. One whose pairs are wrong is another matter."""
    if isinstance(value, list | set | frozenset | tuple):
        return False
    if isinstance(value, Foreign):
        return value.tag == "$object" and value.content in _SCALARS
    return not isinstance(value, KEPT_BACK)


def items_of(headers: Any) -> Iterable[Any]:
    """The members of headers, where they can be known."""
    return headers if isinstance(headers, list | set | frozenset | tuple) else ()


def no_pair(item: Any) -> bool:
    """Whether a member is no pair. What else can be iterated over may be one, and is not known."""
    if isinstance(item, list | tuple):
        return len(item) != 2
    if isinstance(item, Foreign):
        return item.tag == "$object" and item.content in _SCALARS
    return not isinstance(item, (*KEPT_BACK, set, frozenset))


def pairs(headers: Any) -> list[Any]:
    """The members of headers that are pairs."""
    return [item for item in items_of(headers) if isinstance(item, list | tuple) and len(item) == 2]


# --- a name, a value --------------------------------------------------------------------------------------------------------


def wrong_type(part: Any) -> bool:
    """Whether a name or a value is surely no byte string; a bytearray or memoryview is a rule of its own."""
    if isinstance(part, bytes | bytearray | memoryview):
        return False
    if isinstance(part, KEPT_BACK):
        return isinstance(piece_of(part), str)
    return not isinstance(part, Foreign) or part.tag == "$object"


def is_pseudo(name: Any) -> bool:
    """Whether a name is that of a pseudo header."""
    return isinstance(name, bytes) and name.startswith(b":")


def is_upper(name: Any) -> bool:
    """Whether a name has upper-case letters."""
    return isinstance(name, bytes) and _UPPER.search(name) is not None


def is_no_token(name: Any) -> bool:
    """Whether a name is no token; a pseudo header is another matter."""
    return isinstance(name, bytes) and not is_pseudo(name) and TOKEN.fullmatch(name) is None


def breaks_line(value: Any) -> bool:
    """Whether a value would end its line: CR, LF or NUL."""
    return any(_BREAK.search(piece) is not None for piece in _pieces(value))


def has_control(value: Any) -> bool:
    """Whether a value has a control character, other than a tab."""
    return any(_CONTROL.search(piece) is not None for piece in _pieces(value))


def has_space_around(value: Any) -> bool:
    """Whether a value begins or ends with a space or a tab."""
    return isinstance(value, bytes) and value != value.strip(b" \t")


def lower(name: Any) -> Any:
    """A name as one to compare with."""
    return name.lower() if isinstance(name, bytes) else name


def _pieces(value: Any) -> Iterable[bytes]:
    """What is known of a value."""
    if isinstance(value, bytes):
        return (value,)
    if isinstance(value, Parts):
        return [piece for piece in value.parts if isinstance(piece, bytes)]
    return (value.head,) if isinstance(value, Truncated) and isinstance(value.head, bytes) else ()


# --- what headers nearly always are ------------------------------------------------------------------------------------------

_USUAL_NAME: Final = re.compile(rb"[0-9A-Za-z_-]+")
_USUAL_VALUE: Final = re.compile(rb"[!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?|")


class Look(NamedTuple):
    """What a first look at headers says, so that rules which are not concerned need none of their own."""

    headers: Any
    usual: bool
    """Whether each is a pair of bytes with nothing odd in it: only that very name, or another beside it, could be wrong."""
    lower: bool
    """Whether no name has upper-case letters."""
    names: frozenset[bytes]
    """All names that are bytes, in lower case."""


_last: list[Look] = [Look(None, True, True, frozenset())]  # many rules look at the same headers, one after the other


def look_at(headers: Any) -> Look:
    """The first look at headers; all but the first are free."""
    look = _last[0]
    if look.headers is not headers:
        look = _last[0] = _look(headers)
    return look


def _look(headers: Any) -> Look:
    names = [item[0] for item in pairs(headers) if isinstance(item[0], bytes)]
    usual = isinstance(headers, list) and all(
        type(item) is list
        and len(item) == 2
        and type(item[0]) is type(item[1]) is bytes
        and _USUAL_NAME.fullmatch(item[0])
        and _USUAL_VALUE.fullmatch(item[1])
        for item in headers
    )
    lower_names = frozenset(name.lower() for name in names)
    return Look(headers, usual, not any(map(is_upper, names)), lower_names)


# --- all of it in one -------------------------------------------------------------------------------------------------------


class Trouble(NamedTuple):
    """What is wrong with headers, in words that follow "`headers` of X": `has a name "X-A" that …`."""

    says: str
    key: str = ""


def trouble_with(headers: Any) -> Trouble | None:
    """The first thing that is wrong with headers: all of the above, but for the space around a value."""
    look = look_at(headers)
    if look.usual and look.lower:
        return None
    if no_headers(headers):
        return Trouble(f"is {shown(headers)}, not an iterable of pairs")
    for item in items_of(headers):
        found = trouble_in(item)
        if found is not None:
            return found
    return None


def said_of_headers(event: Event) -> Found | None:
    """The finding of a message whose `headers` must be there, and as they should be; None where they are."""
    if "headers" not in (event.message if isinstance(event.message, dict) else ()):
        return Found(f"`{event.kind}` has no `headers`.")
    trouble = trouble_with(event.get("headers"))
    return None if trouble is None else Found(f"`headers` of `{event.kind}` {trouble.says}.", key=trouble.key)


def trouble_in(item: Any) -> Trouble | None:
    """What is wrong with one member of headers."""
    if no_pair(item):
        return Trouble(f"has {shown(item)} where a pair of name and value belongs")
    if not isinstance(item, list | tuple):
        return None
    name, value = item
    if wrong_type(name):
        return Trouble(f"has the name {shown(name)}, which is no bytes", key_of(name))
    for judge, words in _NAMES:
        if judge(name):
            return Trouble(f"has the name {quoted(name)}, {words}", key_of(name))
    if wrong_type(value):
        return Trouble(f"has a value for {quoted(name)} that is no bytes, but {kind(value)}", key_of(name))
    if has_control(value):
        return Trouble(f"has a value for {quoted(name)} with a control character in it", key_of(name))
    return None


_NAMES: Final[tuple[tuple[Callable[[Any], bool], str], ...]] = (
    (is_pseudo, "that of a pseudo header"),
    (is_no_token, "which is no valid name"),
    (is_upper, "which is not in lower case"),
)


def key_of(name: Any) -> str:
    """The name of a header as the key of a finding."""
    return quoted(lower(name)).strip('"') if isinstance(name, bytes | str) else ""


def kind(value: Any) -> str:
    """A value by its type alone: it may be a secret."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, Foreign):
        return shown(value)
    if isinstance(value, Parts | Truncated):
        return "a str"
    return f"{'an' if isinstance(value, int) else 'a'} {type(value).__name__}"


# --- rows -------------------------------------------------------------------------------------------------------------------


class HeaderRow(NamedTuple):
    """One row: what may be wrong with a header of these messages.

    bad: whether a header is wrong, by its name and value.
    says: the sentence; `{name}` is the name in quotes, `{kind}` the type of the value, `{name_kind}` that of the name, `{type}` that of the message,
        `{value}` the value itself, for headers that hold no secret.
    names: the names of the headers that it is about, in lower case; None: all, and then `bad` is false of what a `Look` calls usual.
    keyed: whether each header makes a finding of its own.
    The rest is as in `shape.Row`.
    """

    code: str
    name: str
    severity: Severity
    party: Blamed
    section: str
    on: tuple[str, ...]
    bad: Judge
    says: str
    what: str
    why: str
    fix: str
    breaks: tuple[str, ...]
    holds: tuple[str, ...]
    names: frozenset[bytes] | None = None
    keyed: bool = True
    default: bool = True
    once: bool = False
    since: str | None = None
    extension: str | None = None
    scopes: frozenset[str] | None = None

    def rule(self) -> Rule:
        """The rule that this row is."""
        about = About(
            severity=self.severity,
            party=self.party,
            on=self.on,
            section=self.section,
            default=self.default,
            once=self.once,
            in_order=False,
            since=self.since,
            extension=self.extension,
            scopes=self.scopes,
        )
        bad, good = (tuple(example(self.on[0], text) for text in texts) for texts in (self.breaks, self.holds))
        manual = Manual(self.what, self.why, self.fix, bad, good)
        return Rule(code=self.code, name=self.name, about=about, manual=manual, check=_check(self), field="headers")


def _check(row: HeaderRow) -> Callable[[Talk, Event], Found | None]:
    """The check of a row."""
    bad, says, names, keyed = row.bad, row.says, row.names, row.keyed

    def check(talk: Talk, event: Event) -> Found | None:
        look = look_at(event.get("headers"))
        if look.usual if names is None else look.names.isdisjoint(names):
            return None
        for name, value in pairs(look.headers):
            if (names is None or lower(name) in names) and bad(name, value):
                words = {
                    "name": quoted(name),
                    "kind": kind(value),
                    "name_kind": kind(name),
                    "value": shown(value),
                    "type": event.kind or talk.type,
                }
                return Found(says.format(**words), key=key_of(name) if keyed else "")
        return None

    return check


RULES: Final[tuple[Rule, ...]] = ()
