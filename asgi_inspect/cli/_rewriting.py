"""What `merge` and `redact` have in common: the lines of traces, made anew in one way or another, become a trace."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TypeAlias

import click

from ..errors import UsageError
from ..trace.search import Traces
from ._faults import DAMAGED, NOTHING_MATCHED, Faults, readable
from ._progress import Progress
from ._words import chosen_filter
from ._writing import writing_to

Rewrite: TypeAlias = Callable[[Iterator[bytes]], Iterable[bytes]]
"""Takes the lines of the traces in their order, without line breaks, and gives those that are written."""


def rewritten(command: str, names: Sequence[str], out: str, rewrite: Rewrite) -> int:
    """Write the lines of these traces that the filter of the command line wants to OUT; returns the exit status."""
    if out.endswith((".gz", ".zst")):
        raise UsageError(
            f"{command} writes plain JSON Lines: name OUT without that ending, or pipe them into gzip or zstd."
        )
    faults = Faults()
    chosen = chosen_filter()
    named_connection = not chosen
    with readable(list(names)), ExitStack() as stack:
        stack.callback(faults.finish)
        progress = stack.enter_context(Progress())
        traces = stack.enter_context(Traces(list(names), on_damage=faults, progress=progress))
        write = stack.enter_context(writing_to(out, list(names), private=True))
        for line in rewrite(traces.lines(chosen)):
            named_connection = named_connection or b'"conn":' in line
            if out == "-":
                progress.hide()
            if not write(line + b"\n"):
                break
    if faults.count:
        return DAMAGED
    return 0 if named_connection else NOTHING_MATCHED


def out_option() -> click.Option:
    return click.Option(
        ["-o", "--out"],
        metavar="OUT",
        default="-",
        type=click.Path(allow_dash=True),
        help="The file to write, once all is done; one that exists is replaced. By default standard output.",
    )
