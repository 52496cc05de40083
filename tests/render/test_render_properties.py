"""The laws of every output, whatever the records hold: nothing raises, nothing dangerous, no line too long, nobody's line lost."""

import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from rich.cells import cell_len

from asgi_inspect.protocol.fields import MESSAGES
from asgi_inspect.render import Format, ViewOptions
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ExitRecord,
    Frame,
    LoopRecord,
    LostRecord,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
    SkippedRecord,
)
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.render.talks import shown

NASTY = st.sampled_from(
    ["\x1b[31m", "\x9b", "\u202e", "\u2066", "\u200b", "\ud800", "\r", "\n", "\x07", "[red]", "你", "👩‍👩", "م"]
)
TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.lists(NASTY, max_size=4).map("".join)
OCTETS = st.binary(max_size=12) | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass"))
SIZES = st.none() | st.integers(0, 1 << 70) | st.just("no size")
TIMES = st.integers(-10, 1 << 62)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(1, 3).map(lambda number: number << 9_000)
    | st.floats()
    | TEXT
    | OCTETS
    | OCTETS.map(bytearray)
    | OCTETS.map(lambda octets: memoryview(octets))
    | st.builds(Truncated, SIZES, st.none() | TEXT | OCTETS | st.just([1]))
    | st.builds(Redacted, SIZES, TEXT | st.just(3), st.none() | TEXT)
    | st.builds(Parts, st.tuples(TEXT, st.builds(Redacted, SIZES), OCTETS))
    | st.builds(Foreign, TEXT, TEXT | st.integers())
    | st.builds(Foreign, st.sampled_from(["$object", "$cycle"]), TEXT | st.integers())
    | st.builds(object)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT | st.integers() | st.binary(max_size=4), inner, max_size=4)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=6,
)
HEADERS = st.lists(st.lists(OCTETS | TEXT | LEAVES, min_size=1, max_size=3) | LEAVES, max_size=4)
BODY_FIELDS = {
    "body": VALUES,
    "bytes": VALUES,
    "text": VALUES,
    "headers": HEADERS | VALUES,
    "status": VALUES,
    "code": VALUES,
}
MESSAGE = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(MESSAGES)) | TEXT},
    optional={**BODY_FIELDS, "reason": VALUES, "more_body": st.booleans(), "links": VALUES, "x": VALUES},
)
SCOPE = st.fixed_dictionaries(
    {"type": st.sampled_from(["http", "websocket", "lifespan"]) | TEXT},
    optional={
        "method": VALUES,
        "path": VALUES | TEXT,
        "query_string": VALUES | OCTETS,
        "client": VALUES,
        "http_version": VALUES,
        "headers": HEADERS | VALUES,
        "state": VALUES,
    },
)
FRAMES = st.lists(st.builds(Frame, TEXT, st.integers(0, 9), TEXT), max_size=2)
ERROR = st.recursive(
    st.builds(ErrorInfo, type=TEXT, message=st.none() | TEXT, frames=FRAMES, notes=st.lists(TEXT, max_size=2)),
    lambda inner: st.builds(
        ErrorInfo,
        type=TEXT,
        message=TEXT,
        cause=st.none() | inner,
        context=st.none() | inner,
        exceptions=st.lists(inner, max_size=2),
    ),
    max_leaves=4,
)
CONN = st.sampled_from(["p.1", "p.2", "q.1"]) | TEXT
PROC = st.sampled_from(["p", "q"]) | TEXT
AT = st.just("2026-11-23T13:03:22.184500Z") | TEXT
N = st.integers(1, 6)
LAYER = st.sampled_from([0, 0, 0, 1, 2])
PASSED: dict[str, Any] = {"conn": CONN, "n": N, "layer": LAYER, "t_us": TIMES}
OUTCOME = st.sampled_from(["returned", "raised", "cancelled"])
MAYBE_MESSAGE = MESSAGE | VALUES | st.just(UNSET)
RECORD: st.SearchStrategy[Record] = st.one_of(
    st.builds(ScopeRecord, conn=CONN, layer=LAYER, at=AT, scope=SCOPE | VALUES, name=st.none() | TEXT, inside=st.none() | LAYER, parent=st.none() | CONN),
    st.builds(ReceiveRecord, **PASSED, wait_us=TIMES, message=MAYBE_MESSAGE, same=st.none() | N, outcome=st.none() | OUTCOME, error=st.none() | ERROR),
    st.builds(SendRecord, **PASSED, message=MAYBE_MESSAGE, same=st.none() | N),
    st.builds(SentRecord, **PASSED, of=N, took_us=TIMES, outcome=st.none() | OUTCOME, error=st.none() | ERROR),
    st.builds(PendingRecord, conn=CONN, n=N, layer=LAYER, started_us=TIMES, frames=FRAMES, call=st.sampled_from(["send", "receive", None])),
    st.builds(EndRecord, **PASSED, outcome=OUTCOME, error=st.none() | ERROR, route=st.none() | TEXT, endpoint=st.none() | TEXT),
    st.builds(
        ProcessRecord, v=st.just(1), proc=PROC, at=AT, pid=st.integers(0, 99), parent_pid=st.just(1), host=TEXT,
        argv=st.lists(TEXT, max_size=1), python=TEXT, asgi_inspect=TEXT, server=st.none() | TEXT, app=st.none() | TEXT, why=TEXT,
    ),
    st.builds(LoopRecord, proc=PROC, at=AT, blocked_us=TIMES, frames=FRAMES, conn=st.none() | CONN, waiting=st.lists(VALUES, max_size=2)),
    st.builds(LostRecord, proc=PROC, at=AT, records=N, conns=N, bytes=TIMES, why=TEXT),
    st.builds(SkippedRecord, proc=PROC, at=AT, conns=N, why=TEXT),
    st.builds(ExitRecord, proc=PROC, at=AT, status=st.none() | st.integers(-9, 9), open=st.none() | N),
)  # fmt: skip
RECORDS = st.lists(RECORD, max_size=8)
FORMATS: st.SearchStrategy[Format] = st.sampled_from(["pretty", "compact"])


