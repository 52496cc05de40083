"""How far a run is, on stderr: one line that changes on a terminal, elsewhere a line now and then."""

import time
from types import TracebackType
from typing import Final, Self, TextIO

_SELDOM: Final = 15.0  # seconds between two lines of a log
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """Says what is being done, and since when."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._began = time.monotonic()
        self._said = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def tell(self, sentence: str) -> None:
        """What is done now."""
        now = time.monotonic()
        line = f"{now - self._began:4.0f} s  {sentence}"
        if self._terminal:
            print(f"{_CLEAR}{line[:78]}", end="", file=self._stream, flush=True)
        elif now - self._said >= _SELDOM:
            self._said = now
            print(line, file=self._stream, flush=True)

    def clear(self) -> None:
        """Leave a clean line for whoever prints next."""
        if self._terminal:
            print(_CLEAR, end="", file=self._stream, flush=True)
