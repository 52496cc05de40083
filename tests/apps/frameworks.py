"""The same small application in each framework: a JSON answer, a body that comes back, a stream, and a WebSocket echo."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from asgi_inspect.types import ASGIApp, Receive, Scope, Send
from examples.hello import lifespan

GREETING = {"message": "hello, ASGI!"}
LINES = [b"one\n", b"two\n", b"three\n"]


def starlette(**options: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    async def hello(request: Request) -> Response:
        return JSONResponse(GREETING)

    async def echo(request: Request) -> Response:
        return Response(await request.body(), media_type="application/octet-stream")

    async def stream(request: Request) -> Response:
        return StreamingResponse(_lines(), media_type="text/plain")

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    routes = [
        Route("/hello", hello),
        Route("/echo", echo, methods=["POST"]),
        Route("/stream", stream),
        WebSocketRoute("/talk", talk),
    ]
    return Starlette(routes=routes, **options)


def fastapi(**options: Any) -> Any:
    from fastapi import FastAPI, Request, WebSocket
    from fastapi.responses import Response, StreamingResponse

    app = FastAPI(**options)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return GREETING

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body(), media_type="application/octet-stream")

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(_lines(), media_type="text/plain")

    @app.websocket("/talk")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return app


def quart() -> Any:
    from quart import Quart, Response, request, websocket

    app = Quart(__name__)

    @app.get("/hello")
    async def hello() -> Any:
        return GREETING

    @app.post("/echo")
    async def echo() -> Any:
        return Response(await request.get_data(as_text=False), mimetype="application/octet-stream")

    @app.get("/stream")
    async def stream() -> Any:
        return _lines(), {"content-type": "text/plain"}

    @app.websocket("/talk")
    async def talk() -> None:
        while True:
            await websocket.send(await websocket.receive())

    return app


def litestar(**options: Any) -> Any:
    from litestar import Litestar, Request, WebSocket, get, post, websocket
    from litestar.response import Response, Stream

    @get("/hello")
    async def hello() -> dict[str, str]:
        return GREETING

    @post("/echo", status_code=200)
    async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
        return Response(await request.body(), media_type="application/octet-stream")

    @get("/stream")
    async def stream() -> Stream:
        return Stream(_lines(), media_type="text/plain")

    @websocket("/talk")
    async def talk(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        async for text in socket.iter_data("text"):
            await socket.send_text(text)

    # Litestar would set up logging for the whole process.
    return Litestar([hello, echo, stream, talk], logging_config=None, **options)


def django() -> Any:
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
    from django.urls import path

    async def hello(request: Any) -> Any:
        return JsonResponse(GREETING)

    def echo(request: Any) -> Any:
        return HttpResponse(request.body, content_type="application/octet-stream")

    async def stream(request: Any) -> Any:
        return StreamingHttpResponse(_lines(), content_type="text/plain")

    class Urls:
        urlpatterns = (path("hello", hello), path("echo", echo), path("stream", stream))

    if not settings.configured:
        settings.configure(ROOT_URLCONF=Urls, ALLOWED_HOSTS=["127.0.0.1"], MIDDLEWARE=[], SECRET_KEY="a test's")
    return get_asgi_application()


def bare() -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "websocket":
            await _talk(receive, send)
        elif scope["path"] == "/hello":
            await _answer(send, [b'{"message":"hello, ASGI!"}'])
        elif scope["path"] == "/stream":
            await _answer(send, LINES)
        else:
            await _answer(send, [await _body(receive)])

    return app


async def _lines() -> AsyncIterator[bytes]:
    for line in LINES:
        yield line


async def _answer(send: Send, chunks: list[bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body"})


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    return body


async def _talk(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "websocket.send", "text": message["text"]})


FRAMEWORKS: dict[str, Callable[[], Any]] = {
    "bare": bare,
    "starlette": starlette,
    "fastapi": fastapi,
    "quart": quart,
    "litestar": litestar,
    "django": django,
}
