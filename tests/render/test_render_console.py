"""Colour, width and writing: what the stream and the environment decide."""

import io
import os
import pty
from collections.abc import Iterator, Mapping

import pytest
from rich.text import Text

from asgi_inspect.render import ViewOptions, make_view
from asgi_inspect.render.console import Color, Printer, make_console
from asgi_inspect.render.palette import PALETTE
from tests.render.talks import TALKS, Stream

TERM = {"TERM": "xterm-256color"}


@pytest.fixture
def terminal() -> Iterator[io.TextIOWrapper]:
    """The program's end of a real terminal."""
    ours, theirs = pty.openpty()
    stream = open(theirs, "w", encoding="utf-8")
    yield stream
    stream.close()
    os.close(ours)


@pytest.mark.parametrize(
    ("color", "environ", "colored"),
    [
        ("auto", TERM, True),
        ("auto", {**TERM, "NO_COLOR": "1"}, False),
        ("auto", {**TERM, "NO_COLOR": ""}, True),
        ("auto", {**TERM, "NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ("always", {"TERM": "dumb", "NO_COLOR": "1"}, True),
        ("never", {**TERM, "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_on_a_terminal(
    terminal: io.TextIOWrapper, color: Color, environ: Mapping[str, str], colored: bool
) -> None:
    console = make_console(terminal, color, environ)
    assert (console.color_system is not None) is colored
    assert not console.soft_wrap


@pytest.mark.parametrize(
    ("color", "environ", "colored"),
    [
        ("auto", TERM, False),
        ("auto", {**TERM, "FORCE_COLOR": "1"}, True),
        ("auto", {**TERM, "FORCE_COLOR": "0"}, False),
        ("auto", {**TERM, "FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {}, True),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_in_a_pipe(color: Color, environ: Mapping[str, str], colored: bool) -> None:
    stream = Stream()
    console = make_console(stream, color, environ)  # type: ignore[arg-type]
    Printer(console, stream.write).print([Text("x", style=PALETTE["status.5"])])
    assert ("\x1b[" in stream.text) is colored


@pytest.mark.parametrize(
    ("environ", "width", "expected", "folds"),
    [
        ({}, None, 80, False),
        ({"COLUMNS": "120"}, None, 120, False),
        ({"COLUMNS": "0"}, None, 80, False),
        ({"COLUMNS": "x"}, None, 80, False),
        ({"COLUMNS": "120"}, 60, 60, True),
    ],
)
def test_the_width_of_a_pipe(environ: Mapping[str, str], width: int | None, expected: int, folds: bool) -> None:
    console = make_console(Stream(), "auto", environ, width)  # type: ignore[arg-type]
    assert (console.width, not console.soft_wrap) == (expected, folds)


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not make_console(stream, "auto", TERM).is_terminal


def test_a_printer_writes_what_belongs_together_at_once_and_nothing_of_nothing() -> None:
    written: list[str] = []
    printer = Printer(make_console(Stream(), "never", {}), written.append)  # type: ignore[arg-type]
    view = make_view("pretty", ViewOptions())
    for record in TALKS["get"]():
        printer.print(view.feed(record))
    assert [text.count("\n") for text in written] == [13, 1, 5, 2, 1]
    printer.print([])
    printer.print(view.finish())
    assert len(written) == 5


def test_a_printer_escapes_what_the_encoding_cannot_carry_of_any_renderable() -> None:
    stream = Stream("latin-1")
    Printer(make_console(stream, "never", {}), stream.write).print([Text("é你\n")])  # type: ignore[arg-type]
    assert stream.text == "é\\u4f60\n"


def test_in_colour_the_text_is_the_same() -> None:
    outputs = []
    for color in ("always", "never"):
        stream = Stream()
        printer = Printer(make_console(stream, color, TERM, 100), stream.write)  # type: ignore[arg-type]
        view = make_view("pretty", ViewOptions(utc=True))
        for record in (record for talk in TALKS.values() for record in talk()):
            printer.print(view.feed(record))
        outputs.append(Text.from_ansi(stream.text).plain)
    assert outputs[0] == outputs[1]
