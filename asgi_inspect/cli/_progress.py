"""How far the reading is, in bytes of bytes: on standard error, where that is a terminal, and not before a second has passed.

It is gone as soon as something else is printed, and at the end.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_PATIENCE: Final = 1.0  # seconds
_EVERY: Final = 0.1


class Progress:
    """A bar that appears when it is worth it. Use it as a context manager, and call it with the bytes that were read."""

    def __init__(self, wanted: bool | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """wanted: None where standard error is to decide."""
        self._wanted = sys.stderr is not None and sys.stderr.isatty() if wanted is None else wanted
        self._clock = clock
        self._next = clock() + _PATIENCE
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.hide()

    def __call__(self, done: int, total: int) -> None:
        """So many bytes of so many are read; 0 where nobody knows how many there are."""
        if not self._wanted or self._clock() < self._next:
            return
        self._next = self._clock() + _EVERY
        if self._bar is None:
            self._bar = _new_bar()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total or None)
        self._bar.refresh()

    def hide(self) -> None:
        """From here on something else is printed."""
        self._wanted = False
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _new_bar() -> "Bar":
    from rich import progress

    from ..render.console import make_console

    console = make_console(sys.stderr, environ=os.environ)
    columns = (
        progress.BarColumn(),
        progress.DownloadColumn(binary_units=True),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    bar = progress.Progress(*columns, console=console, transient=True, auto_refresh=False)
    bar.add_task("reading", total=None)
    bar.start()
    return bar
