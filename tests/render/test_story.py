"""One connection told in full: as a page should look, of real servers, and whatever the records hold."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from asgi_inspect.render import ViewOptions
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.records import Record
from asgi_inspect.views.spans import size_text
from tests.bodies import CODERS, PLAIN, SERVERS, ask_for_everything, connections_of, served
from tests.render.stories import CASES, expected_file, told
from tests.render.talk import Talk, body, http_scope, request, start, websocket_scope
from tests.render.talks import TALKS
from tests.render.test_render_properties import RECORDS, dangerous


@pytest.mark.parametrize(("name", "width"), CASES)
def test_a_page_looks_as_expected(name: str, width: int) -> None:
    assert told(TALKS[name](), width) == expected_file(name, width).read_text(encoding="utf-8")


def test_no_page_is_left_over() -> None:
    known = {expected_file(name, width) for name, width in CASES}
    assert set(known) == set(next(iter(known)).parent.iterdir())


# --- of real servers -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[*SERVERS])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page of each connection that a real server had, by method and path."""
    file: Path = tmp_path_factory.mktemp("story") / "trace.jsonl"
    with served(request.param, file) as port:
        ask_for_everything(port)
    fold = connections_of(file)
    return {
        f"{connection.method or connection.type} {connection.path or ''}".strip(): told(_records(connection), 100)
        for connection in fold.connections.values()
    }


def _records(connection: Connection) -> list[Record]:
    return [*connection.layers.values(), *connection.events]


def sections(page: str) -> list[str]:
    """The titles of a page."""
    return [line.partition("  ")[0] for line in page.splitlines()[2:] if line[:1].strip()]


@pytest.mark.parametrize("coding", [*CODERS])
def test_a_coded_body_is_shown_decoded(pages: dict[str, str], coding: str) -> None:
    page = pages[f"GET /coded/{coding.replace(', ', '+')}"]
    assert f" {coding} → {size_text(len(PLAIN))}  JSON\n" in page
    assert '"name": "茶 0"' in page
    assert " more lines (asgi-inspect show --conn " in page
    assert sections(page) == ["General", "Request", "Response", "Response body", "Timing"]


def test_events_stand_behind_their_times(pages: dict[str, str]) -> None:
    page = pages["GET /events"]
    assert "Response body  61 B  event stream\n" in page
    begun = page.partition("event stream\n")[2].splitlines()[:5]
    assert [line[12:] for line in begun] == ["event: tick", 'data: {"n": 1}', ": beat", "data: second", "data: line"]
    assert [line[:12].strip()[:1] for line in begun] == ["+", "", "+", "+", ""]


def test_an_upload_is_shown_part_by_part(pages: dict[str, str]) -> None:
    page = pages["POST /upload"]
    assert "  title = Leaves\\nof tea\n" in page
    assert "  photo  filename a.png  image/png  329 B  PNG image, 640 x 480, RGBA\n" in page
    assert "  note  filename 茶.txt  text/plain  700 B\n" in page


def test_a_form_and_a_query_are_shown_field_by_field(pages: dict[str, str]) -> None:
    page = pages["POST /form"]
    assert "\nQuery\n  a = 1\n  b = 茶\n" in page
    assert "form\n  tea = 玉露\n  grams = 50\n" in page


def test_an_image_and_a_page_are_shown(pages: dict[str, str]) -> None:
    assert "Response body  329 B  image\n  PNG image, 640 x 480, RGBA\n" in pages["GET /png"]
    assert "Response body  11 B  HTML\n  <p>café</p>\n" in pages["GET /latin"]
    assert "  … the client gets none of it: the method is HEAD\n" in pages["HEAD /png"]


def test_an_exception_is_shown_with_its_traceback(pages: dict[str, str]) -> None:
    page = pages["GET /raise"]
    assert "  RuntimeError: as \\x1b[31mwished\n" in page
    assert "  application raised" in page
    assert sections(page) == ["General", "Request", "Response", "Response body", "Timing", "Exception"]


def test_a_websocket_is_shown_message_by_message(pages: dict[str, str]) -> None:
    page = pages["websocket /talk"]
    told = [line.strip() for line in page.partition("\nMessages  ")[2].splitlines()[1:8]]
    assert [" ".join(line.partition("ms  ")[2].split()) for line in told] == [
        "text 5 B hello",
        'text 21 B JSON {"you said": "hello"}',
        "bytes 2 B 0000 00 ff ..",
        "text 3 B 茶",
        'text 19 B JSON {"you said": "茶"}',
        "bytes 2 B 0000 00 ff ..",
        "text 3 B bye",
    ]
    assert [line[0] for line in told] == list("→←←→←←→")
    assert "  subprotocol  chat\n" in page
    assert "  4001 you said so\n" in page


def test_a_lifespan_is_shown_step_by_step(pages: dict[str, str]) -> None:
    steps = pages["lifespan"].partition("\nTiming\n")[2].splitlines()
    said = ["startup asked", "startup complete", "shutdown asked", "shutdown complete", "application returned"]
    assert [step.strip().partition("  ")[0] for step in steps if step] == said


# --- what happens seldom ---------------------------------------------------------------------------------------------------


def timing(talk: Talk) -> list[str]:
    page = told(talk.records, 100)
    return [" ".join(line.split()) for line in page.partition("\nTiming\n")[2].split("\n\n")[0].splitlines()]


def test_background_work_is_apart_from_the_answer() -> None:
    talk = Talk(1, http_scope())
    talk.receive(1_000, request())
    talk.send(2_000, start())
    of = talk.send(3_000, body(b"tea"))
    talk.sent(13_000, of, 10_000)
    talk.end(60_000)
    assert timing(talk) == [
        "answered at +2.00 ms",
        "body sent +3.00 ms",
        "slow sends 1 send took 10.0 ms",
        "application returned +60.0 ms 47.0 ms after the response was complete: background work",
    ]


