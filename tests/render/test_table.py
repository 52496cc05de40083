"""The table: a line a connection, at any width, of anything that a trace may hold."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.render import ViewOptions
from asgi_inspect.render.columns import row
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.render.folding import cells
from asgi_inspect.render.table import TableView
from asgi_inspect.render.units import micros, short_duration
from asgi_inspect.render.waterfall import Sweep
from asgi_inspect.trace.columns import KNOWN, columns_of
from asgi_inspect.trace.extent import Span
from asgi_inspect.trace.facts import Facts
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import ProcessRecord, Record
from tests.render.talk import AT, JSON, TEXT, Talk, body, http_scope, process, request, start, websocket_scope
from tests.render.talks import TALKS, Stream
from tests.trace.made import traces

BEGIN = micros(AT) or 0
SECOND = Span(BEGIN, BEGIN + 1_000_000)


def facts_of(records: Iterable[Record]) -> list[Facts]:
    """The connections of a trace."""
    fold = Fold()
    for record in records:
        fold.feed(record)
    return list(fold.connections.values())


def table(
    records: list[Record],
    width: int | None,
    *,
    span: Span | None = SECOND,
    color: bool = False,
    encoding: str = "utf-8",
) -> list[str]:
    """The lines of the table."""
    stream = Stream(encoding)
    console = make_console(stream, "always" if color else "never", {}, width)  # type: ignore[arg-type]
    printer = Printer(console, stream.write)
    view = TableView(ViewOptions(utc=True), span)
    for record in records:
        if isinstance(record, ProcessRecord):
            view.names.know(record)
    printer.print([view.heading()])
    for facts in facts_of(records):
        printer.print(view.row(facts))
    printer.print(view.finish())
    return stream.text.splitlines()


def get(
    number: int = 1, path: str = "/items", *, begin: int = 240, end: int = 500_000, query: bytes = b""
) -> list[Record]:
    talk = Talk(number, http_scope(path, query=query))
    talk.receive(200, request())
    talk.send(begin, start(200, JSON))
    talk.send(begin + 100, body(b"{}" * 1000))
    return talk.end(end)


def everyday() -> list[Record]:
    """What a trace of a day may hold."""
    chat = Talk(2, websocket_scope("/chat"))
    chat.receive(10, {"type": "websocket.connect"})
    chat.send(100_000, {"type": "websocket.accept"})
    chat.receive(600_000, {"type": "websocket.disconnect", "code": 1006})
    failed = Talk(3, http_scope("/这是一个很长的路径/用户/一二三四五六七八九十/设置", "DELETE", b"page=2"))
    failed.send(400_000, start(500, TEXT))
    failed.send(400_000, body(b"Internal Server Error"))
    waiting = Talk(4, http_scope("/waiting", "OPTIONS"))
    waiting.receive(10, request())
    streaming = Talk(5, http_scope("/events"))
    streaming.send(300_000, start(200, [b"content-type", b"text/event-stream"]))
    life = Talk(6, {"type": "lifespan"})
    life.receive(10, {"type": "lifespan.startup"})
    return [
        *get(begin=250_000),
        *chat.end(610_000),
        *failed.end(800_000, "raised"),
        *waiting.records,
        *streaming.records,
        *life.records,
    ]


NARROW = """\
time     id   method  path             status type      size duration 0   1.00 s
13:03:22 #1   GET     /items           200    json        2K   500 ms ───━━
13:03:22 #2           /chat            1006   WS          0B   610 ms ─━━━━━
13:03:22 #3   DELETE  /这是…九十/设置  500 !  text       21B   800 ms ────━━━━
13:03:22 #4   OPTIONS /waiting                            0B     open ─────────▸
13:03:22 #5   GET     /events          200    sse         0B     open ───━━━━━━▸
13:03:22 #6                                   lifespan           open ─────────▸
── 6 connections · 0 B in · 2 KiB out · 800 ms · 3 open
"""
WIDE = """\
time         id   method  path                                  status type             size duration 0           1.00 s
13:03:22.184 #1   GET     /items                                200    json            2 KiB   500 ms ─────━━━━
13:03:22.184 #2           /chat                                 1006   WebSocket         0 B   610 ms ──━━━━━━━━━
13:03:22.184 #3   DELETE  /这是一个很长的…三四五六七八九十/设置 500 !  text             21 B   800 ms ───────━━━━━━━
13:03:22.184 #4   OPTIONS /waiting                                                       0 B     open ─────────────────▸
13:03:22.184 #5   GET     /events                               200    sse               0 B     open ─────━━━━━━━━━━━━▸
13:03:22.184 #6                                                        lifespan                  open ─────────────────▸
── 6 connections · 0 B in · 2 KiB out · 800 ms · 3 open
"""


@pytest.mark.parametrize(("width", "expected"), [(80, NARROW), (120, WIDE)])
def test_a_line_a_connection(width: int, expected: str) -> None:
    assert table(everyday(), width) == expected.splitlines()


def test_a_screen_without_our_glyphs_has_others() -> None:
    lines = table(everyday(), 80, encoding="ascii")
    assert lines[1].endswith("---==")
    assert lines[4].endswith("--------->")
    assert "".join(lines).isascii()


def test_into_a_pipe_a_path_goes_whole() -> None:
    assert "/这是一个很长的路径/用户/一二三四五六七八九十/设置?page=2 " in table(everyday(), None)[3]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (70, "time id method path status type size duration"),
        (60, "time id method path status size duration"),
        (48, "id method path status size duration"),
        (40, "id path status duration"),
        (20, "id path duration"),
    ],
)
def test_a_narrow_screen_has_fewer_columns(width: int, columns: str) -> None:
    lines = table(everyday(), width)
    assert lines[0].split() == columns.split()
    assert max(map(cells, lines)) <= width


@settings(deadline=None)
@given(st.sampled_from(sorted(TALKS)), st.integers(20, 250), st.sampled_from(["utf-8", "ascii", "latin-1", "gbk"]))
def test_whatever_passed_is_a_line_that_fits(name: str, width: int, encoding: str) -> None:
    lines = table(TALKS[name](), width, encoding=encoding)
    assert max(map(cells, lines)) <= width
    assert all(line.isprintable() for line in lines)
    "\n".join(lines).encode(encoding)


@settings(deadline=None)
@given(traces(), st.integers(24, 200))
def test_whatever_a_trace_holds_is_listed(records: list[Record], width: int) -> None:
    lines = table(records, width, span=None)
    assert max(map(cells, lines)) <= width
    assert all(line.isprintable() for line in lines)
    columns = columns_of([*KNOWN, "header:host"])
    for facts in facts_of(records):
        line = row(columns, facts)
        assert line.count("\t") == len(columns) - 1
        assert line.removesuffix("\n").replace("\t", "").isprintable()


def of(records: Iterable[Record]) -> str:
    """The row of the last connection."""
    lines = table(list(records), 80)
    return next(line for line in reversed(lines) if not line.startswith("──"))


def test_how_it_went_is_said_without_colour() -> None:
    def status(outcome: str, *messages: dict[str, Any], kind: str = "http") -> str:
        talk = Talk(1, http_scope() if kind == "http" else websocket_scope("/"))
        for message in messages:
            receives = message["type"] in ("http.disconnect", "websocket.disconnect")
            (talk.receive if receives else talk.send)(10, message)
        return of(talk.end(20, outcome))[39:45].strip()  # type: ignore[arg-type]

    left = {"type": "http.disconnect"}
    accept, close = {"type": "websocket.accept"}, {"type": "websocket.close", "code": 4000}
    assert status("returned", start(204), body()) == "204"
    assert status("returned", start(204), body(), left) == "204"
    assert status("returned", start(200)) == "200 !"
    assert status("returned") == "none"
    assert status("raised", start(200), body()) == "200 !"
    assert status("raised") == "raised"
    assert status("cancelled") == "cancel"
    assert status("returned", left) == "left"
    assert status("returned", start(200), left) == "200 !"
    assert status("returned", close, kind="websocket") == "denied"
    assert status("returned", accept, close, kind="websocket") == "4000"
    assert status("returned", accept, kind="websocket") == "none"
    assert status("raised", accept, close, kind="websocket") == "raised"
    refused = {"type": "websocket.http.response.start", "status": 403, "headers": []}
    assert status("returned", refused, {"type": "websocket.http.response.body"}, kind="websocket") == "403"


@pytest.mark.parametrize(
    ("content_type", "short"),
    [
        (b"application/json; charset=utf-8", "json"),
        (b"application/problem+json", "json"),
        (b"TEXT/HTML", "html"),
        (b"text/event-stream", "sse"),
        (b"image/svg+xml", "svg"),
        (b"application/x-ndjson", "ndjson"),
        (b"application/octet-stream", "binary"),
        (b"text/plain", "text"),
        (b"application/vnd.openxmlformats-officedocument", "vnd.ope…"),
        (b"text", "text"),
        (b"", ""),
        (b"/", ""),
    ],
)
def test_a_content_type_is_one_short_word(content_type: bytes, short: str) -> None:
    talk = Talk(1, http_scope())
    talk.send(10, start(200, [b"content-type", content_type]))
    assert of(talk.end(20))[46:54].strip() == short


# --- the bars ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (0, 1_000_000, "━━━━━━━━━━"),
        (500_000, 1_000_000, "─────━━━━━"),
        (999_999, 1_000_000, "─────────━"),
        (0, 10, "━"),
        (9, 10, "━"),
        (100_000, 9_000_000, "─━━━━━━━━━"),
        (0, 1 << 70, "━━━━━━━━━━"),
    ],
)
def test_a_bar_has_its_place_and_length(begin: int, end: int, expected: str) -> None:
    assert of(get(begin=begin, end=end))[70:] == expected


def test_a_bar_begins_where_its_connection_does() -> None:
    late = table(get(end=100_000), 80, span=Span(BEGIN - 500_000, BEGIN + 500_000))[1]
    assert late[70:] == "     ━"
    for far in (Span(0, 1), Span(BEGIN + 10**12, BEGIN + 10**13), Span(BEGIN, BEGIN)):
        assert re.fullmatch(r" *[─━]+", table(get(), 80, span=far)[1][70:])


def test_a_connection_without_an_answer_has_no_heavy_part() -> None:
    talk = Talk(1, http_scope())
    talk.receive(10, {"type": "http.disconnect"})
    assert of(talk.end(300_000))[70:] == "───"


def test_without_a_time_there_is_no_bar() -> None:
    rows = [line for line in table(Talk(1, http_scope()).end(10)[1:], 80) if "#1" in line]
    assert rows[0].rstrip().endswith("0.01 ms")


def test_without_a_known_span_a_window_moves_along() -> None:
    sweep = Sweep()
    first = sweep.around(0, 1000)
    assert first == Span(0, Sweep.LENGTH_US)
    assert sweep.around(Sweep.LENGTH_US - 10, 10) == first
    assert sweep.around(Sweep.LENGTH_US - 10, 20) == Span(Sweep.LENGTH_US - 10, 2 * Sweep.LENGTH_US - 10)
    long = sweep.around(0, 5 * Sweep.LENGTH_US)
    assert long == Span(4 * Sweep.LENGTH_US, 5 * Sweep.LENGTH_US)
    assert sweep.around(None, 0) == long
    assert table(get(), 80, span=None)[0].endswith("0   10.0 s")


@given(st.integers(0, 1 << 80))
def test_a_short_duration_fits_its_column(us: int) -> None:
    assert 1 <= len(short_duration(us)) <= 8


# --- names, days, sums ---------------------------------------------------------------------------------------------------


def test_several_processes_have_wider_names_from_the_first_row_on() -> None:
    both = [process(4711), process(4712, "other"), *get(), *Talk(1, http_scope(), proc="other").end(10)]
    lines = table(both, 80)
    assert lines[1].split()[1:3] == ["#1", "GET"] or lines[1].split()[1:3] == ["4711#1", "GET"]
    assert lines[2].split()[1] == "4712#1"
    assert {line.index("GET") for line in lines[1:3]} == {lines[0].index("method")}


def test_another_day_has_a_line() -> None:
    late = Talk(2, http_scope()).records
    tomorrow = [type(r)(**{**_fields(r), "at": "2026-11-24T00:00:01Z"}) for r in late]
    lines = table([*get(), *tomorrow], 80)
    assert lines[2] == "── 2026-11-24"
    assert lines[3].startswith("00:00:01 #2 ")


def _fields(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def test_one_connection_adds_up_to_nothing() -> None:
    assert len(table(get(), 80)) == 2


def test_colours_come_from_the_status() -> None:
    line = table(get(), 80, color=True)[1]
    assert "\x1b[32m200\x1b[0m" in line
    assert "\x1b[32m━" in line
