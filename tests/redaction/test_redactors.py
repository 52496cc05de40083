"""A redactor of the user's: asked on the event loop, it may raise or take long without harm."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import parse_redact
from tests.serving import PATIENCE, serving


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": message["body"]})


def traced(out: Path, redact: Any, times: int = 1) -> list[dict[str, Any]]:
    body = {"iban": "DE02120300000000202051", "password": "s3cr3t-leaf", "page": "seven"}
    with serving(InspectMiddleware(app, out=out, redact=redact), log_level="critical") as port:
        for _ in range(times):
            answer = httpx.post(f"http://127.0.0.1:{port}/?q=word", json=body, timeout=PATIENCE)
            assert answer.json() == body
    return [json.loads(line) for line in out.read_text().splitlines()]


def messages(trace: list[dict[str, Any]]) -> str:
    return json.dumps([record["message"] for record in trace if "message" in record])


def test_it_decides_by_place_and_name(tmp_path: Path) -> None:
    asked: set[tuple[str, str]] = set()

    def redactor(place: str, name: str) -> bool | None:
        asked.add((place, name))
        return {"iban": True, "password": False}.get(name)

    trace = traced(tmp_path / "t.jsonl", redactor)
    assert "DE02" not in messages(trace)
    assert "s3cr3t-leaf" in messages(trace)
    assert {("json", "iban"), ("json", "page"), ("query", "q"), ("header", "host")} <= asked
    assert trace[0]["options"]["redact"]["redactor"].endswith("redactor")


def test_one_that_raises_withholds_what_it_was_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(place: str, name: str) -> bool:
        raise RuntimeError(name)

    trace = traced(tmp_path / "t.jsonl", broken, times=3)
    assert "seven" not in messages(trace)
    assert sum(record["record"] == "end" for record in trace if record.get("conn")) >= 3
    said = [line for line in capfd.readouterr().err.splitlines() if "broken raised RuntimeError" in line]
    assert len(said) == 1


def test_one_that_is_slow_is_named_once_and_switched_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def slow(place: str, name: str) -> bool:
        end = time.perf_counter() + 0.02
        while time.perf_counter() < end:
            pass
        return False

    trace = traced(tmp_path / "t.jsonl", slow, times=3)
    assert "seven" not in messages(trace)
    assert "redactor off" in messages(trace)
    said = [line for line in capfd.readouterr().err.splitlines() if "asgi-inspect" in line]
    assert len(said) == 1
    assert "slow took over 10 ms and is switched off" in said[0]


def _redactor(place: str, name: str) -> bool:
    return True


class Redactor:
    def __call__(self, place: str, name: str) -> bool:
        return True


async def _async(place: str, name: str) -> bool:
    return True


@pytest.mark.parametrize(
    "given", ["a", "a, b", b"a", ["a", "b"], ("a",), {"a"}, _redactor, Redactor(), ["a", _redactor], True]
)
def test_what_redact_takes(given: Any) -> None:
    assert parse_redact("redact", given) is not None


@pytest.mark.parametrize("given", [None, "none", "NONE", "off", "0", False])
def test_what_withholds_nothing(given: Any) -> None:
    assert parse_redact("redact", given) is None


def _of_one(name: str) -> bool:
    return True


@pytest.mark.parametrize("given", ["", "a,,b", [""], 7, [7], _async, [_redactor, _redactor], {"a": 1, 2: 3}, _of_one])
def test_what_redact_does_not_take(given: Any) -> None:
    with pytest.raises(UsageError, match="redact takes"):
        parse_redact("redact", given)


def test_a_wrong_variable_is_said_and_secrets_are_withheld_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASGI_INSPECT_REDACT", "a,,b")
    make: Callable[..., Any] = InspectMiddleware
    middleware = make(app, out=tmp_path / "t.jsonl")
    assert middleware._options.redact is not None
    assert "ASGI_INSPECT_REDACT takes names" in capfd.readouterr().err
