"""Failures of ours are said once, counted for the sink that they concern, and told when it works again."""

import pytest

from asgi_inspect.capture import notice
from asgi_inspect.capture.guard import failed, say_failed, tell_missed
from asgi_inspect.capture.process import Process, _Here, current_process
from asgi_inspect.trace.records import LostRecord
from tests.capture.recording import Kept


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not failed yet, and has said nothing."""
    monkeypatch.setattr(_Here, "process", Process())
    monkeypatch.setattr(notice, "_said", set())


def _raised(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as exc:
        return exc


def test_it_is_counted_and_told_where_it_belongs() -> None:
    one, other = Kept(), Kept()
    for conn in ("p.1", "p.1", "p.2", None):
        failed(_raised("x"), one, conn)
    failed(KeyError("x"), other, "p.3")
    failed(ValueError("no sink yet"))
    process = current_process()
    tell_missed(process, one, 0)
    tell_missed(process, one, 0)
    assert [(type(record), record.records, record.conns, record.why) for record in one.records] == [
        (LostRecord, 4, 2, "asgi-inspect failed: ValueError"),
        (LostRecord, 1, 0, "asgi-inspect failed: ValueError"),
    ]
    tell_missed(process, other, 0)
    assert [record.records for record in other.records] == [1]
    assert process.missed == {}


def test_a_sink_that_still_fails_is_told_later() -> None:
    sink = Kept()
    failed(_raised("x"), sink, "p.1")
    process = current_process()

    def refuse(line: bytes, now: int) -> None:
        raise OSError

    sink.add = refuse  # type: ignore[method-assign]
    with pytest.raises(OSError):  # noqa: PT011
        tell_missed(process, sink, 0)
    del sink.add
    tell_missed(process, sink, 0)
    assert [record.records for record in sink.records] == [1]


def test_it_is_said_once_and_never_in_the_words_of_another(capfd: pytest.CaptureFixture[str]) -> None:
    class Speaking(Exception):
        def __str__(self) -> str:
            raise AssertionError

    for n in range(3):
        failed(_raised(str(n)))
    failed(Speaking())
    say_failed(_raised("x"))
    said = capfd.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in said] == [
        "asgi-inspect: a record could not be written",
        "asgi-inspect: a record could not be written",
        "asgi-inspect: a record could not be written whole",
    ]
    assert "ValueError in test_guard.py, line " in said[0]
    assert "Speaking" in said[1]


def test_nothing_comes_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise RecursionError

    monkeypatch.setattr("asgi_inspect.capture.guard.say_once", fail)
    failed(_raised("x"))
    say_failed(_raised("x"))