def test_a_wait_for_the_body_and_a_client_that_leaves_are_said() -> None:
    talk = Talk(1, http_scope(method="POST"))
    talk.receive(20_000, request(b"tea", True), wait_us=19_000)
    talk.receive(30_000, request(b"leaves"), wait_us=9_000)
    talk.send(40_000, start())
    talk.receive(50_000, {"type": "http.disconnect"}, wait_us=1)
    talk.end(60_000, "cancelled")
    assert timing(talk) == [
        "request body received +30.0 ms in 2 messages, waited 28.0 ms for it",
        "answered at +40.0 ms",
        "client left +50.0 ms before the response was complete",
        "application cancelled +60.0 ms",
    ]


def test_a_connection_without_an_end_says_where_it_stands() -> None:
    talk = Talk(1, http_scope())
    talk.send(40_000, start())
    talk.pending(call="send", started_us=50_000)
    assert timing(talk) == [
        "answered at +40.0 ms",
        "not returned +50.0 ms in send()",
        "still open +40.0 ms where the trace ends",
    ]


def test_lost_records_are_said_at_the_top() -> None:
    talk = Talk(1, http_scope())
    for t_us in range(5):
        talk.send(t_us, body(b"x", True))
    page = told([record for record in talk.records if getattr(record, "n", 0) not in (2, 4)], 100)
    assert "  lost     2 records of this connection not in the trace: 2, 4\n" in page


def test_messages_that_have_no_place_are_named() -> None:
    talk = Talk(1, http_scope())
    talk.send(1, {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    talk.send(2, {"type": "http.response.push", "path": "/b.js", "headers": []})
    talk.send(3, start())
    talk.send(4, start(500))
    talk.send(5, body(b""))
    talk.send(6, {"type": "http.response.trailers", "headers": [[b"x-sum", b"abc"]]})
    page = told(talk.end(7), 100)
    others = page.partition("\nOther messages\n")[2].partition("\n\n")[0]
    assert [line.split("  ")[2] for line in others.splitlines()] == [
        "http.response.early_hint",
        "http.response.push",
        "http.response.start",
    ]
    assert "\nTrailers\n  x-sum  abc\n" in page


def test_the_response_that_refuses_a_websocket_is_shown() -> None:
    talk = Talk(1, websocket_scope("/private"))
    talk.send(1, {**start(403, [b"content-type", b"application/json"]), "type": "websocket.http.response.start"})
    talk.send(2, {**body(b'{"detail": "no"}'), "type": "websocket.http.response.body"})
    page = told(talk.end(3), 100)
    assert "\nResponse\n  403 Forbidden\n  content-type  application/json\n" in page
    assert 'JSON\n  {"detail": "no"}\n' in page


def test_a_startup_that_failed_says_why() -> None:
    talk = Talk(1, {"type": "lifespan"})
    talk.receive(1_000, {"type": "lifespan.startup"})
    talk.send(9_000, {"type": "lifespan.startup.failed", "message": "Traceback\nValueError: no tea"})
    talk.end(9_500)
    assert "startup failed +9.00 ms took 8.00 ms: ValueError: no tea" in timing(talk)


def test_a_body_is_bounded_by_lines_unless_all_of_it_is_asked_for() -> None:
    def records(lines: int) -> list[Record]:
        talk = Talk(1, http_scope())
        talk.send(1, start())
        talk.send(2, body(b"a line of text\n" * lines))
        return talk.end(3)

    page = told(records(700_000), 100)
    assert len(page.splitlines()) < 60
    assert "  … 699,980 more lines (" in page
    assert len(told(records(7_000), 100, ViewOptions(max_lines=None)).splitlines()) > 7_000


def test_many_messages_are_bounded() -> None:
    talk = Talk(1, websocket_scope("/chat"))
    for t_us in range(10_000):
        talk.receive(t_us, {"type": "websocket.receive", "text": "x"})
    page = told(talk.records, 100)
    assert "  … 9,920 more messages (" in page
    assert len(page.splitlines()) < 120


def test_bodies_can_be_left_out() -> None:
    talk = Talk(1, http_scope())
    talk.send(1, start())
    talk.send(2, body(b"secret"))
    page = told(talk.end(3), 100, ViewOptions(show_body=False))
    assert "\nResponse body  6 B\n" in page
    assert "secret" not in page


def test_into_a_pipe_each_line_goes_whole() -> None:
    talk = Talk(1, http_scope(headers=[[b"x-long", b"v" * 500]]))
    assert f"  x-long      {'v' * 500}\n" in told(talk.end(3), None)


# --- whatever the records hold ---------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(RECORDS, st.none() | st.integers(1, 200), st.none() | st.integers(1, 20), st.booleans())
def test_whatever_the_records_hold_a_page_is_safe(
    records: list[Record], width: int | None, lines: int | None, frames: bool
) -> None:
    page = told(records, width, ViewOptions(utc=True, max_lines=lines, library_frames=frames))
    assert dangerous(page) == set()


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.sampled_from(["ascii", "cp1252", "latin-1", "koi8-r", "shift_jis"]))
def test_a_page_fits_into_the_encoding(records: list[Record], encoding: str) -> None:
    told(records, 80, encoding=encoding).encode(encoding)


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.integers(60, 200))
def test_no_line_of_a_page_is_wider_than_the_screen(records: list[Record], width: int) -> None:
    assert all(cell_len(line) <= width for line in told(records, width).splitlines())


def test_every_conversation_fits_a_terminal_that_knows_ascii_only() -> None:
    for talk in TALKS.values():
        assert told(talk(), 80, encoding="ascii").isascii()
