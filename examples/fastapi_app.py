"""A tea shop in FastAPI that speaks everything HTTP and WebSocket have, so that there is something to look at.

From a clone:  asgi-inspect examples.fastapi_app:app --reload
Then, elsewhere:  curl http://127.0.0.1:8000/teas/sencha   (or open http://127.0.0.1:8000/docs)

It needs `pip install '.[demo]'` (fastapi, python-multipart for forms and uploads, websockets).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import BackgroundTasks, FastAPI, File, Form, HTTPException, Request, UploadFile, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

PRICES = {"sencha": 6.5, "assam": 4.2, "玉露": 12.0}


class Order(BaseModel):
    """What somebody wants to buy."""

    tea: str
    grams: int = 100


class OutOfTeaError(Exception):
    """The shelf is empty."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Open the shop, and close it; what is yielded is in the state of every scope."""
    yield {"shop": "open", "posted": []}


app = FastAPI(title="Tea shop", lifespan=lifespan)


@app.get("/")
async def home() -> dict[str, str]:
    """A plain GET."""
    return {"message": "hello, ASGI!"}


@app.get("/teas/{name}")
async def tea(name: str, grams: int = 100) -> dict[str, str | float]:
    """A path and a query: what so much of this tea costs; 404 where we have none."""
    if name not in PRICES:
        raise HTTPException(status_code=404, detail=f"no tea is called {name}")
    return {"tea": name, "price": round(PRICES[name] * grams / 100, 2)}


@app.post("/orders", status_code=201)
async def order(order: Order, request: Request, background: BackgroundTasks) -> dict[str, Any]:
    """A JSON body; the answer goes out first, the confirmation is posted in the background."""
    background.add_task(post_confirmation, order, request.state.posted)
    return {"ordered": order.model_dump()}


async def post_confirmation(order: Order, posted: list[str]) -> None:
    """The slow part of an order, of which the client sees nothing."""
    await asyncio.sleep(0.05)
    posted.append(order.tea)


@app.post("/login")
async def login(name: Annotated[str, Form()], password: Annotated[str, Form()]) -> dict[str, str]:
    """A form; of the password, only the length is answered."""
    return {"welcome": name, "password": "*" * len(password)}


@app.post("/photos")
async def photos(photo: Annotated[UploadFile, File()]) -> dict[str, Any]:
    """An uploaded file."""
    content = await photo.read()
    return {"file": photo.filename, "type": photo.content_type, "size": len(content)}


@app.put("/inventory")
async def inventory(request: Request) -> dict[str, Any]:
    """A body of any size, read as it comes."""
    size, digest = 0, hashlib.sha256()
    async for chunk in request.stream():
        size += len(chunk)
        digest.update(chunk)
    return {"size": size, "sha256": digest.hexdigest()}


@app.get("/brewing")
async def brewing() -> StreamingResponse:
    """A streamed answer: one line a step."""

    async def steps() -> AsyncIterator[str]:
        for step in ("boil the water", "warm the pot", "let it stand", "pour"):
            yield f"{step}\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(steps(), media_type="text/plain")


@app.get("/temperature")
async def temperature(events: int = 3) -> StreamingResponse:
    """Server-sent events: the pot cools down."""

    async def cooling() -> AsyncIterator[str]:
        for number in range(events):
            yield f'id: {number}\nevent: temperature\ndata: {{"celsius": {95 - number}}}\n\n'
            await asyncio.sleep(0.02)

    return StreamingResponse(cooling(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


@app.get("/last-tin")
async def last_tin() -> dict[str, str]:
    """Raises, with the cause that led to it."""
    shelf: dict[str, str] = {}
    try:
        return {"tea": shelf["lapsang"]}
    except KeyError as error:
        raise OutOfTeaError("the last tin is gone") from error


@app.get("/ceremony")
async def ceremony(request: Request, seconds: float = 30) -> dict[str, bool]:
    """Takes long, and stops when the client leaves (which the application learns by receiving only)."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return {"finished": True}
    return {"finished": False}


@app.websocket("/counter")
async def counter(websocket: WebSocket) -> None:
    """A conversation over the counter: every text comes back, until the client closes."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"you said: {text}")
