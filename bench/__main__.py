"""What does it cost to watch an ASGI application? Each way is measured beside the
others, round by round; in the end a table of each application says what a way
adds to a call and what it keeps of the requests per second.

It takes about seven minutes; Ctrl-C ends it with what was measured until then.
The machine should have nothing else to do. docs/benchmarks.md tells more.
"""

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, get_args

from asgi_inspect.render.console import make_console

from . import base, footprint, inside, machine, outside, table
from .apps import APPS
from .client import Trouble
from .figures import BARE, CONTROL, NOOP, Figures, Part
from .inside import WorkerError
from .plan import HERE, Plan, Tell
from .progress import Progress
from .served import SETTINGS, Setting
from .targets import verdicts
from .ways import WAYS, Way

_PARTS: Final = get_args(Part)
_KNOWN: Final[dict[str, Way | Setting]] = {**WAYS, **SETTINGS}
_BEGIN, _END = "<!-- the last full run: begin -->", "<!-- the last full run: end -->"

_MARKS: Final = re.compile(f"(?<={re.escape(_BEGIN)}).*(?={re.escape(_END)})", re.DOTALL)

_EXAMPLES: Final = """\
parts:
  inside     without a server: CPU time that a call and a message cost more
  outside    uvicorn on one core, the load on another: requests/s, p50, p99, CPU time
  footprint  memory, the time of an import

examples:
  make bench
  make bench BENCH='--only inside --apps hello,websocket'
  make bench BENCH='--json run.json'               every sample, for machines
  make bench BASE=HEAD~3                           this and an older revision, interleaved: what became worse?
  python -m bench --from run.json --markdown docs/benchmarks.md
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, show it; 130 after Ctrl-C, 1 where it could not be measured."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if wrong := _unwritable(chosen):  # said now, not in seven minutes
        parser.error(wrong)
    if chosen.told:
        return _show_again(chosen)
    figures, status, wrong = Figures(), 0, None
    with Progress(sys.stderr) as progress, _ended_as_interrupted():
        try:
            with _plan(chosen) as plan:
                figures.facts |= machine.facts() | {"base": plan.sources[1].name if chosen.base else ""}
                _measure(chosen, plan, figures, progress.tell)
        except KeyboardInterrupt:
            status, wrong = 130, "interrupted; this is what was measured until then."
        except (base.BaseError, Trouble, WorkerError) as why:
            status, wrong = 1, str(why)
    if wrong:
        print(f"bench: {wrong}", file=sys.stderr)
    if figures.rounds:
        _give(chosen, figures, [figures])
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", type=_names("part", _PARTS), metavar="PARTS", default=_PARTS, help="separated by commas")
    add("--ways", type=_names("way", _KNOWN), metavar="WAYS", default=(), help="see --list")
    add(
        "--apps",
        type=_names("application", APPS),
        metavar="APPS",
        default=(),
        help="see --list",
    )
    add("--rounds", type=_count, metavar="N", help="of each part; each has its own number where none is given")
    add("--quick", action="store_true", help="some seconds in all: to see that it works; the figures are of no use")
    add(
        "--base",
        metavar="REVISION",
        help="measure a git revision as well, interleaved, and compare (make bench BASE=...)",
    )
    add("--json", metavar="FILE", type=Path, help="write every sample there, as JSON")
    add("--markdown", metavar="FILE", type=Path, help="put the tables into this page, between its two marks")
    add("--from", dest="told", metavar="FILE", type=Path, nargs="+", help="measure nothing, show what --json wrote; of "
        "several files the first one's tables, and the targets of all side by side")  # fmt: skip
    add("--list", action=_List, nargs=0, help="print the ways and applications that there are")
    return parser


def _unwritable(chosen: argparse.Namespace) -> str | None:
    """Why what is asked for could not be written in the end."""
    if chosen.json and not os.access(chosen.json if chosen.json.exists() else chosen.json.parent, os.W_OK):
        return f"--json: {chosen.json} cannot be written"
    if chosen.markdown and _MARKS.search(_text(chosen.markdown)) is None:
        return f"--markdown: {chosen.markdown} is no page with the marks {_BEGIN} and {_END}"
    return None


def _text(page: Path) -> str:
    try:
        return page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _names(what: str, known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no {what} {name!r}; there are: {', '.join(known)}")
        return names

    return parse


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a number of rounds, at least 1; not {text!r}")
    return int(text)


class _List(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print("ways:", *(f"  {way.name:18} {way.what}" for way in _KNOWN.values()), sep="\n")
        print("applications:", *(f"  {app.name:18} {app.what}" for app in APPS.values()), sep="\n")
        parser.exit()


@contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """SIGTERM is answered as Ctrl-C is: no process and no file stays behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _plan(chosen: argparse.Namespace) -> Iterator[Plan]:
    """What was asked for, with the revision to compare with unpacked, until the end."""
    plan = Plan(chosen.apps, chosen.ways, chosen.rounds, chosen.quick)
    if not chosen.base:
        yield plan
        return
    ours = (BARE, CONTROL, NOOP, *(way.name for way in WAYS.values() if way.ours))
    with base.unpacked(chosen.base) as other:
        yield plan._replace(sources=(HERE, other), ways=plan.ways or ours)


def _measure(chosen: argparse.Namespace, plan: Plan, figures: Figures, tell: Tell) -> None:
    parts: dict[Part, Callable[[Plan, Figures, Tell], None]] = {
        "inside": inside.measure, "outside": outside.measure, "footprint": footprint.measure,
    }  # fmt: skip
    for part, measure in parts.items():
        if part in chosen.only:
            measure(plan, figures, tell)


def _show_again(chosen: argparse.Namespace) -> int:
    runs = []
    for path in chosen.told:
        figures = Figures()
        try:
            figures.take(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            print(f"bench: {path} is not as --json writes it: {wrong}", file=sys.stderr)
            return 1
        runs.append(figures)
    return _give(chosen, runs[0], runs)


def _give(chosen: argparse.Namespace, figures: Figures, runs: list[Figures]) -> int:
    """Write what is to be written, and show the tables."""
    if chosen.json:
        chosen.json.write_text(json.dumps(figures.dump(), indent=1) + "\n", encoding="utf-8")
    found = list(_sheets(figures, runs))
    told = machine.sentences(figures.facts)
    if chosen.quick:
        told.append("This was a quick run: its figures are of no use.")
    if chosen.markdown:
        _write_markdown(chosen.markdown, told, found)
    console = make_console(sys.stdout)
    for sheet in found:
        table.show(sheet, console)
    table.say(["", *told], console)
    return 0


def _sheets(figures: Figures, runs: list[Figures]) -> Iterator[table.Sheet]:
    """In the order of a screen: what is most wanted comes last."""
    if base_name := figures.facts.get("base"):
        yield table.changes_sheet(figures, base_name)
        return
    yield table.ways_sheet(figures)
    yield from table.sheets(figures)
    whole = {key.part for key in figures} == set(_PARTS)
    targets = table.targets_sheet([(_label(run), verdicts(run)) for run in runs], whole=whole)
    if targets.rows:
        yield targets


def _label(run: Figures) -> str:
    """`Python 3.13`."""
    return f"Python {'.'.join(run.facts['python'].split()[1].split('.')[:2])}"


def _write_markdown(page: Path, told: list[str], found: list[table.Sheet]) -> None:
    """In the order of a page: what is most wanted comes first."""
    tables = "\n".join(table.markdown(sheet) for sheet in [found[-1], *found[:-1]])
    tables = f"\n\n{' '.join(told)}\n\n{tables}\n"
    page.write_text(_MARKS.sub(lambda _: tables, page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
