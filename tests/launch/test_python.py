"""Scripts, modules and strings of code under asgi-inspect: they find the world as under Python alone."""

import os
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord
from tests.launch.conftest import free_port
from tests.launch.test_launch import get, until
from tests.serving import PATIENCE, running

LOOKING = """
import multiprocessing
import sys
import threading
import __main__


def work():
    print("worker", __name__, flush=True)


def where():
    print(__name__, __file__, __package__, __spec__ and __spec__.name)
    print(sys.argv, sys.path[:2], sys.flags.safe_path, sys.flags.dev_mode)
    print(vars(__main__) is globals(), threading.current_thread().name)


if __name__ == "__main__":
    where()
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
    sys.exit(7)
"""


@pytest.fixture
def scripts(project: Path) -> Path:
    (project / "looking.py").write_text(LOOKING)
    (project / "inside").mkdir()
    (project / "inside" / "__init__.py").write_text("")
    (project / "inside" / "looking.py").write_text(LOOKING)
    (project / "folder").mkdir()
    (project / "folder" / "__main__.py").write_text("import sys; print(__name__, sys.argv, sys.path[0])")
    zipapp.create_archive(project / "folder", project / "archive.pyz")
    (project / "raising.py").write_text("def f():\n    raise ValueError('中文')\n\nf()\n")
    (project / "wrong.py").write_text("x = = 1\n")
    (project / "hooked.py").write_text("import sys\nsys.excepthook = lambda *e: print('mine', e[0])\n1 / 0\n")
    (project / "exiting.py").write_text("import atexit\natexit.register(print, 'bye')\nraise SystemExit('a reason')\n")
    return project


def ran(command: list[str], project: Path, environ: dict[str, str]) -> tuple[int, str, str]:
    result = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    ours = [line for line in result.stderr.splitlines(keepends=True) if not line.startswith("asgi-inspect: ")]
    return result.returncode, result.stdout, "".join(ours)


@pytest.mark.parametrize(
    "words",
    [
        ["looking.py", "one", "--two"],
        ["inside/looking.py"],
        ["-P", "looking.py"],
        ["-X", "dev", "looking.py"],
        ["-m", "looking", "--port", "1"],
        ["-m", "inside.looking"],
        ["folder", "word"],
        ["archive.pyz", "word"],
        ["-c", "import sys; print(__name__, sys.argv, sys.path[0], '__file__' in globals())", "word"],
        ["raising.py"],
        ["wrong.py"],
        ["hooked.py"],
        ["exiting.py"],
        ["-m", "raising"],
        ["-m", "nothing_of_that_name"],
        ["-c", "1 / 0"],
    ],
    ids=" ".join,
)
def test_the_same_as_python_alone(words: list[str], scripts: Path, environ: dict[str, str]) -> None:
    bare = ran([sys.executable, *words], scripts, environ)
    traced = ran([sys.executable, "-m", "asgi_inspect", "python", *words], scripts, environ)
    assert traced == bare


def test_a_module_needs_no_word_before_it(scripts: Path, environ: dict[str, str]) -> None:
    bare = ran([sys.executable, "-m", "inside.looking", "word"], scripts, environ)
    assert ran([sys.executable, "-m", "asgi_inspect", "-m", "inside.looking", "word"], scripts, environ) == bare


