"""`asgi-inspect doctor`: what it finds, and that it stays alive whatever an application does."""

import fcntl
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
from importlib.metadata import version
from pathlib import Path

import pytest

from asgi_inspect.launch.locks import in_use
from tests.cli.conftest import TRACE, Run
from tests.launch.conftest import free_port, gone
from tests.launch.test_launch import until
from tests.serving import running

FASTAPI = """
from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

app = FastAPI()
router = APIRouter()


@app.get("/one")
def one(): ...


@router.get("/two")
def two(): ...


app.include_router(router)
app.add_middleware(CORSMiddleware)


@app.middleware("http")
async def add_a_header(request, call_next): ...


print("\\x1b[31mthe module prints, and that disturbs nothing")
"""
OTHERS = """
from django.conf import settings
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from asgi_inspect import InspectMiddleware

settings.configure(MIDDLEWARE=["django.middleware.common.CommonMiddleware"])

from django.core.asgi import get_asgi_application


def create_app():
    return Starlette(routes=[Route("/", lambda request: None)])


async def function(scope, receive, send): ...


class Two:
    def __init__(self, scope): ...

    async def __call__(self, receive, send): ...


class Box:
    app = create_app()


django = get_asgi_application()
round_it = GZipMiddleware(InspectMiddleware(create_app(), out="own.jsonl"))
joins = InspectMiddleware(function)
within = create_app()
within.add_middleware(InspectMiddleware, out=print)
"""
FAILING = {
    "raises.py": "import deeper",
    "deeper.py": 'import json\njson.loads("{")',
    "wrong.py": "x = = 3",
    "lacks.py": "import no_such_package",
    "leaves.py": 'import os\nprint("goodbye \\x1b[31m", flush=True)\nos._exit(7)',
    "exits.py": 'import sys\nsys.exit("no configuration")',
    "crashes.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "wsgi.py": "def app(environ, start_response): ...",
    "hangs.py": "import waits",
    "waits.py": 'import threading\nprint("waiting")\nthreading.Thread(target=print).start()\nthreading.Event().wait()',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"main.py": FASTAPI, "others.py": OTHERS, **FAILING}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def lines(text: str, *abouts: str) -> list[str]:
    """Of what was said, the lines of these checks: verdict, name and sentence."""
    checks = [line.split(maxsplit=1) for line in text.splitlines() if line.startswith("  ") and line[2] != " "]
    return [f"{verdict} {rest}" for verdict, rest in checks if re.split(r"  +", rest)[0] in abouts]


def test_alone_it_says_what_is_there(run: Run, tmp_path: Path) -> None:
    result = run("doctor")
    assert (result.returncode, result.stderr) == (0, "")
    first, *_, last = result.stdout.splitlines()
    assert first.startswith("asgi-inspect 0.")
    assert last == "no problem found"
    python, servers, frameworks, traces, settings, view = lines(
        result.stdout, "python", "servers", "frameworks", "traces", "settings", "live view"
    )
    assert sys.prefix in python
    assert re.search(r"uvicorn \d+\.", servers)
    assert re.search(r"FastAPI \d+\.", frameworks)
    assert f"{tmp_path / 'state' / 'asgi-inspect'}: 0 runs, 0 B; " in traces
    assert settings.endswith("the defaults")
    assert "standard error is no terminal" in view
    assert list((tmp_path / "state" / "asgi-inspect").iterdir()) == []


def test_its_page_teaches(run: Run) -> None:
    result = run("doctor", "--help")
    assert result.returncode == 0
    for word in ("Usage: asgi-inspect doctor", "doctor gunicorn -k asgi main:app", "--timeout SECONDS", "Exit status:"):
        assert word in result.stdout
    assert "doctor" in run("--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize(
    "words",
    [
        "main:app --port {}",
        "uvicorn --reload --workers 1 main:app --port {}",
        "hypercorn -b 127.0.0.1:{} main:app",
        "granian main:app --port {}",
        "daphne -p {} main:app",
        "gunicorn -k asgi -w 2 -b 127.0.0.1:{} main:app",
        "gunicorn -k uvicorn_worker.UvicornWorker --preload -b 127.0.0.1:{} main:app",
    ],
)
def test_an_application_under_each_server(words: str, folder: Path, run: Run) -> None:
    port = free_port()
    result = run("doctor", *words.format(port).split())
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert lines(result.stdout, "address", "module", "application", "middlewares") == [
        f"ok address      127.0.0.1:{port} is free",
        "ok module       main.py",
        f"ok application  FastAPI {version('fastapi')}, 2 routes, 2 middlewares",
        "ok middlewares  BaseHTTPMiddleware(add_a_header), CORSMiddleware (from the outside in)",
    ]
    assert "the module prints" not in result.stdout
    assert "\x1b" not in result.stdout


