"""The middleware round each framework: the same answers as without it, and a trace that holds all of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from asgi_inspect.middleware import InspectMiddleware
from tests.apps.frameworks import FRAMEWORKS, GREETING, LINES, fastapi, litestar, quart, starlette
from tests.serving import PATIENCE, serving
from tests.tracing import bodies, only, traced

BODY = b"\x00\xff" + b"leaf" * 500
TEXTS = ["hello", "玉露"]

# What Django has not: it raises for both, and servers go on.
LIFESPAN_RAISES = {"django"}
NO_WEBSOCKET = {"django"}


@dataclass
class Seen:
    """All that a client can tell of an application."""

    answers: dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]]
    texts: list[str | bytes]


def visit(app: Any, *, websocket: bool) -> Seen:
    """Serve an application, ask all that it has, and stop it."""
    answers, texts = {}, []
    with serving(app, date_header=False) as port:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
            for response in (client.get("/hello"), client.post("/echo", content=BODY), client.get("/stream")):
                answers[response.url.path] = response.status_code, response.headers.raw, response.content
        if websocket:
            with connect(f"ws://127.0.0.1:{port}/talk") as conversation:
                for text in TEXTS:
                    conversation.send(text)
                    texts.append(conversation.recv())
    return Seen(answers, texts)


def assert_traced(file: Path, seen: Seen, *, lifespan: str | None) -> None:
    """The trace holds each answer and each text as the client saw it; `lifespan` is how that ended (None: not asked)."""
    trace = traced(file)
    for path, (status, _, body) in seen.answers.items():
        connection = only(trace, type="http", path=path)
        assert connection.sent[0]["status"] == status == 200
        assert b"".join(bodies(connection.sent[1:])) == body
        assert connection.end is not None
        assert connection.end.outcome == "returned"
    assert b"".join(bodies(only(trace, path="/echo").received)) == BODY
    assert bodies(only(trace, path="/stream").sent) == LINES
    if seen.texts:
        conversation = only(trace, type="websocket", path="/talk")
        assert [m["text"] for m in conversation.received if m["type"] == "websocket.receive"] == TEXTS
        assert [m["text"] for m in conversation.sent if m["type"] == "websocket.send"] == seen.texts == TEXTS
    kinds = ["http"] * 3 + ["websocket"] * bool(seen.texts) + ["lifespan"] * bool(lifespan)
    assert sorted(connection.scope["type"] for connection in trace) == sorted(kinds)
    if lifespan:
        connection = only(trace, type="lifespan")
        assert connection.end is not None
        assert connection.end.outcome == lifespan
        if lifespan == "returned":
            assert connection.types[0] == ["lifespan.startup", "lifespan.shutdown"]
            assert connection.types[1] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_middleware_round_an_application_changes_nothing_and_misses_nothing(name: str, tmp_path: Path) -> None:
    make, websocket = FRAMEWORKS[name], name not in NO_WEBSOCKET
    plain = visit(make(), websocket=websocket)
    seen = visit(InspectMiddleware(make(), out=tmp_path / "trace.jsonl"), websocket=websocket)
    assert seen == plain
    lifespan = "raised" if name in LIFESPAN_RAISES else "returned"
    assert_traced(tmp_path / "trace.jsonl", seen, lifespan=lifespan)


@pytest.mark.parametrize("make", [starlette, fastapi])
def test_added_with_add_middleware(make: Any, tmp_path: Path) -> None:
    app = make()
    app.add_middleware(InspectMiddleware, out=tmp_path / "trace.jsonl")
    seen = visit(app, websocket=True)
    assert seen == visit(make(), websocket=True)
    assert_traced(tmp_path / "trace.jsonl", seen, lifespan="returned")


@pytest.mark.parametrize("make", [starlette, fastapi])
def test_given_as_middleware_to_the_constructor(make: Any, tmp_path: Path) -> None:
    from starlette.middleware import Middleware

    seen = visit(make(middleware=[Middleware(InspectMiddleware, out=tmp_path / "trace.jsonl")]), websocket=True)
    assert seen == visit(make(), websocket=True)
    assert_traced(tmp_path / "trace.jsonl", seen, lifespan="returned")


def test_round_quarts_asgi_app(tmp_path: Path) -> None:
    app = quart()
    app.asgi_app = InspectMiddleware(app.asgi_app, out=tmp_path / "trace.jsonl")
    seen = visit(app, websocket=True)
    assert seen == visit(quart(), websocket=True)
    assert_traced(tmp_path / "trace.jsonl", seen, lifespan="returned")


def test_as_a_middleware_of_litestar_which_has_no_lifespan_there(tmp_path: Path) -> None:
    from litestar.middleware import DefineMiddleware

    untyped: Any = InspectMiddleware  # Litestar's types have a TypedDict where ours have any mapping
    app = litestar(middleware=[DefineMiddleware(untyped, out=tmp_path / "trace.jsonl")])
    seen = visit(app, websocket=True)
    assert seen == visit(litestar(), websocket=True)
    assert_traced(tmp_path / "trace.jsonl", seen, lifespan=None)


def test_the_frameworks_say_hello() -> None:
    """What is compared above is an answer, not twice the same error."""
    for name, make in FRAMEWORKS.items():
        status, _, body = visit(make(), websocket=False).answers["/hello"]
        assert (name, status, httpx.Response(200, content=body).json()) == (name, 200, GREETING)
