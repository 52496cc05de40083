"""Quart."""

from typing import Any

from quart import Quart, Response, abort, redirect, request, send_from_directory, websocket

from tests.lint.frameworks.apps.leaves import ETAG, GREETING, STATIC, SUBPROTOCOL, events, forever, lines

app = Quart(__name__, static_folder=None)


@app.before_serving
async def start() -> None:
    app.config["LEAF"] = "green"


@app.get("/hello")
async def hello() -> Any:
    return GREETING


@app.get("/cookies")
async def cookies() -> Any:
    response = Response("two", mimetype="text/plain")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", max_age=60)
    return response


@app.get("/empty")
async def empty() -> Any:
    return "", 204


@app.get("/unchanged")
async def unchanged() -> Any:
    return "", 304, {"etag": ETAG}


@app.get("/moved")
async def moved() -> Any:
    return redirect("/hello", 307)


@app.get("/refused")
async def refused() -> Any:
    abort(403)


@app.get("/fails")
async def fails() -> Any:
    raise RuntimeError("as the application wished")


@app.get("/stream")
async def stream() -> Any:
    return lines(), {"content-type": "text/plain"}


@app.get("/events")
async def stream_events() -> Any:
    return events(), {"content-type": "text/event-stream"}


@app.get("/forever")
async def endless() -> Any:
    return forever(), {"content-type": "text/plain"}


@app.post("/echo")
async def echo() -> Any:
    return Response(await request.get_data(as_text=False), mimetype="application/octet-stream")


@app.post("/form")
async def form() -> Any:
    return sorted([*(await request.form), *(await request.files)])


@app.get("/static/<path:name>")
async def static(name: str) -> Any:
    return await send_from_directory(STATIC, name, conditional=True)


@app.websocket("/talk")
async def talk() -> None:
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in websocket.requested_subprotocols else None)
    while True:
        data = await websocket.receive()
        if data == "bye":
            await websocket.close(4000, "you said it")
            return
        await websocket.send(data)


@app.websocket("/chatty")
async def chatty() -> None:
    await websocket.accept()
    async for leaf in forever():
        await websocket.send(leaf)


@app.websocket("/closed")
async def closed() -> None:
    await websocket.close(1000)


@app.websocket("/denied")
async def denied() -> None:
    abort(401)