STARLETTE = f"Starlette {version('starlette')}"
JOINS = "ok inspected    its own InspectMiddleware joins the trace as a layer"


@pytest.mark.parametrize(
    ("words", "application", "more"),
    [
        ("others:create_app", f"{STARLETTE}, made by others:create_app, 1 route", []),
        ("others:create_app --factory", f"{STARLETTE}, made by others:create_app, 1 route", []),
        ("gunicorn -k asgi others:create_app()", f"{STARLETTE}, made by others:create_app(), 1 route", []),
        ("hypercorn others.py:create_app()", f"{STARLETTE}, made by others:create_app(), 1 route", []),
        (
            "gunicorn -k uvicorn_worker.UvicornWorker others:create_app",
            f"{STARLETTE}, made by others:create_app, 1 route",
            [],
        ),
        ("others:Box.app", f"{STARLETTE}, 1 route", []),
        ("others:function", "an ASGI application: the function function()", []),
        ("others:Two", "an application of ASGI 2, called twice: the class Two", []),
        ("others:django", f"Django {version('django')}, 1 middleware", []),
        (
            "others:round_it",
            f"{STARLETTE}, 1 route, 2 middlewares",
            [f"{JOINS}; its own out=own.jsonl gets the records as well"],
        ),
        ("others:joins", "an ASGI application: the function function(), 1 middleware", [JOINS]),
        (
            "others:within",
            f"{STARLETTE}, 1 route, 1 middleware",
            [f"{JOINS}; its own out=the function print() gets the records as well"],
        ),
    ],
)
def test_what_an_application_is(words: str, application: str, more: list[str], folder: Path, run: Run) -> None:
    result = run("doctor", *words.split(), *([] if "gunicorn" in words or "hypercorn" in words else ["--port", "0"]))
    assert lines(result.stdout, "application", "inspected") == [f"ok application  {application}", *more]


@pytest.mark.parametrize(
    ("words", "sentence", "output"),
    [
        ("nowhere:app", 'there is no module "nowhere" in {folder}', []),
        ("main:ap", 'there is no "ap" in main; did you mean main:app?', []),
        (
            "raises:app",
            "raises:app cannot be served: json.decoder.JSONDecodeError: Expecting property name",
            ["raises.py, line 1: import deeper", 'deeper.py, line 2: json.loads("{")'],
        ),
        (
            "granian raises:app",
            "raises:app cannot be served: json.decoder.JSONDecodeError: Expecting property name",
            ["raises.py, line 1: import deeper", 'deeper.py, line 2: json.loads("{")'],
        ),
        ("wrong:app", "wrong:app cannot be served: SyntaxError: invalid syntax", ["wrong.py, line 1: x = = 3"]),
        (
            "granian lacks:app",
            "lacks:app cannot be served: ModuleNotFoundError: No module named 'no_such_package'",
            ["lacks.py, line 1: import no_such_package"],
        ),
        (
            "leaves:app",
            "leaves:app was not served: the process ended by itself, with status 7.",
            ["goodbye \\x1b[31m"],
        ),
        ("exits:app", "exits:app was not served: the process ended by itself, with status 1.", ["no configuration"]),
        ("crashes:app", "crashes:app cannot be served: the process was ended by SIGKILL.", []),
        ("wsgi:app", "wsgi:app is a WSGI application, which asgi-inspect cannot show;", []),
        ("gunicorn main:app", "gunicorn's worker class sync serves WSGI", []),
        (
            "main:app --ssl-certfile missing.pem",
            "main:app cannot be served: FileNotFoundError: [Errno 2] No such file or directory",
            None,
        ),
    ],
)
def test_what_would_break(words: str, sentence: str, output: list[str] | None, folder: Path, run: Run) -> None:
    result = run("doctor", *words.split())
    assert (result.returncode, result.stderr) == (1, "")
    (line,) = lines(result.stdout, "application")
    assert line.startswith(f"problem application  {sentence.format(folder=folder)}"), line
    said = [line.strip() for line in result.stdout.splitlines() if line.startswith(" " * 23)]
    assert output is None or said == output
    assert "Traceback" not in result.stdout
    assert result.stdout.splitlines()[-1] == "1 problem to solve first"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("main.py:app", "main.py:app is a file; name the application by its module: main:app."),
        ("main:app --port many", "Invalid value for '--port': 'many' is not a valid integer."),
        ("uvicorn --interface wsgi main:app", "--interface wsgi serves a WSGI application"),
        ("python missing.py", "there is no file missing.py."),
    ],
)
def test_a_command_line_that_cannot_be(words: str, sentence: str, folder: Path, run: Run) -> None:
    result = run("doctor", *words.split())
    assert (result.returncode, result.stderr) == (1, "")
    (line,) = lines(result.stdout, "server")
    assert line.startswith(f"problem server       {sentence}")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("main:app --prot 1", 'there is no option "--prot"; did you mean --port?'),
        ("--timeout never main:app", "invalid value for '--timeout'"),
        ("hypercorn --help", "with --help hypercorn serves nothing"),
    ],
)
def test_wrong_usage(words: str, sentence: str, folder: Path, run: Run) -> None:
    result = run("doctor", *words.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {sentence}")


def test_a_script_is_not_run(folder: Path, run: Run) -> None:
    (folder / "run.py").write_text("open('it_ran', 'w')")
    result = run("doctor", "python", "run.py")
    assert lines(result.stdout, "server", "application") == [
        "ok server       python run.py",
        "note application  what it serves shows when it runs, and doctor does not run it.",
    ]
    assert result.returncode == 0
    assert not (folder / "it_ran").exists()


def test_an_application_that_hangs(folder: Path, run: Run) -> None:
    result = run("doctor", "--timeout", "1.5", "hangs:app")
    assert result.returncode == 1
    assert lines(result.stdout, "application") == [
        "problem application  hangs:app was not loaded within 1.5 s: it stands in waits.py, line 4; "
        "--timeout 6 gives it longer."
    ]
    assert "waiting" in result.stdout


def test_what_it_has_started_ends_with_it(folder: Path, run: Run) -> None:
    """Another process, which holds the output open, as the module ends well."""
    (folder / "holds.py").write_text(
        "import fcntl, threading\n"
        "lock = open('lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "threading.Event().wait()\n"
    )
    (folder / "starts.py").write_text(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, 'holds.py'], stdout=subprocess.PIPE)\n"
        "assert child.stdout.readline() == b'locked\\n'\n"
        "async def app(scope, receive, send): ...\n"
    )
    result = run("doctor", "starts:app", "--port", "0")
    assert result.returncode == 0
    until(lambda: not in_use(folder / "lock"))


