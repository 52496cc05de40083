"""Whole runs with a real uvicorn: what it serves, how it ends, what is left of it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ExitRecord, ProcessRecord, ReceiveRecord, Record, ScopeRecord
from tests.capture.sinking import holds
from tests.launch.conftest import Start, edit, ended, gone, traces, watches_files
from tests.serving import PATIENCE, Process


def get(port: int, path: str = "/") -> str:
    """Ask, and ask again while nobody listens: a supervisor says that it runs before its workers do."""
    answers: list[str] = []

    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                answers.append(answer.read().decode())
        except (OSError, HTTPException):  # it may also go in the midst of its answer
            return False
        return True

    until(ask)
    return answers[0]


def until(condition: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    clock = threading.Event()
    for _ in range(int(PATIENCE * 100)):
        if holds(condition):
            return
        clock.wait(0.01)
    raise AssertionError("it never came to hold")


def records(file: Path) -> list[Record]:
    return list(read_trace(file, on_damage=lambda damage: None))


def paths(file: Path) -> list[str]:
    found = [record.scope for record in records(file) if isinstance(record, ScopeRecord)]
    return [scope["path"] for scope in found if scope["type"] == "http"]


def slow_connection(port: int) -> socket.socket:
    """A request for /slow, whose answer has begun."""
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    while b"begun" not in client.recv(4096):
        pass
    return client


# --- a run and its trace ---


def test_a_run_from_start_to_end(start: Start, environ: dict[str, str]) -> None:
    with start("main:app") as server:
        assert get(server.port).isdigit()
        assert server.stop() == -signal.SIGTERM
    (file,) = traces(environ)
    assert paths(file) == ["/"]
    assert [type(record) for record in records(file)][-1] is ExitRecord
    first = server.wait_for("asgi-inspect: uvicorn .*").string
    last = server.stderr.splitlines()[-1]
    assert first.endswith(f" starts main:app; trace: {file}")
    assert last.endswith(f" was ended by SIGTERM; trace: {file} (show it with: asgi-inspect show)")
    assert "GET /" in server.stderr
    assert "a line of the application" in server.stdout  # the server's own streams stay where they are
    assert "200 OK" in server.stdout


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["main:app"], {}),
        (["main:app", "--workers", "1"], {}),
        (["--factory", "main:create_app"], {}),
        (["main:create_app"], {}),
        (["uvicorn", "main:app"], {}),
        (["--quiet", "uvicorn", "--log-level", "info", "main:app"], {}),
        ([], {"UVICORN_APP": "main:app"}),
        (["--app-dir", "elsewhere", "other:app"], {}),
        (["main:app", "--env-file", "settings.env"], {}),
        (["main:app", "--loop", "asyncio", "--http", "h11"], {}),
        (["main:app", "--loop", "uvloop", "--http", "httptools"], {}),
    ],
)
def test_every_way_to_name_it(
    words: list[str], env: dict[str, str], start: Start, project: Path, environ: dict[str, str]
) -> None:
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "other.py").write_text((project / "main.py").read_text())
    (project / "settings.env").write_text("A=1\n")
    with start(*words, env=env) as server:
        get(server.port, "/here")
        server.stop()
    assert paths(traces(environ)[-1]) == ["/here"]


ASGI2 = """
from main import app as single

class App:
    def __init__(self, scope):
        self.scope = scope
    async def __call__(self, receive, send):
        await single(self.scope, receive, send)

def app(scope):
    return App(scope)
