"""What is said of the reading beside its result: how far it is, and what could not be read."""

import sys

import pytest

from asgi_inspect.cli._faults import Faults
from asgi_inspect.cli._progress import Progress
from asgi_inspect.trace.read import Damage


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_shown_of_what_takes_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(wanted=True, clock=clock) as progress:
        for done in range(0, 100, 10):
            progress(done, 100)
        clock.now = 0.9
        progress(100, 100)
    assert capsys.readouterr() == ("", "")


def test_after_a_second_it_is_said_how_far_the_reading_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with Progress(clock=clock) as progress:
        clock.now = 1.5
        progress(5 << 20, 10 << 20)
        assert "5.0/10.0 MiB" in capsys.readouterr().err
        progress(6 << 20, 10 << 20)
        assert "6.0/" not in capsys.readouterr().err  # not ten times a second
        clock.now = 2.0
        progress(7 << 20, 10 << 20)
        assert "7.0/10.0 MiB" in capsys.readouterr().err
        progress.hide()
        clock.now = 3.0
        progress(8 << 20, 10 << 20)
    assert "8.0/" not in capsys.readouterr().err


def test_how_much_there_is_need_not_be_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with Progress(clock=clock) as progress:
        clock.now = 1.5
        progress(5 << 20, 0)
        assert "5.0/? MiB" in capsys.readouterr().err


def test_where_no_terminal_is_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(clock=clock) as progress:
        clock.now = 9.0
        progress(5, 10)
    assert capsys.readouterr() == ("", "")


def test_each_damaged_line_is_said_and_many_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    faults = Faults()
    for line in range(1, 8):
        faults(Damage("a.jsonl", line, "not JSON\x1b"))
    faults(Damage("b.jsonl", 9, "torn"))
    assert faults.finish() == 3
    assert capfd.readouterr().err.splitlines() == [
        *(f"asgi-inspect: a.jsonl, line {line}: not JSON\\x1b" for line in range(1, 6)),
        "asgi-inspect: b.jsonl, line 9: torn",
        "asgi-inspect: a.jsonl: and 2 more damaged lines.",
    ]
    assert faults.finish() == 3
    assert capfd.readouterr().err == ""


def test_while_a_screen_is_busy_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    faults = Faults()
    faults.hold()
    faults(Damage("a.jsonl", 1, "torn"))
    faults.hold()
    assert capfd.readouterr().err == ""
    faults.finish()
    assert capfd.readouterr().err == "asgi-inspect: a.jsonl, line 1: torn\n"


def test_without_damage_all_is_well(capfd: pytest.CaptureFixture[str]) -> None:
    assert Faults().finish() == 0
    assert capfd.readouterr().err == ""
