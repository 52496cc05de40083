"""The small parts: times, sizes, folding, names, source lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.render.block import Gutter
from asgi_inspect.render.errors import culprit, is_library, short_file, traceback
from asgi_inspect.render.folding import cells, clip, fold
from asgi_inspect.render.names import Names
from asgi_inspect.render.units import clock, day, duration
from asgi_inspect.trace.records import ErrorInfo, Frame
from asgi_inspect.views.spans import Line, plural, size_text
from tests.render.talk import process


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "0.00 ms"),
        (310, "0.31 ms"),
        (1_920, "1.92 ms"),
        (9_994, "9.99 ms"),
        (9_996, "10.0 ms"),
        (12_400, "12.4 ms"),
        (240_000, "240 ms"),
        (999_499, "999 ms"),
        (999_500, "1.00 s"),
        (1_920_000, "1.92 s"),
        (59_949_000, "59.9 s"),
        (59_950_000, "1 min 00 s"),
        (123_000_000, "2 min 03 s"),
        (3_720_000_000, "1 h 02 min"),
        (-310, "-0.31 ms"),
        (10**40, "1281023894 h 00 min"),
    ],
)
def test_durations(us: int, text: str) -> None:
    assert duration(us) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1500, "1.5 KiB"),
        (65_536, "64 KiB"),
        (307_200, "300 KiB"),
        (1_048_575, "1 MiB"),
        (10 * 1024**2, "10 MiB"),
        (5 * 1024**3, "5 GiB"),
        (2 * 1024**4, "2.0 TiB"),
        (1 << 90, "4194304.0 TiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_plurals() -> None:
    assert [plural(1, "line"), plural(9812, "line")] == ["1 line", "9,812 lines"]


def test_clocks() -> None:
    assert clock("2026-11-23T13:03:22.184999Z", utc=True) == "13:03:22.184"
    assert clock("2026-11-23T23:59:59.999Z", utc=True, plus_us=1_500) == "00:00:00.000"
    assert clock("2026-11-23T13:03:22+02:00", utc=True) == "11:03:22.000"
    assert clock("2026-11-23T13:03:22", utc=True) == "13:03:22.000"
    assert clock("yesterday", utc=True) == "yesterday"
    assert clock("9999-12-31T23:59:59Z", utc=True, plus_us=10**15) == "9999-12-31T23:59:59Z"
    assert len(clock("2026-11-23T13:03:22.184999Z", utc=False)) == 12
    assert day("2026-11-23T13:03:22Z", utc=True) == "2026-11-23"
    assert day("yesterday", utc=False) == "yesterday"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("你好", 4), ("é", 1), ("e\u0301", 1), ("❤️", 2), ("👩‍💻", 4), ("مرحبا", 5), ("", 0)],
)
def test_widths(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("line", "width", "hang", "folded"),
    [
        ([("short", "")], 10, 2, ["short"]),
        ([("exactly 10", "")], 10, 2, ["exactly 10"]),
        ([("abcdefghijklmnopqrstuvwxyz", "")], 12, 2, ["abcdefghijkl", "  mnopqrstuv", "  wxyz"]),
        ([("some words that", ""), (" break", "x")], 12, 2, ["some words", "  that break"]),
        ([("one  two three", "")], 10, 2, ["one  two", "  three"]),
        ([("one · two · three", "")], 14, 0, ["one · two ·", "three"]),
        ([("你好世界你好世界", "")], 9, 1, ["你好世界", " 你好世界"]),
        ([("xx👩‍💻👩‍💻", "")], 8, 0, ["xx👩‍💻", "👩‍💻"]),
        ([("narrow", "")], 1, 4, ["n", "a", "r", "r", "o", "w"]),
    ],
)
def test_folding(line: Line, width: int, hang: int, folded: list[str]) -> None:
    assert ["".join(text for text, _ in piece) for piece in fold(line, width, hang)] == folded


@given(st.lists(st.tuples(st.text("ab 你👩\u200d", max_size=9), st.just(""))), st.integers(10, 30), st.integers(0, 9))
def test_folding_loses_nothing_but_blanks(line: Line, width: int, hang: int) -> None:
    folded = fold(line, width, hang)
    texts = ["".join(text for text, _ in piece) for piece in folded]
    assert "".join(texts).replace(" ", "") == "".join(text for text, _ in line).replace(" ", "")
    assert all(cells(text) <= width for text in texts)


def test_clipping() -> None:
    assert clip([("short", "x")], 10, "…") == [("short", "x")]
    assert clip([("abc", "x"), ("defgh", "y")], 6, "…") == [("abc", "x"), ("de", "y"), ("…", "mark")]
    assert clip([("abcdefgh", "x")], 6, "...") == [("abc", "x"), ("...", "mark")]


def test_a_process_is_named_from_the_second_one_on() -> None:
    names = Names()
    assert names.know(process())
    assert not names.know(process(why="rotation"))
    first = process().proc
    assert names.gutter(f"{first}.17") == Gutter("#17 ", "conn.1")
    assert names.know(process(4712, "zz"))
    assert names.gutter(f"{first}.18") == Gutter("4711#18", "conn.2")
    assert names.gutter("zz.1") == Gutter("4712#1 ", "conn.4")
    assert names.short("unknown.5") == "unkn#5"
    assert names.short("") == "?#"


def test_a_connection_keeps_the_name_that_it_was_first_shown_with() -> None:
    names = Names()
    names.know(process())
    first = process().proc
    shown = [names.short(f"{first}.{number}") for number in ("2", "7", "of another's")]
    assert names.short("zz.1") == "zz#1"
    assert [names.short(f"{first}.{number}") for number in ("2", "7", "of another's")] == shown
    assert names.short(f"{first}.8") == "4711#8"
    names.know(process(4712, "zz"))
    assert names.short("zz.1") == "zz#1"


FRAMES = [
    ("/srv/app/main.py", False, "/srv/app/main.py"),
    ("/srv/.venv/lib/python3.12/site-packages/starlette/routing.py", True, "starlette/routing.py"),
    ("/usr/lib/python3/dist-packages/django/core.py", True, "django/core.py"),
    ("/usr/local/lib/python3.13t/asyncio/runners.py", True, "asyncio/runners.py"),
    ("C:\\Python312\\Lib\\asyncio\\runners.py", True, "asyncio/runners.py"),
    ("C:\\shop\\main.py", False, "C:\\shop\\main.py"),
    ("<frozen importlib._bootstrap>", True, "<frozen importlib._bootstrap>"),
]


@pytest.mark.parametrize(("file", "library", "short"), FRAMES)
def test_files_of_libraries(file: str, library: bool, short: str) -> None:
    assert (is_library(file), short_file(file)) == (library, short)


def test_the_culprit_is_the_innermost_frame_of_the_users_own_code() -> None:
    own, library = Frame("/srv/a.py", 1, "f"), Frame(FRAMES[1][0], 2, "g")
    assert culprit([own, library]) == own
    assert culprit([library]) == library
    assert culprit([]) is None


def test_source_lines_are_read_where_the_file_is_there(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text("def f():\n    raise ValueError('x')\n")
    notes = tmp_path / "notes.txt"
    notes.write_text("secret\nsecret\n")
    error = ErrorInfo(
        type="ValueError", frames=[Frame(str(source), 2, "f"), Frame(str(notes), 1, "g"), Frame("\0.py", 1, "h")]
    )
    lines = ["".join(text for text, _ in line) for line in traceback(error, all_frames=False)]
    assert lines == [
        "Traceback (most recent call last):",
        f"  {source}:2 in f",
        "    raise ValueError('x')",
        f"  {notes}:1 in g",
        "  \0.py:1 in h",
        "ValueError",
    ]


def test_frames_of_libraries_are_folded_unless_all_are_wanted() -> None:
    library = Frame(FRAMES[1][0], 7, "app")
    error = ErrorInfo(type="E", message="m", frames=[library, library, Frame("/gone.py", 1, "f"), library, library])
    short = ["".join(text for text, _ in line) for line in traceback(error, all_frames=False)]
    assert short[1:] == [
        "  … 2 frames in starlette",
        "  /gone.py:1 in f",
        "  … 1 frame in starlette",
        "  starlette/routing.py:7 in app",
        "E: m",
    ]
    assert len(list(traceback(error, all_frames=True))) == 7


def test_a_chain_of_causes_without_end_is_cut() -> None:
    error = ErrorInfo(type="E")
    for _ in range(200):
        error = ErrorInfo(type="E", cause=error)
    lines = ["".join(text for text, _ in line) for line in traceback(error, all_frames=False)]
    assert lines[1] == "… and more exceptions"
    assert len(lines) == 102
