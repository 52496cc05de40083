"""Reloaders that watch whole directories, with a trace in them that grows."""

import sys
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord
from tests.launch.conftest import edit, free_port, watches_files
from tests.launch.test_launch import get, until
from tests.serving import ROOT, running

WATCHING = [
    ["uvicorn", "--reload", "--reload-include", "*", "main:app", "--port"],
    ["granian", "--reload", "main:app", "--port"],
]


def processes(trace: Path) -> list[ProcessRecord]:
    found = read_trace(trace, on_damage=lambda damage: None) if trace.exists() else []
    return [record for record in found if isinstance(record, ProcessRecord)]


@pytest.mark.parametrize("words", WATCHING, ids=["uvicorn", "granian"])
def test_a_trace_in_the_directory_reloads_nothing(words: list[str], project: Path, environ: dict[str, str]) -> None:
    trace = project / "trace.jsonl"
    port = free_port()
    command = [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", "trace.jsonl", *words, str(port)]
    with running(command, env={**environ, "PYTHONPATH": str(ROOT)}, cwd=project) as server:
        get(port)
        until(lambda: any(watches_files(record.parent_pid) for record in processes(trace)))
        for edits in (1, 2, 3):
            # Each reload makes the trace grow, which would be the cause of the next.
            edit(project / "main.py")
            until(lambda edits=edits: len(processes(trace)) > edits)  # type: ignore[misc]
            get(port)
        server.stop()
    assert [record.why for record in processes(trace)] == ["start", "reload", "reload", "reload"]
    causes = [line for _, line in server.lines if "detected changes" in line or "Modified: " in line]
    assert causes
    assert not [line for line in causes if "trace.jsonl" in line]
