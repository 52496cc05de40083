"""sse-starlette: event streams that end, that go on until the client leaves, and that fail for want of a method."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.lint.frameworks.apps.leaves import GREETING


async def hello(request: Request) -> Response:
    return JSONResponse(GREETING)


async def few() -> AsyncIterator[Any]:
    yield "1"
    yield {"event": "leaf", "data": "2", "id": "2"}
    yield ServerSentEvent("3", retry=1000, comment="the last but one")
    yield JSONServerSentEvent(GREETING)


async def events(request: Request) -> Response:
    return EventSourceResponse(few())


async def pinging(request: Request) -> Response:
    """Longer between two events than between two pings."""

    async def slowly() -> AsyncIterator[str]:
        while not await request.is_disconnected():
            yield "still here"
            await anyio.sleep(0.1)

    response = EventSourceResponse(slowly())
    response.ping_interval = 0.03
    return response


async def endless(request: Request) -> Response:
    async def numbers() -> AsyncIterator[dict[str, Any]]:
        for number in range(100):
            yield {"data": number}
            await anyio.sleep(0.02)

    return EventSourceResponse(numbers(), send_timeout=5)


async def told(request: Request) -> Response:
    """It is sent by a task of the application."""
    sender, receiver = anyio.create_memory_object_stream[Any](10)

    async def tell() -> None:
        async with sender:
            for number in range(3):
                await sender.send({"data": number})

    return EventSourceResponse(receiver, data_sender_callable=tell)


app = Starlette(
    routes=[
        Route("/hello", hello),
        Route("/events", events),
        Route("/events-to-post", events, methods=["POST"]),
        Route("/pinging", pinging),
        Route("/forever", endless),
        Route("/told", told),
    ]
)
