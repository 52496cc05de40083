"""Under a real server, with a real client: no secret that passes is in the trace, on the screen, or in what a callable gets."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from asgi_inspect import connections
from asgi_inspect.capture.queue import QueueSink
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import ReceiveRecord, SendRecord
from asgi_inspect.values import Parts, Redacted
from tests.capture.sinking import until
from tests.serving import PATIENCE, serving

SECRET = "s3cr3t-leaf-0123456789"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Takes all in and says all again, as applications do that are asked to."""
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"]})
        await send({"type": "websocket.close", "code": 1000, "reason": f"token={SECRET}"})
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [
        (b"content-type", b"application/json"),
        (b"set-cookie", b"sid=" + SECRET.encode() + b"; Path=/; HttpOnly"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    answer = json.dumps({"user": "Ada Lovelace", "access_token": SECRET, "size": len(body)}).encode()
    for at in range(0, len(answer), 7):
        await send({"type": "http.response.body", "body": answer[at : at + 7], "more_body": True})
    await send({"type": "http.response.body"})
    if scope["path"] == "/raises":
        raise ValueError(f"nobody knows {SECRET}")


def _ask(port: int, path: str = "/", **options: Any) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        answer = client.post(path, **options)
        assert answer.json()["access_token"] == SECRET  # the client gets all of it, of course


REQUESTS: dict[str, dict[str, Any]] = {
    "json": {"json": {"user": "Ada Lovelace", "password": SECRET}},
    "form": {"data": {"user": "Ada Lovelace", "password": SECRET}},
    "multipart": {"data": {"password": SECRET}, "files": {"photo": ("a.png", b"\x89PNG", "image/png")}},
    "headers": {"headers": {"authorization": f"Bearer {SECRET}", "x-api-key": SECRET, "cookie": f"sid={SECRET}"}},
    "query": {"params": {"token": SECRET, "page": "2"}},
    "chunks": {"content": iter([b'{"user": "Ada Lovelace", "pass', b'word": "s3cr3t-', b'leaf-0123456789", "n": 1}'])},
    "no type": {"content": f'{{"password": "{SECRET}"}}'.encode()},
    "raises": {"path": "/raises", "headers": {"authorization": f"Basic {SECRET}"}},
}


@pytest.mark.parametrize("limit", [None, 40], ids=["whole", "truncated"])
def test_no_secret_is_in_the_file(limit: int | None, tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    with serving(InspectMiddleware(app, out=out, body_limit=limit), log_level="critical") as port:
        for options in REQUESTS.values():
            options = {**options}
            if not isinstance(options.get("content", b""), bytes):
                options["content"] = iter(
                    [b'{"user": "Ada Lovelace", "pass', b'word": "s3cr3t-', b'leaf-0123456789", "n": 1}']
                )
            _ask(port, options.pop("path", "/"), **options)
        with connect(f"ws://127.0.0.1:{port}/?access_token={SECRET}", subprotocols=["bearer", SECRET]) as websocket:  # type: ignore[list-item]
            websocket.send(json.dumps({"type": "login", "token": SECRET}))
            assert json.loads(websocket.recv())["token"] == SECRET
    until(lambda: len(list(connections(out))) >= len(REQUESTS) + 1)
    data = out.read_bytes()
    for begin in range(len(SECRET) - 5):
        assert SECRET[begin : begin + 6].encode() not in data
    assert data.count(b"Ada Lovelace") >= 2  # and what is no secret is there
    assert b"$redacted" in data


def test_the_same_secret_has_the_same_fingerprint_wherever_it_stood(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    with serving(InspectMiddleware(app, out=out), log_level="critical") as port:
        _ask(port, params={"token": SECRET}, headers={"authorization": f"Bearer {SECRET}"}, json={"password": SECRET})
    (connection,) = [one for one in connections(out) if one.type == "http"]
    headers = dict(connection.scope["headers"])
    marks = [headers[b"authorization"].parts[1], connection.scope["query_string"].parts[1]]
    messages = [record.message for record in connection.events if isinstance(record, ReceiveRecord | SendRecord)]
    bodies = [message.get("body") for message in messages]
    marks += [part for body in bodies if isinstance(body, Parts) for part in body.parts if isinstance(part, Redacted)]
    assert {mark.fingerprint for mark in marks if mark.fingerprint} == {marks[0].fingerprint}
    assert len([mark for mark in marks if mark.fingerprint]) == 4
    assert marks[0].size == len(SECRET)


@pytest.mark.parametrize("format", ["pretty", "compact", "jsonl"])
def test_no_secret_is_on_the_screen(format: str, capfd: pytest.CaptureFixture[str]) -> None:
    middleware = InspectMiddleware(
        app, format=format, color="never", utc=True
    )  # a terminal that no other test has opened
    with serving(middleware, log_level="critical") as port:
        _ask(port, "/raises", params={"token": SECRET}, headers={"cookie": f"a={SECRET}"}, json={"password": SECRET})
    sink = middleware._sink
    assert isinstance(sink, QueueSink)
    until(lambda: not sink._lines and not sink._taken)
    shown = capfd.readouterr().err  # once only: what is written while it is read and emptied would be lost
    assert "raised" in shown
    assert SECRET not in shown.partition("Traceback")[0]
    assert "redacted" in shown


def test_a_callable_gets_no_secret_either(tmp_path: Path) -> None:
    records: list[Any] = []
    with serving(InspectMiddleware(app, out=records.append), log_level="critical") as port:
        _ask(port, json={"password": SECRET})
        until(lambda: any(type(record).__name__ == "EndRecord" for record in records))
    assert SECRET not in repr(records)


def test_nothing_is_withheld_where_nobody_wants_it(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    with serving(InspectMiddleware(app, out=out, redact=None), log_level="critical") as port:
        _ask(port, headers={"authorization": f"Bearer {SECRET}"})
    assert f"Bearer {SECRET}" in out.read_text()
    assert "$redacted" not in out.read_text()


def test_of_two_layers_the_stricter_one_holds(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    inner = InspectMiddleware(app, redact=["user", "x-tenant"])
    with serving(InspectMiddleware(inner, out=out, redact=None), log_level="critical") as port:
        for _ in range(2):  # that one is inside is known since the lifespan
            _ask(port, json={"user": "ada-lovelace", "password": SECRET}, headers={"x-tenant": "acme-7"})
    trace = out.read_text()
    assert trace.count('"path":"/"') == 4
    assert "ada-lovelace" not in trace
    assert "acme-7" not in trace
    assert SECRET not in trace.replace("\\", "")
    assert {json.loads(line).get("layer", 0) for line in trace.splitlines()} == {0, 1}
