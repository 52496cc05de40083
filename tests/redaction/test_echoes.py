"""What was withheld in what the application received is withheld where it says it again."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field

from asgi_inspect.convert import encode
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.redaction.connection import ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from tests.serving import PATIENCE, serving

LEAF = 's3cr3t "leaf" é<'


def answered(body: bytes, content_type: bytes = b"application/json", request: Any = None) -> str:
    """What is kept of an answer to a request that had the secret."""
    redaction = ConnectionRedaction(Redaction(Names(), b"key of the tests"))
    redaction.scope(encode({"type": "http", "path": "/", "headers": [(b"content-type", b"application/json")]}))
    asked = json.dumps(request or {"password": LEAF}).encode()
    redaction.receive(encode({"type": "http.request", "body": asked}))
    redaction.send(encode({"type": "http.response.start", "status": 422, "headers": [(b"content-type", content_type)]}))
    return json.dumps(redaction.send(encode({"type": "http.response.body", "body": body})))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"input": LEAF, "kept": 1}).encode(),
        json.dumps({"input": LEAF, "kept": 1}, ensure_ascii=False).encode(),
        f"kept <p>{LEAF}</p>".encode(),
        b"kept <input value='s3cr3t &quot;leaf&quot; \xc3\xa9&lt;'>",
        json.dumps({"password": LEAF, "x": LEAF, "kept": 1}).encode(),
        LEAF.encode() + b"kept" + LEAF.encode(),
    ],
)
@pytest.mark.parametrize("content_type", [b"application/json", b"text/html", b"text/plain"])
def test_it_is_gone_in_the_answer(body: bytes, content_type: bytes) -> None:
    kept = answered(body, content_type)
    assert "s3cr3t" not in kept
    assert "leaf" not in kept
    assert "kept" in kept


def test_what_is_short_is_no_echo() -> None:
    assert "$redacted" not in answered(b"abc is in many words", b"text/plain", {"password": "abc"})


def test_the_answer_of_a_validator(tmp_path: Path) -> None:
    class Login(BaseModel):
        name: str
        password: str = Field(min_length=20)

    app = FastAPI()

    @app.post("/login")
    def login(data: Login) -> str:
        return data.name

    out = tmp_path / "trace.jsonl"
    with serving(InspectMiddleware(app, out=out), log_level="critical") as port:
        for body in ({"name": "Ada", "password": "s3cr3t-leaf"}, {"password": "s3cr3t-leaf-that-is-long-enough"}):
            answer = httpx.post(f"http://127.0.0.1:{port}/login", json=body, timeout=PATIENCE)
            assert answer.status_code == 422
            assert body["password"] in answer.text
    assert "s3cr3t" not in out.read_text()
    assert "Field required" in out.read_text()
