"""`asgi-inspect lint [FILE…] [FILTER…]`: which rules of ASGI are broken in traces, by whom, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from ..errors import DamagedRecordError, UsageError
from ..lint.finding import Finding
from ..lint.lines import Linted, WorkerLostError, lint_lines
from ..render.findings import look_command
from ..trace.codec import decode_record
from ..trace.records import ScopeRecord
from ..trace.scan import conn_in
from ..trace.search import Traces
from ..trace.source import is_file, open_source
from ..views.spans import plural
from ._faults import NOTHING_MATCHED, Faults, readable, say
from ._linting import Judged, Linting, LintingCommand, lint_options
from ._newest import newest
from ._progress import Progress
from ._words import HINT, FilteringCommand, chosen_filter, files_argument


class LintCommand(LintingCommand, FilteringCommand):
    """`lint`, which takes a filter as well."""


def _lint(*, files: tuple[str, ...], **options: Any) -> int:
    linting = Linting.read(options)
    names = list(files) or [str(newest())]
    faults = Faults()
    with readable(names):
        with Progress() as progress, Traces(names, on_damage=faults, progress=progress) as traces:
            if "-" in names:
                traces.keep_what_is_read_once()
            try:
                linted = lint_lines(traces.lines(chosen_filter()), linting.choice)
            except WorkerLostError:
                raise UsageError("a process that was reading along was ended from outside: try it again.") from None
            located = linting.format == "sarif" or len(names) > 1
            places = _places(traces, linting.told(linted.findings)) if located else {}
        faults.note(traces.lateness)
        faults.note(unjudged(linted))
    nothing_matches = not linted.connections and bool(chosen_filter())
    if not linted.connections:
        say("no connection matches." if nothing_matches else "nothing is recorded there.")
    if nothing_matches and linting.format == "text":
        return faults.finish() or NOTHING_MATCHED
    judged = Judged(
        findings=linted.findings,
        connections=linted.connections,
        traces=names,
        look=None if "-" in names else look_command(files),
        lines=places,
    )
    status = linting.report(judged) or faults.finish()
    return status or (NOTHING_MATCHED if nothing_matches else 0)


def unjudged(linted: Linted) -> str:
    """That records could not be judged, in a sentence; empty where all could."""
    count = linted.failures.total()
    if not count:
        return ""
    types = ", ".join(sorted(linted.failures))
    return (
        f"{plural(count, 'record')} could not be judged ({types}), which is a fault of asgi-inspect: please report it."
    )


def _places(traces: Traces, findings: Sequence[Finding]) -> dict[tuple[str, int], tuple[str, int]]:
    """Where the last record of each finding stands."""
    wanted = {(finding.conn, finding.records[-1] if finding.records else 0) for finding in findings}
    conns = {conn.encode("utf-8", "surrogatepass") for conn, _ in wanted}
    found: dict[tuple[str, int], tuple[str, int]] = {}
    for source in filter(is_file, traces.sources):
        with open_source(source) as opened:
            for line, raw in enumerate(opened.file, 1):
                if len(found) == len(wanted):
                    return found
                if conn_in(raw) in conns and (place := _numbered(raw)) in wanted:
                    found.setdefault(place, (opened.name, line))
    return found


def _numbered(raw: bytes) -> tuple[str, int]:
    """The connection of a record, and its number; 0 for the scope of the outermost layer."""
    try:
        record = decode_record(raw)
    except DamagedRecordError:
        return "", -1
    number = 0 if isinstance(record, ScopeRecord) and not record.layer else getattr(record, "n", -1)
    return getattr(record, "conn", ""), number


command = LintCommand(
    "lint",
    callback=_lint,
    short_help="Find what breaks the rules of ASGI, and whose fault it is.",
    help="Find what breaks the rules of ASGI in FILE, or - for standard input; by default in the newest trace of this "
    "directory: what happened, whose fault it is, and what to do. asgi-inspect explain RULE says more of a rule; "
    "[tool.asgi-inspect.lint] in pyproject.toml may hold select, ignore and level.\n\n" + HINT,
    epilog="Exit status: 0 nothing found, 1 something found (or nothing matched), 2 wrong usage or no trace, "
    "3 damaged (what could be read is judged).",
    params=[files_argument(), *lint_options()],
)
