"""One call of an application, and many within its lifespan. What becomes of a call is a value; none of them waits for ever."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

from ..types import Message, Scope
from .peer import App, Outcome, Peer
from .peers import PEERS, Lifespan, Startup
from .scopes import lifespan_scope

_GRACE: Final = 1.0  # seconds that a cancelled call has for its clean-up


async def drive(
    app: App,
    scope: Scope,
    received: Iterable[Message] | None = None,
    *,
    leave_after: int | None = None,
    pace: float = 0.0,
    patience: float = 0.2,
    stay: float = 2.0,
    timeout: float = 10.0,
    strict: bool = True,
) -> Outcome:
    """Call the application once. Whatever its scope's type is, it ends, and soon where the application does.

    received: what `receive` gives, in order; by default what there is at least. What tells of the end of the connection
        (a disconnect) is added, unless it is there.
    leave_after: after how many messages of a body, or of a WebSocket, the client leaves; 0: as soon as an answer begins.
    pace: seconds before each message that is received but the first.
    patience: seconds after which the client leaves, where the application waits for more, and for nothing else.
    stay: seconds after which the client leaves an answer that has begun, or a WebSocket.
    timeout: seconds until the client leaves where no answer begins, and again until the call is cancelled where the
        application does not end after that.
    strict: False gives what was `received` whenever it is asked for, and takes whatever is sent, as no server should.
    """
    kind = scope.get("type")
    peer = PEERS.get(kind if isinstance(kind, str) else "", Peer)(scope, received)
    peer.pace, peer.patience, peer.stay, peer.leave_after, peer.strict = pace, patience, stay, leave_after, strict
    call = peer.begin(app, scope, timeout)
    over = asyncio.ensure_future(peer.over.wait())
    try:
        await asyncio.wait({call, over}, return_when=asyncio.FIRST_COMPLETED)
        return await _ended(peer, call, timeout)
    finally:
        over.cancel()
        call.cancel()  # where we are cancelled ourselves


async def _ended(peer: "Peer", call: "asyncio.Task[Outcome]", timeout: float) -> Outcome:
    """Wait for the end of a call for so long, then cancel it. One that does not end by that either is left behind."""
    await asyncio.wait({call}, timeout=timeout)
    if not call.done():
        call.cancel()
        await asyncio.wait({call}, timeout=_GRACE)
    peer.end()
    return call.result() if call.done() else peer.outcome("cancelled", None)


class Client:
    """An application within its lifespan: `async with Client(app) as client: await client.call(http_scope())`.

    timeout: seconds that the startup may take, and the shutdown.
    """

    def __init__(self, app: App, *, timeout: float = 10.0) -> None:
        self._app = app
        self._timeout = timeout
        self.state: dict[str, Any] = {}
        """Of the lifespan; each connection gets a copy of it."""
        self.startup: Startup = "unanswered"
        """How the application answered to it; `unsupported`: it raised or returned instead, and serves all the same."""
        self.lifespan: Outcome | None = None
        """What became of the lifespan, once it is over."""

    async def __aenter__(self) -> Self:
        scope = lifespan_scope(state=self.state)
        self._peer = Lifespan(scope, None)
        self._peer.stopping = False
        self._call = self._peer.begin(self._app, scope, self._timeout)
        answered = asyncio.ensure_future(self._peer.answered.wait())
        try:
            done, _ = await asyncio.wait(
                {self._call, answered}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            answered.cancel()
        self.startup = "unsupported" if self._call in done and answered not in done else self._peer.startup
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._peer.stop()
        self.lifespan = await _ended(self._peer, self._call, self._timeout)

    async def call(self, scope: Scope, received: Iterable[Message] | None = None, **how: Any) -> Outcome:
        """Call the application within its lifespan; `how`: the keywords of `drive`."""
        scope["state"] = {**self.state}
        return await drive(self._app, scope, received, **{"timeout": self._timeout, **how})
