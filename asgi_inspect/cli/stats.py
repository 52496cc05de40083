"""`asgi-inspect stats [FILE…] [FILTER…]`: how often, how long, how much, and what went wrong; by route or by what one asks for."""

import json
from functools import partial

import click
import msgspec

from ..launch.output import Output
from ..render.console import Color
from ..render.statistics import StatisticsPage
from ..text import safe_json
from ..trace.figures import SORTS, Figures, Sort, figures
from ..trace.search import Traces
from ..trace.statistics import BY, By, Statistics
from ._faults import NOTHING_MATCHED, Faults, readable, say
from ._newest import newest
from ._pager import paged
from ._progress import Progress
from ._screen import print_on
from ._summing import ROWS
from ._words import HINT, FilteringCommand, chosen_filter, files_argument


def _stats(
    *, files: tuple[str, ...], as_json: bool, by: By, sort: Sort, top: int, utc: bool, color: Color
) -> int:  # fmt: skip
    names = list(files) or [str(newest())]
    faults = Faults()
    with readable(names):
        with Progress() as progress, Traces(names, on_damage=faults, progress=progress) as traces:
            statistics, overview = traces.survey(partial(Statistics, by), chosen_filter())
        found = figures(statistics, overview, sort)
        if as_json:
            Output(1).write(_json(found))
        elif found.totals or found.lifespans:
            with paged(Output(1)) as outlet:
                page = StatisticsPage(found, overview, rows=top or None, utc=utc, filtered=bool(chosen_filter()))
                print_on(outlet, color, [page])
        faults.note(traces.lateness)
    return faults.finish() or _nothing(found, as_json)


def _json(found: Figures) -> bytes:
    """Over several lines, and safe on a terminal, where it is the same JSON."""
    lines = json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False).split("\n")
    return "".join(safe_json(line) + "\n" for line in lines).encode()


def _nothing(found: Figures, as_json: bool) -> int:
    if found.connections or found.lifespans:
        return 0
    if chosen_filter():
        say("no connection matches.")
        return NOTHING_MATCHED
    if not as_json:
        say("nothing is recorded there.")
    return 0


command = FilteringCommand(
    "stats",
    callback=_stats,
    short_help="Count and measure: routes, percentiles, statuses.",
    help="Count and measure what is in FILE, or - for standard input; by default in the newest trace of this directory. "
    "What errors counts was answered with 5xx, or raised. Percentiles are less than 0.4 % off.\n\n" + HINT,
    epilog="Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is counted).",
    params=[
        files_argument(),
        click.Option(
            ["--by"],
            type=click.Choice(BY),
            default="route",
            metavar="WHAT",
            help="What makes a row: route (default; a path with {id} where no route is known), path, client, worker, "
            "machine, method, status, type.",
        ),
        click.Option(
            ["--sort"],
            type=click.Choice(SORTS),
            default="count",
            metavar="COLUMN",
            help="What comes first: the greatest count (default), errors, p50, p95, p99, max, ttfb (its p95), "
            "time (the sum of durations), in, out; or name.",
        ),
        click.Option(
            ["--top"],
            type=click.IntRange(min=0),
            default=ROWS,
            metavar="N",
            help=f"How many rows are shown ({ROWS}; 0: all).",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="All figures, all rows, as JSON."),
        click.Option(
            ["--color"],
            metavar="WHEN",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Colours: auto (default: on a terminal, unless NO_COLOR is set), always, or never.",
        ),
        click.Option(["--utc"], is_flag=True, help="Times in UTC instead of local time."),
    ],
)
