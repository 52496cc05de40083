"""The interpreter ends while connections are open: it ends as it does without us, whoever gets the records."""

import json
from pathlib import Path

import pytest

from tests.capture.sinking import output

OPEN = """
import types
from asgi_inspect.middleware import InspectMiddleware
from tests.stage import http_scope

@types.coroutine
def suspend():
    yield

async def receive():
    await suspend()

async def send(message):
    pass

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await receive()

out = {"terminal": None, "callable": lambda record: None}.get(sys.argv[1], sys.argv[1])
wrapped = InspectMiddleware(app, out=out)
calls = [wrapped(http_scope(path=f"/{number}"), receive, send) for number in range(3)]
for call in calls:
    call.send(None)
sys.modules["somebody who holds them"] = types.SimpleNamespace(calls=calls)
del calls, call
"""


@pytest.mark.parametrize("out", ["terminal", "-", "callable", "file"])
def test_connections_that_are_collected_with_it(out: str, tmp_path: Path) -> None:
    """Their coroutines are closed when no thread can run any more: to start one, as some Pythons do, would be to wait for ever."""
    trace = tmp_path / "trace.jsonl"
    _, said = output(OPEN, str(trace) if out == "file" else out)
    assert b"Traceback" not in said
    assert b"Exception ignored" not in said
    if out == "file":
        records = [json.loads(line) for line in trace.read_text().splitlines()]
        assert [record["outcome"] for record in records if record["record"] == "end"] == ["cancelled"] * 3
