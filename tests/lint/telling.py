"""Records of connections by hand, for tests of what rules say of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.finding import Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.trace.records import EndRecord, Outcome, ReceiveRecord, Record, ScopeRecord, SendRecord

AT = "2026-01-01T00:00:00.000000Z"
Step = tuple[str, dict[str, Any]]
"""`("receive", message)` or `("send", message)`."""


def connection(
    scope: dict[str, Any], steps: Iterable[Step], *, conn: str = "p.1", outcome: Outcome | None = "returned"
) -> list[Record]:
    """The records of a connection; with no outcome it does not end. The scope has no number, the steps have 1, 2, 3 …"""
    records: list[Record] = [ScopeRecord(conn=conn, at=AT, scope=scope)]
    n = 0
    for n, (direction, message) in enumerate(steps, 1):
        if direction == "send":
            records.append(SendRecord(conn=conn, n=n, t_us=n * 1000, message=message))
        else:
            records.append(ReceiveRecord(conn=conn, n=n, t_us=n * 1000, wait_us=10, message=message))
    if outcome is not None:
        records.append(EndRecord(conn=conn, n=n + 1, t_us=(n + 1) * 1000, outcome=outcome))
    return records


def findings_of(records: Sequence[Record], choice: Choice | None = None) -> list[Finding]:
    """What a linter says of these records, in the order in which it does."""
    linter = Linter(choice or Choice())
    found = [finding for record in records for finding in linter.feed(record)]
    linter.finish()
    assert len(linter.findings) <= len(found)
    return found