def test_ctrl_c(folder: Path, environ: dict[str, str]) -> None:
    os.mkfifo(folder / "begun")
    (folder / "tells.py").write_text(
        "import os, threading\nopen('begun', 'w').write(str(os.getpid()))\nthreading.Event().wait()\n"
    )
    with running([sys.executable, "-m", "asgi_inspect", "doctor", "tells:app"], env=environ, cwd=folder) as doctor:
        child = int((folder / "begun").read_text())
        assert doctor.stop(signal.SIGINT) == 130
        assert gone(child)
        assert doctor.stderr == ""


def test_a_path_in_chinese(tmp_path: Path, run: Run) -> None:
    (tmp_path / "中文 项目").mkdir()
    (tmp_path / "中文 项目" / "应用.py").write_text(FASTAPI)
    (tmp_path / "中文 项目" / "慢.py").write_text("import threading\nthreading.Event().wait()")
    result = run("doctor", "应用:app", "--app-dir", "中文 项目", "--port", "0")
    assert result.returncode == 0
    assert lines(result.stdout, "module") == ["ok module       中文 项目/应用.py"]
    slow = run("doctor", "--timeout", "1", "慢:app", "--app-dir", "中文 项目")
    assert "it stands in 中文 项目/慢.py, line 2;" in slow.stdout


@pytest.mark.parametrize(
    "words",
    ["main:app --port {}", "hypercorn -b 127.0.0.1:{} main:app", "daphne -p {} main:app", "nowhere:app --port {}"],
)
def test_a_port_in_use(words: str, folder: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("doctor", *words.format(port).split())
    assert result.returncode == 1
    assert lines(result.stdout, "address") == [
        f"problem address      127.0.0.1:{port} is in use by another process: end that one, or choose another port."
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--host 192.0.2.1", "192.0.2.1:8000 cannot be listened at (Cannot assign requested address): "),
        ("--port 70000", "127.0.0.1:70000 is no address: ports end at 65535."),
    ],
)
def test_an_address_that_cannot_be(words: str, sentence: str, folder: Path, run: Run) -> None:
    result = run("doctor", "main:app", *words.split())
    assert result.returncode == 1
    assert lines(result.stdout, "address")[0].startswith(f"problem address      {sentence}")


