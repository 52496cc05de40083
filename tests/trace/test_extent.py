"""From when to when a trace goes."""

import gzip
from pathlib import Path

from asgi_inspect.trace.extent import Span, span_of
from asgi_inspect.trace.quantities import moment_of
from tests.render.talk import AT, Talk, body, http_scope, process
from tests.trace.made import lines_of


def begin() -> int:
    at = moment_of(AT)
    assert at is not None
    return round(at.timestamp() * 1_000_000)


def trace(*, padding: int = 0) -> bytes:
    life = Talk(1, {"type": "lifespan"})
    first, last = Talk(2, http_scope()), Talk(3, http_scope())
    for _ in range(padding):
        first.send(500, body(b"x" * 1000))
    records = [process(), *life.end(10**12), *first.end(1000), *last.end(70_000_000)]
    return lines_of(records)


def test_a_trace_goes_from_the_first_connection_to_the_last_event(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(trace())
    assert span_of([tmp_path / "t"]) == Span(begin(), begin() + 70_000_000)


def test_of_a_long_one_only_the_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(trace(padding=2000))
    assert span_of([str(tmp_path / "t"), tmp_path / "t"]) == Span(begin(), begin() + 70_000_000)


def test_rubbish_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"\0" * 1000 + b"\n" + trace().replace(b"13:03", b"99:99"))
    assert span_of([tmp_path / "t"]) is None
    (tmp_path / "empty").touch()
    assert span_of([tmp_path / "empty"]) is None


def test_what_cannot_be_read_from_its_end_has_no_extent(tmp_path: Path) -> None:
    (tmp_path / "t.gz").write_bytes(gzip.compress(trace()))
    assert span_of([tmp_path / "t.gz"]) is None
    assert span_of(["-"]) is None


def test_a_span_is_never_without_length() -> None:
    assert Span(5, 5).length_us == 1
    assert Span(5, 1).length_us == 1
    assert Span(5, 8).length_us == 3
