"""A project whose tests drive an application, and sessions of pytest in it, within this one."""

import importlib
import warnings
from typing import Final

import pytest

# A session within this one forgets what it imports; what was imported before stays, and need not be imported each time anew.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a test client wishes for another client library than the one that there is
    for name in ("asgi_inspect.pytest_plugin.session", "asgi_inspect.pytest_plugin.text", "starlette.testclient"):
        importlib.import_module(name)
    for name in (
        "asgiref.testing",
        "httpx",
        "hypercorn.asyncio",
        "litestar.testing",
        "quart.testing",
        "uvicorn.config",
    ):
        importlib.import_module(name)

# `/short` promises more than it sends, and so does a WebSocket that is not told "good"; all the rest is as it should be.
APPS: Final = """
import contextlib, httpx, pytest
from starlette.testclient import TestClient
from tests.serving import serving

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text" if message["text"] == "good" else "txt": "x"})
        return
    length = b"9" if scope["path"] == "/short" else b"5"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": b"hello"})

def ask(path):
    return TestClient(app).get(path)

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
# What is collected only now may be what another session of this process has left behind.
_INI: Final = """[pytest]
addopts = --strict-markers -p no:cacheprovider
filterwarnings =
    error
    ignore::pytest.PytestUnraisableExceptionWarning
"""


class Project:
    """A project with an application; warnings are errors in it, as in many."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        pytester.makepyfile(apps=APPS)
        pytester.makeini(_INI)

    def run(self, source: str, *options: str) -> pytest.RunResult:
        """Run these tests."""
        self.pytester.makepyfile(test_it=f"import pytest\nfrom apps import *\n{source}")
        return self.pytester.runpytest_inprocess(*options)
