"""`asgi-inspect show [FILE…] [FILTER…]`: traces again, whole or what is looked for in them, also while they still grow."""

import errno
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..launch.output import Output
from ..render.columns import listing
from ..text import safe
from ..trace.columns import columns_of
from ..trace.facts import Side
from ..trace.filter import Filter
from ..trace.read import Damage
from ..trace.search import Traces
from ..trace.source import is_file
from ._faults import DAMAGED, NOTHING_MATCHED, Faults, readable, say
from ._newest import newest
from ._pager import Outlet, Pager, pager_command
from ._progress import Progress
from ._reading import Reading, connection_terms
from ._rows import FieldRows, TableRows
from ._screen import Form, Look, printer_on, screen_on
from ._settings import Setting, defaults, directory, display_settings
from ._words import HINT, FilteringCommand, chosen_filter, files_argument

if TYPE_CHECKING:
    from ._following import Target


class ShowCommand(FilteringCommand):
    """`show`, whose display settings may also stand in variables and `pyproject.toml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            ctx.default_map = defaults(_display_settings(), directory(), os.environ)
        return super().parse_args(ctx, args)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for, beside the files and the filter."""

    conn: str | None
    side: Side | None
    raw: bool
    fields: str | None
    header: bool
    messages: bool
    following: bool
    paging: bool
    form: Form | None
    look: Look

    @property
    def is_page(self) -> bool:
        """Whether one connection is to be shown on a page of its own."""
        return self.conn is not None and self.form in (None, "pretty") and not self.raw


def show(*, files: tuple[str, ...], **options: Any) -> int:
    """What the command does; `tail` is the same with `following`."""
    form = options.pop("format")
    settings = {name: options.pop(name) for name in ("scope", "body", "color", "utc")}
    wish = Wish(form=form, look=Look(format=form or "pretty", **settings), **options)
    _require_sense(wish)
    if wish.fields == "help":
        Output(1).write(listing())
        return 0
    names = list(files) or [str(newest())]
    with readable(names):
        return _show(names, chosen_filter(), wish)


def _require_sense(wish: Wish) -> None:
    """Refuse what has no meaning together."""
    if wish.conn is None and (wish.raw or wish.side):
        raise UsageError(f"{'--body' if wish.side else '--raw'} is about one connection: name it with --conn.")
    if wish.header and wish.fields is None:
        raise UsageError("--header is the first line of --fields: name them, --fields time,method,path.")
    lists = wish.form == "table"
    for option, given in (("--fields", wish.fields is not None), ("--format table", lists), ("--conn", wish.conn)):
        if wish.messages and given:
            raise UsageError(f"--messages shows messages, and {option} connections: leave one of them out.")
    for option, given in (("--fields", wish.fields is not None), ("--follow", wish.following)):
        if wish.side and given:
            raise UsageError(f"--body writes the bytes of a body: leave {option} out.")
    if wish.messages and not chosen_filter():
        raise UsageError("--messages needs a filter: asgi-inspect show --messages message:websocket.close")


def _show(names: list[str], filter: Filter, wish: Wish) -> int:
    faults = Faults()
    terminal = sys.stdout is not None and sys.stdout.isatty()
    pager = pager_command(os.environ) if terminal and wish.paging and not wish.following and not wish.side else None
    with ExitStack() as stack:
        stack.callback(faults.finish)
        progress = stack.enter_context(Progress(wanted=None if pager or not terminal else False))
        outlet: Outlet = Output(1)
        if pager:
            faults.hold()
            outlet = stack.enter_context(Pager(pager, os.environ, progress.hide))
        if wish.following:
            _follow(names, filter, wish, outlet, faults)
            return DAMAGED if faults.count else 0
        traces = stack.enter_context(Traces(names, on_damage=faults, progress=_watching(outlet, progress)))
        reading = Reading(traces=traces, names=names, filter=filter, look=wish.look, outlet=outlet, hint=_again(names))
        try:
            shown = _read_one(reading, wish) if wish.conn is not None else _read(reading, wish, terminal)
        except _LeftError:
            return 0
        except _CutError:
            return DAMAGED
        if wish.conn is None or not shown:  # of one that is there, it does not matter
            faults.note(traces.lateness)
    return _status(shown, faults, bool(filter) or wish.conn is not None, wish)


class _CutError(Exception):
    """The body that is wanted is not all in the trace."""


class _LeftError(Exception):
    """Nobody reads any more: what is still to be read need not be."""


def _watching(outlet: Outlet, progress: Progress) -> Callable[[int, int], None]:
    """The progress, which also looks after those that read us: a search may find nothing more to tell it by."""

    def tell(done: int, total: int) -> None:
        progress(done, total)
        if outlet.left():
            raise _LeftError

    return tell


def _read(reading: Reading, wish: Wish, terminal: bool) -> int:
    """Show what is meant; how much that was."""
    if wish.messages:
        reading.look = replace(wish.look, format=wish.form or "compact")
        return reading.messages()
    if wish.fields is not None:
        return reading.fields(columns_of(wish.fields), wish.header)
    if wish.form == "table":
        return reading.table()
    return reading.table_of_several() if wish.form is None and terminal else reading.records()


