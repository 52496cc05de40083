"""`--conn`: one connection, as a page, as its records, or one of its bodies alone."""

import sys
from dataclasses import dataclass, field, replace

from ..errors import UsageError
from ..launch.frames import frame_of
from ..render import Format, make_view
from ..text import safe
from ..trace.codec import decode_record
from ..trace.connection import Connection, proc_of
from ..trace.facts import Side
from ..trace.filter import Filter, parse_filter
from ..trace.fold import Fold
from ..trace.search import Traces
from ..views.spans import size_text
from ._faults import say
from ._pager import Outlet
from ._screen import Look, Screen, print_on, printer_on

_NAMED = 4
_MOST_LINES = 5000  # of one body or list of headers


@dataclass
class One:
    """A connection that was found, what is known of its process, and the lines that say all that."""

    connection: Connection
    fold: Fold
    lines: list[bytes] = field(default_factory=list)


def find_one(traces: Traces, text: str, filter: Filter, *, with_lines: bool = True) -> One | None:
    """The connection that a person calls by this text. Raises UsageError where several may be meant.

    with_lines: whether its lines are needed beside what they say.
    """
    fold, lines = Fold(), list[bytes]()
    for raw in traces.lines(named(text, filter)):
        record = decode_record(raw)
        if record is not None:
            fold.feed(record)
        if with_lines:
            lines.append(raw)
    found = list(fold.connections)
    if not found:
        return None
    chosen = text if text in found else found[0]
    if chosen != text and len(found) > 1:
        some = ", ".join(_names(found, fold)[:_NAMED]) + (" …" if len(found) > _NAMED else "")
        raise UsageError(f"--conn {safe(text)} may be {safe(some)}: give one of them in full.")
    return One(fold.connections[chosen], fold, [raw for raw in lines if _is_of(raw, chosen)])


def named(text: str, filter: Filter) -> Filter:
    """The filter, and that the connection is called so."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    if not text:
        raise UsageError("--conn takes the id of a connection, the end of one, or #17 as on the screen.")
    return Filter((*parse_filter(f'conn:"{quoted}"').terms, *filter.terms), filter.now)


def _names(conns: list[str], fold: Fold) -> list[str]:
    """What to write for each: `4711#17` where that means it alone, else its id."""
    pids = [process.pid if (process := fold.process_of(conn)) else None for conn in conns]
    short = [f"{pid}#{conn.rpartition('.')[2]}" for pid, conn in zip(pids, conns, strict=True)]
    return [
        name if pid is not None and short.count(name) == 1 else conn
        for conn, name, pid in zip(conns, short, pids, strict=True)
    ]


def _is_of(raw: bytes, conn: str) -> bool:
    frame = frame_of(raw)
    if frame is None:
        return False
    return frame.conn == conn or (frame.conn is None and frame.proc == proc_of(conn))


def show_page(one: One, look: Look, outlet: Outlet, again: str) -> None:
    """All of it on one page. again: the command that shows one connection."""
    from ..render.story import story  # which takes its time, and lists never need it

    connection = one.connection
    gone = one.fold.exits.get(proc_of(connection.conn)) if connection.end is None else None
    options = look.options(f"{again} --raw")
    blocks = story(connection, one.fold.process_of(connection.conn), options, gone=gone)
    print_on(outlet, look.color, blocks)


def show_records(one: One, look: Look, outlet: Outlet) -> None:
    """Its records, as they are or as a view has them, however long they are."""
    if look.format == "jsonl":
        for raw in one.lines:
            outlet.write_record(raw)
        return
    options = replace(look.options(None), max_lines=_MOST_LINES)
    form: Format = "compact" if look.format == "compact" else "pretty"
    screen = Screen(make_view(form, options), printer_on(outlet, look.color), outlet)
    for raw in one.lines:
        record = decode_record(raw)
        if record is not None:
            screen.feed(record)
    screen.finish()


def write_body(one: One, side: Side, outlet: Outlet, *, as_sent: bool) -> bool:
    """The bytes of one body and nothing else; what is missing of it is said on standard error. Whether it is all there."""
    from ..trace.body import body_of
    from ..views.coding import LIMIT

    body = body_of(one.connection, side, limit=LIMIT)
    data = body.wire if as_sent else body.data
    if sys.stdout is not None and sys.stdout.isatty():
        data = _for_a_terminal(data)
    outlet.write(data)
    for note in body.notes if body.trouble is None else [*body.notes, body.trouble]:
        say(note)
    if body.withheld:
        say("what is or may be secret is not in the trace; a run with --no-redact keeps it.")
    if body.missing and body.missing != body.withheld:
        hint = " A run with --body-limit none keeps bodies whole." if body.missing > body.withheld else ""
        say(f"this body is cut: the trace has {size_text(body.size - body.missing)} of {size_text(body.size)}.{hint}")
    if one.connection.type == "websocket" and not body.size:
        say("a WebSocket has messages in place of a body: --raw shows them.")
    return not body.missing


def _for_a_terminal(data: bytes) -> bytes:
    """A text as it may be shown. Raises UsageError for what is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UsageError(
            f"this body is {size_text(len(data))} of binary data: send it into a file with > FILE."
        ) from None
    return (safe(text, newlines=True) + "\n").encode()
