"""`--only` and `--ignore`: what is shown of a run; its trace has all."""

import json
import signal
from pathlib import Path

import pytest

from tests.launch.conftest import Start, traces
from tests.launch.test_launch import get, paths, slow_connection, until
from tests.serving import Process

ASKED = ["/api/one", "/health", "/api/two", "/api/health"]


def ask_all(process: Process) -> None:
    for path in ASKED:
        get(process.port, path)
    get(process.port, "/api/last")
    process.wait_for("/api/last")
    process.stop(signal.SIGTERM)


@pytest.mark.parametrize("words", [["--format", "pretty"], ["--format", "compact"]])
def test_only_what_is_meant_is_shown(words: list[str], start: Start, environ: dict[str, str]) -> None:
    chosen = ["--only", "path:/api/*", "--ignore", "path:*/health", "--ignore", "path:/api/two"]
    with start(*words, *chosen, "main:app", "--no-access-log") as process:
        ask_all(process)
    for path, shown in {"/api/one": True, "/health": False, "/api/two": False, "/api/last": True}.items():
        assert (path in process.stderr) is shown, path
    assert "lifespan" not in process.stderr
    assert paths(traces(environ)[0]) == [*ASKED, "/api/last"]


def test_records_are_chosen_too(start: Start, environ: dict[str, str]) -> None:
    with start("--format", "jsonl", "--only", "path:/api/last -status:404", "main:app") as process:
        ask_all(process)
    records = [json.loads(line) for line in process.stdout.splitlines()]
    assert [record["record"] for record in records][:2] == ["process", "scope"]
    assert records[-1]["record"] == "exit"
    assert {record["scope"]["path"] for record in records if record["record"] == "scope"} == {"/api/last"}
    assert [record["record"] for record in records].count("end") == 1
    assert len(paths(traces(environ)[0])) == len(ASKED) + 1


def test_a_connection_appears_when_it_is_decided(start: Start) -> None:
    """Not before, and not only at its end: this one goes on."""
    with start("--only", "message:http.response.body", "main:app") as process:
        client = slow_connection(process.port)
        process.wait_for("begun")
        until(lambda: "/slow" in process.stderr)
        client.close()
        process.stop(signal.SIGTERM)


@pytest.mark.parametrize(
    ("variables", "table"),
    [
        ({"ASGI_INSPECT_ONLY": "path:/api/*"}, ""),
        ({}, 'only = ["path:/api/*", "path:/none"]'),
        ({}, 'only = "path:/api/*"'),
    ],
)
def test_it_may_stand_elsewhere(variables: dict[str, str], table: str, start: Start, project: Path) -> None:
    (project / "pyproject.toml").write_text(f"[tool.asgi-inspect]\n{table}\n")
    with start("main:app", "--no-access-log", env=variables) as process:
        ask_all(process)
    assert "/api/one" in process.stderr
    assert '"/health"' not in process.stderr
    assert "GET /health" not in process.stderr


def test_a_wrong_filter_starts_nothing(start: Start) -> None:
    with start("--only", "stauts:5xx", "main:app") as process:
        assert process.wait() == 2
    assert process.stderr == (
        "asgi-inspect: invalid value for '--only': unknown term \"stauts\" at 1: did you mean status? "
        "see asgi-inspect --help."
    )
