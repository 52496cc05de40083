"""What a launched run withholds: by default, more, nothing; the same in all of its processes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch.conftest import Start, traces
from tests.launch.test_launch import get, paths, until
from tests.serving import PATIENCE, ROOT, Process

SECRET = "s3cr3t-leaf-0123456789"


def ask(server: Process) -> None:
    import httpx

    answer = httpx.get(
        f"http://127.0.0.1:{server.port}/x?token={SECRET}&page=2",
        headers={"authorization": f"Bearer {SECRET}", "x-tenant": "acme-7"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 200


def asked(environ: dict[str, str]) -> int:
    """How many have come so far; the file is still written."""
    (file,) = traces(environ)
    return paths(file).count("/x")


def run(start: Start, environ: dict[str, str], *options: str) -> tuple[str, str]:
    """What is in the trace, and what is on the screen."""
    with start("main:app", *options, "--format", "compact") as server:
        ask(server)
        until(lambda: asked(environ))
        server.stop()
        (file,) = traces(environ)
        return file.read_text(), server.stderr


def test_by_default_secrets_are_withheld(start: Start, environ: dict[str, str]) -> None:
    written, shown = run(start, environ)
    assert SECRET not in written
    assert SECRET not in shown.replace(f"GET /x?token={SECRET}&page=2 HTTP", "")  # uvicorn's own access log says it
    assert "acme-7" in written


@pytest.mark.parametrize("told", ["option", "variable", "pyproject"])
def test_more_is_withheld_on_request(told: str, start: Start, environ: dict[str, str], project: Path) -> None:
    options = []
    if told == "option":
        options = ["--redact", "x-ten*", "--redact", "other"]
    elif told == "variable":
        environ["ASGI_INSPECT_REDACT"] = "other,X_TENANT"
    else:
        (project / "pyproject.toml").write_text('[tool.asgi-inspect]\nredact = ["other", "x-tenant"]\n')
    written, _ = run(start, environ, *options)
    assert "acme-7" not in written
    assert SECRET not in written


@pytest.mark.parametrize("told", ["option", "variable", "word", "pyproject"])
def test_nothing_is_withheld_on_request(told: str, start: Start, environ: dict[str, str], project: Path) -> None:
    options = []
    if told == "option":
        options = ["--no-redact"]
    elif told == "pyproject":
        (project / "pyproject.toml").write_text("[tool.asgi-inspect]\nno-redact = true\n")
    else:
        name, value = ("NO_REDACT", "1") if told == "variable" else ("REDACT", "none")
        environ[f"ASGI_INSPECT_{name}"] = value
    written, _ = run(start, environ, *options)
    assert f"Bearer {SECRET}" in written


def test_all_workers_of_a_run_have_one_key(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2", "--quiet") as server:
        get(server.port)
        for _ in range(10):
            ask(server)
        until(lambda: asked(environ) == 10)
        (file,) = traces(environ)
        server.stop()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    keys = {line["options"]["redact"]["key"] for line in lines if line["record"] == "process"}
    assert len(keys) == 1
    assert len(set(re.findall(r'"fingerprint":"([0-9a-f]+)"', file.read_text()))) == 1


def test_the_stricter_of_launcher_and_application_holds(start: Start, environ: dict[str, str], project: Path) -> None:
    source = (project / "main.py").read_text()
    (project / "main.py").write_text(
        source + "\n\nfrom asgi_inspect import InspectMiddleware\napp = InspectMiddleware(app, redact=['x-tenant'])\n"
    )
    written, _ = run(start, environ, "--no-redact")
    assert '"path":"/x"' in written
    assert "acme-7" not in written
    assert SECRET not in written


def test_what_cannot_be_is_said(project: Path, environ: dict[str, str]) -> None:
    def said(*options: str) -> str:
        command = [sys.executable, "-m", "asgi_inspect", *options, "main:app"]
        result = subprocess.run(
            command, cwd=project, env={**environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        assert result.returncode == 2
        return result.stderr

    assert "leave one of them out" in said("--no-redact", "--redact", "x")
    assert "an empty one fits nothing" in said("--redact", "a,,b")
