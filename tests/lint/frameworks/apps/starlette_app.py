"""Starlette, with its own middleware around."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, SUBPROTOCOL, events, forever, lines


async def hello(request: Request) -> Response:
    return JSONResponse(GREETING)


async def cookies(request: Request) -> Response:
    response = PlainTextResponse("two")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", max_age=60)
    return response


async def empty(request: Request) -> Response:
    return Response(status_code=204)


async def unchanged(request: Request) -> Response:
    return Response(status_code=304, headers={"etag": ETAG})


async def moved(request: Request) -> Response:
    return RedirectResponse("/hello")


async def refused(request: Request) -> Response:
    raise HTTPException(403, "not yours")


async def fails(request: Request) -> Response:
    raise RuntimeError("as the application wished")


async def stream(request: Request) -> Response:
    return StreamingResponse(lines(), media_type="text/plain")


async def stream_events(request: Request) -> Response:
    return StreamingResponse(events(), media_type="text/event-stream")


async def endless(request: Request) -> Response:
    return StreamingResponse(forever(), media_type="text/plain")


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


async def form(request: Request) -> Response:
    async with request.form() as fields:
        return JSONResponse(sorted(fields))


async def talk(websocket: WebSocket) -> None:
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "bye":
            await websocket.close(4000, "you said it")
            return
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


async def chatty(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        async for leaf in forever():
            await websocket.send_bytes(leaf)
    except WebSocketDisconnect:
        return
    await websocket.close()


async def closed(websocket: WebSocket) -> None:
    await websocket.close()


async def denied(websocket: WebSocket) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(PlainTextResponse("who are you?", 401))
    else:
        await websocket.close()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
    yield {"leaf": "green"}


ROUTES = [
    Route("/hello", hello),
    Route("/cookies", cookies),
    Route("/empty", empty),
    Route("/unchanged", unchanged),
    Route("/moved", moved),
    Route("/refused", refused),
    Route("/fails", fails),
    Route("/stream", stream),
    Route("/events", stream_events),
    Route("/forever", endless),
    Route("/echo", echo, methods=["POST"]),
    Route("/form", form, methods=["POST"]),
    Mount("/static", StaticFiles(directory=STATIC)),
    WebSocketRoute("/talk", talk),
    WebSocketRoute("/chatty", chatty),
    WebSocketRoute("/closed", closed),
    WebSocketRoute("/denied", denied),
]
app = Starlette(routes=ROUTES, lifespan=lifespan, middleware=[Middleware(GZipMiddleware, minimum_size=1000)])
