"""Traces to be summed up, and the pages that come of them.

`python -m tests.render.sums` writes these to `sums_expected/`, where the tests read them: look at the difference first.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from msgspec import structs

from asgi_inspect.render.console import Color, Printer, make_console
from asgi_inspect.render.statistics import StatisticsPage
from asgi_inspect.trace.figures import figures
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.missing import Missing
from asgi_inspect.trace.records import ErrorInfo, LoopRecord, LostRecord, Record, SkippedRecord
from asgi_inspect.trace.statistics import By, Statistics
from tests.render.talk import AT, PROC, Talk, body, http_scope, process, request, start, websocket_scope
from tests.render.talks import TALKS, Stream

OTHER: Final = "z9y8x7w6v5u4"


def shop() -> list[Record]:
    """Two workers, several routes, each with its own times; some errors, WebSockets, lifespans, and what is missing."""
    records: list[Record] = [process(), process(4712, OTHER)]
    for number in range(240):
        records += _request(number)
    for number in range(6):
        records += _chat(300 + number)
    for number, proc in enumerate((PROC, OTHER)):
        lifespan = Talk(400 + number, {"type": "lifespan"}, proc=proc)
        lifespan.receive(1, {"type": "lifespan.startup"})
        records += lifespan.records
    records.append(LostRecord(proc=PROC, at=AT, records=40, conns=3, bytes=9000, why="the disk is full"))
    records.append(LoopRecord(proc=PROC, at=AT, blocked_us=1_250_000))
    return records


def _request(number: int) -> list[Record]:
    path, method, us = [
        ("/items/%d", "GET", 900 + 37 * number),
        ("/书籍/%d/第一章", "GET", 12_000 + 900 * number),
        ("/orders/%d/confirmation-of-delivery/and/everything/that/follows", "POST", 40_000 + 4000 * number),
        ("/health", "GET", 150 + number % 7),
    ][number % 4]
    talk = _later(
        Talk(number, http_scope(path % number if "%" in path else path, method), proc=(PROC, OTHER)[number % 2])
    )
    if method == "POST":
        talk.receive(us // 9, request(b"x" * 700))
    if number % 40 == 6:
        return talk.end(us, "raised", error=ErrorInfo(type="shop.stock.OutOfTea", bases=["LookupError"]))
    if number == 121:
        return talk.records
    talk.send(us // 2, start((404, 200, 200)[number % 3] if number % 50 else 503))
    talk.send(us, body(b"y" * (number * 90)))
    return talk.end(us + 90)


def _chat(number: int) -> list[Record]:
    talk = _later(Talk(number, websocket_scope(f"/chat/{number}")))
    talk.receive(10, {"type": "websocket.connect"})
    talk.send(1200, {"type": "websocket.accept"})
    for message in range(number % 300):
        talk.send(1300 + message, {"type": "websocket.send", "text": "hello"})
    if number == 304:
        return talk.records
    talk.receive(8_000_000 * (number - 299), {"type": "websocket.disconnect", "code": (1000, 1006)[number % 2]})
    return talk.end(8_000_000 * (number - 299) + 100)


def _later(talk: Talk) -> Talk:
    """The same, a quarter of a second after the one before."""
    number = int(talk.conn.rpartition(".")[2])
    second, quarter = divmod(number, 4)
    at = f"2026-11-23T13:{3 + second // 60:02}:{second % 60:02}.{quarter * 25:02}0000Z"
    talk.records[0] = structs.replace(talk.records[0], at=at)
    return talk


def everything() -> list[Record]:
    """All conversations one after the other: what passes in real life, and what never should."""
    return [record for talk in TALKS.values() for record in talk()]


SUMS: Final[dict[str, Callable[[], list[Record]]]] = {"shop": shop, "everything": everything, "nothing": list}
CASES: Final[list[tuple[str, By, int | None]]] = [
    ("shop", "route", 80),
    ("shop", "route", 160),
    ("shop", "route", None),
    ("shop", "worker", 80),
    ("everything", "path", 80),
    ("everything", "type", 160),
    ("nothing", "route", 80),
]


def summed_up(
    records: list[Record],
    by: By,
    width: int | None,
    *,
    rows: int | None = 5,
    encoding: str = "utf-8",
    color: Color = "never",
) -> str:
    """The page of these records."""
    fold, statistics = Fold(), Statistics(by)
    for record in records:
        fold.feed(record)
    for connection in fold.connections.values():
        statistics.take(connection)
    missing = Missing()
    for record in records:
        if isinstance(record, LostRecord | SkippedRecord):
            missing.add(record)
    blocked = sum(record.blocked_us for record in records if isinstance(record, LoopRecord))
    around: Any = SimpleNamespace(processes=fold.processes, exits=fold.exits, missing=missing, blocked_us=blocked)
    stream = Stream(encoding)
    printer = Printer(make_console(stream, color, {}, width), stream.write)  # type: ignore[arg-type]
    printer.print([StatisticsPage(figures(statistics, around), around, rows=rows, utc=True)])
    return stream.text


def expected_file(name: str, by: By, width: int | None) -> Path:
    return Path(__file__).parent / "sums_expected" / f"{name}.{by}.{width or 'pipe'}.txt"


if __name__ == "__main__":
    for case_name, case_by, case_width in CASES:
        page = summed_up(SUMS[case_name](), case_by, case_width)
        expected_file(case_name, case_by, case_width).write_text(page, encoding="utf-8")
