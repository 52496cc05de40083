"""`asgi-inspect export KIND [FILE…] [FILTER…]`: connections of traces as a file for another program."""

import itertools
from collections.abc import Callable, Iterator

import click

from ..errors import UsageError
from ..export import Call, Exporter, Options, exporter, kinds, takes
from ..launch.output import Output
from ..render.columns import listing
from ..trace.connection import proc_of
from ..trace.search import Traces
from ._faults import NOTHING_MATCHED, Faults, readable, say
from ._newest import newest
from ._progress import Progress
from ._withholding import cleaning, no_redact_option, redact_option
from ._words import HINT, FilteringCommand, chosen_filter, files_argument
from ._writing import writing_to


def _export(
    *, kind: str, files: tuple[str, ...], out: str, fields: str | None, redact: tuple[str, ...], no_redact: bool
) -> int:
    if fields is not None and kind != "csv":
        raise UsageError(f"--fields chooses the columns of csv; {kind} has none.")
    if fields == "help":
        Output(1).write(listing())
        return 0
    names = list(files) or [str(newest())]
    clean = cleaning(redact, nothing=no_redact)
    faults = Faults()
    with readable(names), Progress() as progress, Traces(names, on_damage=faults, progress=progress) as traces:
        wanted = _Wanted(exporter(kind), traces, clean.line if clean is not None else None)
        pieces = wanted.export(Options(fields))
        first = next(pieces, None)
        if out == "-":
            progress.hide()
        if first is not None:
            with writing_to(out, names) as write:
                for piece in itertools.chain([first], pieces):
                    if not write(piece):
                        break
    return faults.finish() or wanted.say_what_is_missing(kind)


class _Wanted:
    """The connections that are wanted, on their way into the other program's file."""

    def __init__(self, kind: Exporter, traces: Traces, clean: Callable[[bytes], bytes | None] | None) -> None:
        self._kind = kind
        self._clean = clean
        self._traces = traces
        self._count = 0
        self._without_scope = 0

    def export(self, options: Options) -> Iterator[str]:
        """The text, piece by piece; nothing at all where there is no connection to be told of."""
        calls = self._calls()
        first = next(calls, None)
        if first is not None:
            yield from self._kind.export(itertools.chain([first], calls), options)

    def _calls(self) -> Iterator[Call]:
        for connection in self._traces.connections(chosen_filter(), self._clean):
            if takes(self._kind, connection):
                self._count += 1
                yield Call(connection, self._traces.processes.get(proc_of(connection.conn)))
            elif connection.type != "lifespan":
                self._without_scope += 1

    def say_what_is_missing(self, kind: str) -> int:
        """Say what was left out, and return the exit status."""
        if self._without_scope:
            say(
                f"left out, as the trace does not hold their beginning, or {kind} has no place: {self._without_scope:,}."
            )
        if self._count:
            return 0
        say(f"there is nothing that {kind} could hold; `asgi-inspect show --format compact` lists all.")
        return NOTHING_MATCHED


command = FilteringCommand(
    "export",
    callback=_export,
    short_help="Write connections as HAR, curl, HTTPie, Chrome trace or CSV.",
    help="Write connections for other programs: of FILE, or - for standard input; by default of the newest trace of this "
    f"directory. {HINT}\n\nThe kinds:\n\n\b\n" + "\n".join(f"  {name:14}{exporter(name).SUMMARY}" for name in kinds()),
    epilog="Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is written).",
    params=[
        click.Argument(["kind"], metavar="KIND", type=click.Choice(kinds())),
        files_argument(),
        click.Option(
            ["-o", "--out"],
            default="-",
            show_default="standard output",
            metavar="OUT",
            help="The file to write; one that exists is replaced, once all is written.",
        ),
        redact_option(),
        no_redact_option(),
        click.Option(["--fields"], metavar="A,B", help="csv: these columns, in this order; help lists all."),
    ],
)
