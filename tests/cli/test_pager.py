"""The pager: when it is started, what it gets, how it ends; in a terminal of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asgi_inspect.cli._pager import pager_command
from tests.launch.test_terminal import CTRL_C, Terminal, terminal
from tests.serving import ROOT

# Writes the numbers up to the one given, each on a line, and says on standard error how it went.
WRITER = """
import os, sys
from asgi_inspect.cli._pager import Pager
with Pager(os.environ["PAGER"], os.environ) as pager:
    for number in range(int(sys.argv[1])):
        pager.write(f"{number} {'x' * int(sys.argv[2])}\\n")
        if pager.closed:
            break
print("ended", "early" if pager.closed else "late", "paged" if pager.started else "printed")
"""
MARKED = "sed -u s/^/paged:/"  # a pager that shows that it was there


@contextmanager
def writing(tmp_path: Path, pager: str, lines: int, width: int = 0, **environ: str) -> Iterator[Terminal]:
    sized = ["/bin/sh", "-c", 'stty rows 10 cols 40; exec "$@"', "sh"]
    command = [*sized, sys.executable, "-c", WRITER, str(lines), str(width)]
    with terminal(tmp_path, {"PAGER": pager, "PYTHONPATH": str(ROOT), **environ}, command=command) as shown:
        yield shown


def shown_lines(shown: Terminal) -> list[str]:
    return shown.screen.replace("\r", "").splitlines()


def test_what_fits_on_the_screen_is_printed(tmp_path: Path) -> None:
    with writing(tmp_path, MARKED, 9) as shown:
        assert shown.wait() == 0
    assert shown_lines(shown) == [*(f"{number} " for number in range(9)), "ended late printed"]


@pytest.mark.parametrize(("lines", "width"), [(10, 0), (5, 40), (3, 200), (5000, 10)])
def test_what_does_not_goes_through_the_pager(lines: int, width: int, tmp_path: Path) -> None:
    with writing(tmp_path, MARKED, lines, width) as shown:
        assert shown.wait() == 0
    assert shown_lines(shown) == [
        *(f"paged:{number} {'x' * width}" for number in range(lines)),
        "ended late paged",
    ]


def test_a_pager_that_is_quit_is_no_trouble(tmp_path: Path) -> None:
    with writing(tmp_path, "head -n 3", 1_000_000) as shown:
        assert shown.wait() == 0
    assert shown_lines(shown) == ["0 ", "1 ", "2 ", "ended early paged"]


def test_ctrl_c_is_the_pagers_own(tmp_path: Path) -> None:
    reader = (
        "import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); print('ready', flush=True); "
        "signal.sigwait({signal.SIGINT}); print('mine', flush=True); sys.stdin.close(); print('quit')"
    )
    pager = f'{sys.executable} -c "{reader}"'
    with writing(tmp_path, pager, 1_000_000) as shown:
        shown.wait_for("ready")
        shown.type(CTRL_C)
        shown.wait_for("mine")
        shown.wait_for("quit")
        shown.wait_for("ended early paged")
        assert shown.wait() == 0
    assert "Traceback" not in shown.screen


def test_ctrl_c_is_ours_again_when_the_pager_is_gone(tmp_path: Path) -> None:
    after = WRITER + "import signal; print('ours', signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    command = [sys.executable, "-c", after, "100", "0"]
    with terminal(tmp_path, {"PAGER": MARKED, "PYTHONPATH": str(ROOT)}, command=command) as shown:
        assert shown.wait() == 0
    assert shown_lines(shown)[-2:] == ["ended late paged", "ours True"]


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"PAGER": "cat"}, None),
        ({"PAGER": ""}, None),
        ({"PAGER": "  "}, None),
        ({"PAGER": "no-such-pager -R"}, None),
        ({"PAGER": "sort -r"}, "sort -r"),
        ({"PAGER": "sort", "ASGI_INSPECT_PAGER": "head -n 1"}, "head -n 1"),
        ({"PAGER": "sort", "ASGI_INSPECT_PAGER": ""}, None),
        ({"PAGER": "LESS=R sort"}, "LESS=R sort"),
        ({"PAGER": "sort 'x"}, "sort 'x"),
        ({"PAGER": "sort", "TERM": "dumb"}, None),
        ({"PAGER": "sort", "TERM": ""}, None),
    ],
)
def test_which_pager(environ: dict[str, str], command: str | None) -> None:
    assert pager_command({"TERM": "xterm", **environ}) == command
