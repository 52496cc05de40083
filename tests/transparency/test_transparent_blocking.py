"""A watcher that forbids calls that may block on the event loop, as blockbuster does in Starlette's own tests, meets no failure."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

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
