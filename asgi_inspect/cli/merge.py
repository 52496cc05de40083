"""`asgi-inspect merge FILE… -o OUT`: several traces as one, in order of time."""

from contextlib import ExitStack

import click

from ..errors import UsageError
from ..trace.search import Traces
from ..trace.sorting import in_order_of_time
from ._faults import DAMAGED, NOTHING_MATCHED, Faults, readable
from ._progress import Progress
from ._words import HINT, FilteringCommand, chosen_filter, files_argument
from ._writing import writing_to


def _merge(*, files: tuple[str, ...], out: str) -> int:
    names = list(files)
    if out.endswith((".gz", ".zst")):
        raise UsageError("merge writes plain JSON Lines: name OUT without that ending, or pipe them into gzip or zstd.")
    faults = Faults()
    chosen = chosen_filter()
    named_connection = not chosen
    with readable(names), ExitStack() as stack:
        stack.callback(faults.finish)
        progress = stack.enter_context(Progress())
        traces = stack.enter_context(Traces(names, on_damage=faults, progress=progress))
        write = stack.enter_context(writing_to(out, names, private=True))
        for line in in_order_of_time(traces.lines(chosen)):
            named_connection = named_connection or b'"conn":' in line
            if out == "-":
                progress.hide()
            if not write(line + b"\n"):
                break
    if faults.count:
        return DAMAGED
    return 0 if named_connection else NOTHING_MATCHED


command = FilteringCommand(
    "merge",
    callback=_merge,
    short_help="Put several traces together, in order of time.",
    help="Write the records of several traces (of workers, hosts, after a rotation) as one trace, in order of time. A record "
    "that stands in two of them is written once; what is damaged is said and left out. " + HINT,
    epilog="Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is written).",
    params=[
        files_argument(required=True),
        click.Option(
            ["-o", "--out"],
            metavar="OUT",
            default="-",
            type=click.Path(allow_dash=True),
            help="The file to write, once all is done; one that exists is replaced. By default standard output.",
        ),
    ],
)
