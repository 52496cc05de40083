"""`--sample`, `--capture`, `--only errors`: what a launched run records at all, in all of its processes."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ExitRecord, ProcessRecord, ScopeRecord, SkippedRecord
from tests.launch.conftest import Start
from tests.launch.test_launch import records, until
from tests.serving import PATIENCE
from tests.stage import of_kind

APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    status = int(scope["path"].removeprefix("/")) if scope["path"][1:].isdigit() else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
"""


@pytest.fixture
def run(start: Start, project: Path) -> Callable[..., list[object]]:
    """The records of a run that was asked for these paths, each some times, and then ended."""
    (project / "main.py").write_text(APPLICATION)

    def run_with(
        *options: str, paths: list[str], times: int = 10, env: dict[str, str] | None = None, workers: int = 1
    ) -> list[object]:
        with start(*options, "-o", "t.jsonl", "--quiet", "main:app", env=env) as process:
            if workers > 1:  # or the first may have answered all before the last one is there
                file = project / "t.jsonl"
                until(lambda: file.exists() and len(of_kind(records(file), ProcessRecord)) == workers)
            # Each time another connection, which any worker may take; those that uvicorn starts listen a little later.
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, headers={"connection": "close"}, timeout=PATIENCE) as client:
                for path in paths * times:
                    client.get(f"http://127.0.0.1:{process.port}{path}")
            assert process.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
            said.append(process.stderr)
        return list(read_trace(project / "t.jsonl"))

    said: list[str] = []
    run_with.said = said  # type: ignore[attr-defined]
    return run_with


def asked(trace: list[object]) -> Counter[str]:
    return Counter(record.scope["path"] for record in of_kind(trace, ScopeRecord) if record.scope["type"] != "lifespan")


def left_out(trace: list[object]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for record in of_kind(trace, SkippedRecord):
        counts[record.why] += record.conns
    return counts


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_share_of_all_workers(workers: str, run: Callable[..., list[object]]) -> None:
    trace = run("--sample", "0.3", "--workers", workers, paths=["/x"], times=60, workers=int(workers))
    kept = asked(trace)["/x"]
    assert kept + left_out(trace)["sample"] == 60
    assert 0 < kept < 60
    assert len(of_kind(trace, EndRecord)) == len(of_kind(trace, ScopeRecord))
    lifespans = [record.sample for record in of_kind(trace, ScopeRecord) if record.scope["type"] == "lifespan"]
    assert lifespans == [None] * int(workers)
    assert {record.options["sample"] for record in of_kind(trace, ProcessRecord)} == {0.3}
    assert len(of_kind(trace, ExitRecord)) == int(workers)
    assert f"left out on purpose: {60 - kept} connections (sample)." in run.said[0]  # type: ignore[attr-defined]


def test_a_filter_on_the_scope(run: Callable[..., list[object]]) -> None:
    trace = run("--capture", "-path:/health", "--capture", "method:GET", paths=["/health", "/x"])
    assert asked(trace) == {"/x": 10}
    assert left_out(trace) == {"capture": 10}
    assert next(record.scope["type"] for record in of_kind(trace, ScopeRecord)) == "lifespan"


def test_what_failed(run: Callable[..., list[object]]) -> None:
    trace = run("--only", "errors", paths=["/x", "/404", "/500"])
    assert asked(trace) == {"/404": 10, "/500": 10}
    assert left_out(trace) == {"only=errors": 11}  # the lifespan, too
    assert of_kind(trace, ProcessRecord)[0].options["only"] == "errors"


def test_by_variables_and_the_command_line_before_them(run: Callable[..., list[object]]) -> None:
    variables = {"ASGI_INSPECT_ONLY": "errors", "ASGI_INSPECT_SLOW_MS": "60000", "ASGI_INSPECT_SAMPLE": "0"}
    trace = run("--sample", "1", paths=["/x", "/404"], env=variables)
    assert asked(trace) == {"/404": 10}
    assert of_kind(trace, ProcessRecord)[0].options["slow_ms"] == 60000


def test_a_filter_of_the_view_is_not_one_of_the_file(run: Callable[..., list[object]]) -> None:
    trace = run(paths=["/x", "/404"], env={"ASGI_INSPECT_ONLY": "path:/x"})
    assert asked(trace) == {"/x": 10, "/404": 10}
    assert "not heeded" not in run.said[0]  # type: ignore[attr-defined]


def test_none_takes_back_what_is_set_elsewhere(run: Callable[..., list[object]]) -> None:
    trace = run(
        "--only", "none", "--slow-ms", "none", paths=["/x", "/404"], times=1, env={"ASGI_INSPECT_ONLY": "errors"}
    )
    assert asked(trace) == {"/x": 1, "/404": 1}
    assert "only" not in of_kind(trace, ProcessRecord)[0].options


def test_in_pyproject(run: Callable[..., list[object]], project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.asgi-inspect]\nsample = 1\ncapture = "-path:/health"\nonly = ["errors"]\nslow-ms = 60000.5\n'
    )
    trace = run(paths=["/health", "/404"])
    assert asked(trace) == {"/404": 10}
    assert of_kind(trace, ProcessRecord)[0].options["slow_ms"] == 60000.5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--sample", "7"], "takes a rate from 0 to 1, such as 0.01, or none; not '7'"),
        (["--capture", "status:404"], "status is not told by the scope alone: it takes type, method, path, query,"),
        (["--capture", "header:x"], "header is not told by the scope alone: did you mean request-header?"),
        (["--capture", "stauts:404"], 'unknown term "stauts" at 1: did you mean status?'),
        (["--only", "errors", "--slow-ms", "soon"], "takes milliseconds, such as 500, or none; not 'soon'"),
        (
            ["--only", "error"],
            "'--only': \"error\" is not errors, which records what failed; to show what holds this text: text:error;",
        ),
        (["--slow-ms", "5"], "--slow-ms says what is slow for --only errors: say that too."),
    ],
)
def test_what_is_wrong_is_one_sentence(words: list[str], sentence: str, start: Start) -> None:
    with start(*words, "main:app") as process:
        assert process.wait() == 2
        (said,) = process.stderr.splitlines()
        assert said.startswith("asgi-inspect: ")
        assert sentence in said


def test_the_live_view_shows_what_is_recorded(start: Start, project: Path) -> None:
    (project / "main.py").write_text(APPLICATION)
    with start("--only", "errors", "--only", "path:/4*", "--format", "compact", "main:app") as process:
        for path in ("/x", "/404", "/500"):
            httpx.get(f"http://127.0.0.1:{process.port}{path}", timeout=PATIENCE)
        process.wait_for("/404")
        process.stop()
        view = [line for line in process.stderr.splitlines() if "GET" in line]
    assert view
    assert all("/404" in line for line in view)


def test_records_on_standard_output(start: Start, project: Path) -> None:
    (project / "main.py").write_text(APPLICATION)
    with start("--capture", "path:/404", "-o", "-", "main:app") as process:
        port = process.port
        for path in ("/x", "/404"):
            httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE)
        process.wait_for('"path":"/404"')
        process.stop()
        found = [json.loads(line) for line in process.stdout.splitlines()]
    assert [record["scope"].get("path") for record in found if record["record"] == "scope"] == [None, "/404"]
    assert sum(record["conns"] for record in found if record["record"] == "skipped") == 1
