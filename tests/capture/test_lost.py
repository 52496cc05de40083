"""The count of what was dropped: exact, whoever counts."""

import msgspec
import pytest

from asgi_inspect.capture import lost as lost_module
from asgi_inspect.capture.lost import Lost
from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.records import LostRecord
from tests.capture.sinking import line, run_threads


def record(data: bytes | None) -> LostRecord:
    assert data is not None
    assert data.endswith(b"\n")
    decoded = decode_record(data)
    assert isinstance(decoded, LostRecord)
    return decoded


def test_what_was_dropped_is_told_once() -> None:
    lost = Lost()
    assert lost.take() is None
    lines = [line(1, conn="p.1"), line(2, conn="p.1", size=500), line(1, conn="p.2")]
    for each in lines:
        lost.add(each, "no room")
    told = record(lost.take())
    assert (told.records, told.conns, told.bytes, told.why) == (3, 2, sum(map(len, lines)), "no room")
    assert lost.take() is None
    assert lost.records == 0


def test_lines_without_a_connection_count_too() -> None:
    lost = Lost()
    lost.add(b'{"record":"lost","proc":"p"}\n', "no room")
    assert (record(lost.line()).records, record(lost.line()).conns) == (1, 0)


def test_the_last_reason_is_told() -> None:
    lost = Lost()
    lost.add(line(1), "first")
    lost.add(line(2), "second")
    assert record(lost.take()).why == "second"


def test_connections_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_module, "_CONNS", 10)
    lost = Lost()
    for number in range(50):
        lost.add(line(1, conn=f"p.{number}"), "no room")
    told = record(lost.take())
    assert (told.records, told.conns) == (50, 10)


def test_the_line_is_as_the_codec_writes_it() -> None:
    lost = Lost()
    lost.add(line(1), "no room")
    data = lost.line()
    assert data == msgspec.json.encode(record(data)) + b"\n"


def test_counts_of_several_threads_add_up_while_they_are_told() -> None:
    lost = Lost()
    told: list[int] = []

    def tell() -> None:
        for _ in range(200):
            data = lost.take()
            told.append(record(data).records if data else 0)

    def count() -> None:
        for _ in range(500):
            lost.add(line(1), "no room")

    run_threads([count, count, count, tell])
    rest = lost.take()
    assert sum(told) + (record(rest).records if rest else 0) == 1500