def _read_one(reading: Reading, wish: Wish) -> int:
    """Show the one connection that is named; 0 where it is not there."""

    from ._one import find_one, named, show_page, show_records, write_body  # as they render

    assert wish.conn is not None
    if wish.fields is not None or wish.form == "table":
        reading.filter = named(wish.conn, reading.filter)
        return _read(reading, wish, terminal=False)
    one = find_one(reading.traces, wish.conn, reading.filter, with_lines=not (wish.side or wish.is_page))
    if one is None:
        return 0
    if wish.side:
        if not write_body(one, wish.side, reading.outlet, as_sent=wish.raw):
            raise _CutError
    elif wish.is_page:
        show_page(one, wish.look, reading.outlet, reading.hint)
    else:
        show_records(one, wish.look, reading.outlet)
    return 1


def _follow(names: list[str], filter: Filter, wish: Wish, outlet: Outlet, faults: Faults) -> None:
    from ._following import follow_all
    from ._one import named

    names = _openable(names, faults)
    if wish.conn is not None:
        filter = named(wish.conn, filter)  # noqa: A001
    target, wanted = _target(names, filter, wish, outlet), filter
    if wish.messages:
        wanted = connection_terms(filter)
    follow_all(names, wanted, target, outlet, faults)


def _openable(names: list[str], faults: Faults) -> list[str]:
    """Those that can be opened; of several, the others are said. Raises OSError where none can."""
    found: list[str] = []
    errors: list[OSError] = []
    for name in names:
        try:
            if is_file(name):
                os.close(os.open(name, os.O_RDONLY))
                if os.path.isdir(name):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
            found.append(name)
        except OSError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    for wrong in errors:
        faults(Damage(str(wrong.filename), 0, str(wrong.strerror)))
    return found


def _target(names: list[str], filter: Filter, wish: Wish, outlet: Outlet) -> "Target":
    from ._following import Lists, Messages, Records

    if wish.fields is not None:
        columns = FieldRows(columns_of(wish.fields), wish.header, outlet, at_once=True)
        return Lists(lambda processes: columns, columns.want)
    if wish.form == "table":
        printer = printer_on(outlet, wish.look.color)
        options = wish.look.options(None)
        return Lists(lambda processes: TableRows(printer, options, processes, None), TableRows.want)
    look = replace(wish.look, format="compact") if wish.messages and wish.form is None else wish.look
    records = Records(outlet, screen_on(outlet, look, _again(names)))
    return Messages(filter, records) if wish.messages else records


def _again(names: list[str]) -> str:
    """The command that shows one connection of these, as a view's hint."""
    words = safe(shlex.join(["asgi-inspect", "show", *names]))
    return words.replace("{", "{{").replace("}", "}}") + " --conn {conn}"


def _status(shown: int, faults: Faults, chosen: bool, wish: Wish) -> int:
    if not shown and wish.conn is not None:
        among = " that the filter wants" if chosen_filter() else ""
        say(f"no connection {wish.conn}{among} in this trace; `asgi-inspect show --format table` lists all.")
    elif not shown and chosen:
        say("nothing in this trace matches the filter.")
    elif not shown and not faults.count:
        say("nothing is recorded there.")
    if faults.count:
        return DAMAGED
    return NOTHING_MATCHED if chosen and not shown else 0


def _display_settings() -> list[click.Option]:
    """What decides how it is shown; of the format there is one more than live, and none by default."""
    return [
        Setting(
            ["--format"],
            metavar="FORMAT",
            type=click.Choice(["pretty", "compact", "jsonl", "table"]),
            help="How it is shown: table (a line a connection; default on a terminal where there are several, and none is to come), pretty "
            "(default elsewhere), compact (a line a message), or jsonl (the records themselves).",
        ),
        *(option for option in display_settings() if option.name != "format"),
    ]


def show_options() -> list[click.Parameter]:
    """What `show` takes, and `tail` as well."""
    look = _display_settings()
    no_body = Setting(["--no-body", "body"], is_flag=True, flag_value=False, default=True, help=_help_of(look, "body"))
    return [
        files_argument(),
        click.Option(
            ["--conn"],
            metavar="ID",
            help="One connection in full: 17, or '4711#17', as on the screen; its id, or the end of it.",
        ),
        click.Option(
            ["--raw"], is_flag=True, help="With --conn: its messages one by one; with --body: the bytes as sent."
        ),
        click.Option(
            ["--body", "side"],
            metavar="SIDE",
            type=click.Choice(["request", "response"]),
            help="With --conn: write the body of its request or response, decoded, and nothing else.",
        ),
        click.Option(
            ["--fields"], metavar="NAMES", help="These columns, with tabs between them; --fields help lists all."
        ),
        click.Option(["--header"], is_flag=True, help="With --fields: their names first."),
        click.Option(["--messages"], is_flag=True, help="Single messages that match, not whole connections."),
        *(no_body if option.name == "body" else option for option in look),
        click.Option(
            ["--no-pager", "paging"], is_flag=True, flag_value=False, default=True, help="Never start a pager."
        ),
    ]


def _help_of(options: list[click.Option], name: str) -> str | None:
    return next(option.help for option in options if option.name == name)


EPILOG = "Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is shown)."
command = ShowCommand(
    "show",
    callback=show,
    short_help="Show traces, or what matches: by default the newest of this directory.",
    help=f"Show traces: FILE (also .gz and .zst), or - for standard input; by default the newest of this directory. {HINT}",
    epilog=EPILOG,
    params=[
        *show_options(),
        click.Option(["-f", "--follow", "following"], is_flag=True, help="Go on while the trace grows, until Ctrl-C."),
    ],
)
