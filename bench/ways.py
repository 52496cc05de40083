"""The ways to watch an application that are compared: each wraps an application, or says why it cannot here.

What they print goes to the stdout of the process, which whoever measures has sent to /dev/null: a terminal would cost far more.
"""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

from .apps import App
from .figures import BARE, CONTROL, FILE, NOOP, OFF, UNREDACTED

TRACE: Final = "trace.jsonl"
_TERMINAL_BYTES: Final = 4096  # a second, that the slow terminal takes

# Reads so much a second until nobody writes any more.
_SLOW_READER: Final = f"""
import os, sys, time
terminal = int(sys.argv[1])
try:
    while os.read(terminal, {_TERMINAL_BYTES} // 4):
        time.sleep(0.25)
except OSError:
    pass
"""


class NotHereError(Exception):
    """A way cannot be measured here; the message says why."""


class Way(NamedTuple):
    """One way.

    wrap: the wrapped application; files go into the folder. Raises NotHereError, or whatever it raises where it does not fit.
    ours: it is asgi-inspect, so that another revision may have another cost.
    writes: a whole trace into its folder, as `TRACE`; so it can be seen that nothing was lost.
    alone: it has threads that go on after a sample, so it is measured in a process of its own, beside the bare application.
    """

    name: str
    what: str
    wrap: Callable[[App, Path], App]
    ours: bool = False
    writes: bool = False
    alone: bool = False


def _bare(app: App, folder: Path) -> App:
    return app


def _noop(app: App, folder: Path) -> App:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def inner_receive() -> Any:
            return await receive()

        async def inner_send(message: Any) -> None:
            await send(message)

        await app(scope, inner_receive, inner_send)

    return wrapped


def _to_file(**options: Any) -> Callable[[App, Path], App]:
    def wrap(app: App, folder: Path) -> App:
        from asgi_inspect import InspectMiddleware

        for option in options.keys() - inspect.signature(InspectMiddleware).parameters.keys():
            raise NotHereError(f"this asgi-inspect has no option {option}=")
        with _environment():
            return InspectMiddleware(app, out=folder / TRACE, **options)

    return wrap


def _off(app: App, folder: Path) -> App:
    from asgi_inspect import InspectMiddleware

    with _environment(ASGI_INSPECT="0"):
        return InspectMiddleware(app, out=folder / TRACE)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Only these of asgi-inspect's variables: those of whoever runs the benchmark shall not decide."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("ASGI_INSPECT"):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _to_terminal(app: App, folder: Path) -> App:
    from asgi_inspect import InspectMiddleware

    _stderr_is_slow()
    with _environment():
        return InspectMiddleware(app)


@cache
def _stderr_is_slow() -> None:
    """Let stderr be a terminal that takes little, until this process ends."""
    try:
        import pty
    except ImportError as exc:
        raise NotHereError("needs pseudo-terminals, which this system has not") from exc
    ours, theirs = pty.openpty()
    reader = [sys.executable, "-c", _SLOW_READER, str(ours)]
    subprocess.Popen(reader, pass_fds=[ours], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    os.close(ours)
    sys.stderr = open(theirs, "w", encoding="utf-8")  # noqa: SIM115


def _naive(app: App, folder: Path) -> App:
    def show(value: Any) -> None:
        print(json.dumps(_converted(value), indent=4))

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        show(scope)

        async def inner_receive() -> Any:
            message = await receive()
            show(message)
            return message

        async def inner_send(message: Any) -> None:
            show(message)
            await send(message)

        await app(scope, inner_receive, inner_send)

    return wrapped


def _converted(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(_converted(key)): _converted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_converted(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _opentelemetry(app: App, folder: Path) -> App:
    _require("opentelemetry-instrumentation-asgi", "opentelemetry-sdk")
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

    class Nowhere:
        def export(self, spans: Any) -> Any:
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            pass

        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

    nowhere: Any = Nowhere()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(nowhere))
    wrapped: App = OpenTelemetryMiddleware(app, tracer_provider=provider)
    return wrapped


def _asgi_debug(app: App, folder: Path) -> App:
    _require("asgi-debug")
    wrapped: App = import_module("asgi_debug").asgi_debug(app)
    return wrapped


def _asgion(app: App, folder: Path) -> App:
    if tuple(sys.version_info) < (3, 12):
        raise NotHereError("does not install here: needs Python 3.12 or later")
    _require("asgion")
    trace: Any = import_module("asgion.trace")

    # Any other storage than one of this type makes asgion keep each trace in memory beside it.
    nowhere = type("Nowhere", (trace.MemoryStorage,), {"store": lambda self, record: None})()
    wrapped: App = import_module("asgion").Inspector(app, trace=True, storage=nowhere)
    return wrapped


def _require(*packages: str) -> None:
    for package in packages:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            raise NotHereError(f"{package} is not installed: see `make bench`") from None


WAYS: Final[dict[str, Way]] = {
    way.name: way
    for way in (
        Way(BARE, "the application alone", _bare),
        Way(CONTROL, "the application alone, once more: what differs is noise", _bare),
        Way(NOOP, "receive and send wrapped in closures that do nothing", _noop),
        Way(FILE, "asgi-inspect to a file, as by default", _to_file(), ours=True, writes=True),
        Way(
            "file flush=record",
            "asgi-inspect to a file, each record written at once",
            _to_file(flush="record"),
            ours=True,
            writes=True,
        ),
        Way(
            "file body_limit=0",
            "asgi-inspect to a file, nothing kept of bodies",
            _to_file(body_limit=0),
            ours=True,
            writes=True,
        ),
        Way("file lint=True", "asgi-inspect to a file, every rule asked", _to_file(lint=True), ours=True, writes=True),
        Way(UNREDACTED, "asgi-inspect to a file, nothing withheld", _to_file(redact=None), ours=True, writes=True),
        Way(OFF, "asgi-inspect with ASGI_INSPECT=0", _off, ours=True),
        Way(
            "terminal",
            f"asgi-inspect to a terminal that takes {_TERMINAL_BYTES // 1024} KiB/s",
            _to_terminal,
            ours=True,
            alone=True,
        ),
        Way("naive", "bytes to str, json.dumps(indent=4), print", _naive),
        Way("opentelemetry", "its ASGI middleware, as by default; spans are thrown away", _opentelemetry, alone=True),
        Way("asgi-debug", "pformat, print", _asgi_debug),
        Way("asgion", "its checks and its tracing; traces are thrown away", _asgion),
    )
}
