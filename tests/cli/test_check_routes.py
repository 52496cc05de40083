"""What a check asks of an application that tells what it has: route tables, OpenAPI pages, and values for their gaps."""

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from asgi_inspect.cli._checking.routes import Target, fill, merged, operations, page_of, table_of
from asgi_inspect.cli._checking.samples import PLAIN, matching, sample_of


async def answer(request: Request) -> Response:
    return Response()


async def talk(websocket: WebSocket) -> None: ...


class Level(Convertor[str]):
    """One of three words, as a user's own converter."""

    regex = "low|high|en"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("level", Level())


def targets(app: Any) -> list[str]:
    """`GET /a` for each method of each route that was found."""
    found = table_of(app)
    assert found is not None
    return [
        f"{method} {target.target}"
        for target in found
        for method in (["WEBSOCKET"] if target.websocket else sorted(target.methods))
    ]


def test_a_table_of_starlette() -> None:
    app = Starlette(
        routes=[
            Route("/", answer),
            Route("/items/{n:int}/{u:uuid}/{x:float}/{name}/{rest:path}", answer, methods=["GET"]),
            Route("/{level:level}", answer, methods=["POST"]),
            Mount(
                "/in/{part}",
                routes=[Route("/deep/{n:int}", answer, methods=["GET"]), WebSocketRoute("/talk/{room}", talk)],
            ),
            Mount("/static", StaticFiles(directory=".")),
            Host("tea.example", Router([Route("/hidden", answer)])),
        ]
    )
    assert targets(app) == [
        "GET /",
        "HEAD /",
        "GET /items/1/00000000-0000-4000-8000-000000000001/1/1/1",
        "HEAD /items/1/00000000-0000-4000-8000-000000000001/1/1/1",
        "POST /en",
        "GET /in/1/deep/1",
        "HEAD /in/1/deep/1",
        "WEBSOCKET /in/1/talk/1",
        "GET /static/",
    ]
    assert targets(GZipMiddleware(GZipMiddleware(app))) == targets(app)


def test_what_fastapi_includes_and_adds() -> None:
    from fastapi import APIRouter, FastAPI

    app, router = FastAPI(), APIRouter(prefix="/teas")

    @router.get("/{number}")
    async def tea(number: int, level: str) -> None: ...

    @router.websocket("/talk")
    async def talk_to(websocket: WebSocket) -> None: ...

    app.include_router(router, prefix="/v1")
    table = table_of(app)
    assert table is not None
    assert ("/v1/teas/{number}", "/v1/teas/1") in [(target.template, target.target) for target in table]
    assert [target.target for target in table if target.websocket] == ["/v1/teas/talk"]
    assert next(target.target for target in table if not target.own) == "/openapi.json"
    assert page_of(app) == "/openapi.json"
    found = merged(table, operations(app.openapi()))
    assert "/v1/teas/1?level=1" in [target.target for target in found]
    assert len([target for target in found if target.template == "/v1/teas/{number}"]) == 1


def test_a_table_of_quart() -> None:
    from quart import Quart

    app = Quart(__name__, static_folder=None)
    app.get("/teas/<int:number>/<name>")(lambda number, name: "")
    app.websocket("/talk/<room>", endpoint="talk")(lambda room: None)
    assert [(target.template, target.target, target.websocket) for target in table_of(app) or ()] == [
        ("/teas/{number}/{name}", "/teas/1/1", False),
        ("/talk/{room}", "/talk/1", True),
    ]


class Odd:
    """What has all the names, and nothing of what stands there is right."""

    path_format = "/odd/{x}"
    methods = 7
    param_convertors = "none"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize("app", [None, 3, lambda *args: None, type("App", (), {"routes": 3})(), type("App", (), {})])
def test_what_has_no_table(app: Any) -> None:
    assert table_of(app) is None
    assert page_of(app) is None


def test_an_odd_route_is_left_out() -> None:
    app = type("App", (), {})()
    app.routes = [Odd(), None, 3, Route("/good", answer, methods=["POST"])]
    assert [target.target for target in table_of(app) or ()] == ["/good"]
    app.routes = [Mount("/a", routes=[])]
    app.routes[0].app = Router(app.routes)  # a table that is inside of itself
    assert table_of(app) is not None


