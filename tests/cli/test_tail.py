"""`asgi-inspect tail`: what comes is shown when it comes, through a filter, and through rotation of the file."""

import json
import sys
from pathlib import Path

import httpx

from tests.launch.conftest import free_port
from tests.serving import PATIENCE, ROOT, running


def test_what_a_server_writes_is_shown_while_it_runs(tmp_path: Path) -> None:
    trace, port = tmp_path / "trace.jsonl", free_port()
    trace.touch()
    server = [
        sys.executable,
        "-m",
        "asgi_inspect",
        "-o",
        str(trace),
        "--quiet",
        "examples.hello:app",
        "--port",
        str(port),
    ]
    tail = [sys.executable, "-m", "asgi_inspect", "tail", str(trace), "path:/wanted*", "--format", "compact"]
    with running(server, cwd=ROOT) as serving, running(tail, cwd=ROOT) as tailing:
        serving.wait_for("unning on http")
        for path in ("/wanted/1", "/other"):
            httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE)
        tailing.wait_for("/wanted/1")
        old = trace.rename(tmp_path / "trace.jsonl.1")
        lines = old.read_bytes()
        proc = json.loads(lines.splitlines()[0])["proc"].encode()
        trace.write_bytes(lines.replace(b"/wanted/1", b"/wanted/2").replace(proc, b"another"))
        tailing.wait_for("/wanted/2")
        tailing.stop()
    assert "/other" not in tailing.stdout
    assert tailing.stdout.index("/wanted/1") < tailing.stdout.index("/wanted/2")
