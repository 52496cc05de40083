"""An application that answers each piece of a body as soon as it has come: one message sent for each received.

So a client that waits for each answer before it sends the next chunk knows what every single message must have held.
"""

from examples.hello import Receive, Scope, Send, lifespan


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b"").upper(), "more_body": more})