SPAWNING = """
import multiprocessing
import sys
import uvicorn

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    server = context.Process(target=uvicorn.run, args=("main:app",), kwargs={"port": int(sys.argv[2])})
    server.start()
    server.join()
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_server_in_a_process_of_the_script(method: str, project: Path, environ: dict[str, str]) -> None:
    (project / "spawning.py").write_text(SPAWNING)
    trace = project.parent / "trace.jsonl"
    port = free_port()
    command = [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", str(trace), "python", "spawning.py", method]
    with running([*command, str(port)], env=environ, cwd=project):
        get(port, "/in-a-process")
        until(lambda: "/in-a-process" in trace.read_text())


ELSEWHERE = {
    "a-module": "subprocess.run([sys.executable, '-m', 'uvicorn', 'main:app', '--port', sys.argv[1]])",
    "a-command": "subprocess.run(('uvicorn', 'main:app', '--port', sys.argv[1]))",
    "granian": "import granian; granian.Granian('main:app', port=int(sys.argv[1]), interface='asgi').serve()",
    "imported-before": "import uvicorn; from main import app; uvicorn.run(app, port=int(sys.argv[1]))",
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_other_ways_in_which_scripts_start_servers(how: str, project: Path, environ: dict[str, str]) -> None:
    (project / "starting.py").write_text(f"import subprocess, sys\nif __name__ == '__main__':\n    {ELSEWHERE[how]}\n")
    trace = project.parent / "trace.jsonl"
    port = free_port()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", str(trace), "python", "starting.py", str(port)]
    with running(command, env={**environ, "PATH": path}, cwd=project):
        get(port, "/elsewhere")
        until(lambda: "/elsewhere" in trace.read_text())


def test_other_commands_are_left_alone(scripts: Path, environ: dict[str, str]) -> None:
    (scripts / "other.py").write_text(
        "import subprocess, sys\n"
        "for words in ([sys.executable, '-c', 'print(1)'], 'echo 2', ('echo', '3'), [b'echo', b'4']):\n"
        "    print(subprocess.run(words, shell=type(words) is str, capture_output=True))\n"
    )
    bare = ran([sys.executable, "other.py"], scripts, environ)
    assert ran([sys.executable, "-m", "asgi_inspect", "python", "other.py"], scripts, environ) == bare


@pytest.mark.parametrize("words", ["{bin}/uvicorn main:app", "{bin}/python -m uvicorn main:app", "./serve.py main:app"])
def test_commands_by_their_paths(words: str, project: Path, environ: dict[str, str]) -> None:
    (project / "serve.py").write_text("#!/usr/bin/env python\nfrom uvicorn.main import main\nmain()\n")
    (project / "serve.py").chmod(0o755)
    trace = project.parent / "trace.jsonl"
    command = words.format(bin=Path(sys.executable).parent).split()
    with running(
        [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", str(trace), *command, "--port", "0"],
        env=environ,
        cwd=project,
    ) as server:
        get(server.port, "/by-path")
        until(lambda: "/by-path" in trace.read_text())


def test_an_interpreter_of_another_environment(project: Path, environ: dict[str, str]) -> None:
    other = project / "other" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.symlink_to(sys.executable)
    result = subprocess.run(
        [sys.executable, "-m", "asgi_inspect", str(other), "run.py"],
        cwd=project,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith(f"asgi-inspect: {other} is not of the environment of asgi-inspect, ")


MANAGE = """
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
"""
SETTINGS = """
SECRET_KEY = "x"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["daphne"]
ASGI_APPLICATION = "asgi.application"
USE_TZ = True
"""
URLS = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("<str:word>", lambda request, word: HttpResponse(word))]
"""


def test_django_s_own_server_with_its_reloader(project: Path, environ: dict[str, str]) -> None:
    for name, source in {"manage": MANAGE, "settings": SETTINGS, "urls": URLS}.items():
        (project / f"{name}.py").write_text(source)
    (project / "asgi.py").write_text("from django.core.asgi import get_asgi_application as get\napplication = get()\n")
    trace = project.parent / "trace.jsonl"
    port = free_port()
    command = [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", str(trace), "python", "manage.py", "runserver"]
    with running([*command, str(port)], env=environ, cwd=project) as server:
        assert get(port, "/before") == "before"
        (project / "urls.py").write_text(URLS.replace("HttpResponse(word)", "HttpResponse(word * 2)"))

        def reloaded() -> bool:
            os.utime(project / "urls.py")  # it may not have begun to watch when the file was written
            return get(port, "/after") == "afterafter"

        until(reloaded)
        # Django kills the process that serves, which may not have written yet what it has just answered.
        until(lambda: get(port, "/after") and len([r for r in read_trace(trace) if isinstance(r, ProcessRecord)]) > 1)
        server.stop()
    records = list(read_trace(trace))
    assert {"/before", "/after"} <= {r.scope["path"] for r in records if isinstance(r, ScopeRecord)}
