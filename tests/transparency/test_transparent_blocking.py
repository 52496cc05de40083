"""A watcher that forbids calls that may block on the event loop, as blockbuster does in Starlette's own tests, meets no failure."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture.process import current_process
from asgi_inspect.middleware import InspectMiddleware
from tests.stage import records, run


class Blocking(Exception):
    """What a watcher raises where a call may block."""


def test_where_blocking_calls_are_forbidden_the_thread_writes_all(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        calls.append(scope["type"])
        await receive()

    middleware = InspectMiddleware(app, out=out)
    for name in ("open", "write", "stat", "fstat", "lstat", "readlink", "getcwd"):
        monkeypatch.setattr(os, name, _forbidden_on_the_loop(getattr(os, name)))
    monkeypatch.setattr("os.path.realpath", _forbidden_on_the_loop(os.path.realpath))
    asyncio.run(run(middleware))
    monkeypatch.undo()
    assert calls == ["http"]
    assert [type(record).__name__ for record in records(middleware)] == [
        "ProcessRecord", "ScopeRecord", "ReceiveRecord", "EndRecord",
    ]  # fmt: skip


def _forbidden_on_the_loop(call: Any) -> Any:
    here = threading.get_ident()

    def forbidden(*arguments: Any, **options: Any) -> Any:
        if threading.get_ident() == here and asyncio._get_running_loop() is not None:
            raise Blocking(call.__name__)
        return call(*arguments, **options)

    return forbidden


class _Lock:
    """A lock that may be asked, and not waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking:
            raise Blocking("acquire")
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        self._lock.release()


def test_the_end_of_a_lifespan_waits_for_no_lock_that_is_free(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(run(middleware))
    middleware._sink._lock = _Lock()  # type: ignore[union-attr]
    asyncio.run(run(middleware, {"type": "lifespan"}))
    assert middleware._sink not in current_process().missed
    assert [type(record).__name__ for record in records(middleware)] == [
        "ProcessRecord", *["ScopeRecord", "ReceiveRecord", "EndRecord"] * 2,
    ]  # fmt: skip
