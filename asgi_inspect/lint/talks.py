"""The talks of each type of scope: HTTP, WebSocket, lifespan."""

from collections.abc import Mapping
from typing import Any, Final

from ..protocol import transitions
from ..protocol.alphabet import EXTENSION_OF, KNOWN, SENT
from ..protocol.transitions import Phase, Transitions
from .event import Event
from .kinds import first_of, is_length, text_of
from .process import Process
from .response import Response, content_size
from .talk import Talk

_NOTHING: Final[Mapping[Any, Any]] = {}


class HttpTalk(Talk):
    """A call for an HTTP request."""

    phase: Phase = transitions.IDLE
    """Of the response, one of `protocol.transitions.HTTP_RESPONSE`."""
    request_phase: Phase = transitions.WAITING
    """Of the request, one of `protocol.transitions.HTTP_REQUEST`."""
    request_size = 0
    """Bytes of the request's body that were received."""
    request_uncounted = False
    """Whether a part of it was received of which the size is not known."""
    request_final_n = 0
    """The number of the record with the last of the request's body; 0: that was not received."""
    left_early = False
    """Whether the client left before the request's body was received whole."""
    heedless_n = 0
    """The number of the first message of the response that was sent after a disconnect; 0: none was."""
    debugs = 0
    """How many debug messages were sent."""

    def __init__(self, scope: Any, process: Process, layer: int = 0) -> None:
        super().__init__(scope, process, layer)
        self.method = text_of(self.scope.get("method")).upper()
        self.response = Response()

    @property
    def aborted(self) -> bool:
        return self.gone_early or bool(self.refused)

    @property
    def gone_early(self) -> bool:
        """Whether the application was told that its client left before its response was complete."""
        return bool(self.gone) and self._gone_before_done

    _gone_before_done = False

    @property
    def without_content(self) -> bool:
        """Whether the response has no content, by its status or the method."""
        return self.response.has_no_content(self.method)

    @property
    def content_length(self) -> int | None:
        """That of the request, where there is one that makes sense."""
        lengths = self.headers(b"content-length")
        return int(lengths[0]) if len(lengths) == 1 and is_length(lengths[0]) else None

    @property
    def declared_length(self) -> int | None:
        """How long the request's body is by its headers; None where they do not say, or it is encoded, which may be undone."""
        if not self.declares_body and self.content_length is None:
            return None
        coded = self.header(b"transfer-encoding") is not None or self.header(b"content-encoding") is not None
        return None if coded else self.content_length

    @property
    def declares_body(self) -> bool:
        """Whether the request has a body by its headers."""
        found = self._declares_body
        if found is None:
            names = {name.lower() for name in first_of(self.scope.get("headers")) if type(name) is bytes}
            found = b"transfer-encoding" in names or (b"content-length" in names and bool(self.content_length))
            self._declares_body = found
        return found

    _declares_body: bool | None = None

    def take_received(self, event: Event) -> None:
        super().take_received(event)
        if event.kind == "http.disconnect":
            if not self.gone:
                self._gone_before_done = self.phase not in transitions.COMPLETE
                self.left_early = self.request_phase in (transitions.WAITING, transitions.READING)
            self._leave(event)
        elif event.kind == "http.request":
            size = content_size(event)
            self.request_size += size or 0
            self.request_uncounted = self.request_uncounted or size is None
            if event.symbol == event.kind and not self.request_final_n:
                self.request_final_n = event.n
        elif (
            event.kind in KNOWN or not event.kind or event.kind.startswith("http.")
        ):  # a layer may give types of its own
            self.astray = True
        self.request_phase = _next(transitions.HTTP_REQUEST, self.request_phase, event.symbol)

    def take_sent(self, event: Event) -> None:
        super().take_sent(event)
        kind, phase = event.kind, self.phase
        if self.layer or self.inner:
            self._compare(transitions.HTTP_RESPONSE[phase], event)
        if self.gone_early and phase not in transitions.COMPLETE and kind in _OF_RESPONSE:
            self.heedless_n = self.heedless_n or event.n
        if kind == "http.response.start":
            if phase == transitions.IDLE:
                self.response.begin(event)
            else:
                self.astray = True
        elif kind in _CONTENT and phase in _AT_CONTENT:
            self.response.add(event)
        else:
            self._take_other(event)
        self.phase = _next(transitions.HTTP_RESPONSE, phase, event.symbol, _AS_IF)

    def _take_other(self, event: Event) -> None:
        """What neither begins nor goes on with a response was sent, or what does so out of its place."""
        kind = event.kind
        if kind == "http.response.debug":
            self.debugs += 1
        elif self.phase == transitions.IDLE:
            self.astray = self.astray or kind not in _BEFORE_START
        elif kind not in SENT["http"] or (kind == "http.response.trailers" and self.phase != transitions.TRAILERS):
            self.astray = True


