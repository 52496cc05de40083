"""`asgi-inspect check MODULE:APP`: ask an application what a server would ask it, and lint what it does. Nothing is served."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from ..launch import uvicorn
from ..launch.output import Output
from ..launch.place import Place
from ..lint.finding import Party
from ..lint.lines import Linted, lint_lines
from ..options import parse_redact
from ..render.findings import look_command
from ..text import safe
from ..trace.filter import Filter
from ..trace.search import Traces
from ._checking.child import loading_limit
from ._checking.order import Order
from ._checking.report import asked_page, troubles
from ._checking.running import Answers, ask
from ._faults import Faults
from ._help import version_option
from ._linting import Judged, Linting, LintingCommand, lint_options
from ._settings import defaults, directory, run_settings

_SECONDS = 10.0
_JUDGED: tuple[Party, ...] = ("application", "middleware", "upstream")  # the server is ours


def _check(
    *,
    app: str,
    app_dir: str | None,
    factory: bool,
    path: tuple[str, ...],
    websocket: tuple[str, ...],
    method: tuple[str, ...],
    header: tuple[str, ...],
    data: str | None,
    timeout: float,
    **options: Any,
) -> int:
    linting = Linting.read(options, _JUDGED)
    arguments = [app, *(["--app-dir", app_dir] if app_dir else []), *(["--factory"] if factory else [])]
    uvicorn.plan(arguments)
    _require_possible()
    order = Order(
        timeout=timeout,
        module=_module_of(app),
        paths=[_target(word) for word in path],
        websockets=[_target(word) for word in websocket],
        methods=[_method(word) for word in method],
        headers=[_header(word) for word in header],
        data=None if data is None else _data(data),
    )
    place = Place.in_state_folder(directory())
    keep = False
    try:
        answers = ask(order, arguments, place.path, _withheld(), os.environ)
        if not answers.loaded:
            return _not_loaded(app, answers, timeout)
        linted = _lint(place.path, linting)
        findings = [*troubles(answers, timeout), *linted.findings]
        judged = Judged(
            findings=findings,
            connections=linted.connections,
            traces=[str(place.path)] if linting.told(findings) else [],  # else it goes
            source=answers.file or f"{_module_of(app).replace('.', '/')}.py",
            look=look_command([str(place.path)] if place.trouble else []),
            before=list(asked_page(answers)),
        )
        status = linting.report(judged)
        keep = bool(status)
    finally:
        place.close(keep=keep)
    return status


def _require_possible() -> None:
    if os.environ.get("ASGI_INSPECT") == "0":
        raise UsageError("ASGI_INSPECT=0 turns tracing off, so there would be nothing to check: unset it.")
    if not hasattr(os, "killpg"):
        raise UsageError("check needs Linux or macOS; elsewhere, drive the application with asgi_inspect.testing.")


def _withheld() -> list[str]:
    """The names that are withheld of the trace beside the default ones, as variables and `pyproject.toml` have them."""
    settings = [setting for setting in run_settings() if setting.name == "redact"]
    names = defaults(settings, directory(), os.environ).get("redact", ())
    chosen = parse_redact("redact", names) if names else None
    return [] if chosen is None else list(chosen.words)


def _lint(trace: Path, linting: Linting) -> Linted:
    faults = Faults()
    with Traces([str(trace)], on_damage=faults) as traces:
        linted = lint_lines(traces.lines(Filter()), linting.choice)
    faults.finish()
    return linted


def _not_loaded(app: str, answers: Answers, timeout: float) -> int:
    """Say why; nobody was asked anything."""
    if answers.refused:
        return 2
    if answers.failed is not None:
        Output(2).write("".join(f"  {safe(frame)}\n" for frame in answers.failed.frames))
        raise UsageError(f"{safe(app)} cannot be loaded: {safe(answers.failed.error)}")
    if answers.stuck:
        place = f": it stands in {safe(answers.place)}" if answers.place else ""
        limit = loading_limit(timeout)
        longer = f"--timeout {limit * 2:g} gives it longer"
        raise UsageError(f"{safe(app)} was not loaded within {limit:g} s{place}; {longer}.")
    raise UsageError(f"{safe(app)} cannot be loaded: its process ended with status {answers.status}.")


# --- what is typed -------------------------------------------------------------------------------------------------------


def _module_of(app: str) -> str:
    return app.partition(":")[0]


def _target(word: str) -> str:
    if not word.startswith("/"):
        raise UsageError(f'"{safe(word)}" is no path: it begins with a slash, as in --path /items/1?full=1.')
    return word.partition("#")[0]


def _method(word: str) -> str:
    if not word.isascii() or not word.replace("-", "").isalnum():
        raise UsageError(f'"{safe(word)}" is no method, as PUT is.')
    return word.upper()


def _header(word: str) -> tuple[bytes, bytes]:
    name, colon, value = word.partition(":")
    if not colon or not name.strip():
        raise UsageError(f'"{safe(word)}" is no header: write it as --header "name: value".')
    return name.strip().lower().encode(), value.strip().encode()


def _data(word: str) -> bytes:
    if not word.startswith("@"):
        return word.encode("utf-8", "surrogateescape")
    try:
        return sys.stdin.buffer.read() if word == "@-" else Path(word[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {safe(word[1:])}: {error.strerror}.") from None


command = LintingCommand(
    "check",
    callback=_check,
    short_help="Ask an application what a server would, and lint it.",
    help=(
        "Ask the application MODULE:APP what a server would ask it, and say what breaks the rules of ASGI. Nothing is "
        "served: a process of its own loads it, runs its lifespan, and asks for each GET route that its OpenAPI page or "
        "its route table names, else for /; then for HEAD, OPTIONS and a path that is not there; sends a body in slow "
        "pieces, leaves in the middle of an answer, and talks to its WebSockets.\n\n"
        "\b\n"
        "  asgi-inspect check main:app\n"
        "  asgi-inspect check main:app --path /items/1 --header 'authorization: Bearer x'\n"
        '  asgi-inspect check main:app --path /items --data \'{"name": "tea"}\'\n'
        "  asgi-inspect check main:app --format github --level error\n"
    ),
    epilog="Exit status: 0 nothing found, 1 something found, 2 wrong usage, or the application cannot be loaded.",
    params=[
        click.Argument(["app"], metavar="MODULE:APP"),
        click.Option(
            ["--app-dir"], metavar="DIR", help="Where the module is looked for (default: the working directory)."
        ),
        click.Option(["--factory"], is_flag=True, help="MODULE:APP is a function that makes the application."),
        click.Option(
            ["--path"], multiple=True, metavar="PATH", help="Ask for this path, with its query; again for more."
        ),
        click.Option(
            ["--websocket"], multiple=True, metavar="PATH", help="Open a WebSocket at this path; again for more."
        ),
        click.Option(
            ["--method"], multiple=True, metavar="METHOD", help="Ask with this method, too; of --data: with this one."
        ),
        click.Option(
            ["--header"], multiple=True, metavar="'NAME: VALUE'", help="Send this header each time; again for more."
        ),
        click.Option(
            ["--data"],
            metavar="BODY|@FILE",
            help="POST this body to each path (by default to all routes that take one), and say it to WebSockets.",
        ),
        click.Option(
            ["--timeout"],
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            default=_SECONDS,
            help=f"How long an answer may take to begin, and a call to end when its client has left (default: {_SECONDS:g}).",
        ),
        *lint_options(),
        version_option(),
    ],
)
