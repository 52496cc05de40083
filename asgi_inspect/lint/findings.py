"""The findings of many connections as one list: each story once, with a count; bounded, however many stories there are."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from .catalogue import by_code
from .finding import Finding, Severity, rank
from .layers import Connection

_LONG: Final = 20  # digits of what is no number of ours
_MOST: Final = 10_000  # stories; of those beyond, each rule has one for all

_Story = tuple[str, Severity, str, str, str, str | None]


class Findings:
    """Collects what was found in connections, as they end."""

    def __init__(self) -> None:
        self._first: dict[_Story, Finding] = {}
        self._counts: dict[_Story, int] = {}

    def add(self, connection: Connection) -> None:
        """Take over what was found in a connection."""
        if not connection.findings:
            return
        for finding in connection.findings:
            self._count(replace(finding, where=connection.where), 1)
        connection.findings.clear()

    def take(self, findings: Iterable[Finding]) -> None:
        """Add what was found in other connections, counted already."""
        for finding in findings:
            self._count(finding, finding.count)

    def all(self) -> list[Finding]:
        """Worst first, then what was seen most often."""
        counted = [replace(finding, count=self._counts[story]) for story, finding in self._first.items()]
        return sorted(
            counted, key=lambda finding: (rank(finding.severity), -finding.count, finding.code, finding.where)
        )

    def _count(self, finding: Finding, count: int) -> None:
        story = _story(finding)
        if story not in self._first and len(self._first) >= _MOST:
            finding = replace(finding, where="other routes", key="")
            story = _story(finding)
        known = self._first.get(story)
        if known is None or _order(finding.conn) < _order(known.conn):  # the same one, whoever has read what
            self._first[story] = finding
        self._counts[story] = self._counts.get(story, 0) + count


def is_told_once(finding: Finding) -> bool:
    """Whether it is the same fault on whatever route: the rule says so, or the scope alone proves it."""
    rule = by_code().get(finding.code)
    return not finding.records or (rule is not None and rule.about.once)


def _story(finding: Finding) -> _Story:
    """What findings have in common that are told as one."""
    route = "" if is_told_once(finding) else finding.where
    return finding.code, finding.severity, route, finding.key, finding.party, finding.layer_name


def _order(conn: str) -> tuple[int, str]:
    """By which the connections of a process stand in the order in which they began."""
    proc, _, number = conn.rpartition(".")
    return (int(number) if number.isascii() and number.isdigit() and len(number) < _LONG else 0, proc)
