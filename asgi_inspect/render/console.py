"""Where what was rendered becomes text: whether in colour, how wide, and in one piece.

A terminal gets lines folded at its width. A pipe or a file gets each line whole, however long, so that grep finds in one
line what stands in one; its layout is made for 80 columns, or what COLUMNS says. Colour: an option that says `always` or
`never` decides; else NO_COLOR, then FORCE_COLOR; else a terminal has colour, unless TERM is dumb.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Final, Literal, TypeAlias

from rich.console import Console, RenderableType

Color: TypeAlias = Literal["auto", "always", "never"]

_DUMB: Final = ("dumb", "unknown")
_WIDTH: Final = 80


def make_console(
    stream: IO[str], color: Color = "auto", environ: Mapping[str, str] = os.environ, width: int | None = None
) -> Console:
    """A console for `stream`.

    color: `auto` looks at the stream and the environment.
    width: columns to lay out and fold at; None: those of the terminal, of a pipe 80 without folding.
    """
    terminal = _is_terminal(stream)
    colored = color == "always" or (color == "auto" and _wants_color(terminal, environ))
    dumb = environ.get("TERM", "").lower() in _DUMB
    return Console(
        file=stream,
        force_terminal=terminal or colored,
        force_jupyter=False,
        color_system=None if not colored else "standard" if dumb else "auto",
        no_color=False,
        width=width if width is not None or terminal else _columns(environ),
        soft_wrap=width is None and not terminal,
        markup=False,
        emoji=False,
        highlight=False,
        _environ=environ,
    )


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no real file, or one that was closed
        return False


def _wants_color(terminal: bool, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return environ["FORCE_COLOR"] != "0"
    return terminal and environ.get("TERM", "").lower() not in _DUMB


def _columns(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and 0 < len(columns) < 5 and int(columns) > 0 else _WIDTH


class Printer:
    """Renderables in, text out: all that is given at once goes out in one write, so that nothing comes between its lines."""

    def __init__(self, console: Console, write: Callable[[str], object]) -> None:
        """write: takes the text; it is what blocks and raises where a stream does."""
        self._console = console
        self._write = write

    def print(self, renderables: Iterable[RenderableType]) -> None:
        """Render and write; nothing is written where there is nothing to show."""
        text = self.render(renderables)
        if text:
            self._write(text)

    def render(self, renderables: Iterable[RenderableType]) -> str:
        """The text, which the stream's encoding can carry."""
        blocks = tuple(renderables)
        if not blocks:
            return ""
        with self._console.capture() as capture:
            self._console.print(*blocks, sep="", end="", crop=False)
        text = capture.get()
        encoding = self._console.encoding
        if encoding.startswith("utf") or text.isascii():
            return text
        return text.encode(encoding, "backslashreplace").decode(encoding)
