"""`InspectMiddleware`: the way in from code, and the one place that picks where the records go."""

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from .capture.connection import Recorder, Rules
from .capture.guard import failed
from .capture.notice import say_once
from .capture.place import name_of
from .capture.process import Sink, process_line
from .capture.recorder import LayerRecorder, current
from .capture.server import from_network, server_of
from .capture.tap import tap_receive, tap_send
from .options import Out, choose_out, read_launch, read_options
from .redaction.fingerprint import Fingerprints, in_words, key_of_this_run
from .redaction.names import Ask
from .redaction.redaction import Redaction
from .sinks import sink_for
from .types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from .capture.queue import QueueSink
    from .capture.selection import LeftOut, Rate, Selection
    from .lint.finding import Finding


class _Unset:
    """Not given: the variable, else the default."""

    def __repr__(self) -> str:
        return "<from the environment>"


_UNSET: Final = _Unset()

# What is ours; every other attribute is the application's.
_OWN: Final = frozenset(
    {
        "app",
        "_off",
        "_options",
        "_limited",
        "_out",
        "_explicit",
        "_name",
        "_sink",
        "_linter",
        "_key",
        "_rules",
        "_selection",
    }
)
# What `copy` and `pickle` ask an object for: the answer of the application would make a copy of that instead.
_COPYING: Final = frozenset(
    {"__copy__", "__deepcopy__", "__getinitargs__", "__getnewargs__", "__getnewargs_ex__", "__setstate__"}
)


