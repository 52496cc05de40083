"""`asgi-inspect main:app …`: run an application under a server, traced."""

import difflib
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..errors import UsageError
from ..launch import python, uvicorn
from ..launch.launcher import Run, SumUp, launch, run_bare
from ..launch.output import Output
from ..launch.place import Place
from ..launch.python import program_at, script_named
from ..launch.server import SERVERS, Server, server_named, word_of
from ..options import Redact, parse_redact
from ..text import safe
from ..trace.choosing import Choice
from ..trace.filter import Filter
from ._help import version_option, write_page
from ._judging import Judging
from ._screen import Look, Screen, screen_on
from ._settings import Setting, defaults, directory, lint_defaults, run_settings
from ._split import Split, operands, split
from ._summing import Summing
from ._types import ERRORS

if TYPE_CHECKING:
    from ..lint.linter import Linter
    from ..render.console import Color

DEFAULT_SERVER = "uvicorn"
ASKING = frozenset({"-h", "--help", "--version", "--print-config", "--check-config"})  # with these nothing is served
_WRONG_USAGE = 2  # by click's habit and by argparse's
SPLIT = f"{__name__}.split"


class RunCommand(click.Command):
    """Takes our options and the server's, in any order; the server's reach it exactly as they were typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # completion: nothing is run, all is offered
            return super().parse_args(ctx, args)
        theirs = uvicorn.command().params
        parts = split(args, super().get_params(ctx), _without_ours(theirs, self.params), _is_server)
        ctx.meta[SPLIT] = parts
        ctx.default_map = self.defaults()
        return super().parse_args(ctx, [*parts.ours])  # which it empties

    def defaults(self) -> dict[str, Any]:
        """What our options are where the command line does not say it."""
        return defaults(run_settings(), directory(), os.environ)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        ours = super().get_params(ctx)
        return ours + _without_ours(uvicorn.command().params, ours) if ctx.resilient_parsing else ours

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_page(formatter, self, ctx)


def _without_ours(theirs: list[click.Parameter], ours: list[click.Parameter]) -> list[click.Parameter]:
    """The server's parameters, but for `--version` and the like, which both sides have and which are ours here."""
    names = {name for parameter in ours for name in parameter.opts}
    return [parameter for parameter in theirs if not names.intersection(parameter.opts)]


def _is_server(word: str) -> bool:
    return server_named(word) is not None or script_named(word) is not None or program_at(word) is not None


def server_of(word: str, theirs: list[str]) -> tuple[Server, list[str]]:
    """What a word starts, and with which arguments: a console script is a script of Python's."""
    server = server_named(word) or server_named(program_at(word) or "")
    if server is not None:
        return server, theirs
    return python, [script_named(word) or word, *theirs]


def _run(
    *,
    out: str | None,
    append: bool,
    quiet: bool,
    save: bool,
    body_limit: int | None,
    max_bytes: int | None,
    keep_files: int,
    redact: tuple[str, ...],
    no_redact: bool,
    sample: float | None,
    capture: tuple[str, ...],
    only: tuple[Filter | str, ...],
    slow_ms: float | None,
    ignore: tuple[Filter, ...],
    stats: bool,
    lint: bool,
    **look: Any,
) -> int:
    ctx = click.get_current_context()
    parts: Split = ctx.meta[SPLIT]
    server, theirs = server_of(parts.server or DEFAULT_SERVER, parts.theirs)
    if parts.server is None:
        require_application(parts.theirs, ctx)
    plan = server.plan(theirs)
    if server is not python and ASKING.intersection(theirs):
        run_bare(word_of(server), theirs)
    if os.environ.get("ASGI_INSPECT") == "0":
        _say(f"tracing is off (ASGI_INSPECT=0): this is {plan.server} alone.")
        run_bare(word_of(server), theirs)
    if not hasattr(os, "posix_spawn"):
        raise UsageError(
            "starting a server needs Linux or macOS; here, wrap the application: app = InspectMiddleware(app)."
        )
    require_sense(ctx, out)
    named = None if out in (None, "-") else out
    place = Place.in_state_folder(directory()) if named is None else Place.named(named, append=append)
    again = (
        "asgi-inspect show"
        if named is None and place.trouble is None
        else f"asgi-inspect show {_shown(named or place.path)}"
    )
    ends: list[SumUp] = [Summing(look["color"], look["utc"])] if stats else []
    choice = Choice(
        only=[chosen for chosen in only if chosen and isinstance(chosen, Filter)],
        ignore=[chosen for chosen in ignore if chosen],
    )
    hint = again if save or named else None
    judging = _judging(ctx, look["color"], hint) if lint else None
    linter = None if judging is None else judging.linter
    records, screen = _streams(ctx, out, Look(**look), quiet, hint, make_linter=linter)
    if judging is not None:
        judging.screen, judging.filtered = screen, bool(choice)
        ends.append(judging)
    run = Run(
        server=word_of(server),
        arguments=theirs,
        plan=plan,
        place=place,
        keep=save or named is not None,
        body_limit=body_limit,
        max_bytes=max_bytes,
        keep_files=keep_files,
        redact=withheld(ctx, redact, no_redact),
        records=records,
        screen=screen,
        again=again,
        choice=choice,
        sample=sample,
        capture=" ".join(capture),
        only=ERRORS if ERRORS in only else None,
        slow_ms=slow_ms,
        sum_up=ends,
    )
    status = launch(run, _say)
    if status == _WRONG_USAGE and parts.server in SERVERS:
        _say_whose(theirs, parts.server, ctx.command.params)
    return status


