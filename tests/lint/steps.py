"""Connections step by step, with whatever may go wrong at each: what the tables of the rules' tests are written in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from asgi_inspect.lint.choice import Choice
from asgi_inspect.trace.records import EndRecord, ErrorInfo, ReceiveRecord, Record, ScopeRecord, SendRecord, SentRecord
from tests.lint.telling import AT, findings_of

Message = dict[str, Any]


class Step(NamedTuple):
    """One record of a connection; `record` is the type of it, the rest as far as that has it."""

    record: str
    message: Message | None = None
    error: ErrorInfo | None = None
    cancelled: bool = False
    wait_us: int = 10
    state: list[str] | None = None
    layer: int = 0


def got(kind: str, *, wait_us: int = 10, state: list[str] | None = None, layer: int = 0, **fields: Any) -> Step:
    """`receive()` gave a message."""
    return Step("receive", {"type": kind, **fields}, wait_us=wait_us, state=state, layer=layer)


def sent(kind: str, *, state: list[str] | None = None, layer: int = 0, **fields: Any) -> Step:
    """A message was sent."""
    return Step("send", {"type": kind, **fields}, state=state, layer=layer)


def error(kind: str, *bases: str) -> ErrorInfo:
    return ErrorInfo(type=kind, bases=[*bases, "Exception", "BaseException"])


def raised(kind: str, *bases: str, layer: int = 0) -> Step:
    """The `send` before this raised."""
    return Step("sent", error=error(kind, *bases), layer=layer)


REFUSED = raised("uvicorn.ClientDisconnected", "OSError")
FAILED = raised("RuntimeError")
CANCELLED = Step("sent", cancelled=True)
CUT = Step("receive", cancelled=True)
"""A `receive()` was cancelled."""


def returned(layer: int = 0) -> Step:
    return Step("end", layer=layer)


def left(kind: str, *bases: str, layer: int = 0) -> Step:
    """An exception left the application."""
    return Step("end", error=error(kind, *bases), layer=layer)


def stopped(layer: int = 0) -> Step:
    """The application was cancelled."""
    return Step("end", cancelled=True, layer=layer)


def records_of(scope: Message, steps: Sequence[Step], *, conn: str = "p.1", **more: Any) -> list[Record]:
    """The records; where no step is an end of the outermost layer, it returns behind the last one."""
    records: list[Record] = [ScopeRecord(conn=conn, at=AT, scope=scope, **more)]
    layers = {step.layer for step in steps} - {0}
    records += [ScopeRecord(conn=conn, at=AT, scope=scope, layer=layer, inside=layer - 1) for layer in sorted(layers)]
    if not any(step.record == "end" and not step.layer for step in steps):
        steps = [*steps, returned()]
    last = 0
    for n, step in enumerate(steps, 1):
        records.append(_record(step, n, last, conn))
        last = n if step.record == "send" else last
    return records


def _record(step: Step, n: int, last: int, conn: str) -> Record:
    where: dict[str, Any] = {"conn": conn, "n": n, "layer": step.layer, "t_us": n * 1000}
    outcome: Any = "cancelled" if step.cancelled else None if step.error is None else "raised"
    if step.record == "send":
        return SendRecord(**where, message=step.message, state=step.state)
    if step.record == "sent":
        return SentRecord(**where, of=last, took_us=10, outcome=outcome, error=step.error)
    if step.record == "end":
        return EndRecord(**where, outcome=outcome or "returned", error=step.error)
    if step.message is None:
        return ReceiveRecord(**where, wait_us=step.wait_us, outcome=outcome, error=step.error)
    return ReceiveRecord(**where, wait_us=step.wait_us, message=step.message, state=step.state)


def codes(records: Sequence[Record], *more: str, level: str = "info") -> str:
    """The codes of what is found, in its order, with all rules that are on by default, and these."""
    return " ".join(
        each.code for each in findings_of(records, Choice.read(select=",".join(("default", *more)), level=level))
    )
