"""The smallest application, asked without a server."""

import asyncio
from typing import Any

from asgi_inspect.types import Message, Receive, Scope, Send

SCOPE: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "method": "GET", "path": "/x", "headers": []}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def call(application: Any, path: str = "/x") -> list[Message]:
    """Ask once, without a server."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await application({**SCOPE, "path": path}, receive, send)
    return sent


def ask(application: Any, *paths: str) -> None:
    async def each() -> None:
        for path in paths:
            assert len(await call(application, path)) == 2

    asyncio.run(each())


APP = """
import asyncio
from asgi_inspect.middleware import InspectMiddleware
from tests.asking import app, ask
"""