@pytest.mark.parametrize("words", ["main:app --port 0", "main:app --uds here.sock"])
def test_an_address_that_is_always_free(words: str, folder: Path, run: Run) -> None:
    result = run("doctor", *words.split())
    assert result.returncode == 0
    assert lines(result.stdout, "address") == (["ok address      a free port of 127.0.0.1"] if "0" in words else [])


@pytest.mark.parametrize(
    ("variables", "sentences"),
    [
        ({"ASGI_INSPECT": "0"}, ["ASGI_INSPECT=0 turns tracing off, everywhere: unset it."]),
        (
            {"ASGI_INSPECT_ONLY": "error", "ASGI_INSPECT_REDACT": ","},
            ['ASGI_INSPECT_ONLY: "error" is not errors,', "ASGI_INSPECT_REDACT: redact takes names"],
        ),
        (
            {"ASGI_INSPECT_BODY_LIMIT": "much", "ASGI_INSPECT_FLUSH": "never", "ASGI_INSPECT_COLOUR": "never"},
            [
                "ASGI_INSPECT_BODY_LIMIT: takes a number of bytes",
                "ASGI_INSPECT_FLUSH: flush takes connection or record",
                "there is no ASGI_INSPECT_COLOUR; did you mean ASGI_INSPECT_COLOR?",
            ],
        ),
    ],
)
def test_variables_that_are_wrong(variables: dict[str, str], sentences: list[str], run: Run) -> None:
    result = run("doctor", **variables)
    assert result.returncode == 1
    problems = [line for line in lines(result.stdout, "settings") if line.startswith("problem")]
    assert len(problems) == len(sentences)
    assert all(any(sentence in problem for problem in problems) for sentence in sentences)


@pytest.mark.parametrize(
    ("variables", "in_file", "expected"),
    [
        ({"ASGI_INSPECT_NO_REDACT": "1"}, "", True),
        ({}, "no-redact = true", True),
        ({"ASGI_INSPECT_NO_REDACT": "0"}, "no-redact = true", False),
        ({"ASGI_INSPECT_NO_REDACT": "1", "ASGI_INSPECT_REDACT": "iban"}, "", False),
    ],
)
def test_that_nothing_is_withheld_is_noted(
    run: Run, tmp_path: Path, variables: dict[str, str], in_file: str, expected: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.asgi-inspect]\n{in_file}\n", encoding="utf-8")
    result = run("doctor", **variables)
    assert ("nothing is withheld" in result.stdout) is expected
    assert "nothing is withheld" in run("doctor", "--no-redact", **variables).stdout
    assert "nothing is withheld" not in run("doctor", "--redact", "iban", **variables).stdout


def test_settings_that_hold(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect]\nbody-limit = "1k"\nno-scope = true\n')
    result = run("doctor", ASGI_INSPECT_QUIET="1", ASGI_INSPECT_FLUSH="record")
    assert result.returncode == 0
    (line,) = lines(result.stdout, "settings")
    for setting in ("body-limit = 1024", "scope = false", "ASGI_INSPECT_QUIET=1", "ASGI_INSPECT_FLUSH=record"):
        assert setting in line


def test_what_is_typed_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect]\nonly = ["errors", "path:/a"]\nbody-limit = "none"\n')
    result = run(
        "doctor", "--sample", "0.5", "--capture=path:/x -path:/y", ASGI_INSPECT_SLOW_MS="5", ASGI_INSPECT_ONLY="path:/z"
    )
    assert result.returncode == 0
    (line,) = lines(result.stdout, "settings")
    for setting in (
        'only = ["errors", "path:/a"]',
        'body-limit = "none"',
        "ASGI_INSPECT_SLOW_MS=5",
        "ASGI_INSPECT_ONLY=path:/z",
    ):
        assert setting in line
    assert line.endswith(", --sample 0.5 '--capture=path:/x -path:/y'")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--sample", "7"], "takes a rate from 0 to 1"),
        (["--max-bytes", "0"], "takes the size that a file may have"),
        (["--only", "error"], '"error" is not errors'),
        (["--slow-ms", "5"], "--slow-ms says what is slow for --only errors: say that too."),
        (["--append"], "--append adds to a trace that you name"),
        (["--no-save", "-o", "x.jsonl"], "--no-save removes the trace in the end"),
        (["--quiet", "-o", "-"], "--quiet wants nothing there"),
        (["--redact", ","], "--redact takes names"),
        (["--redact", "x", "--no-redact"], "--no-redact withholds nothing"),
    ],
)
def test_what_no_run_would_take_is_one_sentence(words: list[str], sentence: str, run: Run) -> None:
    result = run("doctor", *words)
    assert (result.returncode, result.stdout) == (2, "")
    (said,) = result.stderr.splitlines()
    assert said.startswith("asgi-inspect: ")
    assert sentence in said


