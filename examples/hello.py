"""The smallest whole ASGI application: JSON over HTTP, and a lifespan that starts and stops in good order.

From a clone:  asgi-inspect examples.hello:app
Then, elsewhere:  curl http://127.0.0.1:8000/
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection: an HTTP request, or the lifespan of the server."""
    if scope["type"] == "http":
        await hello(send)
    elif scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        # The specification asks for this: a server that hears it knows that the protocol is not spoken here.
        raise NotImplementedError(f"hello does not speak {scope['type']}")


async def hello(send: Send) -> None:
    """Answer any request with one JSON object."""
    body = json.dumps({"message": "hello, ASGI!"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Say that we are ready, wait until the server stops, and say that we are done."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
