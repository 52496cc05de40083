"""Findings as a person reads them: what is wrong, whose fault it is, where it is seen, what to do, and where to read on.

On a page all places of one fault stand below one head, the worst fault first. In a live view a finding stands below the message
that caused it: whole for the first time, and then as one line.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from ..lint.finding import SEVERITIES, Finding, Severity
from ..views.spans import Line, Own, plural
from .block import Block, Gutter, Row
from .fields import data
from .heads import joined

_STYLES: Final = {"error": "error", "warning": "warning", "info": "info"}
_NO_FILES: Final[Mapping[str, str]] = {}
_PLACES: Final = 10  # of one fault
_LONGEST: Final = 2000  # characters of a sentence
_RECORDS: Final = 6
_LABEL: Final = 6  # columns
_CONN: Final = re.compile(r"[\w.-]{1,100}", re.ASCII)
_CODE: Final = re.compile(r"(`[^`]*`)")


def findings_page(
    findings: Sequence[Finding], look: str | None, files: Mapping[str, str] = _NO_FILES
) -> Iterator[Block]:
    """A block for each fault.

    look: the command that shows a connection, with `{conn}` for its id and `{file}` for the file that it is in; None: there is
    none. files: in which file which connection is, where there are several.
    """
    for _, group in groupby(sorted(findings, key=_order), key=_fault):
        yield _block(_fault_lines(list(group), partial(_command, look, files)))


def finding_block(finding: Finding, look: str | None = None) -> Block:
    """One finding whole, by itself."""
    return next(findings_page([finding], look))


def live_block(finding: Finding, gutter: Gutter, *, again: bool = False) -> Block:
    """A finding in a conversation. again: the same was told before, of another connection."""
    rows = [Row(_head(finding), "!", 4)]
    if not again:
        rows += [Row([("    ", ""), *sentence(finding.sentence)], " ", 4)]
        rows += [Row([("    ", ""), ("fix ", "quiet"), *sentence(finding.fix)], " ", 8)]
    return Block(lambda _: rows, gutter)


def live_line(finding: Finding, before: Line) -> Block:
    """The same on one line. before: what stands at the left of it."""
    line: Line = [
        *before,
        (Own("! "), _STYLES[finding.severity]),
        *_name(finding),
        (" ", ""),
        *sentence(finding.sentence),
    ]
    return Block(lambda _: [Row(line)], one_line=True)


def totals(findings: Sequence[Finding]) -> Line:
    """`2 errors · 1 warning`."""
    counts = Counter(finding.severity for finding in findings)
    return joined(
        [[(_count(counts[severity], severity), _STYLES[severity])] for severity in SEVERITIES if counts[severity]]
    )


def _count(count: int, severity: Severity) -> str:
    return f"{count:,} of level info" if severity == "info" else plural(count, severity)


# --- one fault -----------------------------------------------------------------------------------------------------------


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    """The worst first; then by code, and all of one fault together, that which is met most first."""
    return (SEVERITIES.index(finding.severity), finding.code, finding.party, finding.layer_name or "", finding.fix)


def _fault(finding: Finding) -> tuple[str, ...]:
    return (finding.severity, finding.code, finding.party, finding.layer_name or "", finding.fix, finding.link)


def _fault_lines(places: Sequence[Finding], look: Callable[[Finding], str]) -> Iterator[Row]:
    first = places[0]
    yield Row(_head(first), hang=_LABEL)
    for place in sorted(places, key=lambda one: -one.count)[:_PLACES]:
        yield from _place(place, look)
    if len(places) > _PLACES:
        yield Row(
            [("  ", ""), (f"and {plural(len(places) - _PLACES, 'more place')}, which --format json has", "quiet")]
        )
    yield _labelled("fix", sentence(first.fix))
    if first.link:
        yield _labelled("rule", [(f"asgi-inspect explain {first.code}", "")])
        yield _labelled("", data(first.link, "quiet", _LONGEST))
    yield Row([])


def _place(finding: Finding, look: Callable[[Finding], str]) -> Iterator[Row]:
    line: Line = [("  ", ""), *data(finding.where, "path", 300)]
    if finding.count > 1:
        line += [(Own(" · "), "quiet"), (f"{plural(finding.count, 'connection')}, the first:", "quiet")]
    yield Row(line, hang=4)
    yield Row([("    ", ""), *sentence(finding.sentence)], hang=4)
    said = [[(text, "quiet")] for text in (_records(finding), look(finding)) if text and finding.conn]
    if said:
        yield Row([("    ", ""), *joined(said)], hang=4)


def _head(finding: Finding) -> Line:
    return [
        (finding.severity, _STYLES[finding.severity]),
        (" ", ""),
        *_name(finding),
        (Own(" · "), "quiet"),
        (whose(finding), "quiet"),
    ]


def _name(finding: Finding) -> Line:
    return [(finding.code, "section"), (" ", ""), (finding.name, "section")]


def whose(finding: Finding) -> str:
    """Whose fault it is, in words."""
    if finding.party == "middleware":
        return f"by the middleware {finding.layer_name or '(no name)'}"[:200]
    if finding.party == "upstream":
        return "by the server, or a middleware around"
    inner = f" {finding.layer_name}" if finding.layer_name and finding.party == "application" else ""
    return f"by the {finding.party}{inner}"[:200]


def _records(finding: Finding) -> str:
    """`records 4, 5`, as far as they are few."""
    if not finding.records:
        return "its scope"
    shown = ", ".join(map(str, finding.records[:_RECORDS]))
    more = f" and {len(finding.records) - _RECORDS} more" if len(finding.records) > _RECORDS else ""
    return f"{'record' if len(finding.records) == 1 else 'records'} {shown}{more}"


def _command(look: str | None, files: Mapping[str, str], finding: Finding) -> str:
    """What to type to see the connection. An id that is none of ours is not put into anybody's shell."""
    if not _CONN.fullmatch(finding.conn):
        return ""
    if look is None or ("{file}" in look and finding.conn not in files):
        return f"connection {finding.conn}"
    return look.replace("{conn}", finding.conn).replace("{file}", shlex.quote(files.get(finding.conn, "")))


def look_command(names: Sequence[str]) -> str:
    """The command that shows a connection, for `findings_page`. names: of the files; none: it is in the newest trace."""
    file = ["{file}"] if len(names) > 1 else [shlex.quote(name) for name in names]
    return " ".join(["asgi-inspect show", *file, "--conn {conn}"])


def sentence(text: str) -> Line:
    """A sentence; names of the protocol stand in backquotes."""
    cut = text[:_LONGEST] + ("…" if len(text) > _LONGEST else "")
    return [(part, "section" if part[:1] == "`" else "") for part in _CODE.split(cut) if part]


def _labelled(label: str, line: Line) -> Row:
    return Row([("  ", ""), (label.ljust(_LABEL), "quiet"), *line], hang=2 + _LABEL)


def _block(rows: Iterable[Row]) -> Block:
    kept = list(rows)
    return Block(lambda _: kept)
