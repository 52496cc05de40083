"""`asgi-inspect check`: what it asks, what it finds, what one may say it should ask, and its reports."""

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.cli._checking.child import LIFESPAN
from tests.cli.checking import Check, answering, asked, checking, found
from tests.cli.conftest import Run
from tests.launch.conftest import gone
from tests.launch.test_launch import until


@pytest.fixture
def check(run: Run, tmp_path: Path) -> Check:
    return checking(run, tmp_path)


# --- good applications -----------------------------------------------------------------------------------------------------


def test_a_good_application_is_asked_everything(check: Check) -> None:
    result = check("")
    assert (result.returncode, result.stderr) == (0, "")
    assert asked(result.stdout) == [
        "200 GET /",
        "200 HEAD /",
        "200 OPTIONS /",
        "200 GET /asgi-inspect/nothing-is-here",
        "200 GET / the client leaves before the body, send raises",
        "200 GET / the client leaves before the body, send does nothing",
        "200 POST / a slow body in pieces",
        "200 POST / the client leaves in its body",
        f"ok {LIFESPAN}",
    ]
    assert result.stdout.splitlines()[-1].startswith("── no findings · 9 connections")


EXAMPLES = {
    "hello": ["200 GET /", "200 POST / a slow body in pieces"],
    "fastapi_app": [
        "404 GET /teas/1",
        "500 GET /last-tin",
        "422 POST /orders a slow body in pieces",
        "101 WEBSOCKET /counter",
    ],
    "starlette_websocket": ["404 GET /", "101 WEBSOCKET /echo", "401 WEBSOCKET /private", "403 WEBSOCKET /closed"],
    "django_app": ["200 GET /", f"- {LIFESPAN} the application does not speak it"],
}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_is_clean(run: Run, name: str) -> None:
    # Django writes the names of headers in title case, which is a fault, and no example's.
    result = run("check", f"examples.{name}:app")
    assert result.returncode == 0, result.stdout + result.stderr
    listed = asked(result.stdout)
    for line in EXAMPLES[name]:
        assert any(one.startswith(line) for one in listed), (line, listed)
    assert "\n── no findings · " in result.stdout


ROUTES = {
    "starlette": [
        "200 GET /hello",
        "200 GET /stream the client leaves after 1 chunk, send raises",
        "101 WEBSOCKET /talk",
    ],
    "fastapi": ["200 GET /openapi.json", "200 GET /hello", "101 WEBSOCKET /talk"],
    "quart": ["200 GET /hello", "200 HEAD /hello", "101 WEBSOCKET /talk"],
    "litestar": ["200 GET /hello", "200 GET /schema/openapi.json", "101 WEBSOCKET /talk"],
    "django": ["404 GET /"],
}


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_frameworks_are_clean(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "main.py").write_text(f"from tests.apps.frameworks import {name}\napp = {name}()\n")
    result = run("check", "main:app", *(["--ignore", "H210"] if name == "django" else []))
    assert result.returncode == 0, result.stdout + result.stderr
    listed = asked(result.stdout)
    for line in ROUTES[name]:
        assert any(one.startswith(line) for one in listed), (line, listed)


def test_layers_and_factories_are_seen_through(run: Run, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "inner.py").write_text(
        "from asgi_inspect import InspectMiddleware\n"
        "from starlette.middleware.gzip import GZipMiddleware\n"
        "from tests.apps.frameworks import starlette\n"
        "def create():\n"
        "    return GZipMiddleware(InspectMiddleware(InspectMiddleware(starlette(), out='own.jsonl')))\n"
    )
    result = run("check", "inner:create", "--factory", "--app-dir", "src")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "200 GET /hello" in asked(result.stdout)
    assert (tmp_path / "own.jsonl").stat().st_size


# --- findings --------------------------------------------------------------------------------------------------------------

