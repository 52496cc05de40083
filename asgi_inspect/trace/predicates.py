"""How each term of a filter is decided: a maker reads one value and gives the test for it.

A test answers True, False, or None for what is not known yet. It looks at `Facts` only, and never raises on what they hold.
The makers raise ValueError for a value that is none.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias, get_args
from urllib.parse import unquote_plus

from . import messages
from .bodysearch import BodySearch
from .connection import proc_of
from .facts import Facts, Side
from .naming import names_connection, names_process
from .patterns import Match, has_star, inside, literal, plain, whole
from .quantities import Range, duration, moment, moment_of, number, read_range, size
from .records import Outcome, ReceiveRecord, SendRecord
from .seen import TextSearch, data_of, header_of

Event: TypeAlias = ReceiveRecord | SendRecord
OnFacts: TypeAlias = Callable[[Facts], bool | None]
OnMessage: TypeAlias = Callable[[Facts, Event, Any], bool | None]

HIDDEN: Final = "$base64"
"""What stands in a line in which a byte string is not to be read as text."""


class Test(NamedTuple):
    """One value of a term, ready to be asked."""

    facts: OnFacts
    message: OnMessage | None = None
    """The same of a single message; None: the term is about its connection."""
    literals: tuple[str, ...] = ()
    """Texts of which some line of every matching connection holds one, as they are; empty where there are none."""
    body: str | None = None
    """A text that is looked for in bodies."""
    text: str | None = None
    """A text that is looked for anywhere."""


# --- text ---


def _text(get: Callable[[Facts], str | None], match: Match) -> OnFacts:
    """A test of a fact that stands in the scope."""

    def on(facts: Facts) -> bool | None:
        value = get(facts)
        if value is None:
            return None if facts.at is None else False
        return match(value)

    return on


def _literals(pattern: str, *, glob: bool = True) -> tuple[str, ...]:
    found = literal(pattern, glob=glob)
    return () if found is None else (found,)


def _in_bytes(pattern: str) -> tuple[str, ...]:
    """The literals of a byte string, which may be written in base64."""
    found = _literals(pattern, glob=has_star(pattern))
    return (*found, HIDDEN) if found else ()


TYPES: Final = ("http", "websocket", "ws", "lifespan")


def by_type(value: str, _: datetime) -> Test:
    if (
        not has_star(value)
        and value.casefold() not in TYPES
        and difflib.get_close_matches(value.casefold(), TYPES, n=1)
    ):
        raise ValueError("a slip: other types there may be, but none that is so near")
    match = whole("websocket" if value.casefold() == "ws" else value, any_case=True)
    return Test(lambda facts: match(facts.type) if facts.type else None)


def by_method(value: str, _: datetime) -> Test:
    return Test(_text(lambda facts: facts.method, whole(value, any_case=True)))


def by_path(value: str, _: datetime) -> Test:
    return Test(_text(lambda facts: facts.path, whole(value)), literals=_literals(value))


_IN_URLS: Final = re.compile(r"[\w.~=&*-]*", re.ASCII)


def by_query(value: str, _: datetime) -> Test:
    match = inside(value)
    as_sent = _IN_URLS.fullmatch(value) is not None

    def on(facts: Facts) -> bool | None:
        query = facts.query
        if facts.at is None and not query:
            return None
        return match(query) or (not as_sent and ("%" in query or "+" in query) and match(unquote_plus(query)))

    return Test(on, literals=_in_bytes(value) if as_sent else ())


def by_host(value: str, _: datetime) -> Test:
    any_case = any(character.isalpha() for character in value)
    return Test(
        _text(lambda facts: facts.host, _address(value, any_case=True)),
        literals=() if any_case else _in_bytes(value),
    )


def by_client(value: str, _: datetime) -> Test:
    port = value.rpartition(":")[2]
    found = () if ":" in value and port.isdecimal() else _literals(value)  # in a trace the two stand apart
    return Test(_text(lambda facts: facts.client, _address(value)), literals=found)


_UNESCAPED_BRACKET: Final = re.compile(r"(?<!\\)\[")


def _address(pattern: str, *, any_case: bool = False) -> Match:
    """`host:port`, or the host alone."""
    match = whole(_UNESCAPED_BRACKET.sub(r"\\[", pattern), any_case=any_case)  # those of IPv6 are no sets

    def on(text: str) -> bool:
        host = text.rpartition(":")[0] if text.rpartition(":")[2].isdecimal() else text
        return match(text) or match(host) or match(host.removeprefix("[").removesuffix("]"))

    return on


def _at_end(get: Callable[[Facts], str | None], match: Match) -> OnFacts:
    """A test of a fact that is told when the application has ended."""

    def on(facts: Facts) -> bool | None:
        value = get(facts)
        if value is None:
            return None if facts.outcome == "open" else False
        return match(value)

    return on


def by_route(value: str, _: datetime) -> Test:
    return Test(_at_end(lambda facts: facts.route, whole(value)), literals=_literals(value))


def by_error(value: str, _: datetime) -> Test:
    match = whole(value)

    def on(facts: Facts) -> bool | None:
        if any(match(name) or match(name.rpartition(".")[2]) for name in facts.error_types):
            return True
        return None if facts.outcome == "open" else False

    return Test(on, literals=_literals(value))


def by_conn(value: str, _: datetime) -> Test:
    text = plain(value)
    process, _sign, end = text.rpartition("#")

    def on(facts: Facts) -> bool | None:
        if names_connection(text, facts.conn, facts.pid):
            return True
        return None if process and facts.pid is None else False

    shown = f".{end}" if end.isdecimal() else end  # the id is `proc.17`
    return Test(on, literals=_literals(shown, glob=False))


def by_proc(value: str, _: datetime) -> Test:
    text = plain(value)

    def on(facts: Facts) -> bool | None:
        if names_process(text, proc_of(facts.conn), facts.pid):
            return True
        return None if facts.pid is None else False

    return Test(on)


# --- numbers and times ---


def by_status(value: str, _: datetime) -> Test:
    wanted = read_range(value, number, "=")

    def on(facts: Facts) -> bool | None:
        return _known(wanted, facts.status, facts)

    def on_message(_: Facts, __: Event, message: Any) -> bool:
        found = messages.status_of(message)
        return found is not None and wanted.holds(found)

    return Test(on, on_message)


def by_code(value: str, _: datetime) -> Test:
    wanted = read_range(value, number, "=")

    def on(facts: Facts) -> bool | None:
        return _known(wanted, facts.close_code, facts)

    def on_message(_: Facts, __: Event, message: Any) -> bool:
        close = messages.close_of(message)
        return close is not None and close.code is not None and wanted.holds(close.code)

    return Test(on, on_message)


def by_ttfb(value: str, _: datetime) -> Test:
    wanted = read_range(value, duration, ">=")
    return Test(lambda facts: _known(wanted, facts.answered_us, facts))


def _known(wanted: Range, value: int | None, facts: Facts) -> bool | None:
    if value is None:
        return None if facts.outcome == "open" else False
    return wanted.holds(value)


def by_larger_than(value: str, _: datetime) -> Test:
    wanted = read_range(value, size, ">")

    def on(facts: Facts) -> bool | None:
        most = max(facts.request_bytes, facts.response_bytes)
        return wanted.will_hold(most) if facts.outcome == "open" else wanted.holds(most)

    return Test(on, lambda _, __, message: wanted.holds(messages.payload_size(message)))


def by_slower_than(value: str, _: datetime) -> Test:
    wanted = read_range(value, duration, ">")

    def on(facts: Facts) -> bool | None:
        if facts.duration_us is None:
            return wanted.will_hold(facts.last_us)
        return wanted.holds(facts.duration_us)

    def on_message(_: Facts, record: Event, __: Any) -> bool:
        return isinstance(record, ReceiveRecord) and wanted.holds(record.wait_us)

    return Test(on, on_message)


def by_since(value: str, now: datetime) -> Test:
    begin = _moment(value, now)
    return _in_time(lambda at: at >= begin)


def by_until(value: str, now: datetime) -> Test:
    end = _moment(value, now, end=True)
    return _in_time(lambda at: at <= end)


def _moment(value: str, now: datetime, *, end: bool = False) -> datetime:
    try:
        return moment(value, now, end=end)
    except OverflowError:
        raise ValueError("out of all calendars") from None


def _in_time(holds: Callable[[datetime], bool]) -> Test:
    def on(facts: Facts) -> bool | None:
        at = moment_of(facts.at)
        return None if at is None else holds(at)

    def on_message(facts: Facts, record: Event, _: Any) -> bool | None:
        at = moment_of(facts.at)
        try:
            return None if at is None else holds(at + timedelta(microseconds=record.t_us))
        except OverflowError:
            return None

    return Test(on, on_message)


# --- headers, bodies, messages ---


def by_header(value: str, _: datetime, sides: Sequence[Side], *, of_messages: bool) -> Test:
    name, equals, wanted = value.partition("=")
    if not name or ":" in name:
        raise ValueError("no name that a header may have: `name: value` is not how it is written here")
    named = whole(name, any_case=True)
    match = inside(wanted) if equals else None

    def among(headers: Sequence[tuple[str, str]]) -> bool:
        return any(named(found) and (match is None or match(text)) for found, text in headers)

    def on(facts: Facts) -> bool | None:
        if any(among(facts.headers(side)) for side in sides):
            return True
        return None if facts.outcome == "open" else False

    def on_message(_: Facts, __: Event, message: Any) -> bool:
        headers = messages.headers_of(message)
        return among([(messages.as_text(found), messages.as_text(text)) for found, text in headers])

    literals = _in_bytes(wanted) if equals else ()
    return Test(on, on_message if of_messages else None, literals)


def by_body(value: str, _: datetime) -> Test:
    text = plain(value)
    octets = text.encode("utf-8", "surrogatepass")

    def on_message(facts: Facts, record: Event, message: Any) -> bool:
        data = data_of(messages.payload_of(message))
        if octets in data or not data:
            return octets in data
        side: Side = "request" if isinstance(record, ReceiveRecord) else "response"
        search = BodySearch((text,))
        search.begin(side, header_of(facts.headers(side), "content-encoding"))
        search.feed(side, data, last=True)
        return bool(search.found)

    return Test(lambda facts: facts.holds(text, "body") or None, on_message, body=text)


def by_text(value: str, _: datetime) -> Test:
    text = plain(value)

    def on_message(_: Facts, __: Event, message: Any) -> bool:
        search = TextSearch((text,))
        search.take(message)
        return bool(search.found)

    return Test(
        lambda facts: facts.holds(text, "anywhere") or None,
        on_message,
        _literals(value, glob=False),
        text=text,
    )


def by_message(value: str, _: datetime) -> Test:
    match = whole(value, any_case=True)
    return Test(
        lambda facts: any(map(match, facts.message_types)) or None,
        lambda _, __, message: match(messages.message_type(message)),
    )


OUTCOMES: Final = (*get_args(Outcome), "open")


def by_outcome(value: str, _: datetime) -> Test:
    wanted = value.casefold()
    if wanted not in OUTCOMES:
        raise ValueError("no outcome")

    def on(facts: Facts) -> bool | None:
        if facts.outcome == wanted:
            return True
        return None if facts.outcome == "open" else False

    return Test(on)
