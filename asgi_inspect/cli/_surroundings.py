"""What `asgi-inspect doctor` finds round the application: what is installed, what is set, where traces and the view go."""

import difflib
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ..errors import UsageError
from ..launch import locks
from ..launch.frameworks import FRAMEWORKS, version_of
from ..launch.place import Place
from ..launch.server import SERVERS
from ..launch.state import new_run, runs, state_folder
from ..options import PREFIX, Options, read_options
from ..render.console import Color, make_console
from ..trace.chain import earlier_names
from ..trace.filter import Filter
from ..views.spans import plural, size_text
from ._checks import Check
from ._settings import defaults, run_settings

_WEBSOCKETS = ("websockets", "wsproto", "zttp")  # one of them, or uvicorn has no WebSocket
_WORKERS = "uvicorn-worker"
_LITTLE = 256 << 20  # bytes: one trace may grow to that
_NOTHING = 1 << 20
_NARROW = 40  # columns


def surroundings(
    directory: Path, out: str | None, append: bool, color: Color, environ: Mapping[str, str], *, given: Sequence[str]
) -> Iterator[Check]:
    """All that can be said without an application. given: our options, as they were typed."""
    yield _python()
    yield from _active(environ)
    yield from _servers()
    yield _frameworks()
    if out is None or out == "-":
        yield _state(directory, environ)
    else:
        yield _trace_file(out, append=append)
    yield from _settings(directory, environ, given)
    yield _terminal(color, environ)


def _python() -> Check:
    python = f"{platform.python_implementation()} {platform.python_version()} in {sys.prefix}"
    if hasattr(os, "posix_spawn"):
        return Check("ok", "python", python)
    return Check(
        "problem",
        "python",
        f"{python}: starting a server needs Linux or macOS; here, wrap the application: app = InspectMiddleware(app).",
    )


def _active(environ: Mapping[str, str]) -> Iterator[Check]:
    active = environ.get("VIRTUAL_ENV")
    if active and os.path.realpath(active) != os.path.realpath(sys.prefix):
        yield Check(
            "note",
            "environment",
            f"{active} is active, and asgi-inspect is not of it: what is installed there alone is not found; "
            "install asgi-inspect there too.",
        )


def _servers() -> Iterator[Check]:
    versions = {name: version_of(name) for name in (*SERVERS, _WORKERS)}
    found = [f"{name} {version}" for name, version in versions.items() if version]
    missing = [name for name, version in versions.items() if not version]
    more = f"; pip install {' '.join(missing)} for the others" if missing else ""
    yield Check("ok", "servers", f"{', '.join(found)}{more}")
    if not any(version_of(name) for name in _WEBSOCKETS):
        yield Check(
            "note", "websocket", "uvicorn has no library for WebSockets and refuses them: pip install websockets."
        )


def _frameworks() -> Check:
    versions = [(framework.name, version_of(framework.distribution)) for framework in FRAMEWORKS.values()]
    found = [f"{name} {version}" for name, version in versions if version]
    return Check("ok", "frameworks", ", ".join(found) or "none that asgi-inspect knows, and it needs none")


def _state(directory: Path, environ: Mapping[str, str]) -> Check:
    """The state folder, as a run would find it: it is made, and a file in it."""
    try:
        path, trouble = new_run(directory, datetime.now(UTC), environ)
    except OSError as error:
        return Check(
            "problem",
            "traces",
            f"neither the state folder nor a temporary one can be used ({error.strerror}): name a file with -o FILE.",
        )
    path.unlink(missing_ok=True)
    if trouble is not None:
        path.parent.rmdir()
        return Check(
            "note",
            "traces",
            f"the state folder cannot be used ({trouble}), so traces go to a temporary one, where show does not find "
            "them: make it yours to write, or set XDG_STATE_HOME.",
        )
    folder, sizes = state_folder(environ), []
    for trace in runs(folder):
        with suppress(OSError):  # another run tidies up
            sizes.append(sum(os.stat(name).st_size for name in (str(trace), *earlier_names(trace))))
    free = shutil.disk_usage(folder).free
    kept = f"{folder}: {plural(len(sizes), 'run')}, {size_text(sum(sizes))}; {size_text(free)} free"
    if free < _NOTHING:
        return Check(
            "problem", "traces", f"{kept}: there is no room for a trace; make some, or name a file with -o FILE."
        )
    if free < _LITTLE:
        return Check("note", "traces", f"{kept}, which is little for a trace: make room there.")
    return Check("ok", "traces", kept)


