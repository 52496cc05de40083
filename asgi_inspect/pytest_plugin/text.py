"""What stands in a report, as text: findings explained, and the messages of a test with each finding below its cause."""

import io
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from rich.console import RenderableType

from ..lint.finding import Finding
from ..render import ViewOptions, make_view
from ..render.console import Printer, make_console
from ..render.findings import findings_page
from ..render.heads import title
from ..text import safe
from ..trace.connection import Connection
from .judging import once_each
from .portion import Portion, conn_of

_FIRST: Final = 150
_LAST: Final = 50
_COLUMNS: Final = 100  # so that the links stay whole, wherever a report is read


def explained(findings: Sequence[Finding]) -> str:
    """The findings, the worst first, each with what to do about it."""
    return _text(findings_page(once_each(findings), None), width=_COLUMNS)


def headline(findings: Sequence[Finding]) -> str:
    """`H105 start-after-complete in GET /items, and 2 more`: all that a summary has room for."""
    first, *more = once_each(findings)
    line = f"{first.code} {first.name} in {first.where}"
    return safe(f"{line}, and {len(more)} more" if more else line)


def messages(portion: Portion, findings: Mapping[int, Sequence[Finding]]) -> str:
    """A line for each record, and below it what it proves; the middle of many is left out.

    findings: by the place of the record among those that the portion has taken.
    """
    shown = list(_lines(portion, findings))
    if len(shown) > _FIRST + _LAST and findings:
        conns = {finding.conn for found in findings.values() for finding in found}
        shown = list(_lines(portion, findings, conns))
    if len(shown) <= _FIRST + _LAST:
        return _text(shown)
    left_out = len(shown) - _FIRST - _LAST
    return f"{_text(shown[:_FIRST])}... {left_out:,} lines, which a trace file has ...\n{_text(shown[-_LAST:])}"


def _lines(
    portion: Portion, findings: Mapping[int, Sequence[Finding]], conns: Container[str] | None = None
) -> Iterator[RenderableType]:
    """conns: of these connections alone."""
    view = make_view("compact", ViewOptions(hint=None))
    for before in portion.carried:  # so that it knows what is spoken of
        if before.record is not None:
            deque(view.feed(before.record), maxlen=0)
    for at, taken in enumerate(portion.taken):
        if taken.record is not None and (conns is None or conn_of(taken) in conns):
            yield from view.feed(taken.record)
            for finding in findings.get(at, ()):
                yield view.finding(finding, again=True)


def words_for(connection: Connection) -> str:
    """`GET /items 200`, or what there is of that."""
    what = "".join(text for text, _ in title(connection))
    how = connection.status or connection.close_code or connection.outcome
    return f"{what} {how}"


def _text(renderables: Iterable[RenderableType], width: int | None = None) -> str:
    stream = io.StringIO()
    return Printer(make_console(stream, "never", width=width), stream.write).render(chain(renderables))
