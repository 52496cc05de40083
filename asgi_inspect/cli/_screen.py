"""A standard stream as a person's screen: records in, what a view makes of them out."""

import os
import sys
from dataclasses import dataclass
from typing import Literal

from ..launch.output import Output
from ..render import View, ViewOptions, make_view
from ..render.console import Color, Printer, make_console
from ..trace.records import Record


@dataclass(frozen=True)
class Look:
    """The display settings, as the command line has them."""

    format: Literal["pretty", "compact", "jsonl"]
    scope: bool
    body: bool
    color: Color
    utc: bool


class Screen:
    """Shows records on a stream, each at once and in one piece, as long as somebody reads."""

    def __init__(self, view: View, printer: Printer, output: Output) -> None:
        self._view = view
        self._printer = printer
        self._output = output

    @property
    def closed(self) -> bool:
        return self._output.closed

    def feed(self, record: Record) -> None:
        self._printer.print(self._view.feed(record))

    def jump(self) -> None:
        self._view.jump()

    def finish(self) -> None:
        self._printer.print(self._view.finish())


def screen_on(output: Output, look: Look, hint: str | None) -> Screen | None:
    """A screen on standard output or error; None where the records are wanted themselves, or the stream was never open.

    hint: the command that shows all of one connection, with `{conn}` for its id.
    """
    stream = sys.stdout if output.fd == 1 else sys.stderr
    if look.format == "jsonl" or stream is None:
        return None
    options = ViewOptions(show_scope=look.scope, show_body=look.body, utc=look.utc, hint=hint)
    console = make_console(stream, look.color, os.environ)
    return Screen(make_view(look.format, options), Printer(console, output.write), output)