def dangerous(text: str) -> set[str]:
    bad = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return bad - {"\n", "\u200c", "\u200d"}


@settings(max_examples=300, deadline=None)
@given(RECORDS, FORMATS, st.none() | st.integers(1, 200), st.none() | st.integers(1, 20), st.booleans())
def test_whatever_the_records_hold_the_output_is_safe(
    records: list[Record], name: Format, width: int | None, lines: int | None, frames: bool
) -> None:
    output = shown(records, name, width, ViewOptions(utc=True, max_lines=lines, library_frames=frames))
    assert dangerous(output) == set()


@settings(max_examples=100, deadline=None)
@given(RECORDS, FORMATS, st.sampled_from(["ascii", "cp1252", "latin-1", "koi8-r", "shift_jis"]))
def test_the_output_fits_into_the_encoding(records: list[Record], name: Format, encoding: str) -> None:
    shown(records, name, 80, encoding=encoding).encode(encoding)


@settings(max_examples=100, deadline=None)
@given(RECORDS, FORMATS, st.integers(60, 200))
def test_no_line_is_wider_than_the_screen(records: list[Record], name: Format, width: int) -> None:
    assert all(cell_len(line) <= width for line in shown(records, name, width).splitlines())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(RECORD.filter(lambda record: hasattr(record, "conn") and not isinstance(record, LoopRecord)), max_size=6)
)
def test_each_line_of_a_connection_has_its_gutter(records: list[Record]) -> None:
    output = shown(records, "pretty", 100).split("── ")[0]
    assert all(line.lstrip("pq?#").strip() == "" or "#" in line.split(" ")[0] for line in output.splitlines())
