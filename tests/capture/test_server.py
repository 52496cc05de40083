"""Which server calls, known from what it gives."""

import asyncio
import functools
from typing import Any

import httpx
import pytest
import uvicorn

from asgi_inspect.capture.server import from_network, server_of
from tests.serving import PATIENCE, serving
from tests.traps import CALLS, TRAPS


def given_by(serve: Any) -> tuple[Any, Any]:
    """The `receive` and `send` that a server or a client gives."""
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given[:] = [receive, send]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    serve(app)
    return given[0], given[1]


def _uvicorn(app: Any) -> None:
    with serving(app, lifespan="off") as port:
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=PATIENCE)


def _httpx(app: Any) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://leaf.example") as client:
            await client.get("/")

    asyncio.run(main())


def test_uvicorn() -> None:
    receive, send = given_by(_uvicorn)
    assert server_of(receive, send) == f"uvicorn {uvicorn.__version__}"
    assert from_network(receive, send)
    assert from_network(functools.partial(functools.partial(receive)), None)


def test_a_client_in_the_process() -> None:
    receive, send = given_by(_httpx)
    assert server_of(receive, send) == f"httpx {httpx.__version__}"
    assert not from_network(receive, send)


def test_a_middleware_is_no_server() -> None:
    async def receive() -> None: ...

    receive.__module__ = "starlette.middleware.base"
    assert server_of(receive, receive) is None
    receive.__module__ = "uvicornish.server"
    assert server_of(receive, receive) is None
    receive.__module__ = None  # type: ignore[assignment]
    assert server_of(receive, receive) is None


def test_a_server_whose_package_does_not_tell_its_version() -> None:
    import importlib.metadata

    async def receive() -> None: ...

    receive.__module__ = "hypercorn.protocol"
    assert server_of(receive, None) == f"hypercorn {importlib.metadata.version('hypercorn')}"
    receive.__module__ = "uvicorn_worker"
    try:
        importlib.metadata.version("uvicorn_worker")
    except importlib.metadata.PackageNotFoundError:
        assert server_of(receive, None) == "uvicorn_worker"


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_is_asked(name: str) -> None:
    trap = TRAPS[name]()
    CALLS.clear()
    assert server_of(trap, trap) is None
    assert not from_network(trap, trap)
    called, CALLS[:] = list(CALLS), []
    assert called == []


@pytest.mark.parametrize("given", [None, 7, len, [].append, asyncio.Queue, print])
def test_no_server(given: Any) -> None:
    assert server_of(given, given) is None
