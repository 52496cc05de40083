"""BlackSheep."""

from collections.abc import AsyncIterator
from typing import Any

from blacksheep import (
    Application,
    Content,
    Cookie,
    Request,
    Response,
    StreamedContent,
    WebSocket,
    WebSocketDisconnectError,
    json,
    no_content,
    not_modified,
    temporary_redirect,
    text,
)
from blacksheep.exceptions import Forbidden
from blacksheep.server.sse import ServerSentEventsResponse, TextServerSentEvent

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, SUBPROTOCOL, forever, lines

app = Application()


@app.lifespan  # type: ignore[untyped-decorator]  # BlackSheep's has no types
async def lifespan() -> AsyncIterator[None]:
    yield


@app.router.get("/hello")
async def hello() -> Response:
    return json(GREETING)


@app.router.head("/hello")
async def hello_head() -> Response:
    return json(GREETING)


@app.router.get("/cookies")
async def cookies() -> Response:
    response = text("two")
    response.set_cookie(Cookie("one", "1"))
    response.set_cookie(Cookie("two", "2", max_age=60))
    return response


@app.router.get("/empty")
async def empty() -> Response:
    return no_content()


@app.router.get("/unchanged")
async def unchanged() -> Response:
    response = not_modified()
    response.add_header(b"ETag", ETAG.encode())
    return response


@app.router.get("/moved")
async def moved() -> Response:
    return temporary_redirect("/hello")


@app.router.get("/refused")
async def refused() -> Response:
    raise Forbidden


@app.router.get("/fails")
async def fails() -> Response:
    raise RuntimeError("as the application wished")


@app.router.get("/stream")
async def stream() -> Response:
    return Response(200, None, StreamedContent(b"text/plain", lines))


@app.router.head("/stream")
async def stream_head() -> Response:
    return Response(200, None, StreamedContent(b"text/plain", lines))


@app.router.get("/events")
async def stream_events() -> Response:
    async def numbers() -> AsyncIterator[TextServerSentEvent]:
        for number in range(3):
            yield TextServerSentEvent(str(number))

    return ServerSentEventsResponse(numbers)


@app.router.get("/forever")
async def endless() -> Response:
    return Response(200, None, StreamedContent(b"text/plain", forever))


@app.router.post("/echo")
async def echo(request: Request) -> Response:
    return Response(200, None, Content(b"application/octet-stream", await request.read() or b""))


@app.router.post("/form")
async def form(request: Request) -> Response:
    return json(sorted(await request.form() or ()))


@app.router.ws("/talk")
async def talk(websocket: WebSocket) -> None:
    scope: dict[str, Any] = dict(websocket.scope)
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)
    try:
        while True:
            message: dict[str, Any] = dict(await websocket.receive())
            if message.get("text") == "bye":
                await websocket.close(4000, "you said it")
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnectError:
        pass


@app.router.ws("/chatty")
async def chatty(websocket: WebSocket) -> None:
    await websocket.accept()
    async for leaf in forever():
        await websocket.send_bytes(leaf)
    await websocket.close()


@app.router.ws("/closed")
async def closed(websocket: WebSocket) -> None:
    await websocket.close()


@app.router.ws("/denied")
async def denied(websocket: WebSocket) -> None:
    raise Forbidden


app.serve_files(STATIC, root_path="/static", extensions={".md", ".svg"})
