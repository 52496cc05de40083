"""Values that were withheld in what the application received, where it says them again under another name.

Validators do: `{"loc": ["body", "password"], "input": "…"}` is what FastAPI answers to a password that is too short. So such a
value is looked for in everything that the application sends in the same connection, as it was and as JSON and HTML would
write it.
"""

import html
import json
from collections import deque
from typing import Final

from .spans import Scanner, Span

_MOST: Final = 16  # values of a connection, the last ones
_FEWEST, _LONGEST = 6, 256  # bytes of one that is looked for: shorter ones stand in many texts by accident
_LARGEST: Final = 1 << 20  # bytes of a message in which it is looked for


class Echoes:
    """The values of one connection."""

    __slots__ = ("forms",)

    def __init__(self) -> None:
        self.forms: deque[tuple[bytes, bytes]] = deque(maxlen=4 * _MOST)
        """How a value may be written, and the value."""

    def remember(self, value: bytes) -> None:
        """Look for this value from now on."""
        if not _FEWEST <= len(value) <= _LONGEST or any(known == value for _, known in self.forms):
            return
        text = value.decode("utf-8", "replace")
        ways = (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text))
        self.forms.extend((way, value) for way in dict.fromkeys(way.encode("utf-8", "replace") for way in ways))


class RememberingScanner:
    """A body that the application receives; what is withheld of it is remembered."""

    __slots__ = ("_echoes", "_scanner", "gap")

    def __init__(self, scanner: Scanner, echoes: Echoes) -> None:
        self._scanner = scanner
        self._echoes = echoes
        self.gap = scanner.gap

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        spans = self._scanner.feed(chunk, last)
        for span in spans:
            if span.value is not None:
                self._echoes.remember(span.value)
        return spans


class EchoScanner:
    """A body that the application sends, scanned as it is anyway, and for echoes.

    scanner: what scans it otherwise; None: nothing.
    """

    __slots__ = ("_echoes", "_scanner")

    def __init__(self, scanner: Scanner | None, echoes: Echoes) -> None:
        self._scanner = scanner
        self._echoes = echoes

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        spans = [] if self._scanner is None else self._scanner.feed(chunk, last)
        if not self._echoes.forms or len(chunk) > _LARGEST:
            return spans
        found = [span for way, value in self._echoes.forms for span in _all_of(way, value, chunk)]
        return _in_order([*spans, *found]) if found else spans

    def gap(self) -> None:
        """A part of the body was not seen."""
        if self._scanner is not None:
            self._scanner.gap()


def _all_of(way: bytes, value: bytes, chunk: bytes) -> list[Span]:
    found = []
    at = chunk.find(way)
    while at >= 0:
        found.append(Span(at, at + len(way), value, "echo"))
        at = chunk.find(way, at + len(way))
    return found


def _in_order(spans: list[Span]) -> list[Span]:
    """Sorted, without those that stand in others, and the rest of those that reach out of them."""
    kept: list[Span] = []
    end = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.end > end:
            kept.append(span if span.start >= end else Span(end, span.end, None, span.why))
            end = span.end
    return kept
