"""`asgi-inspect tail [FILE…] [FILTER…]`: `show --follow` by the name that other tools have given it."""

from functools import partial

from ._words import HINT
from .show import EPILOG, ShowCommand, show, show_options

_NOT_LIVE = ("side", "paging")  # a body is written when it is whole, and a pager is for what has an end

command = ShowCommand(
    "tail",
    callback=partial(show, following=True, side=None, paging=False),
    short_help="Show a trace while it grows; the same as show --follow.",
    help="Show traces while they grow, until Ctrl-C, also through truncation and rotation of the files: FILE, or - for "
    f"standard input; by default the newest of this directory. The same as show --follow. {HINT}",
    epilog=EPILOG,
    params=[option for option in show_options() if option.name not in _NOT_LIVE],
)
