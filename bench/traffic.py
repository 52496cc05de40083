"""A large trace for benchmarks: what four workers of a shop's API would have written, the same each time.

Browsers and scripts ask for pages, lists, uploads and downloads; some streams and WebSocket conversations are among them, some
errors, and a few connections that stay open. Headers and bodies have the sizes that such traffic has: a record has about 400
bytes. Several connections are on their way at once, so their records are mixed as those of workers are.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson

NEEDLE: Final = "b1c0ffee-5eed-4a11-9f00-dcafe0000001"
"""A request id that stands in one connection of the whole trace."""

_START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_WORKERS: Final = 4
_AT_ONCE: Final = 12  # connections that are on their way
_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "python-httpx/0.28.1",
    "okhttp/4.12.0",
)
_ROUTES: Final = (
    # method, route, share
    ("GET", "/items/{item_id}", 30),
    ("GET", "/users/{user_id}/orders", 14),
    ("GET", "/api/v1/search", 14),
    ("POST", "/api/v1/orders", 12),
    ("PUT", "/users/{user_id}/basket", 8),
    ("GET", "/static/{name}", 10),
    ("GET", "/health", 8),
    ("GET", "/events", 1),
    ("WS", "/chat/{room}", 3),
)
_STATUSES: Final = ((200, 900), (201, 20), (304, 40), (404, 25), (422, 8), (500, 6), (503, 1))

Record = dict[str, Any]


class Traffic:
    """Makes the records; the same seed makes the same trace."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self._procs = [f"{self._random.getrandbits(48):012x}" for _ in range(_WORKERS)]
        self._counts = [0] * _WORKERS
        self._begun = 0

    def lines(self, records: int, needle_at: int) -> Iterator[bytes]:
        """So many lines, with their line breaks. needle_at: the number of the connection that bears `NEEDLE`."""
        for worker in range(_WORKERS):
            yield _line(self._process(worker))
        left = records - _WORKERS
        on_the_way = [self._connection(needle_at) for _ in range(_AT_ONCE)]
        while left > 0:
            slot = self._random.randrange(_AT_ONCE)
            for record in on_the_way[slot]:
                yield _line(record)
                left -= 1
                if left == 0 or self._random.random() < 0.02:
                    break
            else:
                on_the_way[slot] = self._connection(needle_at)

    def _process(self, worker: int) -> Record:
        return {
            "record": "process",
            "v": 1,
            "proc": self._procs[worker],
            "at": _time(0),
            "pid": 4711 + worker,
            "parent_pid": 4700,
            "host": "web-1",
            "argv": ["uvicorn", "shop.main:app", "--workers", "4"],
            "python": "3.13.1",
            "asgi_inspect": "0.4.0",
            "server": "uvicorn 0.54.0",
            "app": "shop.main:app",
        }

    def _connection(self, needle_at: int) -> Iterator[Record]:
        worker = self._begun % _WORKERS
        self._begun += 1
        self._counts[worker] += 1
        conn = f"{self._procs[worker]}.{self._counts[worker]}"
        number = self._begun
        method, route, _ = self._random.choices(_ROUTES, [share for *_, share in _ROUTES])[0]
        request_id = NEEDLE if number == needle_at else self._hex(32)
        path = self._filled(route)
        scope = self._scope(method, path, request_id)
        yield {"record": "scope", "conn": conn, "at": _time(number * 2500), "scope": scope}
        messages = self._chat(conn) if method == "WS" else self._exchange(conn, method, route, request_id)
        yield from messages

    def _scope(self, method: str, path: str, request_id: str) -> Record:
        websocket = method == "WS"
        query = f"q={self._hex(6)}&page={self._random.randint(1, 40)}&sort=price" if path.endswith("search") else ""
        headers = [
            ["host", "shop.example.org"],
            ["user-agent", self._random.choice(_AGENTS)],
            ["accept", "application/json, text/plain, */*"],
            ["accept-encoding", "gzip, deflate, br, zstd"],
            ["accept-language", "en-GB,en;q=0.9,de;q=0.7"],
            ["cookie", f"session={self._hex(48)}; theme=dark"],
            ["x-request-id", request_id],
            ["referer", f"https://shop.example.org{self._filled('/items/{id}')}"],
            ["connection", "upgrade" if websocket else "keep-alive"],
        ]
        return {
            "type": "websocket" if websocket else "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "server": ["10.0.0.5", 8000],
            "client": [
                f"10.0.{self._random.randint(0, 3)}.{self._random.randint(1, 250)}",
                self._random.randint(32768, 60999),
            ],
            "scheme": "ws" if websocket else "http",
            **({"subprotocols": []} if websocket else {"method": method}),
            "root_path": "",
            "path": path,
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "state": {},
            "extensions": {"websocket.http.response": {}} if websocket else {},
        }

    def _exchange(self, conn: str, method: str, route: str, request_id: str) -> Iterator[Record]:
        status = self._random.choices([code for code, _ in _STATUSES], [share for _, share in _STATUSES])[0]
        took = int(self._random.lognormvariate(9.2, 0.9))  # microseconds, 10 ms in the middle
        body = self._json(2) if method in ("POST", "PUT") else ""
        request = {"type": "http.request", "body": body, "more_body": False}
        yield {"record": "receive", "conn": conn, "n": 1, "t_us": took // 20, "wait_us": 4, "message": request}
        stream = route == "/events"
        answer = self._json(self._random.randint(1, 7)) if status != 304 else ""
        headers = [
            ["content-type", "text/event-stream; charset=utf-8" if stream else "application/json"],
            *([] if stream else [["content-length", str(len(answer))]]),
            ["cache-control", "no-store"],
            ["x-request-id", request_id],
        ]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        yield {"record": "send", "conn": conn, "n": 2, "t_us": took * 8 // 10, "message": start}
        n = 2
        for n in range(3, 23 if stream else 4):
            data = f"event: price\ndata: {self._json(1)}\n\n" if stream else answer
            message = {"type": "http.response.body", "body": data, "more_body": stream}
            yield {
                "record": "send",
                "conn": conn,
                "n": n,
                "t_us": took * 9 // 10 + 50_000 * (n - 3),
                "message": message,
            }
        if stream:
            n += 1
            last = {"type": "http.response.body", "body": "", "more_body": False}
            yield {"record": "send", "conn": conn, "n": n, "t_us": took + 50_000 * n, "message": last}
        end: Record = {"record": "end", "conn": conn, "n": n + 1, "t_us": took + (50_000 * (n + 1) if stream else 0)}
        if status == 500:
            frames = [{"file": "/srv/shop/orders.py", "line": 88, "function": "reserve"}]
            error = {"type": "KeyError", "bases": ["LookupError", "Exception"], "message": "'stock'", "frames": frames}
            yield {**end, "outcome": "raised", "error": error, "route": route}
        else:
            yield {**end, "outcome": "returned", "route": route, "endpoint": "shop.api.handler"}

    def _chat(self, conn: str) -> Iterator[Record]:
        t_us = 900
        connect = {"type": "websocket.connect"}
        yield {"record": "receive", "conn": conn, "n": 1, "t_us": t_us, "wait_us": 3, "message": connect}
        accept: Record = {"type": "websocket.accept", "subprotocol": None, "headers": []}
        yield {"record": "send", "conn": conn, "n": 2, "t_us": t_us + 400, "message": accept}
        n = 2
        for _ in range(self._random.randint(2, 12)):
            t_us += self._random.randint(20_000, 2_000_000)
            said = orjson.dumps({"from": self._hex(6), "text": self._hex(60)}).decode()
            received = {"type": "websocket.receive", "text": said, "bytes": None}
            yield {"record": "receive", "conn": conn, "n": n + 1, "t_us": t_us, "wait_us": 19_000, "message": received}
            sent = {"type": "websocket.send", "text": said}
            yield {"record": "send", "conn": conn, "n": n + 2, "t_us": t_us + 300, "message": sent}
            n += 2
        left = {"type": "websocket.disconnect", "code": self._random.choice([1000, 1001, 1001, 1006]), "reason": ""}
        yield {"record": "receive", "conn": conn, "n": n + 1, "t_us": t_us + 900, "wait_us": 500, "message": left}
        yield {
            "record": "end",
            "conn": conn,
            "n": n + 2,
            "t_us": t_us + 1000,
            "outcome": "returned",
            "route": "/chat/{room}",
        }

    def _filled(self, route: str) -> str:
        head, brace, rest = route.partition("{")
        if not brace:
            return route
        return f"{head}{self._random.randint(1, 99_999)}{rest.partition('}')[2]}"

    def _json(self, items: int) -> str:
        some = [
            {
                "id": self._random.randint(1, 99_999),
                "sku": self._hex(10),
                "price": self._random.randint(99, 99_999) / 100,
                "tags": ["new", "sale"],
            }
            for _ in range(items)
        ]
        return orjson.dumps({"items": some, "total": items}).decode()

    def _hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"


def _line(record: Record) -> bytes:
    return orjson.dumps(record) + b"\n"


def _time(microseconds: int) -> str:
    return (_START + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, records: int) -> None:
    """Write a trace of so many records; the one with the needle stands after three quarters of it."""
    connections = records // 6
    with path.open("wb", buffering=1 << 20) as file:
        file.writelines(Traffic().lines(records, needle_at=connections * 3 // 4))
