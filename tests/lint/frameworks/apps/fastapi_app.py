"""FastAPI: path operations, dependencies that are cleaned up, and a middleware written as a function."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, File, HTTPException, Request, Response, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, SUBPROTOCOL, events, forever, lines


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def name_it(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["x-framework"] = "fastapi"
    return response


async def session() -> AsyncIterator[str]:
    yield "open"


@app.api_route("/hello", methods=["GET", "HEAD"])
async def hello(session: Annotated[str, Depends(session)]) -> dict[str, str]:
    return GREETING


@app.get("/cookies")
async def cookies(response: Response) -> str:
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", max_age=60)
    return "two"


@app.get("/empty", status_code=204)
async def empty() -> None:
    return None


@app.get("/unchanged")
async def unchanged() -> Response:
    return Response(status_code=304, headers={"etag": ETAG})


@app.get("/moved")
async def moved() -> Response:
    return RedirectResponse("/hello")


@app.get("/refused")
async def refused() -> None:
    raise HTTPException(403, "not yours")


@app.get("/fails")
async def fails() -> None:
    raise RuntimeError("as the application wished")


@app.api_route("/stream", methods=["GET", "HEAD"])
async def stream() -> Response:
    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/events")
async def stream_events() -> Response:
    return StreamingResponse(events(), media_type="text/event-stream")


@app.get("/forever")
async def endless() -> Response:
    return StreamingResponse(forever(), media_type="text/plain")


@app.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


@app.post("/form")
async def form(leaf: Annotated[UploadFile, File()]) -> int:
    return len(await leaf.read())


@app.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    try:
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await websocket.close(4000, "you said it")
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


@app.websocket("/chatty")
async def chatty(websocket: WebSocket) -> None:
    await websocket.accept()
    async for leaf in forever():
        await websocket.send_bytes(leaf)  # where the client has left, what this raises is let out, as many do
    await websocket.close()


@app.websocket("/closed")
async def closed(websocket: WebSocket) -> None:
    await websocket.close()


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(PlainTextResponse("who are you?", 401))
    else:
        await websocket.close()


app.mount("/static", StaticFiles(directory=STATIC))