class InspectMiddleware:
    """Wrap an ASGI application and record every scope, receive and send, changing nothing of what either side sees.

    app: the application to wrap.
    out: where the records go. None: pretty-printed to the terminal (stderr). `"-"`: records on stdout, one JSON object a
        line. A path: a trace file, appended to. A callable: gets each record (a Struct of `asgi_inspect.trace`), in order, on
        a thread of its own; it may block or raise without harm.
    body_limit: how many bytes are kept of a body in each direction, and of each message of a WebSocket or of an event
        stream; longer ones are cut and their true size is kept. None keeps everything.
    redact: what is withheld beside what is withheld by default (credentials, cookies, tokens, fields called like passwords):
        a name, in which `*` stands for any characters, a compiled pattern, several of both; a function of the place
        (`"header"`, `"cookie"`, `"query"`, `"form"`, `"json"`, `"multipart"`, `"scope"`) and the name, which gives True to
        withhold, False to keep, None for the default; or None: nothing is withheld.
    max_bytes, keep_files: how large a trace file may become: then it is `.1`, the one that was `.1` is `.2`, and a new one is
        begun, so many files in all. None: it has no limit.
    flush: `"connection"` writes at a connection's end, at 64 KiB or after 50 ms; `"record"` writes each record at once.
    name: what this layer is called where several `InspectMiddleware` see one connection; by default the application's name.
    format: how the terminal shows it: `"pretty"`, `"compact"` (a line a message) or `"jsonl"`.
    color: `"auto"`, `"always"` or `"never"`.
    utc: whether the terminal shows UTC instead of local time.
    scope, body: whether the terminal shows scopes and bodies; a trace file always has both.
    sample: the share of connections that is recorded, from 0 to 1; or a function of the scope that gives it for each, or
        True or False. None: all. Lifespans always are.
    capture: which connections are recorded, as a filter on what their scope tells: `"path:/api/* -path:/health"`.
    only: `"errors"` records connections alone that failed: that raised, were answered with 4xx or 5xx, refused, or closed
        with a code that tells of an error; and those that lasted for more than `slow_ms` milliseconds, if that is given.

    lint: whether records are judged by the rules of ASGI, and what breaks one is told on stderr: once for each rule, route and
        key; below the message that does it, where the terminal shows them. True tells warnings and errors; `"error"`,
        `"warning"` or `"info"` is the level from which on findings are told. A callable gets each `Finding` instead, on a
        thread of its own. In a run that `asgi-inspect` has started its own `--lint` decides.

    An option that is not given is taken from the variable `ASGI_INSPECT_` plus its name in capitals. `ASGI_INSPECT=0` turns
    the middleware off. Attributes that are not ours, read, set or deleted, are those of the application. Raises UsageError for an option that
    cannot be; opens, starts and prints nothing before the first connection.
    """

    def __init__(
        self,
        app: ASGIApp | Callable[..., Any],
        *,
        out: Out = None,
        body_limit: int | str | _Unset | None = _UNSET,
        redact: "str | re.Pattern[str] | Ask | Iterable[str | re.Pattern[str] | Ask] | _Unset | None" = _UNSET,
        max_bytes: int | str | _Unset | None = _UNSET,
        keep_files: int | str | _Unset = _UNSET,
        flush: str | _Unset = _UNSET,
        name: str | None = None,
        format: str | _Unset = _UNSET,
        color: str | _Unset = _UNSET,
        utc: bool | _Unset = _UNSET,
        scope: bool | _Unset = _UNSET,
        body: bool | _Unset = _UNSET,
        sample: "float | Rate | _Unset | None" = _UNSET,
        capture: str | _Unset | None = _UNSET,
        only: str | _Unset | None = _UNSET,
        slow_ms: float | _Unset | None = _UNSET,
        lint: "bool | str | Callable[[Finding], object] | _Unset | None" = _UNSET,
    ) -> None:
        self.app: Callable[..., Any] = app
        self._off = os.environ.get("ASGI_INSPECT") == "0"
        if self._off:
            return
        given = {
            "body_limit": body_limit,
            "redact": redact,
            "max_bytes": max_bytes,
            "keep_files": keep_files,
            "flush": flush,
            "format": format,
            "color": color,
            "utc": utc,
            "scope": scope,
            "body": body,
            "sample": sample,
            "capture": capture,
            "only": only,
            "slow_ms": slow_ms,
            "lint": lint,
        }
        self._options = read_options({key: value for key, value in given.items() if value is not _UNSET}, os.environ)
        self._limited = body_limit is not _UNSET
        self._out, self._explicit = choose_out(out, os.environ)
        self._name = name
        self._sink: Sink | None = None
        self._linter: QueueSink | None = None
        launch = self._options.launch
        # Made here, so that the children of a server that loads the application before it forks have one key.
        self._key = bytes.fromhex(launch.key) if launch and launch.key else key_of_this_run()
        self._rules = Rules()
        self._selection: Selection | None = None
        if self._options.chooses:
            from .capture import selection  # noqa: F401 (rather now than on the event loop)
        if self._options.lint:
            from .linting import prepare

            prepare(self._options)

    def __getattr__(self, name: str) -> Any:
        # Only what is not found here comes here. `app` itself is missing while a copy is being made.
        if name == "app" or name in _COPYING:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.app, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if _is_own(self, name):
            object.__setattr__(self, name, value)
        else:
            setattr(self.app, name, value)

    def __delattr__(self, name: str) -> None:
        if _is_own(self, name):
            object.__delattr__(self, name)
        else:
            delattr(self.app, name)

    def __getstate__(self) -> dict[str, Any]:
        # What is open stays here; a copy, or another process, opens it again.
        return {**self.__dict__, "_sink": None, "_linter": None, "_rules": Rules(), "_selection": None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if self._off:
            return await self.app(scope, receive, send)
        layers: list[LayerRecorder] = []
        left_out: tuple[LeftOut, ...] = ()
        try:
            left_out = self._enter(layers, scope, receive, send)
        except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
            failed(own, self._sink)
        for layer in layers:
            receive, send = tap_receive(layer, receive), tap_send(layer, send)
        token = current.set(left_out + tuple(layers) if layers else left_out)
        try:
            result = await self.app(scope, receive, send)
        except BaseException as exc:
            _end(layers, exc, None)
            raise
        else:
            _end(layers, None, result)
            return result
        finally:
            for one in left_out:
                one.close()
            try:  # noqa: SIM105 (`suppress` would cost more than all the rest of this method)
                current.reset(token)
            except ValueError:
                pass  # closed from another context, as a loop does that is shut down; our context went with it

    def _enter(self, layers: list[LayerRecorder], scope: Scope, receive: Receive, send: Send) -> "tuple[LeftOut, ...]":
        """Begin to record this call, in each trace that it belongs to: `layers` has what was begun, even where this raises.

        Returns what it is in the traces in which it is left out.
        """
        if self._sink is None:
            self._selection = self._options.selection()
            redact = self._options.redact
            self._rules.redaction = None if redact is None else Redaction(redact.names(say_once), self._key)
            self._sink = self._open_sink(receive, send)
        sink = self._sink
        parent: str | None = None
        left_out: tuple[LeftOut, ...] = ()
        outer = current.get()
        if outer and not from_network(receive, send):
            # Else a server read on in the context of the connection before, as asyncio does after a large upload.
            left_out = self._join(layers, outer, scope)
            joined: tuple[LayerRecorder | LeftOut, ...] = (*layers, *left_out)
            # A file that this layer names for itself is written as well, with a connection of its own.
            if joined and not (self._explicit and all(_trace_of(one) is not sink for one in joined)):
                return left_out
            parent = None if layers else _parent(outer, sink)
        selection = self._selection
        if selection is None:
            layers.append(
                LayerRecorder(
                    Recorder(self._judged(sink), scope),
                    scope,
                    self._options.body_limit,
                    None,
                    self._rules,
                )
            )
            _begin(layers[-1], self._name, parent)
            return left_out
        chosen = selection.choose(sink, scope)
        if not isinstance(chosen, tuple):
            return (*left_out, chosen) if left_out else (chosen,)
        rec = Recorder(self._judged(chosen.sink), scope)
        layers.append(LayerRecorder(rec, scope, self._options.body_limit, None, self._rules))
        _begin(layers[-1], self._name, parent, chosen.rate)
        chosen.begun(rec)
        return left_out

    def _join(
        self, layers: list[LayerRecorder], outer: "tuple[LayerRecorder | LeftOut, ...]", scope: Scope
    ) -> "tuple[LeftOut, ...]":
        """Begin a layer of each connection that this call is part of; what it is where that is left out."""
        left_out: tuple[LeftOut, ...] = ()
        for around in outer:
            if not around.has(scope):
                continue
            if not isinstance(around, LayerRecorder):
                left_out = (*left_out, around.inside(scope))
                continue
            limit = self._limit_inside(around)
            if self._rules.redaction is not None:
                around.withhold(self._rules.redaction)
            layers.append(LayerRecorder(around.rec, scope, limit, around, Rules(around.redaction)))
            _begin(layers[-1], self._name or name_of(self.app), None)
        return left_out

    def _limit_inside(self, around: LayerRecorder) -> int | None:
        """The limit of an inner layer: that of the layer around it, and the lower one for both where this one has its own."""
        own = self._options.body_limit
        if self._limited and own is not None:
            around.lower(own)
        return around.limit

    def _judged(self, sink: Sink) -> Sink:
        """Where the lines of a connection go that would go to this sink."""
        if self._linter is None:
            return sink
        from .linting import with_linter

        return with_linter(sink, self._linter)

    def _open_sink(self, receive: Receive, send: Send) -> Sink:
        # Asked again, as `why` may have changed since this object was made, in a process that was forked then.
        launch = read_launch() if self._options.launch else None
        server = _server(launch.server if launch else None, server_of(receive, send))
        app = (launch.app if launch else None) or name_of(self.app)
        told = launch.why if launch else None

        redaction, prints = self._rules.redaction, Fingerprints(self._key)

        def hide(argument: str) -> str:
            return in_words(argument, prints)

        def first_line(why: str) -> bytes:
            told_options = {**self._options.told(), "redact": redaction.told() if redaction else None}
            return process_line(server, app, told_options, told if told and why == "start" else why, hide)

        if self._options.lint:
            from .linting import is_shown, queue_for

            if not is_shown(self._out, self._options):
                self._linter = queue_for(self._options, first_line)
        return sink_for(self._out, self._options, first_line)


def _server(launched: str | None, seen: str | None) -> str | None:
    """The server by name; where one server's workers are another's, both."""
    if launched is None or seen is None or launched.partition(" ")[0] == seen.partition(" ")[0]:
        return launched or seen
    return f"{launched}, {seen}"


def _is_own(middleware: InspectMiddleware, name: str) -> bool:
    """Whether an attribute that is set is the middleware's; a subclass keeps all that is set on it."""
    return name in _OWN or name[:2] == "__" or type(middleware) is not InspectMiddleware


def _trace_of(one: "LayerRecorder | LeftOut") -> Sink:
    """The sink of the trace that a connection is in, or is left out of."""
    sink = one.rec.sink if isinstance(one, LayerRecorder) else one.sink
    real: Sink = getattr(sink, "real", sink)  # a connection may have a sink of its own before it
    return real


def _parent(outer: "tuple[LayerRecorder | LeftOut, ...]", sink: Sink) -> str | None:
    """The connection in whose handler a call is made that belongs to none, in the same file if there is one."""
    here = [layer for layer in outer if isinstance(layer, LayerRecorder) and not layer.rec.process.gone]
    found = next((layer for layer in here if _trace_of(layer) is sink), here[0] if here else None)
    return None if found is None else found.rec.conn


def _begin(layer: LayerRecorder, name: str | None, parent: str | None, sample: float | None = None) -> None:
    rec = layer.rec
    if layer.layer == 0:
        rec.begin()
    try:
        layer.scope(name, parent, sample)
    except Exception as own:  # noqa: BLE001 (the messages can be recorded all the same)
        failed(own, rec.sink, rec.conn)


def _end(layers: list[LayerRecorder], exc: BaseException | None, result: Any) -> None:
    try:
        for layer in reversed(layers):
            rec = layer.rec
            try:
                if not rec.process.gone:
                    layer.end(exc, result)
            except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
                failed(own, rec.sink, rec.conn)
            finally:
                layer.close()
    except RecursionError:
        pass  # not even one call is left on the stack; the application's own outcome is what counts
