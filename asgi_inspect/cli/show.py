"""`asgi-inspect show [FILE…]`: a trace again, whole or one connection of it, also while it still grows."""

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import click

from ..errors import NotATraceError, UsageError
from ..launch.frames import frame_of
from ..launch.output import NO_ROOM, Output
from ..launch.state import newest_run, state_folder
from ..text import safe
from ..trace.connection import proc_of
from ..trace.follow import follow
from ..trace.read import Damage, Line, open_source, parse_lines, raw_lines, read_lines
from ..trace.records import ExitRecord, ProcessRecord
from ._connection import Wanted
from ._screen import Look, screen_on
from ._settings import defaults, directory, display_settings

NOTHING_MATCHED = 1
DAMAGED = 3
INTERRUPTED = 130
_LOOK_EVERY = 0.1  # seconds

_Source = str | IO[bytes]


class ShowCommand(click.Command):
    """`show`, whose display settings may also stand in variables and `pyproject.toml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            ctx.default_map = defaults(display_settings(), directory(), os.environ)
        return super().parse_args(ctx, args)


def _show(*, files: tuple[str, ...], conn: str | None, following: bool, **look: Any) -> int:
    names = list(files) or [str(_newest())]
    show = _Showing(Look(**look), None if conn is None else Wanted(conn), again=_again(names))
    try:
        with ExitStack() as stack:
            return (
                show.followed(_only(names))
                if following
                else show.read([_reopened(name, stack, conn) for name in names])
            )
    except NotATraceError as error:
        raise UsageError(safe(str(error))) from None
    except OSError as error:
        if error.errno in NO_ROOM:
            raise UsageError(f"standard output cannot be written: {error.strerror}.") from None
        raise UsageError(f"cannot read {safe(str(error.filename or names[0]))}: {error.strerror}.") from None
    except KeyboardInterrupt:
        return INTERRUPTED


def _newest() -> Path:
    found = newest_run(directory())
    if found is None:
        try:
            where = safe(str(state_folder()))
        except RuntimeError:
            raise UsageError("this user has no home, and so no state folder: name the file of the trace.") from None
        raise UsageError(
            f"there is no trace of this directory in {where}: name a file, or make one with asgi-inspect main:app."
        )
    return found


def _only(names: list[str]) -> str:
    if len(names) > 1:
        raise UsageError("--follow shows one file: name one only.")
    if names[0] != "-" and not os.path.exists(names[0]):
        raise UsageError(f"cannot read {safe(names[0])}: No such file or directory.")
    return names[0]


def _again(names: list[str]) -> str:
    """The command that shows one connection of these, as a view's hint."""
    words = safe(shlex.join(["asgi-inspect", "show", *names]))
    return words.replace("{", "{{").replace("}", "}}") + " --conn {conn}"


def _reopened(name: str, stack: ExitStack, conn: str | None) -> _Source:
    """A source that can be read twice, if one connection is looked for: standard input is kept in a file first."""
    if name != "-" or conn is None:
        return name
    kept = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    copyfileobj(sys.stdin.buffer, kept)
    return kept


@dataclass
class _Showing:
    """What is to be shown, and how."""

    look: Look
    wanted: Wanted | None
    again: str

    def __post_init__(self) -> None:
        self._output = Output(1)
        self._screen = screen_on(self._output, self.look, self.again)
        self._faults = 0
        self._records = 0
        self._ended = False  # the connection that is wanted

    def read(self, sources: list[_Source]) -> int:
        """Show all that is in these sources, one after the other; returns the exit status."""
        chosen = None if self.wanted is None else self.wanted.choose(self._candidates(sources))
        if self.wanted is not None and chosen is None:
            return self._nothing_matched(self.wanted)
        for source in sources:
            if not isinstance(source, str):
                source.seek(0)
            self._put(read_lines(source, on_damage=self._damaged), chosen)
        if self._screen is not None:
            self._screen.finish()
        if not self._records and not self._faults:
            _say("nothing is recorded there.")
        return DAMAGED if self._faults else 0

    def followed(self, name: str) -> int:
        """Show a source that still grows, until somebody interrupts us or reads no more; returns the exit status."""
        if name == "-":
            with open_source(name) as (file, _):
                lines: Iterable[bytes] = raw_lines(file)
                return self._follow(lines, name)
        lines = follow(name, ended=self._output.left, wait=partial(time.sleep, _LOOK_EVERY))
        return self._follow(lines, name)

    def _follow(self, raw: Iterable[bytes], name: str) -> int:
        chosen = None
        for line in parse_lines(raw, file=name, on_damage=self._damaged):
            if self.wanted is not None and chosen is None:
                chosen = self.wanted.note(line.raw)
                if chosen is None:
                    continue
            self._put([line], chosen)
            if self._output.closed:
                break
        return DAMAGED if self._faults else 0

    def _candidates(self, sources: list[_Source]) -> Iterator[str]:
        assert self.wanted is not None
        for source in sources:
            if not isinstance(source, str):
                source.seek(0)
            with open_source(source) as (file, _):
                for line in raw_lines(file):
                    conn = self.wanted.note(line)
                    if conn is not None:
                        yield conn

    def _put(self, lines: Iterable[Line], chosen: str | None) -> None:
        for line in lines:
            self._records += 1
            if chosen is not None and not self._belongs(line, chosen):
                continue
            if self._screen is None:
                self._output.write_record(line.raw)
            elif line.record is not None:
                self._screen.feed(line.record)
            if self._output.closed:
                return

    def _belongs(self, line: Line, conn: str) -> bool:
        """Whether a line is of this connection; as records, its process comes along, or they would be no trace."""
        if isinstance(line.record, ProcessRecord):
            return self._screen is None and line.record.proc == proc_of(conn)
        if isinstance(line.record, ExitRecord):  # which cuts it off, if it has no end
            return not self._ended and line.record.proc == proc_of(conn)
        frame = frame_of(line.raw)
        if frame is None or frame.conn != conn:
            return False
        self._ended = self._ended or (frame.record == "end" and frame.layer == 0)
        return True

    def _damaged(self, damage: Damage) -> None:
        self._faults += 1
        _say(str(damage))

    def _nothing_matched(self, wanted: Wanted) -> int:
        _say(f"no connection {wanted.text} in this trace; `asgi-inspect show --format compact` lists all.")
        return NOTHING_MATCHED


def _say(sentence: str) -> None:
    Output(2).write(f"asgi-inspect: {safe(sentence)}\n")


command = ShowCommand(
    "show",
    callback=_show,
    short_help="Show a trace: by default the newest of this directory.",
    help="Show traces, one after the other: FILE, or - for standard input; by default the newest of this directory.",
    epilog="Exit status: 0 fine, 1 no such connection, 2 wrong usage or no trace, 3 damaged (what could be read is shown).",
    params=[
        click.Argument(["files"], nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True)),
        click.Option(
            ["--conn"], metavar="ID", help="Only this connection: its id, the end of it, or #17 as on the screen."
        ),
        click.Option(["-f", "--follow", "following"], is_flag=True, help="Go on while the trace grows, until Ctrl-C."),
        *display_settings(),
    ],
)
