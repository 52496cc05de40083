"""One connection as records, added call by call, and the scopes and messages that conversations are made of."""

from typing import Any, Final

from msgspec import UNSET

from asgi_inspect.trace.records import (
    EndRecord,
    Outcome,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)

PROC: Final = "k3f9a0b2c1d4"
AT: Final = "2026-11-23T13:03:22.184500Z"
JSON: Final = [b"content-type", b"application/json"]
TEXT: Final = [b"content-type", b"text/plain; charset=utf-8"]
LIBRARY: Final = "/venv/lib/python3.11/site-packages/"
APP: Final = "/srv/shop/main.py"


class Talk:
    """One connection: each call adds a record with the next number."""

    def __init__(self, number: int, scope: Any, *, proc: str = PROC, **more: Any) -> None:
        self.conn = f"{proc}.{number}"
        self.records: list[Record] = [ScopeRecord(conn=self.conn, at=AT, scope=scope, **more)]
        self._n = 0

    def _next(self) -> int:
        self._n += 1
        return self._n

    def layer(self, layer: int, name: str, scope: Any, inside: int = 0) -> None:
        self.records.append(ScopeRecord(conn=self.conn, layer=layer, at=AT, scope=scope, name=name, inside=inside))

    def receive(self, t_us: int, message: Any = UNSET, *, wait_us: int = 5, **more: Any) -> int:
        n = self._next()
        self.records.append(ReceiveRecord(conn=self.conn, n=n, t_us=t_us, wait_us=wait_us, message=message, **more))
        return n

    def send(self, t_us: int, message: Any = UNSET, **more: Any) -> int:
        n = self._next()
        self.records.append(SendRecord(conn=self.conn, n=n, t_us=t_us, message=message, **more))
        return n

    def sent(self, t_us: int, of: int, took_us: int, **more: Any) -> None:
        self.records.append(SentRecord(conn=self.conn, n=self._next(), of=of, t_us=t_us, took_us=took_us, **more))

    def pending(self, **fields: Any) -> None:
        self.records.append(PendingRecord(conn=self.conn, n=self._next(), **fields))

    def end(self, t_us: int, outcome: Outcome = "returned", **more: Any) -> list[Record]:
        self.records.append(EndRecord(conn=self.conn, n=self._next(), t_us=t_us, outcome=outcome, **more))
        return self.records


def http_scope(
    path: str = "/", method: str = "GET", query: bytes = b"", headers: Any = (), **more: Any
) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ["127.0.0.1", 8000],
        "client": ["127.0.0.1", 52798],
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "headers": [[b"host", b"127.0.0.1:8000"], [b"user-agent", b"curl/8.5.0"], *headers],
        "state": {},
        **more,
    }


def websocket_scope(path: str) -> dict[str, Any]:
    scope = http_scope(path, type="websocket", scheme="ws", subprotocols=["chat.v1"])
    del scope["method"]
    return scope


def request(body: bytes = b"", more_body: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more_body}


def start(status: int = 200, *headers: list[bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: Any = b"", more_body: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more_body}


def process(pid: int = 4711, proc: str = PROC, why: str = "start") -> ProcessRecord:
    return ProcessRecord(
        v=1,
        proc=proc,
        at=AT,
        pid=pid,
        parent_pid=1,
        host="box",
        argv=["asgi-inspect", "main:app"],
        python="CPython 3.11.9",
        asgi_inspect="0.1.0",
        server="uvicorn 0.54.0",
        app="main:app",
        why=why,
    )