PAGE: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/teas/{id}/{kind}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}],
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/kind"},
                    {"name": "grams", "in": "query", "required": True, "schema": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 5}]}},
                    {"name": "note", "in": "query", "schema": {"type": "string"}},
                    {"name": "X-Shop", "in": "header", "required": True, "schema": {"const": "täglich"}},
                ]
            },
            "post": {"requestBody": {"required": True, "content": {"application/json": {}}}},
            "summary": "teas",
        },
        "/form": {"post": {"requestBody": {"required": True, "content": {"multipart/form-data": {}}}}},
    },
    "components": {"parameters": {"kind": {"name": "kind", "in": "path", "schema": {"enum": ["green tea", "black"]}}}},
}  # fmt: skip


def test_an_openapi_page() -> None:
    get, post, form = operations(PAGE)
    assert get.target == "/teas/00000000-0000-4000-8000-000000000001/green%20tea?grams=5"
    assert (get.methods, get.headers) == (frozenset({"GET"}), ((b"x-shop", "täglich".encode()),))
    assert (post.methods, post.needs_json) == (frozenset({"POST"}), True)
    assert not form.needs_json


@pytest.mark.parametrize("page", [None, [], "x", {}, {"paths": {"/": {"get": {}}}}, {"openapi": "3", "paths": [1]}])
def test_what_is_no_openapi_page(page: Any) -> None:
    assert operations(page) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["#/paths", "path", "get", "/{a}"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["get", "parameters", "name", "in", "schema", "$ref", "anyOf", "examples", "enum", "type", "minimum", "pattern", "required", "content", "requestBody", "/{a}"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(ANYTHING)
def test_whatever_stands_in_a_page_raises_nothing(anything: Any) -> None:
    for target in operations({"openapi": "3", "paths": {"/{a}": anything, "/b": {"get": anything}}}):
        assert target.target.startswith("/")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ({"schema": {"type": "integer"}}, "1"),
        ({"schema": {"type": "integer", "exclusiveMinimum": 3}}, "4"),
        ({"schema": {"type": "integer", "maximum": -2}}, "-2"),
        ({"schema": {"type": "number"}}, "1.5"),
        ({"schema": {"type": "boolean"}}, "true"),
        ({"schema": {"type": "string"}}, PLAIN),
        ({"schema": {"type": "string", "minLength": 3}}, "111"),
        ({"schema": {"type": "string", "pattern": "^[a-z]{3}$"}}, "abc"),
        ({"schema": {"type": "string", "format": "date"}}, "2024-01-31"),
        ({"schema": {"default": False}}, "false"),
        ({"schema": {"type": "array", "default": [1, 2]}}, "1,2"),
        ({"example": "sencha", "schema": {"enum": ["assam"]}}, "sencha"),
        ({"examples": {"one": {"value": 7}}}, "7"),
        ({"schema": {"examples": ["first", "second"]}}, "first"),
        ({"schema": {"$ref": "#/nowhere"}}, PLAIN),
        ({"schema": {"$ref": "#/loop"}}, PLAIN),
        ({"schema": {"oneOf": [{"type": "null"}, {"$ref": "#/kind"}]}}, "green"),
        ({"type": "integer"}, "1"),
    ],
)
def test_samples(parameter: dict[str, Any], value: str) -> None:
    page = {"loop": {"$ref": "#/loop"}, "kind": {"enum": ["green"]}}
    assert sample_of(parameter, page) == value


@pytest.mark.parametrize(
    "pattern", ["[0-9]+", "[^/]+", ".*", r"[0-9]+(\.[0-9]+)?", "[a-z]{2}", Level.regex, str(UUID(int=7))]
)
def test_a_value_for_a_pattern(pattern: str) -> None:
    value = matching(pattern)
    assert re.fullmatch(pattern, value) or value == PLAIN


def test_gaps_are_filled() -> None:
    assert fill("/a/{b}/{c:int}/{d}", {"b": "x y/z"}) == "/a/x%20y/z/1/1"
    assert fill("/plain", {}) == "/plain"
    assert merged([], []) == []
    assert merged([Target("/a", "/a")], [Target("/a", "/a?b=1"), Target("/c", "/c")])[0].target == "/a?b=1"
