"""The examples of the rules' manuals, run: what each defines, played against a server or an application as it should be."""

import asyncio
from collections.abc import Iterable
from typing import Any

from asgi_inspect import InspectMiddleware
from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.finding import Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.testing import drive, http_scope, lifespan_scope, websocket_scope
from asgi_inspect.trace.records import Record

_SCOPES = {"W": websocket_scope, "L": lifespan_scope}


def defined(code: str, example: str) -> dict[str, Any]:
    """What an example of the rule with that code defines."""
    names: dict[str, Any] = {
        "asyncio": asyncio,
        "http_scope": http_scope,
        "websocket_scope": websocket_scope,
        "lifespan_scope": lifespan_scope,
        "InspectMiddleware": InspectMiddleware,
    }
    exec(compile(example, f"<an example of {code}>", "exec"), names)  # they are our own
    return names


def play(code: str, example: str) -> list[Record]:
    """The records of an example of the rule with that code."""
    names = defined(code, example)
    app = names.get("app", right_app)
    calls = names.get("calls")  # several connections, one after the other
    records: list[Record] = []
    if calls is None:
        scope = names.get("scope")
        calls = [(_SCOPES.get(code[0], http_scope)() if scope is None else scope, names.get("received"))]
    middleware = InspectMiddleware(app, out=records.append)
    server = names.get("server", lambda app: app)
    asyncio.run(_play(server(middleware), calls, records))
    _wait(middleware)
    return records


async def _play(app: Any, calls: Iterable[tuple[Any, ...]], records: list[Record]) -> None:
    """Make the calls, one after the other; one that names a type of message begins as soon as such a one has passed."""
    running: list[asyncio.Task[Any]] = []
    for scope, received, *behind in calls:
        if behind:
            while not any(_type_of(record) == behind[0] for record in records):
                await asyncio.sleep(0)
        elif running:
            await asyncio.gather(*running)
        running.append(asyncio.ensure_future(drive(app, scope, received, strict=False)))
        await asyncio.sleep(0)
    await asyncio.gather(*running)


def _type_of(record: Record) -> object:
    message = getattr(record, "message", None)
    return message.get("type") if isinstance(message, dict) else None


def _wait(middleware: Any) -> None:
    """Until the queue has given all records out."""
    sink = object.__getattribute__(middleware, "_sink")
    while sink is not None and (sink._lines or sink._taken):
        sink.settle()


async def right_app(scope: Any, receive: Any, send: Any) -> None:
    """An application as it should be, for every type of scope."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _websocket(receive, send)
    else:
        await _http(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _websocket(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.disconnect":
            return


async def _http(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if not isinstance(message, dict) or message.get("type") == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def found_in(code: str, example: str) -> list[Finding]:
    """What an example gives, with all rules that are on by default, and this one."""
    linter = Linter(Choice(select=("default", code)))
    for record in play(code, example):
        linter.feed(record)
    linter.finish()
    return linter.findings
