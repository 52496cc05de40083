"""Lifespans under real servers in this process: a server starts, and stops as soon as the application waits for that, or has ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

import hypercorn.asyncio
import hypercorn.config
import uvicorn
from granian.constants import Interfaces
from granian.server.embed import Server as Granian

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import Record
from tests.lint.servers.application import LIFESPAN, Message, Receive, Send, play
from tests.stage import records

Serve: TypeAlias = Callable[[Any, asyncio.Event], Awaitable[None]]
_WAITS_FOR_THE_SHUTDOWN: Final = 2  # the second time that it asks


async def _under_uvicorn(app: Any, quiet: asyncio.Event) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))

    async def serve() -> None:
        with suppress(SystemExit):  # a startup has failed
            await server.serve()

    serving = asyncio.ensure_future(serve())
    await quiet.wait()
    while not (server.started or serving.done()):  # one that stops before it has started skips the shutdown
        await asyncio.sleep(0.005)
    server.should_exit = True
    await serving


async def _under_hypercorn(app: Any, quiet: asyncio.Event) -> None:
    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    await hypercorn.asyncio.serve(app, config, shutdown_trigger=quiet.wait)


async def _under_granian(app: Any, quiet: asyncio.Event) -> None:
    server = Granian(app, port=0, interface=Interfaces.ASGI, log_enabled=False)
    serving = asyncio.ensure_future(server.serve())
    await quiet.wait()
    server.stop()  # type: ignore[no-untyped-call]  # granian's own types have none
    await serving


SERVERS: Final[Mapping[str, Serve]] = {
    "uvicorn": _under_uvicorn,
    "hypercorn": _under_hypercorn,
    "granian": _under_granian,
}


def live(server: str, habit: str, folder: Path) -> list[Record]:
    """The trace of one lifespan of an application with that habit."""
    quiet = asyncio.Event()

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        asked = 0

        async def ask() -> Message:
            nonlocal asked
            asked += 1
            if asked == _WAITS_FOR_THE_SHUTDOWN:
                quiet.set()
            return await receive()

        scope.get("state", {})["database"] = "open"
        try:
            await play(LIFESPAN[habit], ask, send)
        finally:
            quiet.set()

    traced = InspectMiddleware(app, out=folder / f"{habit}.jsonl")
    try:
        asyncio.run(SERVERS[server](traced, quiet))  # type: ignore[arg-type]  # a coroutine, all of them
    except Exception as error:
        if "ifespan" not in f"{type(error).__name__} {error}":  # hypercorn and granian raise where a startup has failed
            raise
    return records(traced)
