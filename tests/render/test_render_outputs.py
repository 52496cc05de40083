"""What people see, whole: each conversation of `talks` against its file in `expected/`; see there how to renew them."""

import pytest

from asgi_inspect.render import Format, ViewOptions, make_view
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.trace.records import ErrorInfo, ExitRecord, Frame
from asgi_inspect.values import Redacted, Truncated
from tests.render.talk import AT, PROC, Talk, http_scope, process, request, start
from tests.render.talks import CASES, TALKS, Stream, expected_file, shown


@pytest.mark.parametrize(("name", "form", "width"), CASES)
def test_a_conversation_looks_as_expected(name: str, form: Format, width: int) -> None:
    assert shown(TALKS[name](), form, width) == expected_file(name, form, width).read_text(encoding="utf-8")


def test_no_expected_file_is_left_over() -> None:
    files = {expected_file(*case) for case in CASES}
    assert set(expected_file("", "pretty", 0).parent.iterdir()) == files


def test_without_scopes_and_bodies_only_the_messages_are_left() -> None:
    options = ViewOptions(utc=True, show_scope=False, show_body=False)
    assert shown(TALKS["get"](), "pretty", 80, options) == (
        "#2   ┌ 13:03:22.184  GET /teas/sencha?grams=250  HTTP/1.1  127.0.0.1:52798\n"
        "#2   │ → +0.21 ms  http.request  0 B  more_body: false\n"
        "#2   │ ← +1.92 ms  http.response.start  200 OK\n"
        '#2   │   "headers": [\n'
        '#2   │     ["content-type", "application/json"],\n'
        '#2   │     ["content-length", "33"]\n'
        "#2   │   ]\n"
        "#2   │ ← +2.01 ms  http.response.body  30 B  more_body: false\n"
        "#2   └ 200 OK · 0 B in · 30 B out · 2.14 ms · /teas/{name} · main.tea\n"
    )
    assert "sencha" not in shown(TALKS["get"](), "compact", 200, options).split("\n", 1)[1]


def test_a_pipe_gets_every_line_whole() -> None:
    lines = shown(TALKS["post"](), "pretty", None).splitlines()
    cookie = next(line for line in lines if "cookie" in line)
    assert cookie.endswith('theme=dark; consent=%7B%22ads%22%3Afalse%7D; _ga=GA1.1.12345"]')
    compact = shown(TALKS["post"](), "compact", None).splitlines()
    assert compact[1].endswith(
        '  {"name":"Ada","items":[{"tea":"sencha","grams":250,"tags":["green","japan"]},{"tea":"assam","tags":[]}],'
        '"note":"\\u8fd9\\u662f\\u8336","total":12.50,"sizes":[100,200,300,400,500,600,700,800,900,1000,1100…'
    )


def test_where_the_encoding_has_no_arrows_ascii_stands_in_for_ours_and_escapes_for_theirs() -> None:
    output = shown(TALKS["websocket"](), "pretty", 80, encoding="ascii")
    assert output.isascii()
    assert "#9   + 13:03:22.184  WebSocket /counter" in output
    assert "#9   | <- +0.60 ms  websocket.accept" in output
    assert "\\u4f60\\u597d" in output
    latin = shown(TALKS["upload"](), "pretty", 80, encoding="latin-1")
    assert "#6   | ->" in latin
    unknown = shown(TALKS["websocket"](), "compact", 80, encoding="no-such-encoding")
    assert unknown.isascii()


def test_nothing_is_left_out_where_there_is_no_bound() -> None:
    output = shown(TALKS["big"](), "pretty", 80, ViewOptions(max_lines=None))
    assert output.count("vvvvvvvvvvvvvvvvvvvv") == 20_000
    assert "more lines" not in output


def test_without_a_hint_it_is_only_said_what_is_left_out() -> None:
    output = shown(TALKS["big"](), "pretty", 200, ViewOptions(max_lines=5, hint=None))
    assert "… 9,996 more headers\n" in output
    assert "asgi-inspect" not in output


def test_a_big_connection_does_not_flood_the_screen() -> None:
    assert shown(TALKS["big"](), "pretty", 80, ViewOptions(max_lines=10)).count("\n") < 120


