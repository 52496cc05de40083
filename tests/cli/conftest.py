"""The command in a process of its own, and traces to show."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import EndRecord, ProcessRecord, Record, ScopeRecord, SendRecord
from tests.serving import ROOT
from tests.trace.served import COMMANDS, capture

Run = Callable[..., "subprocess.CompletedProcess[str]"]
AT = "2026-01-02T03:04:05.000000Z"


def conversation(proc: str, number: int, path: str = "/") -> list[Record]:
    """One request and its answer."""
    conn = f"{proc}.{number}"
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    return [
        ScopeRecord(conn=conn, at=AT, scope=scope),
        SendRecord(conn=conn, n=1, t_us=10, message={"type": "http.response.start", "status": 200, "headers": []}),
        SendRecord(conn=conn, n=2, t_us=20, message={"type": "http.response.body", "body": f"body of {path}".encode()}),
        EndRecord(conn=conn, n=3, t_us=30, outcome="returned"),
    ]


def process(proc: str, pid: int) -> ProcessRecord:
    """The first record of a process."""
    return ProcessRecord(v=1, proc=proc, at=AT, pid=pid, parent_pid=1, host="h", argv=[], python="3", asgi_inspect="0")


def lines(*records: Record) -> bytes:
    """Records as they stand in a trace."""
    return b"".join(encode_record(record) + b"\n" for record in records)


TRACE = lines(process("aaaa", 4711), *conversation("aaaa", 1, "/one"), *conversation("aaaa", 17, "/seventeen"))
OTHER = lines(process("bbbb", 4712), *conversation("bbbb", 1, "/other"))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "100"}


@pytest.fixture
def run(tmp_path: Path, environ: dict[str, str]) -> Run:
    """Run `asgi-inspect …` to its end, in a directory with two traces."""
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    (tmp_path / "other.jsonl").write_bytes(OTHER)

    def run_command(*words: str, given: bytes = b"", **more: str) -> "subprocess.CompletedProcess[str]":
        result = subprocess.run(
            [sys.executable, "-m", "asgi_inspect", *words],
            cwd=tmp_path,
            env={**environ, **more},
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(words, result.returncode, result.stdout.decode(), result.stderr.decode())

    return run_command


@pytest.fixture(scope="session", params=sorted(COMMANDS))
def captured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a real server that was asked everything; see `tests.trace.served`."""
    return capture(request.param, tmp_path_factory.mktemp(request.param))
