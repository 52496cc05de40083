"""`InspectMiddleware`: the way in from code, and the one place that picks where the records go."""

import contextlib
import os
from collections.abc import Callable
from typing import Any, Final

from .capture.place import name_of
from .capture.process import Sink, process_line, server_of
from .capture.recorder import LayerRecorder, Place, Recorder, current, failed
from .capture.tap import tap_receive, tap_send
from .options import Out, choose_out, read_options
from .sinks import sink_for
from .types import ASGIApp, Receive, Scope, Send


class _Unset:
    """Not given: the variable, else the default."""

    def __repr__(self) -> str:
        return "<from the environment>"


_UNSET: Final = _Unset()


class InspectMiddleware:
    """Wrap an ASGI application and record every scope, receive and send, changing nothing of what either side sees.

    app: the application to wrap.
    out: where the records go. None: pretty-printed to the terminal (stderr). `"-"`: records on stdout, one JSON object a
        line. A path: a trace file, appended to. A callable: gets each record (a Struct of `asgi_inspect.trace`), in order, on
        a thread of its own; it may block or raise without harm.
    body_limit: how many bytes are kept of a body in each direction, and of each message of a WebSocket or of an event
        stream; longer ones are cut and their true size is kept. None keeps everything.
    flush: `"connection"` writes at a connection's end, at 64 KiB or after 50 ms; `"record"` writes each record at once.
    name: what this layer is called where several `InspectMiddleware` see one connection; by default the application's name.
    format: how the terminal shows it: `"pretty"`, `"compact"` (a line a message) or `"jsonl"`.
    color: `"auto"`, `"always"` or `"never"`.
    utc: whether the terminal shows UTC instead of local time.
    scope, body: whether the terminal shows scopes and bodies; a trace file always has both.

    An option that is not given is taken from the variable `ASGI_INSPECT_` plus its name in capitals. `ASGI_INSPECT=0` turns
    the middleware off. Attributes that are not ours are those of the application. Raises UsageError for an option that
    cannot be; opens, starts and prints nothing before the first connection.
    """

    def __init__(
        self,
        app: ASGIApp | Callable[..., Any],
        *,
        out: Out = None,
        body_limit: int | str | _Unset | None = _UNSET,
        flush: str | _Unset = _UNSET,
        name: str | None = None,
        format: str | _Unset = _UNSET,  # noqa: A002 (the command line's word)
        color: str | _Unset = _UNSET,
        utc: bool | _Unset = _UNSET,
        scope: bool | _Unset = _UNSET,
        body: bool | _Unset = _UNSET,
    ) -> None:
        self.app: Callable[..., Any] = app
        self._off = os.environ.get("ASGI_INSPECT") == "0"
        if self._off:
            return
        given = {
            "body_limit": body_limit,
            "flush": flush,
            "format": format,
            "color": color,
            "utc": utc,
            "scope": scope,
            "body": body,
        }
        self._options = read_options({key: value for key, value in given.items() if value is not _UNSET}, os.environ)
        self._out, self._explicit = choose_out(out, os.environ)
        self._name = name
        self._sink: Sink | None = None

    def __getattr__(self, name: str) -> Any:
        # Only what is not found here comes here. `app` itself is missing while a copy is being made.
        if name == "app":
            raise AttributeError(name)
        return getattr(self.app, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if self._off:
            return await self.app(scope, receive, send)
        try:
            layers, place, receive, send = self._tap(scope, receive, send)
        except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
            failed(own)
            return await self.app(scope, receive, send)
        token = current.set(place)
        try:
            result = await self.app(scope, receive, send)
        except BaseException as exc:
            _end(layers, exc)
            raise
        else:
            _end(layers, None)
            return result
        finally:
            # ValueError: closed from another context, as a loop does that is shut down; our context went with it.
            with contextlib.suppress(ValueError):
                current.reset(token)

    def _tap(self, scope: Scope, receive: Receive, send: Send) -> tuple[list[LayerRecorder], Place, Receive, Send]:
        """The layers to record this call as, innermost last, and the taps around `receive` and `send`."""
        if self._sink is None:
            self._sink = self._open_sink(receive, send)
        outer = current.get()
        joins = outer is not None and outer.recorder.has(scope)
        layers: list[LayerRecorder] = []
        if outer is not None and joins:
            outer.recorder.layers += 1
            layer = LayerRecorder(outer.recorder, outer.recorder.layers, scope, self._options.body_limit)
            layer.scope(self._name or name_of(self.app), outer.layer, None)
            layers.append(layer)
        if outer is None or not joins or (self._explicit and outer.recorder.sink is not self._sink):
            # A file that this layer names for itself is written as well, with a connection of its own.
            parent = outer.recorder.conn if outer is not None and outer.recorder.open and not joins else None
            layer = LayerRecorder(Recorder(self._sink, scope), 0, scope, self._options.body_limit)
            layer.scope(self._name, None, parent)
            layers.append(layer)
        for layer in layers:
            receive, send = tap_receive(layer, receive), tap_send(layer, send)
        return layers, Place(layers[0].rec, layers[0].layer), receive, send

    def _open_sink(self, receive: Receive, send: Send) -> Sink:
        launch = self._options.launch
        server = (launch.server if launch else None) or server_of(receive, send)
        app = (launch.app if launch else None) or name_of(self.app)
        return sink_for(self._out, self._options, lambda why: process_line(server, app, self._options.told(), why))


def _end(layers: list[LayerRecorder], exc: BaseException | None) -> None:
    for layer in reversed(layers):
        try:
            if layer.rec.process.gone:
                continue
            layer.end(exc)
        except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
            failed(own)
        finally:
            if layer.layer == 0:
                layer.rec.close()
