"""What `asgi-inspect doctor` finds of one command line: the server, where it would listen, and the application itself."""

import errno
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from ..errors import UsageError
from ..launch import python
from ..launch.address import why_not
from ..launch.examine import Examination, examine
from ..launch.server import Address, Plan, Server, word_of
from ..launch.state import state_folder
from ..launch.trial import Failed, Found
from ..options import PREFIX
from ..views.spans import plural
from ._checks import Check

_MOST_OUTPUT = 12  # lines
_OURS = "asgi-inspect: "


def application(server: Server, theirs: Sequence[str], seconds: float, environ: Mapping[str, str]) -> Iterator[Check]:
    """All that can be said of a run with this command line, without serving."""
    try:
        plan = server.plan(theirs)
    except (UsageError, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        yield Check("problem", "server", text)
        return
    yield Check("ok", "server", plan.server)
    yield from _watched(theirs, environ)
    if server is python:
        yield Check("note", "application", "what it serves shows when it runs, and doctor does not run it.")
        return
    examination = examine(word_of(server), theirs, seconds, environ)
    found = examination.outcome
    if not isinstance(found, Found):
        yield _failure(plan, examination, seconds)
        yield from _addresses([plan.address] if plan.address else [])
        return
    yield from _addresses(found.addresses)
    yield from _built(found, theirs)
    yield from (
        Check("note", "server", line.removeprefix(_OURS))
        for line in examination.output
        if line.startswith(_OURS) and not line.startswith(_OURS + PREFIX)  # a wrong variable, which was said
    )


def _watched(theirs: Sequence[str], environ: Mapping[str, str]) -> Iterator[Check]:
    """Whether a reloader may see the traces grow: those of other runs too, which no server was told to ignore."""
    if not any(word.startswith("--reload") for word in theirs):
        return
    try:
        folder = state_folder(environ)
    except RuntimeError:  # no home, which was said
        return
    if folder.is_relative_to(Path.cwd()):
        yield Check(
            "note",
            "reload",
            f"{folder} is in the directory that the server watches, so a trace may restart it: "
            "set XDG_STATE_HOME to a folder elsewhere.",
        )


def _built(found: Found, theirs: Sequence[str]) -> Iterator[Check]:
    if found.file is not None:
        yield Check("ok", "module", _short(found.file))
    parts = [found.what]
    if found.factory:
        parts.append(f"made by {found.app}")
    if found.routes is not None:
        parts.append(plural(found.routes, "route"))
    if found.middlewares:
        parts.append(plural(len(found.middlewares), "middleware"))
    yield Check("ok", "application", ", ".join(parts))
    if found.middlewares:
        yield Check("ok", "middlewares", f"{', '.join(found.middlewares)} (from the outside in)")
    for out in found.outs:
        more = f"; its own out={_short(out)} gets the records as well" if out else ""
        yield Check("ok", "inspected", f"its own InspectMiddleware joins the trace as a layer{more}")
        if out and "--reload" in theirs and Path(out).is_relative_to(Path.cwd()):
            yield Check(
                "note",
                "reload",
                f"{_short(out)} is in a directory that the server may watch, and may restart it: "
                "write it elsewhere, or leave out= out.",
            )


def _failure(plan: Plan, examination: Examination, seconds: float) -> Check:
    said = [line.removeprefix(_OURS) for line in examination.output if line.startswith(_OURS)]
    output = [line for line in examination.output if not line.startswith(_OURS)]
    while output and not output[-1]:
        output.pop()
    name, status = plan.app or "the application", examination.status
    if isinstance(examination.outcome, Failed):
        text = f"{name} cannot be served: {examination.outcome.error}"
        output += map(_short, examination.outcome.frames)
    elif said:
        return Check("problem", "application", said[-1])
    elif status is None:
        place = f": it stands in {_short(examination.place)}" if examination.place else ""
        text = f"{name} was not loaded within {seconds:g} s{place}; --timeout {seconds * 4:g} gives it longer."
    elif status < 0:
        text = f"{name} cannot be served: the process was ended by {_signal(-status)}."
    else:
        text = f"{name} was not served: the process ended by itself, with status {status}."
    return Check("problem", "application", text, output[-_MOST_OUTPUT:])


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _short(path: str) -> str:
    """A path, as seen from here where it is below."""
    here = os.getcwd() + os.sep
    return path.removeprefix(here)


_REASONS = {
    errno.EDOM: "is no address: ports end at 65535.",
    errno.EADDRINUSE: "is in use by another process: end that one, or choose another port.",
    errno.EACCES: "is not ours to listen at: choose a port from 1024 on, or start it with the rights for that.",
}


def _addresses(addresses: Sequence[Address]) -> Iterator[Check]:
    for host, port in addresses:
        number = why_not(host, port)
        where = f"[{host}]" if ":" in host else host
        if number is None:
            yield Check("ok", "address", f"{where}:{port} is free" if port else f"a free port of {where}")
        else:
            reason = f"cannot be listened at ({os.strerror(number)}): name an address of this machine."
            yield Check("problem", "address", f"{where}:{port} {_REASONS.get(number, reason)}")
