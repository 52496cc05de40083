"""The count of what was dropped, for each reason: exact, whoever counts."""

import msgspec
import pytest

from asgi_inspect.capture import lost as lost_module
from asgi_inspect.capture.lost import Lost
from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.records import LostRecord
from tests.capture.sinking import line, run_threads


def record(data: bytes) -> LostRecord:
    assert data.endswith(b"\n")
    decoded = decode_record(data)
    assert isinstance(decoded, LostRecord)
    return decoded


def taken(lost: Lost) -> LostRecord:
    """The one record that there is."""
    (data,) = lost.take()
    return record(data)


def test_what_was_dropped_is_told_once() -> None:
    lost = Lost()
    assert lost.take() == []
    assert lost.first() is None
    lines = [line(1, conn="p.1"), line(2, conn="p.1", size=500), line(1, conn="p.2")]
    for each in lines:
        lost.add(each, "no room")
    told = taken(lost)
    assert (told.records, told.conns, told.bytes, told.why) == (3, 2, sum(map(len, lines)), "no room")
    assert lost.take() == []
    assert lost.records == 0


def test_lines_without_a_connection_count_too() -> None:
    lost = Lost()
    lost.add(b'{"record":"lost","proc":"p"}\n', "no room")
    told = taken(lost)
    assert (told.records, told.conns) == (1, 0)


def test_each_reason_has_its_own_count() -> None:
    lost = Lost()
    lost.add(line(1), "first")
    lost.add(line(2, conn="p.2"), "second")
    lost.count("first", records=5, size=100)
    assert lost.records == 7
    told = {each.why: (each.records, each.conns, each.bytes) for each in map(record, lost.take())}
    assert told == {"first": (6, 1, len(line(1)) + 100), "second": (1, 1, len(line(2)))}
    assert lost.records == 0


def test_one_after_the_other_is_told_and_forgotten() -> None:
    lost = Lost()
    lost.add(line(1), "first")
    lost.add(line(2), "second")
    for why, left in (("first", 1), ("second", 0)):
        first = lost.first()
        assert first is not None
        assert (first[0], record(first[1]).why) == (why, why)
        lost.forget(why)
        assert lost.records == left
    lost.forget("first")
    assert lost.records == 0


def test_reasons_are_told_apart_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_module, "_REASONS", 3)
    lost = Lost()
    for number in range(50):
        lost.add(line(1), f"reason {number}")
    told = [(each.why, each.records) for each in map(record, lost.take())]
    assert told == [("reason 0", 1), ("reason 1", 1), ("reason 2", 1), ("other reasons", 47)]


def test_connections_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_module, "_CONNS", 10)
    lost = Lost()
    for number in range(50):
        lost.add(line(1, conn=f"p.{number}"), "no room")
    told = taken(lost)
    assert (told.records, told.conns) == (50, 10)


def test_the_line_is_as_the_codec_writes_it() -> None:
    lost = Lost()
    lost.add(line(1), "no room")
    (data,) = lost.take()
    assert data == msgspec.json.encode(record(data)) + b"\n"


def test_counts_of_several_threads_add_up_while_they_are_told() -> None:
    lost = Lost()
    told: list[int] = []

    def tell() -> None:
        for _ in range(200):
            told.append(sum(record(data).records for data in lost.take()))

    def count() -> None:
        for _ in range(500):
            lost.add(line(1), "no room")

    run_threads([count, count, count, tell])
    assert sum(told) + sum(record(data).records for data in lost.take()) == 1500
