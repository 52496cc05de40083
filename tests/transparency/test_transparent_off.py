"""Point 9 of the transparency contract: off is off."""

import asyncio
import gc
import warnings
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from tests.stage import (
    http_scope,
    never,
    nothing,
)


def test_off_is_off(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASGI_INSPECT", "0")
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> str:
        given[:] = [scope, receive, send]
        return "value"

    scope, receive, send = http_scope(), never, nothing
    middleware = InspectMiddleware(app, out=out, body_limit="nonsense")
    monkeypatch.delenv("ASGI_INSPECT")  # it was read when the middleware was made
    assert asyncio.run(middleware(scope, receive, send)) == "value"  # type: ignore[arg-type]
    assert given == [scope, receive, send]
    assert given[1] is receive
    assert not out.exists()
    assert middleware.__name__ == "app"
    assert set(vars(middleware)) == {"app", "_off"}


def test_no_warning_comes_from_an_awaitable_that_is_dropped(out: Path) -> None:
    """An application that calls `receive` and never awaits what it gets is warned of, once, as without us."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        receive()

    async def receive() -> Any:
        raise AssertionError

    gc.collect()  # what other tests have left may be warned of as well
    for wrapped in (app, InspectMiddleware(app, out=out)):
        with warnings.catch_warnings(record=True) as caught_warnings:
            warnings.simplefilter("always")
            asyncio.run(wrapped(http_scope(), receive, never))
            gc.collect()
        assert ["never awaited" in str(warning.message) for warning in caught_warnings] == [True]