def _judging(ctx: click.Context, color: "Color", again: str | None) -> Judging:
    """What judges the run. again: as for `_streams`."""
    return Judging(
        lint_defaults(directory(), os.environ),
        color,
        None if again is None else f"{again} --conn {{conn}}",
        asked=ctx.get_parameter_source("lint") is not ParameterSource.DEFAULT,
        clean=typed(ctx, "lint"),
    )


def withheld(ctx: click.Context, names: tuple[str, ...], nothing: bool) -> list[str] | None:
    """The names that are withheld beside the default ones; None: nothing is withheld."""
    if nothing and names and typed(ctx, "no_redact") and typed(ctx, "redact"):
        raise UsageError("--no-redact withholds nothing, --redact NAME withholds more: leave one of them out.")
    if nothing and (not names or typed(ctx, "no_redact")):
        return None
    place = "--redact" if typed(ctx, "redact") else "redact (ASGI_INSPECT_REDACT, or in pyproject.toml)"
    chosen = parse_redact(place, ",".join(names)) if names else Redact()
    if chosen is None and typed(ctx, "redact"):
        raise UsageError("--redact takes names; to withhold nothing, say --no-redact.")
    return None if chosen is None else list(chosen.words)


def _say_whose(theirs: list[str], server: str | None, ours: list[click.Parameter]) -> None:
    """A server did not understand its command line: perhaps because something on it is meant for us."""
    known = {name for parameter in ours if isinstance(parameter, Setting) for name in parameter.opts}
    mine = next((word for word in theirs if word.partition("=")[0] in known and word.startswith("--")), None)
    if mine:
        _say(
            f"{mine} is an option of asgi-inspect, which stands before the server's word: asgi-inspect {mine} ... {server} ..."
        )


def require_application(theirs: list[str], ctx: click.Context) -> None:
    """Raise UsageError with what else may be meant, where the word that should name the application cannot."""
    words = operands(theirs, uvicorn.command().params)
    word = words[0] if words else ""
    commands = ctx.find_root().command
    assert isinstance(commands, click.Group)
    names = commands.list_commands(ctx)
    if word in names:
        raise UsageError(f"the command comes first: asgi-inspect {word} ...")
    server = next((other for other in words[1:] if other in SERVERS), None)
    if server:
        raise UsageError(f"the server comes first: asgi-inspect {server} {safe(word)} ...")
    if word and ":" not in word:
        near = " or ".join(difflib.get_close_matches(word, (*names, *SERVERS), n=2))
        if near:
            raise UsageError(f'"{safe(word)}" is no command and no application; did you mean asgi-inspect {near}?')
        if os.path.isfile(word) and not word.endswith(".py"):
            raise UsageError(f"{safe(word)} is a file; to show a trace: asgi-inspect show {_shown(word)}")
        if len(words) > 1 and word.endswith(".py"):
            raise UsageError(f"to run a script: asgi-inspect python {safe(shlex.join(words))}")
        if len(words) > 1:
            raise UsageError(
                f'there is no server "{safe(word)}", and no command of that name where asgi-inspect is, in {safe(sys.prefix)}: '
                "install what brings it there."
            )


def require_sense(ctx: click.Context, out: str | None) -> None:
    """Refuse options that exclude each other; those that no command line names give way to those that it does."""
    named = out not in (None, "-")
    if typed(ctx, "append") and ctx.params["append"] and not named:
        raise UsageError("--append adds to a trace that you name: give its name with -o FILE.")
    if typed(ctx, "save") and not ctx.params["save"] and named and typed(ctx, "out"):
        raise UsageError("--no-save removes the trace in the end, -o FILE asks for it: leave one of them out.")
    if typed(ctx, "slow_ms") and ctx.params["slow_ms"] is not None and ERRORS not in ctx.params["only"]:
        raise UsageError("--slow-ms says what is slow for --only errors: say that too.")
    if typed(ctx, "quiet") and ctx.params["quiet"] and out == "-":
        raise UsageError(
            "-o - writes the records to standard output, --quiet wants nothing there: leave one of them out."
        )


def _streams(
    ctx: click.Context,
    out: str | None,
    look: Look,
    quiet: bool,
    again: str | None,
    *,
    make_linter: "Callable[[], Linter] | None" = None,
) -> tuple[Output | None, Screen | None]:
    """Where the records go as they are, and where they are shown to a person."""
    if out != "-" and quiet:
        return None, None
    raw = out == "-" or look.format == "jsonl"
    if out == "-" and not typed(ctx, "format"):
        return Output(1), None
    hint = None if again is None else again.replace("{", "{{").replace("}", "}}") + " --conn {conn}"
    return Output(1) if raw else None, screen_on(Output(2), look, hint, make_linter)


def typed(ctx: click.Context, name: str) -> bool:
    """Whether the command line itself says it."""
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _shown(path: str | Path) -> str:
    return safe(shlex.quote(str(path)))


def _say(sentence: str) -> None:
    Output(2).write(f"asgi-inspect: {safe(sentence)}\n")


command = RunCommand(
    "run",
    callback=_run,
    params=[*run_settings(), version_option()],
    short_help="Run an application, traced.",
    hidden=True,
)
