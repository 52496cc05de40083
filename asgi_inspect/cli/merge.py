"""`asgi-inspect merge FILE… -o OUT`: several traces as one, in order of time."""

from ..trace.sorting import in_order_of_time
from ._rewriting import out_option, rewritten
from ._words import HINT, FilteringCommand, files_argument


def _merge(*, files: tuple[str, ...], out: str) -> int:
    return rewritten("merge", files, out, in_order_of_time)


command = FilteringCommand(
    "merge",
    callback=_merge,
    short_help="Put several traces together, in order of time.",
    help="Write the records of several traces (of workers, hosts, after a rotation) as one trace, in order of time. A record "
    "that stands in two of them is written once; what is damaged is said and left out. " + HINT,
    epilog="Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is written).",
    params=[
        files_argument(required=True),
        out_option(),
    ],
)