class WebSocketTalk(Talk):
    """A call for a WebSocket."""

    def __init__(self, scope: Any, process: Process, layer: int = 0) -> None:
        super().__init__(scope, process, layer)
        self.method = "GET"
        self.phase: Phase = transitions.CONNECTING
        """What the application has sent, one of `protocol.transitions.WEBSOCKET`."""
        self.received_phase: Phase = transitions.OPENING
        """What it has received, one of `protocol.transitions.WEBSOCKET_RECEIVED`."""
        self.response = Response()
        """What refuses the WebSocket, if anything does."""
        self.connect_n = 0
        self.accept_n = 0
        self.close_n = 0
        """The number of the record of the application's `websocket.close`; 0: none was sent."""
        self.close: Mapping[Any, Any] = _NOTHING
        """That message."""

    @property
    def subprotocols(self) -> list[Any]:
        """What the client offered."""
        offered = self.scope.get("subprotocols")
        return offered if isinstance(offered, list) else []

    @property
    def without_content(self) -> bool:
        """Whether the response that refuses the WebSocket has no content."""
        return self.response.has_no_content(self.method)

    def take_received(self, event: Event) -> None:
        super().take_received(event)
        if event.kind == "websocket.disconnect":
            self._leave(event)
        elif event.kind == "websocket.connect" and not self.connect_n:
            self.connect_n = event.n
        self.received_phase = _next(transitions.WEBSOCKET_RECEIVED, self.received_phase, event.symbol)

    def take_sent(self, event: Event) -> None:
        super().take_sent(event)
        if self.layer or self.inner:
            self._compare(transitions.WEBSOCKET[self.phase], event)
        if event.kind == "websocket.accept":
            self.accept_n = self.accept_n or event.n
        elif event.kind == "websocket.close" and not self.close_n:
            self.close_n = event.n
            self.close = event.message if isinstance(event.message, dict) else _NOTHING
        elif event.kind == "websocket.http.response.start":
            if not self.response.start_n:
                self.response.begin(event)
        elif event.kind == "websocket.http.response.body" and self.phase in (
            transitions.DENYING,
            transitions.DENYING_BODY,
        ):
            self.response.add(event)
        legal = event.symbol in transitions.WEBSOCKET[self.phase] and not self.lacks(EXTENSION_OF.get(event.kind))
        self.astray = self.astray or not (legal or self.aborted)
        self.phase = _next(transitions.WEBSOCKET, self.phase, event.symbol)


class LifespanTalk(Talk):
    """A call for a lifespan."""

    def __init__(self, scope: Any, process: Process, layer: int = 0) -> None:
        super().__init__(scope, process, layer)
        self.phase: Phase = transitions.NEW
        """One of `protocol.transitions.LIFESPAN`."""
        self.startup_n = 0
        self.shutdown_n = 0
        self.answers: dict[str, int] = {}
        """The numbers of the records of the messages that were sent, by their type, the first of each."""
        self.state_keys: frozenset[str] | None = None
        """The keys of `state` as the startup was complete; None where that is not known."""
        self.over_us = 0
        """When the answer was sent behind which an application has only to return; 0: it was not."""

    def take_received(self, event: Event) -> None:
        super().take_received(event)
        if event.kind == "lifespan.startup":
            self.startup_n = self.startup_n or event.n
        elif event.kind == "lifespan.shutdown":
            self.shutdown_n = self.shutdown_n or event.n
            for call in self.process.open.values():
                call.at_shutdown = True
        self._go_on(event)

    def take_sent(self, event: Event) -> None:
        super().take_sent(event)
        self.answers.setdefault(event.kind, event.n)
        keys = event.told("state")
        if event.kind == "lifespan.startup.complete" and keys is not None and not self.layer:
            self.state_keys = frozenset(keys)
            self.process.state_keys = None if self.process.several else self.state_keys
        if event.kind in _LAST and not self.over_us:
            self.over_us = event.t_us
        self._go_on(event)

    def take_receive_failure(self, event: Event) -> None:
        super().take_receive_failure(event)
        self.astray = True  # its server ends it, and what it sends on its way out is for nobody

    def _go_on(self, event: Event) -> None:
        self.astray = self.astray or event.symbol not in transitions.LIFESPAN[self.phase]
        self.phase = _next(transitions.LIFESPAN, self.phase, event.symbol)
        if not self.layer:
            self.process.lifespan_goes_on(event.kind, self.phase)


_LAST: Final = frozenset({"lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"})
_CONTENT: Final = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})
_AT_CONTENT: Final = frozenset(
    {transitions.STARTED, transitions.STARTED_WITH_TRAILERS, transitions.BODY, transitions.BODY_WITH_TRAILERS}
)
_BEFORE_START: Final = frozenset({"http.response.early_hint", "http.response.debug", "http.response.push"})
_OF_RESPONSE: Final = frozenset({"http.response.start", *_CONTENT})
# What is sent where it is not legal, and yet completes a response as it would elsewhere: the rule for that was broken already.
_AS_IF: Final = {
    (transitions.BODY, "http.response.pathsend"): transitions.DONE,
    (transitions.BODY_WITH_TRAILERS, "http.response.pathsend"): transitions.TRAILERS,
}
_NO_CASES: Final[Mapping[tuple[Phase, str], Phase]] = {}


def make_talk(scope: Any, process: Process, layer: int = 0) -> Talk:
    """The talk that fits the type of a scope."""
    kind = text_of(scope.get("type")) if isinstance(scope, dict) else ""
    return _TALKS.get(kind, Talk)(scope, process, layer)


_TALKS: Final[Mapping[str, type[Talk]]] = {"http": HttpTalk, "websocket": WebSocketTalk, "lifespan": LifespanTalk}


def _next(table: Transitions, phase: Phase, symbol: str, cases: Mapping[tuple[Phase, str], Phase] = _NO_CASES) -> Phase:
    """The phase that a message leads to; what is not legal changes nothing."""
    found = table[phase].get(symbol)
    return cases.get((phase, symbol), phase) if found is None else found
