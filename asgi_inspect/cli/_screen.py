"""A standard stream as a person's screen: records in, what a view makes of them out."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..render import ViewOptions, make_view
from ..trace.records import Record
from ._pager import Outlet

if TYPE_CHECKING:  # what renders is imported when it renders: a search for records is done in the time that takes
    from rich.console import RenderableType

    from ..lint.linter import Linter
    from ..render.console import Color, Printer
    from ..render.linted import LintedView
    from ..render.view import View

Form = Literal["pretty", "compact", "jsonl", "table"]


@dataclass(frozen=True)
class Look:
    """The display settings, as the command line has them."""

    format: Form
    scope: bool
    body: bool
    color: "Color"
    utc: bool

    def options(self, hint: str | None) -> ViewOptions:
        """The same, as a view takes it. hint: the command that shows all of one connection, with `{conn}` for its id."""
        return ViewOptions(show_scope=self.scope, show_body=self.body, utc=self.utc, hint=hint)


class Screen:
    """Shows records on a stream, each at once and in one piece, as long as somebody reads."""

    def __init__(self, view: "View | LintedView", printer: "Printer", outlet: Outlet) -> None:
        self.view = view
        self._printer = printer
        self._outlet = outlet

    @property
    def closed(self) -> bool:
        return self._outlet.closed

    def feed(self, record: Record) -> None:
        self._printer.print(self.view.feed(record))

    def jump(self) -> None:
        self.view.jump()

    def finish(self) -> None:
        self._printer.print(self.view.finish())


def printer_on(outlet: Outlet, color: "Color") -> "Printer":
    """What prints renderables on standard output or error."""
    from ..render.console import Printer, make_console

    stream = sys.stdout if outlet.fd == 1 else sys.stderr
    return Printer(make_console(stream, color, os.environ), outlet.write)


def print_on(outlet: Outlet, color: "Color", renderables: "Iterable[RenderableType]") -> None:
    """Print them, each by itself, as long as somebody reads."""
    printer = printer_on(outlet, color)
    for renderable in renderables:
        printer.print([renderable])
        if outlet.closed:
            return


def screen_on(
    output: Outlet, look: Look, hint: str | None, make_linter: "Callable[[], Linter] | None" = None
) -> Screen | None:
    """A screen on standard output or error; None where the records are wanted themselves, or the stream was never open.

    hint: the command that shows all of one connection, with `{conn}` for its id. make_linter: makes what judges
    the records that are shown, with the first of them.
    """
    stream = sys.stdout if output.fd == 1 else sys.stderr
    if look.format not in ("pretty", "compact") or stream is None:
        return None
    view = make_view(look.format, look.options(hint))
    shown = view if make_linter is None else _linted(view, make_linter)
    return Screen(shown, printer_on(output, look.color), output)


def _linted(view: "View", make_linter: "Callable[[], Linter]") -> "LintedView":
    from ..render.linted import LintedView

    return LintedView(view, make_linter)