def test_names_to_withhold_that_are_wrong_in_the_project_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect]\nredact = ","\n')
    result = run("doctor")
    assert result.returncode == 1
    assert "redact (ASGI_INSPECT_REDACT, or in pyproject.toml) takes names" in lines(result.stdout, "settings")[-1]


def test_a_project_file_that_is_wrong(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asgi-inspect]\nbodylimit = 1024\n")
    result = run("doctor")
    assert result.returncode == 1
    assert 'knows no "bodylimit"; did you mean "body-limit"?' in lines(result.stdout, "settings")[0]


def test_a_state_folder_that_cannot_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("doctor", XDG_STATE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path))
    assert result.returncode == 0  # traces go to a temporary folder
    assert lines(result.stdout, "traces")[0].startswith("note traces       the state folder cannot be used (Not a dir")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("asgi-inspect-")] == []


@pytest.mark.parametrize("out", ["t.jsonl", "new.jsonl", "-"])
def test_a_trace_file_that_a_run_would_take(out: str, run: Run, tmp_path: Path) -> None:
    assert run("doctor", "-o", out).returncode == 0
    assert (tmp_path / "t.jsonl").read_bytes() == TRACE
    assert not (tmp_path / "new.jsonl").exists()


def test_a_wrong_variable_is_said_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("async def app(scope, receive, send): ...\n")
    result = run("doctor", "main:app", "--port", "0", ASGI_INSPECT_FORMAT="foo")
    assert result.returncode == 1
    assert result.stdout.count("ASGI_INSPECT_FORMAT") == 1


@pytest.mark.parametrize("out", ["notes.txt", "missing/t.jsonl"])
def test_a_trace_file_that_a_run_would_refuse(out: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = run("doctor", "--out", out)
    assert result.returncode == 1
    assert str(tmp_path / out) in lines(result.stdout, "traces")[-1]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_another_environment_is_active(run: Run, tmp_path: Path) -> None:
    assert lines(run("doctor", VIRTUAL_ENV=sys.prefix).stdout, "environment") == []
    result = run("doctor", VIRTUAL_ENV=str(tmp_path))
    assert result.returncode == 0
    assert f"{tmp_path} is active, and asgi-inspect is not of it" in lines(result.stdout, "environment")[0]


def test_what_a_reloader_sees(folder: Path, run: Run) -> None:
    (folder / "main.py").write_text(OTHERS)
    words = ("main:round_it", "--port", "0", "--reload")
    assert [line.partition(" is in")[0] for line in lines(run("doctor", *words).stdout, "reload")] == [
        f"note reload       {folder / 'state' / 'asgi-inspect'}",
        "note reload       own.jsonl",
    ]
    elsewhere = folder.parent / f"{folder.name}-state"
    try:
        assert len(lines(run("doctor", *words, XDG_STATE_HOME=str(elsewhere)).stdout, "reload")) == 1
    finally:
        shutil.rmtree(elsewhere)


def test_what_the_server_is_told_by_us(folder: Path, run: Run) -> None:
    result = run("doctor", "granian", "main:app", "--port", str(free_port()))
    assert "note    server       granian's own default is RSGI: it is started with --interface asgi." in result.stdout


@pytest.mark.parametrize(
    ("variables", "view"),
    [
        ({"NO_COLOR": "1"}, "no colours (NO_COLOR)"),
        ({"ASGI_INSPECT_COLOR": "never"}, "no colours (--color never)"),
        ({"PYTHONIOENCODING": "latin-1"}, "what that cannot carry is shown as escapes"),
    ],
)
def test_the_screen_that_it_would_have(variables: dict[str, str], view: str, run: Run) -> None:
    assert view in lines(run("doctor", **variables).stdout, "live view")[0]


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_on_a_terminal(columns: int, folder: Path, environ: dict[str, str]) -> None:
    keyboard, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    doctor = subprocess.Popen(
        [sys.executable, "-m", "asgi_inspect", "doctor", "raises:app", "--port", "0"],
        cwd=folder,
        env={**{name: value for name, value in environ.items() if name != "COLUMNS"}, "TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    shown = b""
    try:
        while data := os.read(keyboard, 65536):
            shown += data
    except OSError:  # EIO: it has ended
        pass
    os.close(keyboard)
    assert doctor.wait() == 1
    assert b"\x1b[1;31mproblem" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).split("\r\n")
    assert max(map(len, plain)) <= columns
    assert f"terminal of {columns} columns, colours" in " ".join(" ".join(plain).split())
