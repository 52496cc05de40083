"""What is said when a run has ended: how, what was still open, where its trace is, and what to do about a failure."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping

from ..render.endings import ended_how
from ..trace.connection import Connection
from ..trace.missing import Missing
from ..views.spans import plural
from .address import why_not
from .server import Plan
from .watch import Closed, CutOff

REFUSED = 2
"""The status of a server that was not even started, as the application cannot be one."""


def report(
    plan: Plan,
    status: int,
    closed: Closed | None,
    *,
    keep: bool,
    kept: bool,
    where: str,
    again: str,
    environ: Mapping[str, str],
) -> Iterator[str]:
    """The last lines of a run.

    closed: None where the trace could not be read to its end. keep: whether the trace was to stay. kept: whether it is still
    there; `where` it is then, and the command that shows it `again`.
    """
    if closed is not None and closed.cut_off_count:
        yield _cut_off(closed.cut_off, closed.cut_off_count)
    if closed is not None and closed.abrupt and environ.get("ASGI_INSPECT_FLUSH") != "record":
        yield "a process that ends without a shutdown may take its last 50 ms with it; ASGI_INSPECT_FLUSH=record keeps these too."
    if closed is not None:
        yield from _missing(closed.missing)
    if closed is not None and closed.running:
        stays = "" if keep else ", which therefore stays"
        yield f"still running, and writing to the trace{stays}: process {', '.join(map(str, closed.running))}"
    if status != REFUSED or kept:  # it has just been said why; nothing follows from there
        yield f"{plan.server} {ended_how(status)}; {_trace(closed, keep=keep, kept=kept, where=where, again=again)}"
    if status <= 0 and closed is not None and not closed.traced and plan.script:
        yield "if it starts its server in another process, put asgi-inspect in front of that command."
    if status > 0 and status != REFUSED:
        yield from _advice(plan, traced=closed is not None and closed.traced, environ=environ)


def _missing(missing: Missing) -> Iterator[str]:
    """What is not in the trace, and why."""
    for why, loss in missing.lost.items():
        lost, those = plural(loss.records, "record"), plural(loss.connections, "connection")
        yield f"{lost} of {those} could not be recorded: {why}."
    if missing.skipped:
        counts = [f"{plural(count, 'connection')} ({why})" for why, count in missing.skipped.items()]
        yield f"left out on purpose: {', '.join(counts)}."


def _trace(closed: Closed | None, *, keep: bool, kept: bool, where: str, again: str) -> str:
    if kept:
        return f"trace: {where} (show it with: {again})"
    if closed is not None and not closed.traced:
        return "nothing was traced."
    return (
        f"its trace is no longer at {where}: somebody removed it." if keep else "its trace is removed, as you wished."
    )


def _cut_off(connections: list[CutOff], count: int) -> str:
    """What was open when its process went, worker or server: the last few by their names."""
    named = [f"{_what(connection)} (--conn '{pid}#{_number(connection)}')" for pid, connection in connections]
    more = [f"{count - len(named)} more"] if count > len(named) else []
    return f"open when the process ended: {', '.join([*named, *more])}"


def _number(connection: Connection) -> str:
    return connection.conn.rpartition(".")[2]


def _what(connection: Connection) -> str:
    words = (connection.method or connection.type or "a connection", connection.path)
    return " ".join(word for word in words if word)


def _advice(plan: Plan, *, traced: bool, environ: Mapping[str, str]) -> Iterator[str]:
    """What to do about a server that failed, where we can know it better than the server."""
    if plan.address is not None and why_not(*plan.address) == errno.EADDRINUSE:
        host, port = plan.address
        yield f"port {port} of {host} is in use by another process: end that one, or choose another port, such as --port {port + 1}."
    elif (
        not traced
        and (active := environ.get("VIRTUAL_ENV"))
        and os.path.realpath(active) != os.path.realpath(sys.prefix)
    ):
        yield f"asgi-inspect runs in {sys.prefix}, not in your environment {active}: install it there too if a module was missing."
