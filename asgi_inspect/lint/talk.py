"""What has passed between the server and the application in one call of it, as far as rules ask for it.

A rule is asked before the talk takes in what has just passed. Nothing here raises, whatever the messages hold.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from ..protocol.alphabet import EXTENSION_OF
from ..protocol.transitions import Phase
from ..protocol.versions import Version, spec_version
from ..trace.records import Outcome
from .event import Event
from .kinds import pairs_of, text_of
from .process import Process

_NOTHING: Final[Mapping[Any, Any]] = {}


class Talk:
    """One call of an application, of any type of scope."""

    # Most of this is as it is here in most talks; there are very many of them.
    outer: "Talk | None" = None
    """The talk at the tap around this one; None for the outermost."""
    inner: "tuple[Talk, ...]" = ()
    """The talks at the taps directly inside this one: where there is one, what stands between may be to blame."""
    received = 0
    """How many messages `receive()` gave."""
    sent = 0
    """How many messages were sent."""
    last_send = 0
    """The number of the last message that was sent."""
    last_kind = ""
    """Its type."""
    last_receive: tuple[int, int] = (0, 0)
    """The number of the `receive` that ended last, however it did, and when that was."""
    concurrent = False
    """Whether a `receive()` was called while another one was under way: then servers do what they like."""
    receive_raised = False
    """Whether a `receive()` has raised."""
    cancelled = False
    """Whether a call of the application's was cancelled, and it has received nothing since: it may be on its way out."""
    call_error: str | None = None
    """The type of the exception that a `receive()` or `send()` has raised last."""
    at_shutdown = False
    """Whether the call was running as the shutdown of its process was delivered."""
    tainted = 0
    """The number of the first send that raised anything but an OSError, or was cancelled: servers differ on whether such a
    message counts, so nothing is said of order and length behind it."""
    refused = 0
    """The number of the first send that raised an OSError: the client had left."""
    sent_after_refusal = 0
    """How many messages were sent behind that one."""
    incomplete = False
    """Whether records of this connection are lost."""
    astray = False
    """Whether something has passed behind which nothing can be expected any more: that was told, and is enough."""
    gone = 0
    """The number of the record that told the application that its client left; 0: none has."""
    gone_us = 0
    """When that was."""
    ended = False
    end_us = 0
    """When the call was over."""
    end_outcome: Outcome | None = None
    raised: str | None = None
    """The type of the exception that the call ended with."""
    disordered = False
    """Whether a message was sent where it may not come; looked at only where there are several taps."""
    extras: Mapping[str, int] = _NOTHING
    """By their type, the numbers of the first messages of extensions that were sent; likewise."""

    def __init__(self, scope: Any, process: Process, layer: int = 0) -> None:
        self.scope: Mapping[Any, Any] = scope if isinstance(scope, dict) else _NOTHING
        self.process = process
        self.layer = layer
        """The number of the tap that sees it, 0 for the outermost."""
        self.type = text_of(self.scope.get("type"))
        """The type of the scope; empty where that has none."""

    @cached_property
    def spec_version(self) -> Version:
        """The version of the specification that the server of this scope understands."""
        return spec_version(self.scope)

    @cached_property
    def extensions(self) -> frozenset[Any]:
        """The names of the extensions that the server offers."""
        extensions = self.scope.get("extensions")
        return frozenset(extensions) if isinstance(extensions, dict) else frozenset()

    @property
    def server(self) -> str | None:
        """What the server is called, where that is known."""
        return self.process.server

    @property
    def of_test(self) -> bool:
        """Whether a test client made the scope, as far as that shows: Starlette's says so in place of an address, and httpx's has
        a port that no client has.
        """
        client = self.scope.get("client")
        if not isinstance(client, list | tuple) or len(client) != 2:
            return False
        return client[0] == "testclient" or tuple(client) == ("127.0.0.1", 123)

    def lacks(self, extension: str | None) -> bool:
        """Whether the server surely does not offer an extension; of none it says no."""
        if extension is None or extension in self.extensions:
            return False
        return isinstance(self.scope.get("extensions"), dict | None)

    @property
    def says_version(self) -> bool:
        """Whether the scope says itself which version of the specification its server speaks."""
        asgi = self.scope.get("asgi")
        return isinstance(asgi, dict) and asgi.get("spec_version") is not None

    @property
    def aborted(self) -> bool:
        """Whether the application knows that its client left before it was done: then it need not finish anything."""
        return bool(self.gone or self.refused)

    @property
    def client_left(self) -> bool:
        """Whether the application, or a layer around it, knows that: the latter may have ended the former for it."""
        return self.aborted or (self.outer is not None and self.outer.client_left)

    @property
    def in_order(self) -> bool:
        """Whether order and length can be judged: no record is lost, no send has failed, and the talk has not gone astray."""
        return not (self.tainted or self.incomplete or self.astray)

    def header(self, name: bytes) -> Any:
        """The value of the first header of the scope that is called so (in lower case); None where there is none."""
        for found, value in pairs_of(self.scope.get("headers")):
            if type(found) is bytes and len(found) == len(name) and found.lower() == name:
                return value
        return None

    def headers(self, name: bytes) -> list[Any]:
        """The values of all headers of the scope that are called so."""
        return [
            value
            for found, value in pairs_of(self.scope.get("headers"))
            if type(found) is bytes and len(found) == len(name) and found.lower() == name
        ]

    # --- what passes ---

    def take_received(self, event: Event) -> None:
        """`receive()` gave a message."""
        self.received += 1
        self.cancelled = False
        self._take_call(event)

    def take_sent(self, event: Event) -> None:
        """The application sent a message."""
        self.sent += 1
        self.last_send, self.last_kind = event.n, event.kind
        if self.refused:
            self.sent_after_refusal += 1

    def take_receive_failure(self, event: Event) -> None:
        """`receive()` raised or was cancelled."""
        self.cancelled = self.cancelled or event.outcome == "cancelled"
        self.receive_raised = self.receive_raised or event.outcome == "raised"
        if event.error is not None:
            self.call_error = event.error.type
        self._take_call(event)

    def _take_call(self, event: Event) -> None:
        if event.began_us < self.last_receive[1]:
            self.concurrent = True
        self.last_receive = (event.n, event.t_us)

    def take_send_failure(self, event: Event) -> None:
        """A send raised or was cancelled, after its message was taken in."""
        if event.error is not None:
            self.call_error = event.error.type
        if event.is_os_error:
            self.refused = self.refused or event.of
        elif event.outcome is not None:
            self.tainted = self.tainted or event.of
            self.cancelled = self.cancelled or event.outcome == "cancelled"

    def _compare(self, legal: Mapping[str, Phase], event: Event) -> None:
        """A message was sent where there is another tap around this one, or inside."""
        if event.symbol not in legal:
            self.disordered = True
        if event.kind in EXTENSION_OF:
            self.extras = {event.kind: event.n, **self.extras}

    def take_end(self, event: Event) -> None:
        """The call is over."""
        self.ended, self.end_us, self.end_outcome = True, event.t_us, event.outcome
        self.raised = event.error.type if event.outcome == "raised" and event.error is not None else None

    def _leave(self, event: Event) -> None:
        if not self.gone:
            self.gone, self.gone_us = event.n, event.t_us
