"""`--asgi-lint`: real sessions of pytest, in which tests drive real applications through real clients and servers."""

import sys

import httpx
import pytest
import uvicorn

from tests.pytest_plugin.project import APPS, Project

pytest_plugins = ("pytester",)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


EXPLAINED = [
    "H304 body-shorter-than-content-length in GET /short",
    "error H304 body-shorter-than-content-length * by the application",
    "*GET /short",
    "*complete with 5 bytes of body, but its `content-length` says 9*",
    "*fix *Send as many bytes as*",
    "*asgi-inspect explain H304",
    "*http.response.body 5 B  hello",
    "*! H304 *",
    "*FAILED *Failed: H304 *",
]

CLIENTS = {
    "starlette": "def {name}(): ask({path!r})",
    "httpx": """
@pytest.mark.anyio
async def {name}():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        await client.get({path!r})
""",
    "httpx, with a transport of one's own": """
class Streaming(httpx.ASGITransport):
    async def handle_async_request(self, request):
        sent = []
        async def receive(): return {{"type": "http.request"}}
        async def send(message): sent.append(message)
        async def call(): await self.app({{"type": "http", "method": "GET", "path": request.url.path, "headers": []}}, receive, send)
        await call()
        return httpx.Response(sent[0]["status"])

@pytest.mark.anyio
async def {name}():
    async with httpx.AsyncClient(transport=Streaming(app), base_url="http://t") as client:
        await client.get({path!r})
""",
    "uvicorn": """
def {name}():
    with serving(app) as port, contextlib.suppress(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{{port}}{path}")
""",
    "asgiref": """
@pytest.mark.anyio
async def {name}():
    from asgiref.testing import ApplicationCommunicator
    one = ApplicationCommunicator(app, {{"type": "http", "method": "GET", "path": {path!r}, "headers": []}})
    await one.receive_output()
    await one.receive_output()
    await one.wait()
""",
    "litestar": """
def {name}():
    from litestar.testing import TestClient
    with TestClient(app) as client:
        client.get({path!r})
""",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_violation_fails_the_test_that_caused_it(project: Project, client: str) -> None:
    tests = [
        CLIENTS[client].format(name=name, path=path) for name, path in [("test_good", "/"), ("test_short", "/short")]
    ]
    done = project.run("\n".join(tests), "--asgi-lint")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(EXPLAINED)
    done.stdout.no_fnmatch_line("*INTERNALERROR*")


WATCHED = {
    "a WebSocket of Starlette's": """
def test_it(asgi_trace):
    with TestClient(app) as client, client.websocket_connect("/") as talk:
        talk.send_text("good")
    assert [one.type for one in asgi_trace] == ["lifespan", "websocket"]
""",
    "an application of Litestar": """
def test_it(asgi_trace):
    from litestar import Litestar, get
    from litestar.testing import TestClient
    @get("/")
    async def hello() -> str: return "hello"
    app = Litestar([hello])
    with TestClient(app) as client:
        assert client.app is app
        assert client.get("/").text == "hello"
    assert [one.type for one in asgi_trace] == ["lifespan", "http"]
""",
    "an application of Quart": """
@pytest.mark.anyio
async def test_it(asgi_trace):
    from quart import Quart, websocket
    app = Quart("app")
    @app.get("/")
    async def hello(): return "hello"
    @app.websocket("/talk")
    async def talk(): await websocket.send("hello")
    async with app.test_app() as tested:
        assert tested.app is app
        assert (await tested.test_client().get("/")).status_code == 200
        async with tested.test_client().websocket("/talk") as talk:
            assert await talk.receive() == "hello"
    assert [one.type for one in asgi_trace] == ["lifespan", "http", "websocket"]
""",
    "hypercorn": """
@pytest.mark.anyio
async def test_it(asgi_trace):
    import asyncio, socket
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config, over = Config(), asyncio.Event()
        config.bind = [f"fd://{listening.fileno()}"]
        served = asyncio.create_task(serve(app, config, shutdown_trigger=over.wait))
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{listening.getsockname()[1]}/")).text == "hello"
        over.set()
        await served
        listening.detach()  # it is closed already
    assert [one.type for one in asgi_trace] == ["lifespan", "http"]
""",
    "uvicorn, on the event loop of the test": """
@pytest.mark.anyio
async def test_it(asgi_trace):
    import asyncio, socket, uvicorn
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        served = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{listening.getsockname()[1]}/")).text == "hello"
        server.should_exit = True
        await served
    assert [one.outcome for one in asgi_trace] == ["returned", "returned"]
""",
    "trio": """
def test_it(asgi_trace):
    assert TestClient(app, backend="trio").get("/").text == "hello"
    assert [one.outcome for one in asgi_trace] == ["returned"]
""",
    "an application that calls another one": """
async def outer(scope, receive, send):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        await client.get("/inner")
    await app(scope, receive, send)

def test_it(asgi_trace):
    assert TestClient(outer).get("/outer").text == "hello"
    assert [one.path for one in asgi_trace] == ["/outer", "/inner"]
""",
    "an application that is watched in its own code": """
from asgi_inspect import InspectMiddleware

def test_it(asgi_trace):
    assert TestClient(InspectMiddleware(app)).get("/").text == "hello"
    assert [sorted(one.layers) for one in asgi_trace] == [[0, 1]]
""",
}


@pytest.mark.parametrize("test", WATCHED)
def test_whatever_calls_an_application_is_watched(project: Project, test: str) -> None:
    project.run(WATCHED[test], "--asgi-lint").assert_outcomes(passed=1)


def test_of_a_test_client_nobody_asks_what_a_server_owes(project: Project) -> None:
    source = """
import socket

def test_client():
    TestClient(app).get("/")
@pytest.mark.anyio
async def test_scope():
    from asgiref.testing import ApplicationCommunicator
    one = ApplicationCommunicator(app, {"type": "http", "method": "get", "path": "/", "headers": []})
    await one.receive_output()
    await one.receive_output()
    await one.wait()
def test_server():
    with serving(app, http="h11") as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"get / HTTP/1.1\\r\\nHost: t\\r\\nConnection: close\\r\\n\\r\\n")
        while client.recv(1000): pass
"""
    done = project.run(source, "--asgi-lint", "-rA")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*_ test_server _*", "A307 method-not-uppercase *", "* by the server"])


def test_what_a_test_client_raises_in_a_test_is_for_the_test_to_judge(project: Project) -> None:
    source = """
async def failing(scope, receive, send):
    await receive()
    raise ValueError

def test_client():
    with pytest.raises(ValueError):
        TestClient(failing).get("/")
def test_server():
    with serving(failing, lifespan="off") as port:
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 500
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["FAILED *::test_server - Failed: H108 *"])
    project.run(source, "--asgi-lint", "--asgi-lint-select=H108").assert_outcomes(failed=2)


def test_the_tests_see_the_application_itself(project: Project) -> None:
    from starlette.testclient import TestClient  # it warns where it is imported first, and the project has seen to that

    kept = {cls: dict(vars(cls)) for cls in (httpx.ASGITransport, TestClient, uvicorn.Config)}
    finders = list(sys.meta_path)
    source = """
early = TestClient(app)

def test_clients():
    client = TestClient(app)
    assert client.app is app and client._transport.app is app and early.app is app
    assert vars(client)["app"] is app
    client.app = ask
    assert client.app is ask
    del client.app
    assert not hasattr(client, "app") and not hasattr(TestClient, "app")

def test_transport():
    assert httpx.ASGITransport(app).app is app

def test_uvicorn():
    import uvicorn
    config = uvicorn.Config(app, proxy_headers=False)
    config.load()
    assert config.app is app and config.loaded_app is app

def test_early():
    early.get("/short")
"""
    project.run(source, "--asgi-lint").assert_outcomes(passed=3, failed=1)
    assert {cls: dict(vars(cls)) for cls in kept} == kept
    assert sys.meta_path == finders


def test_what_is_imported_later_is_watched_as_well(project: Project) -> None:
    project.pytester.makepyfile(apps=APPS.replace("from starlette.testclient import TestClient\n", ""))
    source = """
def test_late():
    from starlette.testclient import TestClient
    TestClient(app).get("/short")
"""
    # A session of its own: in this one the module is there already.
    project.pytester.makepyfile(test_it=f"from apps import *\n{source}")
    done = project.pytester.runpytest_subprocess("--asgi-lint", "-W", "ignore")
    done.assert_outcomes(failed=1)
