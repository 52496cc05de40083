"""Exports in this process: of a trace's file, or of records that a test makes."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from asgi_inspect.export import Call, Options, exporter, takes
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.connection import proc_of
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.records import ReceiveRecord, Record, ScopeRecord, SendRecord
from asgi_inspect.trace.search import Traces

AT = "2026-11-22T09:30:00.000001Z"


def export(kind: str, file: Path, filter: str = "", **options: Any) -> str:
    """What is exported of a trace."""
    module = exporter(kind)
    with Traces([file]) as traces:
        found = (
            Call(connection, traces.processes.get(proc_of(connection.conn)))
            for connection in traces.connections(parse_filter(filter))
            if takes(module, connection)
        )
        return "".join(module.export(found, Options(**options)))


def entries(file: Path, filter: str = "") -> list[dict[str, Any]]:
    """The entries of a trace as HAR, in the order in which the connections began."""
    found: list[dict[str, Any]] = json.loads(export("har", file, filter))["log"]["entries"]
    return sorted(found, key=lambda entry: str(entry["startedDateTime"]))


def lines(kind: str, file: Path, filter: str = "") -> list[str]:
    """The lines of a trace as commands."""
    return export(kind, file, filter).splitlines()


def written(folder: Path, records: Iterable[Record]) -> Path:
    """A trace of these records."""
    file = folder / "made.jsonl"
    file.write_bytes(b"".join(encode_record(record) + b"\n" for record in records))
    return file


def asked(
    headers: Sequence[tuple[Any, Any]] = (),
    body: Any = b"",
    answer: Any = b"",
    conn: str = "p.1",
    host: bytes | None = b"127.0.0.1:8000",
    **scope: Any,
) -> Iterator[Record]:
    """One request and its answer, as a trace may hold them."""
    plain = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "server": ("127.0.0.1", 8000),
    }
    own = [] if host is None or any(name == b"host" for name, _ in headers) else [(b"host", host)]
    yield ScopeRecord(conn=conn, at=AT, scope={**plain, "headers": [*own, *headers], **scope})
    yield ReceiveRecord(conn=conn, n=1, t_us=5, wait_us=1, message={"type": "http.request", "body": body})
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    yield SendRecord(conn=conn, n=2, t_us=10, message=start)
    yield SendRecord(conn=conn, n=3, t_us=20, message={"type": "http.response.body", "body": answer})
