"""`asgi-inspect check` comes to an end and says a clear word, whatever an application does: hang, crash, or never load."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asgi_inspect.cli._checking.child import LIFESPAN, MOST_STUCK
from tests.cli.checking import HEAD, Check, answering, asked, checking, found
from tests.cli.conftest import Run
from tests.launch.conftest import gone
from tests.launch.test_launch import until


@pytest.fixture
def check(run: Run, tmp_path: Path) -> Check:
    return checking(run, tmp_path)


# --- what never ends, and what ends too soon -------------------------------------------------------------------------------


def test_who_never_answers_is_told_so(check: Check) -> None:
    result = check(answering("await asyncio.sleep(1000)"), "--format", "json", "--timeout", "0.5")
    assert (result.returncode, found(result)) == (1, {"no-answer": ["GET /"]})


def test_who_goes_on_after_its_client_has_left_is_told_so(check: Check) -> None:
    endless = "await send(START)\nwhile True:\n    await send(CHUNK)\n    await asyncio.sleep(0.01)"
    result = check(answering(endless), "--format", "json", "--timeout", "0.5")
    assert result.returncode == 1
    assert found(result)["does-not-end"] == ["GET /"]


def test_after_some_that_do_not_end_nothing_more_is_asked(check: Check) -> None:
    text = "from starlette.applications import Starlette\nfrom starlette.routing import Route\n"
    text += "async def slow(request):\n    await asyncio.sleep(1000)\n"
    text += "app = Starlette(routes=[Route(f'/{n}', slow) for n in range(9)])\n"
    result = check(text, "--timeout", "0.5")
    assert result.returncode == 1
    assert len(asked(result.stdout)) == MOST_STUCK + 1
    assert "Nothing more was asked." in result.stdout


@pytest.mark.parametrize("body", ["time.sleep(1000)", "while True: ..."], ids=["sleeps", "spins"])
def test_a_blocked_loop_is_found_with_its_place(check: Check, body: str) -> None:
    result = check(answering(body), "--timeout", "0.5")
    assert result.returncode == 1
    assert asked(result.stdout) == ["! GET / here it ended"]
    assert "stood still for 3 s: it stands in main.py, line " in result.stdout


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("os._exit(7)", "by itself, with status 7"),
        ("os.kill(os.getpid(), 9)", "by SIGKILL"),
        (
            "async def leave(): sys.exit(5)\nleaving = asyncio.ensure_future(leave())\nawait asyncio.sleep(1)",
            "by itself, with status 5",
        ),
    ],
    ids=["leaves", "killed", "task"],
)
def test_the_end_of_its_process_is_told(check: Check, body: str, how: str) -> None:
    result = check(answering(body))
    assert result.returncode == 1
    assert f"The process of the application ended here {how}; nothing more was asked." in result.stdout


LIFESPANS = {
    "startup-failed": (
        "await receive(); await send({'type': 'lifespan.startup.failed', 'message': 'no \\x1b[31mdatabase'})",
        "cannot start: no \\x1b[31mdatabase; nothing was asked",
    ),
    "startup-unanswered": ("await asyncio.sleep(1000)", "within 0.5 s; nothing was asked"),
    "does-not-end": (
        "await receive(); await send({'type': 'lifespan.startup.complete'}); await receive(); await asyncio.sleep(1000)",
        "within 0.5 s after lifespan.shutdown",
    ),
}


@pytest.mark.parametrize("name", sorted(LIFESPANS))
def test_a_bad_lifespan_is_told(check: Check, name: str) -> None:
    body, sentence = LIFESPANS[name]
    result = check(f"async def lifespan(receive, send):\n    {body}\n", "--timeout", "0.5")
    assert result.returncode == 1
    assert f"error check {name}" in result.stdout
    assert sentence in result.stdout


@pytest.mark.parametrize("body", ["raise ValueError('not spoken')", "return"], ids=["raises", "returns"])
def test_no_lifespan_is_no_trouble(check: Check, body: str) -> None:
    result = check(f"async def lifespan(receive, send):\n    {body}\n", "--level", "error")
    assert result.returncode == 0
    assert asked(result.stdout)[-1].startswith(f"- {LIFESPAN} the application does not speak it")


def test_threads_and_tasks_that_are_left_keep_nobody(check: Check) -> None:
    text = """