"""


@pytest.mark.parametrize(
    "words",
    [["double:App"], ["double:app"], ["double:App", "--interface", "asgi2"], ["main:app", "--interface", "asgi3"]],
)
def test_applications_of_asgi_2(words: list[str], start: Start, project: Path, environ: dict[str, str]) -> None:
    (project / "double.py").write_text(ASGI2)
    with start(*words) as server:
        assert get(server.port, "/double").isdigit()
        server.stop()
    assert paths(traces(environ)[-1]) == ["/double"]


def test_an_uncommon_socket(start: Start, project: Path, environ: dict[str, str]) -> None:
    with start("main:app", "--uds", "socket", port=False) as server:
        server.wait_for("running on unix socket")
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(project / "socket"))
        client.sendall(b"GET /uds HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while client.recv(4096):
            pass
        client.close()
        server.stop()
    assert paths(traces(environ)[-1]) == ["/uds"]


def test_a_socket_that_was_inherited(project: Path, environ: dict[str, str]) -> None:
    """`--fd`: whatever descriptors we were started with are the server's."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(project / "inherited"))
    listener.listen()
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_inspect", "main:app", "--fd", str(listener.fileno())],
        cwd=project,
        env={**os.environ, **environ},
        pass_fds=[listener.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(project / "inherited"))
    client.sendall(b"GET /fd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
    client.close()
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM
    listener.close()
    assert paths(traces(environ)[-1]) == ["/fd"]


def test_standard_input_is_the_application_s(project: Path, environ: dict[str, str]) -> None:
    (project / "asking.py").write_text("raise SystemExit(int(input()))")
    result = subprocess.run(
        [sys.executable, "-m", "asgi_inspect", "asking:app"],
        cwd=project,
        env={**os.environ, **environ},
        input=b"42\n",
        capture_output=True,
        check=False,
    )
    assert result.returncode == 42


# --- signals and statuses ---


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGINT, []),
        (signal.SIGTERM, []),
        (signal.SIGHUP, []),
        (signal.SIGQUIT, []),
        (signal.SIGUSR1, []),
        (signal.SIGINT, ["--workers", "2"]),
        (signal.SIGTERM, ["--workers", "2"]),
        (signal.SIGINT, ["--reload"]),
        (signal.SIGTERM, ["--reload"]),
    ],
)
def test_a_signal_ends_it_as_it_ends_the_bare_server(
    number: signal.Signals, words: list[str], start: Start, start_bare: Start
) -> None:
    with start_bare(*words, "main:app") as bare:
        assert get(bare.port)
        status = bare.stop(number)
    with start(*words, "main:app") as ours:
        assert get(ours.port)
        assert ours.stop(number) == status


def test_the_supervisor_gets_what_is_sent_to_us(start: Start, environ: dict[str, str]) -> None:
    """SIGTTIN: one worker more. SIGHUP: all of them anew."""
    with start("--workers", "1", "main:app", "--quiet", "--workers", "2") as server:
        assert get(server.port)
        os.kill(server.pid, signal.SIGTTIN)
        server.wait_for("increasing the number of processes")
        os.kill(server.pid, signal.SIGHUP)
        server.wait_for("restarting processes")
        assert server.stop() == 0