def _settings(directory: Path, environ: Mapping[str, str], given: Sequence[str]) -> Iterator[Check]:
    if environ.get("ASGI_INSPECT") == "0":
        yield Check("problem", "settings", "ASGI_INSPECT=0 turns tracing off, everywhere: unset it.")
    try:
        in_file = defaults(run_settings(), directory, {})
    except UsageError as error:
        yield Check("problem", "settings", str(error))
        return
    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    wrong = [
        check for name, value in variables.items() if (check := _wrong_variable(name, value, directory)) is not None
    ]
    yield from wrong
    said = [f"{name.replace('_', '-')} = {_toml(value)} in pyproject.toml" for name, value in in_file.items()]
    said += [f"{name}={value}" for name, value in variables.items()]
    said += [shlex.join(given)] if given else []
    if not wrong:
        yield Check("ok", "settings", ", ".join(said) or "the defaults")


def _toml(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case bool():
            return str(value).lower()
        case str() | Filter():
            return f'"{value}"'
        case _:
            return '"none"' if value is None else str(value)


def _wrong_variable(name: str, value: str, directory: Path) -> Check | None:
    captures = {PREFIX + field.name.upper(): field.name for field in msgspec.structs.fields(Options)}
    known = {*captures, *_commands()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        return Check(
            "problem", "settings", f"there is no {name}; {f'did you mean {near[0]}?' if near else 'unset it.'}"
        )
    try:
        defaults(run_settings(), directory, {name: value})
        if name != f"{PREFIX}ONLY":  # for a run, it may also be a filter of the view
            read_options({"only": "errors", captures[name]: value} if name in captures else {}, {})
    except UsageError as error:
        return Check("problem", "settings", str(error) if name in str(error) else f"{name}: {error}")
    return None


def _commands() -> set[str]:
    """The variables of the options of the command."""
    return {
        PREFIX + name[2:].replace("-", "_").upper()
        for setting in run_settings()
        for name in (*setting.opts, *setting.secondary_opts)
        if name.startswith("--")
    }


def _terminal(color: Color, environ: Mapping[str, str]) -> Check:
    """Standard error, where the live view goes."""
    if sys.stderr is None:
        return Check("note", "live view", "standard error is closed: nobody sees the live view.")
    console = make_console(sys.stderr, color, environ)
    encoding = console.encoding
    about = f"a terminal of {console.width} columns, "
    if not os.isatty(2):
        about = "standard error is no terminal: lines are not folded, "
    about += f"{'colours' if console.color_system else _why_plain(color, environ)}, {encoding}"
    if not encoding.lower().startswith("utf"):
        return Check(
            "note", "live view", f"{about}: what that cannot carry is shown as escapes; PYTHONIOENCODING=utf-8 helps."
        )
    if console.width < _NARROW and os.isatty(2):
        return Check("note", "live view", f"{about}: --format compact is easier to read there.")
    return Check("ok", "live view", about)


def _why_plain(color: Color, environ: Mapping[str, str]) -> str:
    reasons = {
        "--color never": color == "never",
        "NO_COLOR": bool(environ.get("NO_COLOR")),
        "FORCE_COLOR=0": environ.get("FORCE_COLOR") == "0",
        f"TERM={environ.get('TERM', '')}": os.isatty(2),
    }
    reason = next((name for name, holds in reasons.items() if holds), None)
    return f"no colours ({reason})" if reason else "no colours"


def _trace_file(out: str, *, append: bool) -> Check:
    """The file that `-o` names: whether a run would take it."""
    there = os.path.exists(out) and os.path.getsize(out)
    try:
        if not append and os.path.exists(out) and locks.in_use(out):
            raise UsageError(f"{out} is being written by another run: name another file, or add to it with --append.")
        Place.named(out, append=True).close(keep=True)  # adds nothing, and leaves no new file behind
    except UsageError as error:
        return Check("problem", "traces", str(error))
    if shutil.disk_usage(Path(out).absolute().parent).free < _NOTHING:
        return Check(
            "problem", "traces", f"there is no room where {out} is: make some, or name another file with -o FILE."
        )
    return Check("ok", "traces", f"{out}{', which is added to' if append else ', which is replaced' if there else ''}")