def test_no_part_of_a_record_is_without_bound() -> None:
    long = "x" * 100_000
    scope = {
        long: 1,
        **{f"key {number}": number for number in range(100_000)},
        "type": "http",
        "method": long,
        "path": long,
    }
    talk = Talk(1, scope)
    talk.receive(1, {"type": long, **{f"field {number}": number for number in range(100_000)}})
    talk.receive(2, {"type": "http.request", "body": [long] * 100_000, "deep": {long: {long: long}}})
    frames = [Frame(long, 1, long)]
    error = ErrorInfo(type=long, message=f"{long}\n" * 100, frames=frames, notes=[f"{long}\n" * 100], cut=[long])
    records = talk.end(3, "raised", error=error, route=long, endpoint=long)
    assert len(shown(records, "pretty", 80)) < 1_200_000
    assert len(shown(records, "compact", None)) < 10_000


def test_of_a_body_that_is_withheld_whole_size_and_reason_are_said() -> None:
    whole = Redacted(229, None, "gzip JSON")
    talk = Talk(1, http_scope())
    talk.send(1, start(200, [b"content-encoding", b"gzip"]))
    talk.send(2, {"type": "http.response.body", "body": whole, "more_body": True})
    talk.send(3, {"type": "http.response.body", "body": Truncated(50, whole)})
    for form in ("pretty", "compact"):
        assert shown(talk.records, form, None).count("<redacted, 229 B, gzip JSON>") == 2


def test_big_integers_do_no_harm() -> None:
    talk = Talk(1, {"type": "http", "number": 1 << 40_000})
    talk.send(1, start(1 << 40_000))  # as a hostile trace may say
    talk.send(3, {"type": "websocket.close", "code": 1 << 40_000})
    output = shown(talk.end(4), "pretty", 80) + shown(talk.records, "compact", 80)
    assert "0x1000" in output


def test_why_a_start_failed_is_read_as_text_even_without_bodies() -> None:
    talk = Talk(1, {"type": "lifespan", "asgi": {"version": "3.0"}})
    talk.send(900, {"type": "lifespan.startup.failed", "message": "Traceback:\n  main.py\nValueError: no tea"})
    assert shown(talk.end(1000), "pretty", 80, ViewOptions(utc=True, show_scope=False, show_body=False)) == (
        "#1   ┌ 13:03:22.184  lifespan\n"
        "#1   │ ← +0.90 ms  lifespan.startup.failed  message 39 B\n"
        "#1   │   Traceback:\n"
        "#1   │     main.py\n"
        "#1   │   ValueError: no tea\n"
        "#1   └ returned · 1.00 ms\n"
    )


@pytest.mark.parametrize("form", ["pretty", "compact"])
def test_after_a_jump_only_what_is_surely_open_is_called_cut_off(form: Format) -> None:
    stream = Stream()
    printer = Printer(make_console(stream, "never", {}, 80), stream.write)  # type: ignore[arg-type]
    view = make_view(form, ViewOptions(utc=True, show_scope=False))
    ended, alive, new = (Talk(number, http_scope(f"/{number}")) for number in (1, 2, 3))
    for record in (process(), ended.records[0], alive.records[0]):
        printer.print(view.feed(record))
    view.jump()
    alive.receive(100, request())
    for record in (alive.records[1], new.records[0]):
        printer.print(view.feed(record))
    stream.text = ""
    printer.print(view.feed(ExitRecord(proc=PROC, at=AT, open=4)))
    printer.print(view.finish())
    assert [line.rpartition("└ ")[2] for line in stream.text.splitlines()] == [
        "── 13:03:22.184  process 4711 is gone, 4 connections open",
        "cut off · GET /2 · 0 B in · 0 B out",
        "cut off · GET /3 · 0 B in · 0 B out",
        "   and 2 more",
    ]


def test_a_view_that_jumps_again_and_again_forgets_what_it_did_not_see_the_end_of() -> None:
    view = make_view("compact", ViewOptions())
    for number in range(5_000):
        view.feed(Talk(number, http_scope()).records[0])
        view.jump()
    assert len(view._fold.connections) < 1_100
    assert view.finish() == []