async def stubborn():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass


async def answer(scope, receive, send):
    threading.Thread(target=threading.Event().wait).start()
    app.task = asyncio.ensure_future(stubborn())
    await good(scope, receive, send)
"""
    result = check(text)
    assert result.returncode == 0, result.stdout + result.stderr


@contextmanager
def started(tmp_path: Path, environ: dict[str, str]) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    """A check of an application that waits, and the process in which that is."""
    (tmp_path / "main.py").write_text(HEAD + "open('pid', 'w').write(f'{os.getpid()}\\n')\ntime.sleep(1000)\n")
    process = subprocess.Popen([sys.executable, "-m", "asgi_inspect", "check", "main:app"], cwd=tmp_path, env=environ)
    try:
        pid = tmp_path / "pid"
        until(lambda: pid.exists() and pid.read_text().endswith("\n"))
        yield process, int(pid.read_text())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_us_ends_the_application(tmp_path: Path, environ: dict[str, str], number: signal.Signals) -> None:
    with started(tmp_path, environ) as (process, child):
        process.send_signal(number)
        assert process.wait(30) == 128 + number
        until(lambda: gone(child))


# --- what cannot be loaded -------------------------------------------------------------------------------------------------

UNLOADABLE: dict[str, tuple[str, str]] = {
    "raises": ('json.loads("{")', "main:app cannot be loaded: json.decoder.JSONDecodeError: Expecting property name"),
    "wrong": ("x = = 3", "main:app cannot be loaded: SyntaxError: invalid syntax"),
    "lacks": (
        "import no_such_package",
        "main:app cannot be loaded: ModuleNotFoundError: No module named 'no_such_package'",
    ),
    "exits": ('sys.exit("no configuration")', "main:app cannot be loaded: SystemExit: no configuration"),
    "leaves": ("os._exit(7)", "main:app cannot be loaded: its process ended with status 7."),
    "hangs": ("threading.Event().wait()", "main:app was not loaded within 5 s: it stands in"),
    "wsgi": ("def app(environ, start_response): ...", "main:app is a WSGI application, which asgi-inspect cannot show"),
    "number": ("app = 3", "main:app is an object of type int, not an ASGI application"),
    "missing": ("del app", 'there is no "app" in main'),
}


@pytest.mark.parametrize("name", sorted(UNLOADABLE))
def test_what_cannot_be_loaded_is_told_in_a_sentence(check: Check, tmp_path: Path, name: str) -> None:
    text, sentence = UNLOADABLE[name]
    result = check(text, "--timeout", "1")
    assert (result.returncode, result.stdout) == (2, "")
    *frames, last = result.stderr.splitlines()
    assert last.startswith(f"asgi-inspect: {sentence}")
    assert all(line.startswith(f"  {tmp_path / 'main.py'}, line ") for line in frames)
    assert len(frames) == (name in ("raises", "wrong", "lacks", "exits"))


WRONG = {
    "check": "missing argument 'MODULE:APP'",
    "check main.py": "main.py is a file; name the application by its module: main:app.",
    "check main": '"main" is no application',
    "check nowhere:app": 'there is no module "nowhere"',
    "check main:app --path items": '"items" is no path',
    "check main:app --header x": '"x" is no header',
    "check main:app --method G:T": '"G:T" is no method',
    "check main:app --data @nowhere": "cannot read nowhere",
    "check main:app --select Z9": 'there is no rule "Z9"',
    "check main:app --timeout 0": "invalid value for '--timeout'",
}


@pytest.mark.parametrize("line", sorted(WRONG))
def test_wrong_usage_is_told_in_a_sentence(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "main.py").write_text(HEAD)
    result = run(*line.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {WRONG[line]}")
    assert result.stderr.count("\n") == 1


def test_tracing_that_is_off_is_no_check(check: Check) -> None:
    result = check("", ASGI_INSPECT="0")
    assert result.returncode == 2
    assert "ASGI_INSPECT=0" in result.stderr
