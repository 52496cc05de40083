"""A run from its first line to its last: start the server as a child, show what it writes, end as it ended."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from ..options import LAUNCH_VARIABLE, Launch
from ..redaction.fingerprint import new_key
from ..trace.choosing import ALL, Choice
from .interpreter import child_command
from .live import Live, Say, Screen
from .output import Output
from .place import Place
from .process import ServerProcess
from .report import report
from .server import Plan
from .terminal import kept_sane
from .watch import Closed, Watch

_FAILS_WITHIN = 1.0  # seconds; by then most servers that cannot start have said so
_POLITENESS = 5
_LOOK_EVERY = 0.04  # seconds: no person sees it as late, and a launcher with nothing to do costs nothing


SumUp: TypeAlias = Callable[[Sequence[tuple[str, int]]], None]
"""Says something of a run that has ended: takes the files of its trace, and where it begins in each."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What to start and what to show of it."""

    server: str
    """The word that starts it, such as `uvicorn`."""
    arguments: Sequence[str]
    """The server's own command line, verbatim."""
    plan: Plan
    place: Place
    keep: bool
    """Whether the trace stays when the run has ended."""
    body_limit: int | None
    max_bytes: int | None
    keep_files: int
    redact: list[str] | None
    """Names that are withheld beside the default ones; None: nothing is."""
    records: Output | None
    """Where the raw records go; the server's standard output then goes to standard error."""
    screen: Screen | None
    again: str
    """The command that shows the trace again."""
    choice: Choice = ALL
    """Which connections are shown."""
    sample: float | None = None
    """Which are recorded at all: a share of them,"""
    capture: str = ""
    """those that this filter means,"""
    only: Literal["errors"] | None = None
    """those that failed,"""
    slow_ms: float | None = None
    """or lasted longer than this."""
    sum_up: Sequence[SumUp] = ()
    """Called at the end."""


def run_bare(server: str, arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
    """Become the server itself, untraced; does not return."""
    command = child_command(server, arguments)
    os.execve(command[0], command, _environment(environ))  # noqa: S606 - no shell is wanted


def launch(run: Run, say: Say, environ: Mapping[str, str] = os.environ) -> int:
    """Run the server, traced, until it ends; returns its exit status, negative for a death by signal.

    say: says one sentence of ours to the user.
    """
    place = run.place
    launched = Launch(
        str(place.path),
        body_limit=run.body_limit,
        max_bytes=run.max_bytes,
        keep_files=run.keep_files,
        redact=run.redact,
        key=new_key().hex(),
        server=run.plan.server,
        sample=run.sample,
        capture=run.capture,
        only=run.only,
        slow_ms=run.slow_ms,
    )
    environment = _environment(environ) | {LAUNCH_VARIABLE: msgspec.json.encode(launched).decode()}
    command = child_command(run.server, run.arguments)
    with kept_sane(), ServerProcess(command, environment, stdout_to_stderr=run.records is not None) as server:
        os.nice(_POLITENESS)  # where both want the same core, the server goes first
        closed = _accompany(run, server, say)
    for sum_up in run.sum_up:
        sum_up(place.files())
    kept = place.close(keep=run.keep or (closed is not None and bool(closed.running)))
    for sentence in report(
        run.plan,
        server.status,
        closed,
        keep=run.keep,
        kept=kept,
        where=str(place.path),
        again=run.again,
        environ=environ,
    ):
        say(sentence)
    return server.status


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environ.items() if key != LAUNCH_VARIABLE}


class _Announcement:
    """What is served, and where its trace is; said once the server seems to have started, lest it buries why it has not."""

    def __init__(self, run: Run, say: Say) -> None:
        self._run = run
        self._say = say
        self._due = time.monotonic() + _FAILS_WITHIN
        self._said = False

    def say_if_due(self) -> None:
        if not self._said and time.monotonic() > self._due:
            self.say()

    def say(self) -> None:
        if self._said:
            return
        self._said = True
        place, plan = self._run.place, self._run.plan
        if place.trouble is not None:
            self._say(
                f"the state folder cannot be used ({place.trouble}): `asgi-inspect show` needs the name of this trace."
            )
        if place.exposed is not None:
            self._say(f"{place.path}: {place.exposed}.")
        what = f" {plan.app}" if plan.app is not None else ""
        self._say(f"{plan.server} starts{what}; trace: {place.path}")


def _accompany(run: Run, server: ServerProcess, say: Say) -> Closed | None:
    """Show what happens until the server has ended and its trace is complete; None where that cannot be told."""
    closed: list[Closed | None] = []

    def ended() -> bool:
        """Once the server is gone, its trace is closed before the last look at it: the view shows that too."""
        if server.ended.is_set() and not closed:
            closed.append(_close(watch, run, server, say))
            server.release_signals()
        return bool(closed)

    def wait() -> None:
        if not server.ended.wait(_LOOK_EVERY):
            announcement.say_if_due()

    def begun() -> None:
        run.place.begun()
        announcement.say()

    announcement = _Announcement(run, say)
    watch = Watch(run.place, server.pid)
    live = Live(
        run.place.path,
        records=run.records,
        screen=run.screen,
        say=say,
        begun=begun,
        processes=watch.processes,
        choice=run.choice,
    )
    try:
        if live.watched:
            _show(live, run.place.begin, ended, wait, say)
        elif not server.ended.wait(_FAILS_WITHIN):
            announcement.say()
        server.ended.wait()
        ended()
    except KeyboardInterrupt:
        pass  # until the trace is closed this signal is blocked: somebody does not want to see the rest
    return closed[0]


def _show(live: Live, begin: int, ended: Callable[[], bool], wait: Callable[[], None], say: Say) -> None:
    try:
        live.run(begin, ended, wait)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server must go on, and be accompanied to its end
        say(f"the live view failed ({type(error).__name__}: {error}); server and trace go on without it.")


def _close(watch: Watch, run: Run, server: ServerProcess, say: Say) -> Closed | None:
    try:
        return watch.close(server.status)
    except OSError as error:
        say(f"the end of the run could not be written to {run.place.path}: {error.strerror}")
        return None
