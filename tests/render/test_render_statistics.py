"""The page of statistics, whole: each case of `sums` against its file; see there how to renew them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.render.folding import cells
from asgi_inspect.render.sparkline import histogram, share_text, sparkline, step_text
from asgi_inspect.trace.figures import Bin
from asgi_inspect.trace.statistics import By
from tests.render.sums import CASES, SUMS, everything, expected_file, shop, summed_up


@pytest.mark.parametrize(("name", "by", "width"), CASES)
def test_a_trace_is_summed_up_as_expected(name: str, by: By, width: int | None) -> None:
    assert summed_up(SUMS[name](), by, width) == expected_file(name, by, width).read_text(encoding="utf-8")


def test_no_expected_file_is_left_over() -> None:
    assert set(expected_file("", "route", 0).parent.iterdir()) == {expected_file(*case) for case in CASES}


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 100, 120, 160, 250])
@pytest.mark.parametrize("by", ["route", "path", "worker", "status"])
def test_no_line_is_wider_than_the_screen(by: By, width: int) -> None:
    for line in summed_up(shop(), by, width).splitlines():
        assert cells(line) <= width, line


@pytest.mark.parametrize("width", [80, 110, 160])
def test_every_figure_is_there_however_narrow(width: int) -> None:
    page = summed_up(shop(), "route", width)
    for word in ("count", "errors", "p50", "p99", "duration (ms)", "first byte (ms)", "bytes", "messages"):
        assert word in page


def test_columns_stand_below_one_another_with_wide_characters() -> None:
    head, *rows = summed_up(shop(), "route", None).splitlines()[1:6]
    end = head.index("errors") + len("errors")
    for row in rows:
        assert "%" in row
        assert cells(row[: row.index("%") + 1]) == end


def test_rows_that_are_not_shown_are_counted() -> None:
    assert "… and 3 more routes\n" in summed_up(shop(), "route", 80, rows=1)
    assert "… and 1 more route\n" in summed_up(shop(), "route", 80, rows=3)
    assert "more route" not in summed_up(shop(), "route", 80, rows=None)
    assert "more statuses" in summed_up(everything(), "status", 80, rows=1)


def test_another_encoding_has_other_glyphs() -> None:
    page = summed_up(shop(), "route", 160, encoding="ascii")
    assert page.isascii()
    assert "####" in page
    assert "\\u4e66" in page


def test_colour_says_nothing_that_words_do_not() -> None:
    painted = summed_up(shop(), "route", 160, color="always")
    assert "\x1b[" in painted
    assert "\x1b" not in summed_up(everything(), "path", 160, rows=None)


SPREAD = [Bin(1, 2, 1), Bin(5, 10, 8), Bin(10, 20, 4)]


def test_a_sparkline() -> None:
    assert sparkline(SPREAD, [1, 2, 5, 10, 20]) == "▁ █▄"


def test_a_histogram() -> None:
    lines = ["".join(text for text, _ in line) for line in histogram(SPREAD, 50)]
    assert lines == [
        "    1 us - 2 us     1   7.7 %  ██",
        "    2 us - 5 us     0     0 %",
        "    5 us - 10 us    8    62 %  █████████████████",
        "   10 us - 20 us    4    31 %  ████████",
    ]


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (0, 0, "0 %"), (0, 9, "0 %"), (1, 10_000, "< 0.1 %"), (1, 1000, "0.1 %"), (9, 10, "90 %"), (10, 10, "100 %"),
        (9_999, 10_000, "> 99 %"),
    ],
)  # fmt: skip
def test_shares(count: int, of: int, text: str) -> None:
    assert share_text(count, of) == text


@given(st.integers(1, 10**9), st.data())
def test_only_all_is_a_hundred_per_cent_and_only_nothing_none(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    assert (share_text(count, of) == "100 %") == (count == of)
    assert (share_text(count, of) == "0 %") == (count == 0)


@pytest.mark.parametrize(("us", "text"), [(0, "0 us"), (500, "500 us"), (2000, "2 ms"), (10**9, "1,000 s")])
def test_steps_in_words(us: int, text: str) -> None:
    assert step_text(us) == text
