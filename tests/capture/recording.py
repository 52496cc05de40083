"""A sink in memory, for tests of what stands before the sinks: real lines, kept."""

import json
from typing import Any

from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.records import Record


class Kept:
    """A sink that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.flushed = self.settled = 0

    def add(self, line: bytes, now: int) -> None:
        self.lines.append(line)

    def flush(self, now: int) -> None:
        self.flushed += 1

    def settle(self) -> None:
        self.settled += 1

    def before_fork(self) -> None: ...
    def forked(self) -> None: ...
    def at_exit(self) -> None: ...

    @property
    def records(self) -> list[Any]:
        decoded: list[Record | None] = [decode_record(line) for line in self.lines]
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in self.lines)
        return decoded

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]
