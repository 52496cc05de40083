"""Litestar, with its compression and its own exception handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from litestar import Litestar, Request, WebSocket, get, head, post, websocket
from litestar.config.compression import CompressionConfig
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException, WebSocketDisconnect
from litestar.params import Body
from litestar.response import Redirect, Response, ServerSentEvent, Stream
from litestar.static_files import create_static_files_router

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, SUBPROTOCOL, forever, lines


@get("/hello")
async def hello() -> dict[str, str]:
    return GREETING


@head("/hello")
async def hello_head() -> None:
    return None


@get("/cookies", response_cookies=[Cookie("one", "1"), Cookie("two", "2", max_age=60)])
async def cookies() -> str:
    return "two"


@get("/empty", status_code=204)
async def empty() -> None:
    return None


@get("/unchanged")
async def unchanged() -> Response[None]:
    return Response(None, status_code=304, headers={"etag": ETAG})


@get("/moved", status_code=307)
async def moved() -> Redirect:
    return Redirect("/hello")


@get("/refused")
async def refused() -> None:
    raise PermissionDeniedException


@get("/fails")
async def fails() -> None:
    raise RuntimeError("as the application wished")


@get("/stream")
async def stream() -> Stream:
    return Stream(lines(), media_type="text/plain")


@head("/stream")
async def stream_head() -> None:
    return None


@get("/events")
async def stream_events() -> ServerSentEvent:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield str(number)

    return ServerSentEvent(numbers())


@get("/forever")
async def endless() -> Stream:
    return Stream(forever(), media_type="text/plain")


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(await request.body(), media_type="application/octet-stream")


@post("/form", status_code=200)
async def form(data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]) -> list[str]:
    return sorted(data)


@websocket("/talk")
async def talk(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
    try:
        while True:
            message = await socket.receive()
            if message["type"] != "websocket.receive":
                return
            if message.get("text") == "bye":
                await socket.close(4000, "you said it")
                return
            if (text := message.get("text")) is not None:
                await socket.send_text(text)
            else:
                await socket.send_bytes(message["bytes"] or b"")
    except WebSocketDisconnect:
        pass


@websocket("/chatty")
async def chatty(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    async for leaf in forever():
        await socket.send_bytes(leaf)
    await socket.close()


@websocket("/closed")
async def closed(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.close()


@websocket("/denied")
async def denied(socket: WebSocket[Any, Any, Any]) -> None:
    raise NotAuthorizedException


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    yield


app = Litestar(
    [
        *(
            hello,
            hello_head,
            cookies,
            empty,
            unchanged,
            moved,
            refused,
            fails,
            stream,
            stream_head,
            stream_events,
            endless,
            echo,
        ),
        *(form, talk, chatty, closed, denied),
        create_static_files_router("/static", [STATIC]),
    ],
    lifespan=[lifespan],
    compression_config=CompressionConfig("gzip", minimum_size=1000),
)
