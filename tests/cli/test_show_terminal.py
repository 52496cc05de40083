"""`asgi-inspect show` in a terminal: the table where there are several connections, and the pager where they do not fit."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import TRACE, conversation, lines, process
from tests.launch.test_terminal import Terminal, terminal
from tests.serving import ROOT

ONE = lines(process("aaaa", 4711), *conversation("aaaa", 1, "/one"))
MANY = lines(
    process("aaaa", 4711), *(r for number in range(1, 101) for r in conversation("aaaa", number, f"/{number}"))
)
PAGER = "sed -u s/^/paged:/"


@contextmanager
def showing(
    tmp_path: Path, environ: dict[str, str], trace: bytes, *words: str, size: str = "rows 30 cols 80", **more: str
) -> Iterator[Terminal]:
    (tmp_path / "t.jsonl").write_bytes(trace)
    sized = ["/bin/sh", "-c", f'stty {size}; exec "$@"', "sh"]
    command = [*sized, sys.executable, "-m", "asgi_inspect", "show", "t.jsonl", *words]
    environ = {name: value for name, value in environ.items() if name != "COLUMNS"}
    with terminal(tmp_path, {**environ, "PAGER": PAGER, "NO_COLOR": "1", **more}, command=command) as shown:
        yield shown


def shown_lines(shown: Terminal) -> list[str]:
    assert shown.wait() == 0
    return shown.screen.replace("\r", "").splitlines()


def test_several_connections_are_a_table(tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, TRACE) as shown:
        rows = shown_lines(shown)
    assert rows[0].startswith("time     id   method  path ")
    assert [row.split()[3] for row in rows[1:3]] == ["/one", "/seventeen"]
    assert len(rows) == 4
    assert max(map(len, rows)) <= 80


@pytest.mark.parametrize(("trace", "words"), [(ONE, []), (TRACE, ["path:/one"])])
def test_one_connection_is_shown_message_by_message(
    trace: bytes, words: list[str], tmp_path: Path, environ: dict[str, str]
) -> None:
    with showing(tmp_path, environ, trace, *words) as shown:
        rows = shown_lines(shown)
    assert any("http.response.body" in row for row in rows)
    assert "/seventeen" not in shown.screen


@pytest.mark.parametrize("words", [["--format", "pretty"], ["--format", "compact"]])
def test_a_format_that_is_named_is_that_one(words: list[str], tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, TRACE, *words, size="rows 100 cols 80") as shown:
        assert any("http.response.body" in row for row in shown_lines(shown))


@pytest.mark.parametrize(
    "words", [[], ["--format", "pretty"], ["--format", "jsonl"], ["--fields", "path"], ["--messages", "status:200"]]
)
def test_what_does_not_fit_goes_through_a_pager(words: list[str], tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, MANY, *words) as shown:
        rows = shown_lines(shown)
    assert len(rows) >= 100
    assert all(row.startswith("paged:") for row in rows)


@pytest.mark.parametrize(("words", "more"), [(["--no-pager"], {}), ([], {"PAGER": ""}), ([], {"TERM": "dumb"})])
def test_no_pager_where_none_is_wanted(
    words: list[str], more: dict[str, str], tmp_path: Path, environ: dict[str, str]
) -> None:
    with showing(tmp_path, environ, MANY, *words, **more) as shown:
        rows = shown_lines(shown)
    assert len(rows) == 102
    assert "paged:" not in shown.screen


def test_a_pager_that_is_quit_is_no_trouble(tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, MANY * 100, "--format", "pretty", PAGER="head -n 2") as shown:
        rows = shown_lines(shown)
    assert len(rows) == 2


def test_what_went_wrong_is_said_when_the_pager_is_gone(tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, b"rubbish\n" + MANY, "--fields", "path") as shown:
        assert shown.wait() == 3
    rows = shown.screen.replace("\r", "").splitlines()
    assert rows[-1].startswith("asgi-inspect: t.jsonl, line 1: ")
    assert all(row.startswith("paged:") for row in rows[:-1])


def test_following_never_pages(tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, environ, MANY, "-f", "--fields", "path") as shown:
        shown.wait_for("/100")
        shown.type(b"\x03")
        assert shown.wait() == 130
    assert "paged:" not in shown.screen


def test_a_binary_body_is_not_for_a_terminal(tmp_path: Path, environ: dict[str, str]) -> None:
    scope, start, body, end = conversation("aaaa", 1, "/one")
    trace = lines(scope, start, body, end).replace(b'"body":"body of /one"', b'"body":{"$base64":"//79"}')
    with showing(tmp_path, environ, trace, "--conn", "1", "--body", "response") as shown:
        assert shown.wait() == 2
    assert "this body is 3 B of binary data: send it into a file with > FILE." in shown.screen


def test_a_text_body_does_nothing_to_a_terminal(tmp_path: Path, environ: dict[str, str]) -> None:
    trace = ONE.replace(b'"body of /one"', b'"a\\u001b]0;title\\u0007\\nb"')
    with showing(tmp_path, environ, trace, "--conn", "1", "--body", "response") as shown:
        assert shown_lines(shown) == ["a\\x1b]0;title\\x07", "b"]


def test_chinese_paths_keep_the_columns(tmp_path: Path, environ: dict[str, str]) -> None:
    records = [r for n in (1, 2) for r in conversation("aaaa", n, "/茶/龙井/" * n * 4)]
    with showing(tmp_path, environ, lines(*records), PYTHONPATH=str(ROOT), LC_ALL="C.UTF-8") as shown:
        rows = shown_lines(shown)
    assert "茶" in rows[1]
    assert rows[1].index("200") < rows[0].index("status")  # wide characters take two columns each
