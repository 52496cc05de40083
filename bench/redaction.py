"""`make bench-redact`: what it costs to keep secrets out, in the process of the application.

Each way calls the same application with the same scope and messages, without a server; round after round, one way after the
other, so that what else happens on the machine hits all alike. A round's figure is CPU time divided by calls. Printed are
medians with the spread of what a way adds to the bare application, and of what redaction adds to capturing without it; for
bodies for each KiB of them.
"""

import argparse
import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgi_inspect import InspectMiddleware

_HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"connection", b"keep-alive"),
    (b"upgrade-insecure-requests", b"1"),
    (b"sec-fetch-dest", b"document"),
    (b"priority", b"u=0, i"),
]
_SECRET_HEADERS = [
    (b"authorization", b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"),
    (b"cookie", b"session=c2Vzc2lvbi1pZC1vZi1hLXVzZXI; theme=dark"),
]
_TEXT = (b"text/plain; charset=utf-8", b"Hello, world!")

App = Callable[[Any, Any, Any], Any]


def _json(size: int) -> tuple[bytes, bytes]:
    """A JSON body of about so many bytes, as APIs have it."""
    item = {
        "name": "Darjeeling",
        "price": 12.5,
        "in_stock": True,
        "tags": ["black", "loose"],
        "origin": {"country": "India"},
    }
    items = [{"id": number, **item} for number in range(max(1, size // len(json.dumps(item))))]
    return b"application/json", json.dumps({"items": items, "total": len(items)}).encode()


def _app(answer: tuple[bytes, bytes]) -> App:
    content_type, body = answer
    length = str(len(body)).encode()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [(b"content-type", content_type), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _noop(app: App) -> App:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def inner_receive() -> Any:
            return await receive()

        async def inner_send(message: Any) -> None:
            await send(message)

        await app(scope, inner_receive, inner_send)

    return wrapped


def _scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000), "scheme": "http", "root_path": "", "headers": headers, "state": {}, "method": "GET",
        "path": "/items/7", "raw_path": b"/items/7", "query_string": b"page=2",
    }  # fmt: skip


async def _receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None:
    pass


async def _round(app: App, headers: list[tuple[bytes, bytes]], calls: int) -> float:
    """Microseconds of CPU a call."""
    scopes = [_scope(headers) for _ in range(calls)]
    began = time.process_time_ns()
    for scope in scopes:
        await app(scope, _receive, _send)
    return (time.process_time_ns() - began) / calls / 1000


def _ways(answer: tuple[bytes, bytes], folder: Path) -> dict[str, App]:
    app = _app(answer)
    return {
        "bare": app,
        "no-op wrapper": _noop(app),
        "to a file, nothing withheld": InspectMiddleware(app, out=folder / "all.jsonl", redact=None, body_limit=None),
        "to a file": InspectMiddleware(app, out=folder / "redacted.jsonl", body_limit=None),
    }


def _measured(
    answer: tuple[bytes, bytes], headers: list[tuple[bytes, bytes]], rounds: int, calls: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(answer, Path(folder))

        async def run() -> None:
            for number in range(rounds + 1):
                for name, app in ways.items():
                    taken = await _round(app, headers, calls)
                    if number:  # the first one is for warming up
                        found.setdefault(name, []).append(taken)

        asyncio.run(run())
    return found


def _line(name: str, figures: list[float], unit: str) -> str:
    return f"  {name:44} {statistics.median(figures):8.2f} [{min(figures):.2f}, {max(figures):.2f}] {unit}"


def _tell(title: str, answer: tuple[bytes, bytes], headers: list[tuple[bytes, bytes]], rounds: int, calls: int) -> None:
    found = _measured(answer, headers, rounds, calls)
    bare, kept, redacted = found["bare"], found["to a file, nothing withheld"], found["to a file"]
    print(f"\n{title}")
    for name, figures in found.items():
        if name != "bare":
            print(_line(f"{name}, added", [one - other for one, other in zip(figures, bare, strict=True)], "µs a call"))
    more = [one - other for one, other in zip(redacted, kept, strict=True)]
    print(_line("redaction alone, added", more, "µs a call"))
    size = len(answer[1]) / 1024
    if size > 1:
        print(_line("", [one / size for one in more], "µs a KiB of body"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-redact", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--calls", type=int, default=1000, help="calls of the application in each round, of small bodies"
    )
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}; medians of {options.rounds} rounds [least, most]")
    small = options.rounds, options.calls
    large = options.rounds, max(1, options.calls // 20)
    _tell("hello, 9 headers, nothing secret", _TEXT, _HEADERS, *small)
    _tell("hello, with a bearer token and two cookies", _TEXT, _HEADERS + _SECRET_HEADERS, *small)
    _tell("JSON of 1 KiB", _json(1024), _HEADERS, *small)
    _tell("JSON of 64 KiB", _json(65_536), _HEADERS, *large)
    kind, body = _json(65_536)
    _tell("JSON of 64 KiB, a secret in each object", (kind, body.replace(b'"origin"', b'"token"')), _HEADERS, *large)


if __name__ == "__main__":
    main()
