"""`asgi-inspect doctor [MODULE:APP …]`: what a run would do and see, and whether anything would break, without serving."""

import os
import shlex
import sys
from collections.abc import Iterable
from typing import Any

import click

from ..errors import UsageError
from ..launch import python
from ..launch.output import Output
from ..options import PREFIX
from ..render.console import Printer, make_console
from ..version import __version__
from ..views.spans import plural
from ._application import application
from ._checks import Check, row, shown
from ._help import version_option
from ._settings import directory, run_settings
from ._split import Split
from ._surroundings import surroundings
from .run import (
    ASKING,
    DEFAULT_SERVER,
    SPLIT,
    RunCommand,
    require_application,
    require_sense,
    server_of,
    typed,
    withheld,
)

BREAKS = 1
_SECONDS = 20.0


class DoctorCommand(RunCommand):
    """Takes a whole command line, as a run does; wrong settings are findings here."""

    def defaults(self) -> dict[str, Any]:
        try:
            return super().defaults()
        except UsageError:
            return {}

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write("Usage: asgi-inspect doctor\n")
        formatter.write("       asgi-inspect doctor [OPTIONS] MODULE:APP [OPTIONS OF UVICORN]\n")
        formatter.write("       asgi-inspect doctor [OPTIONS] SERVER [ITS ARGUMENTS]\n")

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_help(self, ctx, formatter)


def _doctor(
    *, timeout: float, out: str | None, append: bool, color: Any, redact: tuple[str, ...], no_redact: bool, **_: Any
) -> int:
    ctx = click.get_current_context()
    parts: Split = ctx.meta[SPLIT]
    if parts.server is None and parts.theirs:
        require_application(parts.theirs, ctx)
    word = parts.server or DEFAULT_SERVER
    server, theirs = server_of(word, parts.theirs)
    asking = ASKING.intersection(theirs)
    if asking and server is not python:
        raise UsageError(f"with {min(asking)} {word} serves nothing, so there is nothing to look at: leave it out.")
    require_sense(ctx, out)
    secrets = _secrets(ctx, redact, no_redact)
    report = _Report(color)
    report.head(f"asgi-inspect {__version__}")
    report.put(surroundings(directory(), out, append, color, os.environ, given=parts.ours))
    report.put(secrets)
    if parts.server or parts.theirs or os.environ.get("UVICORN_APP"):
        report.head(shlex.join([word, *parts.theirs]))
        report.put(application(server, theirs, timeout, os.environ))
    return report.end()


def _secrets(ctx: click.Context, redact: tuple[str, ...], no_redact: bool) -> list[Check]:
    """Whether anything is withheld. Raises UsageError where the command line says what cannot be."""
    try:
        names = withheld(ctx, redact, no_redact)
    except UsageError as error:
        if typed(ctx, "redact"):
            raise
        # What is wrong with the variable is said with all other variables.
        return [] if os.environ.get(f"{PREFIX}REDACT") else [Check("problem", "settings", str(error))]
    if names is not None:
        return []
    return [Check("note", "secrets", "nothing is withheld (no-redact): traces hold every password and token.")]


class _Report:
    """Shows each check as soon as it is made, and counts."""

    def __init__(self, color: Any) -> None:
        self._printer = Printer(make_console(sys.stdout, color, os.environ), Output(1).write)
        self._problems = 0

    def head(self, text: str) -> None:
        self._printer.print([row([(text, "frame")])])

    def put(self, checks: Iterable[Check]) -> None:
        for check in checks:
            self._problems += check.verdict == "problem"
            self._printer.print(shown(check))

    def end(self) -> int:
        """Say the sum of it; returns the exit status."""
        text, style = "no problem found", "good"
        if self._problems:
            text, style = f"{plural(self._problems, 'problem')} to solve first", "error"
        self._printer.print([row([(text, style)])])
        return BREAKS if self._problems else 0


command = DoctorCommand(
    "doctor",
    callback=_doctor,
    short_help="Look whether a run would work, without serving.",
    help=(
        "Say what a run would do and see: versions, settings, where traces and the live view go. With an application or "
        "the whole command line of a server, also whether that would start: the application is loaded as in a run, "
        "in a process of its own, and nothing is served.\n\n"
        "\b\n"
        "  asgi-inspect doctor\n"
        "  asgi-inspect doctor main:app --app-dir src --port 9000\n"
        "  asgi-inspect doctor gunicorn -k asgi main:app\n\n"
        "Each line is ok, a note (worth knowing), or a problem with what to do about it. Options stand before the "
        "server's word."
    ),
    epilog="Exit status: 0 nothing would break, 1 something would, 2 wrong usage.",
    params=[
        click.Option(
            ["--timeout"],
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            default=_SECONDS,
            help=f"How long the application may take to load (default: {_SECONDS:g}).",
        ),
        *run_settings(),
        version_option(),
    ],
)
