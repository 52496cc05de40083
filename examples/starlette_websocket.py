"""Every way that a WebSocket can go: text, binary, closed by the client or by the server, and refused at the door.

From a clone:  asgi-inspect examples.starlette_websocket:app
Then, elsewhere:  python -m websockets ws://127.0.0.1:8000/echo

It needs `pip install '.[demo]'` (starlette comes with fastapi).
"""

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket


async def echo(websocket: WebSocket) -> None:
    """Text comes back as text and bytes as bytes, until the client closes, or until `bye` makes us close."""
    await websocket.accept(subprotocol=next(iter(websocket.scope["subprotocols"]), None))
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text, data = message.get("text"), message.get("bytes")
        if text == "bye":
            await websocket.close(code=4000, reason="as you wish")
            return
        if text is not None:
            await websocket.send_text(text)
        else:
            await websocket.send_bytes(data or b"")


async def private(websocket: WebSocket) -> None:
    """Nobody gets in here: the handshake is answered with a response that says why."""
    await websocket.send_denial_response(JSONResponse({"detail": "members only"}, status_code=401))


async def closed(websocket: WebSocket) -> None:
    """Closed before it was accepted: the client sees a bare 403, and never the code 4401."""
    await websocket.close(code=4401, reason="not today")


app = Starlette(
    routes=[
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/private", private),
        WebSocketRoute("/closed", closed),
    ]
)