BAD = {
    "response-not-started": "pass",
    "response-not-finished": "await send(START)\nawait send(CHUNK)",
    "body-before-start": "await send(BODY)",
    "duplicate-start": "await send(START)\nawait send(START)\nawait send(BODY)",
    "raised-before-start": "raise ValueError('out of tea')",
    "raised-mid-response": "await send(START)\nawait send(CHUNK)\nraise ValueError('out of tea')",
    "base-exception-escaped": "sys.exit('enough')",
    "app-returned-value": "await good(scope, receive, send)\nreturn 1",
    "incomplete-upload-accepted": "while (await receive()).get('more_body'): ...\nawait good(scope, receive, send)",
    "body-shorter-than-content-length": "await send({**START, 'headers': [(b'content-length', b'9')]})\nawait send(BODY)",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_each_bad_habit_is_found(check: Check, name: str) -> None:
    result = check(answering(BAD[name]), "--format", "json")
    assert result.returncode == 1, result.stderr
    assert name in found(result)


def test_a_bad_websocket_is_found_where_the_table_or_the_user_names_it(check: Check) -> None:
    bad = answering(
        "if scope['type'] != 'websocket':\n    return await good(scope, receive, send)\nawait send({'type': 'websocket.accept'})"
    )
    assert check(bad).returncode == 0
    result = check(bad, "--websocket", "/talk", "--format", "json")
    assert result.returncode == 1
    assert found(result) == {"returned-while-open": ["WEBSOCKET /talk"]}
    with_table = (
        "from starlette.applications import Starlette\n"
        "from starlette.routing import WebSocketRoute\n"
        "async def talk(websocket):\n"
        "    await websocket.accept()\n"
        "app = Starlette(routes=[WebSocketRoute('/rooms/{name}', talk)])\n"
    )
    result = check(with_table, "--format", "json")
    assert list(found(result)) == ["returned-while-open"]


def test_the_level_and_the_rules_decide(check: Check, tmp_path: Path) -> None:
    raising = answering(BAD["raised-before-start"])
    assert check(raising).returncode == 1
    assert check(raising, "--level", "error").returncode == 0
    assert check(raising, "--select", "W").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect.lint]\nignore = ["H108"]\n')
    assert check(raising).returncode == 0


def test_what_was_found_can_be_looked_at(check: Check, run: Run) -> None:
    result = check(answering(BAD["body-before-start"]))
    assert result.returncode == 1
    command = next(line for line in result.stdout.splitlines() if "asgi-inspect show" in line)
    shown = run("show", "--conn", command.split()[-1])
    assert shown.returncode == 0
    assert "http.response.body" in shown.stdout


def test_a_program_is_told_where_the_trace_is_and_a_scanner_the_file_of_the_application(
    check: Check, run: Run, tmp_path: Path
) -> None:
    bad = answering(BAD["body-before-start"])
    tree = json.loads(check(bad, "--format", "json").stdout)
    (trace,) = tree["traces"]
    assert run("show", trace, "--conn", tree["findings"][0]["conn"]).returncode == 0
    assert json.loads(check("", "--format", "json").stdout)["traces"] == []
    for result in json.loads(check(bad, "--format", "sarif").stdout)["runs"][0]["results"]:
        (location,) = result["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "main.py"},
            "region": {"startLine": 1},
        }


def test_secrets_are_kept_out_of_the_trace(check: Check, tmp_path: Path) -> None:
    names = ("authorization", "x-teapot", "x-cup", "x-jug")
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect]\nredact = ["x-tea*", "x-cup"]\n')
    words = [word for name in names for word in ("--header", f"{name}: of {name}")]
    assert check(answering("await send(BODY)"), *words).returncode == 1
    [trace] = (tmp_path / "state").rglob("*.jsonl")
    assert [name for name in names if f"of {name}" in trace.read_text()] == ["x-jug"]


def test_nothing_is_kept_of_a_clean_one(check: Check, tmp_path: Path) -> None:
    assert check("").returncode == 0
    assert list((tmp_path / "state").rglob("*.jsonl")) == []


# --- options ---------------------------------------------------------------------------------------------------------------

TELLING = """
async def answer(scope, receive, send):
    got, more = [], scope["type"] == "http"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        got.append(message.get("body", b"").decode())
        more = message.get("more_body", False)
    told = {key: scope[key] for key in ("type", "method", "path") if key in scope}
    told |= {key: scope[key].decode() for key in ("query_string", "raw_path")}
    told |= {"headers": [[name.decode(), value.decode()] for name, value in scope["headers"]], "got": got}
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        told |= {"offered": scope["subprotocols"]}
        while (message := await receive())["type"] != "websocket.disconnect":
            told["said"] = message.get("text")
    else:
        await good(scope, receive, send)
    print(json.dumps(told))
"""