def test_a_run_that_is_killed(start: Start, environ: dict[str, str]) -> None:
    """The server gets SIGKILL: what was open is said and written, and we die of the same."""
    with start("main:app", "--quiet") as server:
        client = slow_connection(server.port)
        file = traces(environ)[-1]
        until(lambda: "/slow" in paths(file))
        os.kill(_server(file), signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
        client.close()
    exit_record = records(file)[-1]
    assert isinstance(exit_record, ExitRecord)
    assert (exit_record.status, exit_record.open) == (-9, 2)  # lifespan is open as well
    assert "open when the process ended: GET /slow (--conn " in server.stderr
    assert "lifespan (--conn" not in server.stderr


def _server(file: Path) -> int:
    return next(record.pid for record in records(file) if isinstance(record, ProcessRecord))


def test_the_server_goes_on_when_we_are_killed(start: Start, environ: dict[str, str]) -> None:
    with start("main:app") as server:
        port = server.port
        get(port, "/before")
        file = traces(environ)[-1]
        os.kill(server.pid, signal.SIGKILL)
        ended(server)
        pid = int(get(port, "/after"))
        until(lambda: paths(file) == ["/before", "/after"])
        os.kill(pid, signal.SIGTERM)
        until(lambda: gone(pid))
    assert all(_ended(file))


def _ended(file: Path) -> list[bool]:
    ended = {record.conn for record in records(file) if isinstance(record, EndRecord)}
    return [record.conn in ended for record in records(file) if isinstance(record, ScopeRecord)]


STATUSES = {
    "exits": "raise SystemExit(7)",
    "fails": "1 / 0",
    "misses": "import module_of_nobody",
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "lifespan": """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
""",
}


@pytest.mark.parametrize("name", STATUSES)
def test_the_status_is_the_bare_server_s(name: str, project: Path, start: Start, start_bare: Start) -> None:
    (project / f"{name}.py").write_text(STATUSES[name])
    with start_bare(f"{name}:app") as bare:
        status = bare.wait()
    with start(f"{name}:app") as ours:
        assert ours.wait() == status
    for line in (line for line in bare.stderr.splitlines() if "Error" in line):
        assert line in ours.stderr  # what the user's own code raised is there as it was
    assert status != 0


# --- reload and workers ---


def test_a_reload(start: Start, project: Path, environ: dict[str, str]) -> None:
    with start("main:app", "--reload", "--reload-delay", "0.05", "--quiet") as server:
        first = get(server.port, "/first")
        (file,) = traces(environ)
        until(lambda: any(watches_files(r.parent_pid) for r in records(file) if isinstance(r, ProcessRecord)))
        edit(project / "main.py")
        until(lambda: get(server.port, "/pid") != first)
        get(server.port, "/second")
        server.stop(signal.SIGINT)
    assert {"/first", "/second"} <= set(paths(file))
    processes = {record.pid: record.proc for record in records(file) if isinstance(record, ProcessRecord)}
    assert len(processes) == 2
    assert {record.proc for record in records(file) if isinstance(record, ExitRecord)} == set(processes.values())


def test_two_workers(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2") as server:
        seen: set[str] = set()

        def both_have_answered() -> bool:
            seen.add(get(server.port, "/work"))
            return len(seen) == 2

        until(both_have_answered)
        server.stop(signal.SIGINT)
    file = traces(environ)[-1]
    processes = [record for record in records(file) if isinstance(record, ProcessRecord)]
    assert {str(record.pid) for record in processes} == seen
    assert {record.proc for record in records(file) if isinstance(record, ExitRecord)} == {p.proc for p in processes}
    assert {record.app for record in processes} == {"main:app"}


def test_a_worker_that_outlives_its_server_is_named(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2", "--quiet") as server:
        worker = int(get(server.port))
        file = traces(environ)[-1]
        until(lambda: len([r for r in records(file) if isinstance(r, ProcessRecord)]) == 2)
        parents = {r.pid: r.parent_pid for r in records(file) if isinstance(r, ProcessRecord)}
        os.kill(parents[worker], signal.SIGKILL)
        assert ended(server) == -signal.SIGKILL  # its streams stay open, as its workers have them
        assert str(worker) in server.wait_for("still running, and writing to the trace: process (.*)")[1]
    assert not [record for record in records(file) if isinstance(record, ExitRecord)]


# --- where things go ---


@pytest.mark.parametrize("words", [["--format", "jsonl"], ["-o", "-"], ["-o-", "--no-save"]])
def test_records_on_standard_output(words: list[str], start: Start, environ: dict[str, str]) -> None:
    with start(*words, "main:app") as server:
        get(server.port)
        server.stop()
    assert all(line.startswith('{"record":"') for line in server.stdout.splitlines())
    assert "a line of the application" in server.stderr
    if "--no-save" in words:
        assert traces(environ) == []
    else:
        assert traces(environ)[-1].read_text() == server.stdout + "\n"


def test_a_person_s_view_beside_the_records(start: Start) -> None:
    with start("-o", "-", "--format", "compact", "main:app") as server:
        get(server.port, "/both")
        server.stop()
    assert server.stdout.startswith('{"record":"process"')
    assert "GET /both" in server.stderr


def test_quiet(start: Start, environ: dict[str, str]) -> None:
    with start("--quiet", "main:app") as server:
        get(server.port, "/unseen")
        server.stop()
    assert "/unseen" not in server.stderr
    assert str(traces(environ)[-1]) in server.stderr
    assert paths(traces(environ)[-1]) == ["/unseen"]


def test_no_save(start: Start, environ: dict[str, str]) -> None:
    with start("--no-save", "main:app") as server:
        get(server.port, "/gone")
        assert len(traces(environ)) == 1
        server.stop()
    assert "GET /gone" in server.stderr
    assert traces(environ) == []


def test_a_file_of_one_s_own(start: Start, project: Path, environ: dict[str, str]) -> None:
    for words, expected in ([], ["/1"]), ([], ["/2"]), (["--append"], ["/2", "/3"]):
        with start("-o", "t.jsonl", *words, "main:app") as server:
            get(server.port, expected[-1])
            server.stop()
        assert paths(project / "t.jsonl") == expected
        assert server.stderr.endswith("(show it with: asgi-inspect show t.jsonl)")
    assert "/2" not in server.stderr  # what was there before is not shown again
    assert traces(environ) == []


def test_bodies_are_cut_at_the_limit(start: Start, environ: dict[str, str]) -> None:
    with start("--body-limit", "1k", "--quiet", "main:app") as server:
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/slow", data=b"x" * 5000, method="POST")
        client = urllib.request.urlopen(request, timeout=PATIENCE)
        assert client.read(5) == b"begun"
        client.close()
        server.stop()
    bodies = [r.message.get("body") for r in records(traces(environ)[-1]) if isinstance(r, ReceiveRecord)]
    (body,) = [body for body in bodies if body]
    assert (body.size, len(body.head)) == (5000, 1024)


def test_a_reader_that_leaves_is_no_trouble(project: Path, environ: dict[str, str]) -> None:
    """`asgi-inspect --format jsonl main:app | head -1`: the server goes on, and nobody complains."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_inspect", "--format", "jsonl", "main:app", "--port", "0"],
        cwd=project,
        env={**os.environ, **environ},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    os.close(reader)
    assert process.stderr is not None
    port = 0
    lines = []
    while not port:
        lines.append(process.stderr.readline())
        port = int(lines[-1].rpartition(":")[2].split()[0]) if "running on" in lines[-1] else 0
    for _ in range(3):
        get(port)
    file = traces(environ)[-1]
    until(lambda: paths(file) == ["/", "/", "/"])
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0
    assert "Traceback" not in "".join(lines) + rest


def test_off_is_the_bare_server(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", env={"ASGI_INSPECT": "0"}) as server:
        pid = get(server.port)
        assert pid == str(server.pid)  # it took our place
        assert server.stop() == -signal.SIGTERM
    assert re_count("asgi-inspect: ", server) == 1
    assert "tracing is off (ASGI_INSPECT=0)" in server.stderr
    assert traces(environ) == []


def re_count(text: str, server: Process) -> int:
    return server.stderr.count(text)


# --- wrong input ---

WSGI = """
def app(environ, start_response): return []
def create_app(): return app
"""

WRONG = [
    (["main:os"], "main:os is an object of type module, not an ASGI application"),
    (["wsgi:app"], "wsgi:app is a WSGI application, which asgi-inspect cannot show"),
    (["wsgi:create_app", "--factory"], "what wsgi:create_app() made is a WSGI application"),
    (["main"], '"main" is no application: write it as module:attribute, such as main:app.'),
    (["main.py"], "main.py is a file; name the application by its module: main:app."),
    (["main:app", "--interface", "wsgi"], "--interface wsgi serves a WSGI application"),
    (["-o", "main.py", "main:app"], "main.py exists and is no trace: it stays as it is"),
    (["-o", "no/t.jsonl", "main:app"], "no/t.jsonl cannot be written: there is no folder"),
    (["-o", "/proc/t.jsonl", "main:app"], "/proc/t.jsonl cannot be written"),
    (["-o", ".", "main:app"], "is a folder: name a file in it"),
    (["main:app", "--prot", "1"], 'there is no option "--prot"; did you mean --port?'),
    (["main:app", "--port", "http"], "invalid value for '--port'"),
    (["main:app", "--body-limit", "much"], "invalid value for '--body-limit'"),
    (["main:app", "--port"], "option '--port' requires an argument"),
    (["main:app", "other:app"], "got unexpected extra argument (other:app)"),
    (["--quiet"], "missing argument 'APP'"),
    (["--append", "main:app"], "--append adds to a trace that you name"),
    (["--no-save", "-o", "t.jsonl", "main:app"], "--no-save removes the trace in the end"),
    (["--quiet", "-o", "-", "main:app"], "--quiet wants nothing there"),
    (["--color", "never", "show"], "the command comes first: asgi-inspect show"),
    (["shwo"], '"shwo" is no command and no application; did you mean asgi-inspect show?'),
    (
        ["guvicorn", "main:app"],
        '"guvicorn" is no command and no application; did you mean asgi-inspect uvicorn or gunicorn?',
    ),
    (["main:app", "gunicorn"], "the server comes first: asgi-inspect gunicorn main:app ..."),
    (
        ["main:app", "--port", "x"],
        "invalid value for '--port': 'x' is not a valid integer; see asgi-inspect uvicorn --help.",
    ),
    (["python", "nothing.py"], "there is no file nothing.py."),
    (["manage.py", "runserver"], "to run a script: asgi-inspect python manage.py runserver"),
    (
        ["nothing-of-that-name", "dev", "main.py"],
        'there is no server "nothing-of-that-name", and no command of that name where',
    ),
    (["show", "--nothing"], "no such option '--nothing'; see asgi-inspect show --help."),
    (["trace.jsonl"], "trace.jsonl is a file; to show a trace: asgi-inspect show trace.jsonl"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_is_one_sentence(
    words: list[str], sentence: str, start: Start, project: Path, environ: dict[str, str]
) -> None:
    (project / "wsgi.py").write_text(WSGI)
    (project / "trace.jsonl").write_text("")
    before = sorted(project.iterdir())
    with start(*words, port=False) as process:
        assert process.wait() == 2
    assert process.stderr.startswith("asgi-inspect: ")
    assert sentence in process.stderr
    assert process.stderr.count("\n") == 0  # the last line break is not in it
    assert process.stdout == ""
    assert traces(environ) == []
    assert [path for path in sorted(project.iterdir()) if path.name != "__pycache__"] == before


MISSING = [
    ("nowhere:app", 'there is no module "nowhere" in'),
    ("main:ap", 'there is no "ap" in main; did you mean main:app?'),
    ("main:nothing", 'there is no "nothing" in main; in main this looks like one: main:app, main:create_app.'),
]


@pytest.mark.parametrize(("app", "sentence"), MISSING)
def test_an_application_that_is_missing(
    app: str, sentence: str, start: Start, start_bare: Start, environ: dict[str, str]
) -> None:
    with start_bare(app) as bare, start(app) as process:
        status = bare.wait()
        assert process.wait() == status
    said, ended = process.stderr.splitlines()
    assert said.startswith(f"asgi-inspect: {sentence}")
    assert ended.endswith(f" ended with status {status}; nothing was traced.")
    assert traces(environ) == []


@pytest.mark.parametrize("words", [["--workers", "2"]])
def test_an_application_that_no_worker_can_load_stops_the_supervisor(words: list[str], start: Start) -> None:
    with start(*words, "main:nothing") as process:
        process.wait()
    assert 'there is no "nothing" in main' in process.stderr
    assert "Traceback" not in process.stderr


def test_a_port_in_use(start: Start, start_bare: Start) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with start_bare("--port", str(port), "main:app") as bare:
            status = bare.wait()
        with start("--port", str(port), "main:app") as ours:
            assert ours.wait() == status
    assert f"port {port} of 127.0.0.1 is in use by another process" in ours.stderr
    assert "Traceback" not in ours.stderr


def test_a_screen_that_stands_still_does_not_outlive_the_server(
    project: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    trace = tmp_path / "trace.jsonl"
    words = ["main:app", "--port", "0", "--log-level", "critical", "-o", str(trace)]
    command = [sys.executable, "-m", "asgi_inspect", *words]
    process = subprocess.Popen(command, cwd=project, env={**os.environ, **environ}, stderr=writer)
    try:
        until(lambda: trace.exists() and b"lifespan.startup.complete" in trace.read_bytes())
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM
        assert b'{"record":"exit"' in trace.read_bytes()
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)
