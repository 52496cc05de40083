"""What is measured in a fresh process that does nothing else: idle connections, and a middleware that is off.

One JSON object says on the command line what to do, one is printed. Who starts it, and what comes of it: `bench/footprint.py`.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .apps import APPS, App
from .figures import BARE, CONTROL, OFF
from .served import memory
from .ways import WAYS

_FIRST: Final = 200  # connections that are open before the memory is looked at: what is loaded and grows once is there


class _Crowd:
    """Connections of which each was accepted and then waits for ever."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._waiting = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted = 0
        self._there = asyncio.Event()

    async def grow(self, count: int) -> None:
        """So many more; returns when all of them wait."""
        self._wanted += count
        self._there.clear()
        application = APPS["websocket"]
        first = len(self._tasks)
        for number in range(first, first + count):
            call = self._app(application.scope(number), self._receiver(), self._send)
            self._tasks.append(asyncio.ensure_future(call))
        await self._there.wait()

    def _receiver(self) -> Callable[[], Any]:
        connected = False

        async def receive() -> dict[str, Any]:
            nonlocal connected
            if not connected:
                connected = True
                return {"type": "websocket.connect"}
            self._waiting += 1
            if self._waiting == self._wanted:
                self._there.set()
            await asyncio.Future()
            raise AssertionError

        return receive

    async def _send(self, message: Any) -> None:
        pass


async def idle(way: str, folder: Path, count: int, *, counted: bool) -> dict[str, float]:
    """Bytes of memory for each of so many idle WebSockets; counted: by the allocator, not by what the system gave."""
    crowd = _Crowd(WAYS[way].wrap(APPS["websocket"].make(), folder))
    await crowd.grow(_FIRST)
    before = _settled()
    if counted:
        tracemalloc.start()
    await crowd.grow(count)
    after = tracemalloc.get_traced_memory()[0] if counted else _settled() - before
    return {"bytes": after / count}


def _settled() -> int:
    gc.collect()
    return memory()


async def off(folder: Path, rounds: int, calls: int) -> dict[str, list[float]]:
    """Nanoseconds a connection, of an application that does nothing: bare, and with the middleware that is off."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    ways = {way: WAYS[way].wrap(app, folder) for way in (BARE, CONTROL, OFF)}
    found: dict[str, list[float]] = {way: [] for way in ways}
    order = list(ways)
    for number in range(-1, rounds):  # the first one warms up
        random.shuffle(order)
        for way in order:
            taken = await _time(ways[way], calls)
            if number >= 0:
                found[way].append(taken)
    return found


async def _time(app: App, calls: int) -> float:
    scope = APPS["hello"].scope(0)
    began = time.process_time_ns()
    for _ in range(calls):
        await app(scope, None, None)
    return (time.process_time_ns() - began) / calls


def main() -> None:
    """Do what the argument says."""
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    if asked["what"] == "off":
        told: object = asyncio.run(off(folder, asked["rounds"], asked["calls"]))
    else:
        told = asyncio.run(_idle_and_out(asked, folder))
    print(json.dumps(told))


async def _idle_and_out(asked: dict[str, Any], folder: Path) -> None:
    told = await idle(asked["way"], folder, asked["count"], counted=asked["counted"])
    print(json.dumps(told), flush=True)
    os._exit(0)  # to cancel thousands of tasks takes longer than to start them


if __name__ == "__main__":
    main()