def told(result: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """What the application has printed of each connection."""
    return [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]


def test_paths_and_headers(check: Check) -> None:
    result = check(
        TELLING, "--path", "/a%20b?x=1", "--path", "/c", "--header", "Host: tea.example", "--header", "x-a: 1"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    first, second, *rest = told(result)
    assert (first["path"], first["raw_path"], first["query_string"]) == ("/a b", "/a%20b", "x=1")
    assert [["host", "tea.example"], ["x-a", "1"]] == [pair for pair in first["headers"] if pair[0] in ("host", "x-a")]
    assert second["path"] == "/c"
    assert {one["path"] for one in rest} == {"/a b", "/asgi-inspect/nothing-is-here"}
    assert {one["method"] for one in rest} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_methods(check: Check) -> None:
    asked_with = [one["method"] for one in told(check(TELLING, "--path", "/a", "--method", "delete"))]
    assert asked_with[:2] == ["GET", "DELETE"]


@pytest.mark.parametrize("method", [(), ("--method", "put")])
def test_data_is_sent_whole_and_in_pieces(check: Check, tmp_path: Path, method: tuple[str, ...]) -> None:
    (tmp_path / "data.json").write_text('{"name": "tea"}')
    result = check(TELLING, "--path", "/a", "--data", "@data.json", *method)
    wanted = method[1].upper() if method else "POST"
    whole, pieces = [one for one in told(result) if one["method"] == wanted][:2]
    assert whole["got"] == ['{"name": "tea"}']
    assert "".join(pieces["got"]) == '{"name": "tea"}'
    assert len(pieces["got"]) > 3
    for one in (whole, pieces):
        headers = dict(one["headers"])
        assert (headers["content-type"], headers["content-length"]) == ("application/json", "15")


def test_a_websocket_is_told_the_data(check: Check) -> None:
    result = check(TELLING, "--websocket", "/w", "--data", "hello", "--header", "sec-websocket-protocol: a, b")
    assert result.returncode == 0, result.stdout + result.stderr
    first, second = told(result)
    assert (first["type"], first["path"], first["offered"], first["said"]) == ("websocket", "/w", ["a", "b"], "hello")
    assert "said" not in second
    assert asked(result.stdout) == [
        "101 WEBSOCKET /w the client closes",
        "101 WEBSOCKET /w the client is lost",
        f"ok {LIFESPAN}",
    ]


def test_routes_that_take_a_post_get_none_unasked(check: Check) -> None:
    text = """
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route


async def act(request):
    print(json.dumps({"acted": request.method, "body": (await request.body()).decode()}))
    return Response()


app = Starlette(routes=[Route("/act", act, methods=["POST", "DELETE"]), Route("/", lambda request: Response())])
"""
    result = check(text)
    assert (result.returncode, told(result)) == (0, [])
    result = check(text, "--data", "now")
    assert {one["acted"] for one in told(result)} == {"DELETE", "POST"}


def test_the_state_of_the_lifespan_is_in_each_scope(check: Check) -> None:
    text = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        scope["state"]["shop"] = "open"
        return await lifespan(receive, send)
    assert scope["state"] == {"shop": "open"}
    scope["state"]["mine"] = True
    await good(scope, receive, send)
"""
    assert check(text).returncode == 0


# --- reports ---------------------------------------------------------------------------------------------------------------

PRINTING = answering(
    "print('{the application speaks}', flush=True)\nos.write(1, b'past python, too\\n')\n"
    "await (send(BODY) if scope['method'] == 'OPTIONS' else good(scope, receive, send))"
)


@pytest.mark.parametrize("format", ["json", "sarif", "junit", "github", "text"])
def test_what_the_application_prints_is_in_no_report(check: Check, format: str) -> None:
    result = check(PRINTING, "--format", format)
    assert result.returncode == 1
    assert "body-before-start" in result.stdout or "H103" in result.stdout
    assert "the application speaks" not in result.stdout
    assert "past python" not in result.stdout
    assert "{the application speaks}\npast python, too\n" in result.stderr
    if format in ("json", "sarif"):
        json.loads(result.stdout)
    elif format == "junit":
        ET.fromstring(result.stdout)


def test_troubles_are_in_every_report(check: Check, tmp_path: Path) -> None:
    text = answering("os._exit(7)")
    for format in ("json", "sarif", "junit", "github"):
        assert "The process of the application ended here" in check(text, "--format", format).stdout
    assert check(text, "-o", "report.txt").stdout == ""
    assert "ends-the-process" in (tmp_path / "report.txt").read_text()


def test_its_page_teaches(run: Run) -> None:
    result = run("check", "--help")
    assert result.returncode == 0
    for word in (
        "Usage: asgi-inspect check [OPTIONS] MODULE:APP",
        "--path PATH",
        "--timeout SECONDS",
        "Exit status: 0",
    ):
        assert word in result.stdout
    assert "  check " in run("--help").stdout.partition("Commands:")[2]


def test_what_the_application_has_started_ends_with_it(check: Check, tmp_path: Path) -> None:
    text = "import subprocess\nopen('pid', 'w').write(str(subprocess.Popen(['sleep', '1000']).pid))\n"
    assert check(text).returncode == 0
    pid = int((tmp_path / "pid").read_text())
    until(lambda: gone(pid))
