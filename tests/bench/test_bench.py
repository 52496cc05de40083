"""The command: what it measures without a server, what it prints and writes, and that nothing stays behind however it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as command
from bench import base, inside
from bench.figures import Figures, Key
from bench.progress import Progress
from bench.ways import WAYS
from tests.serving import running

QUICK = ("--quick", "--only", "inside")
FEW = (*QUICK, "--apps", "hello,websocket", "--ways", "control,no-op,file,off")

# A revision that has less: no options, and a process record is all that it says of itself.
OLD = """
__version__ = "0.0.1"


class InspectMiddleware:
    def __init__(self, app, *, out=None):
        self.app, self.file = app, open(out, "ab", buffering=0) if out else None

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
        if self.file:
            self.file.write(b'{"record":"end","conn":"1"}\\n')
"""


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the end no process that was started runs, and no temporary file is left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    started: list[subprocess.Popen[Any]] = []

    class Seen(subprocess.Popen[Any]):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Seen)
    yield
    assert [process.args for process in started if process.poll() is None] == []
    assert list(folder.iterdir()) == []


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of git's with one commit, of an asgi_inspect that has less than ours."""
    folder = tmp_path / "repository"
    (folder / "asgi_inspect").mkdir(parents=True)
    (folder / "asgi_inspect" / "__init__.py").write_text(OLD)
    commit(folder, "old")
    monkeypatch.setattr(base, "ROOT", folder)
    return folder


def commit(folder: Path, message: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", message]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def samples(figures: Figures, app: str, way: str, source: str = "") -> int:
    figure = figures.of(Key("inside", app, way, "us", source))
    return len(figure.samples) if figure else 0


def test_all_ways_are_measured_or_it_is_said_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    assert command.main([*QUICK, "--apps", "hello,websocket,fastapi-post", "--json", str(file)]) == 0
    figures = Figures()
    figures.take(json.loads(file.read_bytes()))
    for app in ("hello", "websocket", "fastapi-post"):
        for way in WAYS:
            why = figures.why_not("inside", app, way)
            assert (samples(figures, app, way) > 0) != bool(why), (app, way, why)
            assert not why or way in ("asgi-debug", "asgion")
    out, err = capsys.readouterr()
    for title in ("hello: raw ASGI", "websocket: 1,000 small", "fastapi-post: FastAPI", "Targets", "The ways that"):
        assert f"\n{title}" in out
    assert "redaction alone" in out
    assert "This was a quick run" in out
    assert "in process, 2 rounds: trying hello" in err
    assert figures.facts["versions"]["asgi-inspect"]


def test_a_way_that_changes_the_answer_is_no_way(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As asgi-debug, whose `receive` takes an argument, does to every application that receives."""
    (folder := Path(tempfile.mkdtemp(dir=os.environ["TMPDIR"]))).joinpath("asgi_debug.py").write_text(
        "def asgi_debug(app):\n"
        "    async def wrapped(scope, receive, send):\n"
        "        async def one(event):\n"
        "            await receive()\n"
        "        await app(scope, one, send)\n"
        "    return wrapped\n"
    )
    (folder / "asgi_debug-0.1.dist-info").mkdir()
    (folder / "asgi_debug-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: asgi-debug\nVersion: 0.1\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder))
    assert command.main([*QUICK, "--apps", "hello,websocket,fastapi-post", "--ways", "asgi-debug"]) == 0
    shutil.rmtree(folder)
    out = " ".join(capfd.readouterr().out.split())
    assert "asgi-debug: breaks the app: TypeError: one() missing 1 required positional argument" in out
    assert "asgi-debug: breaks the app: it answers 400 in place of 200" in out


def test_what_was_not_recorded_is_not_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A capture that loses records is cheap; its figures would be worth nothing."""
    monkeypatch.setattr(inside, "python", lambda source, executable, module: [executable, "-c", LOSING])
    assert command.main([*FEW, "--apps", "hello"]) == 0
    out = capsys.readouterr().out
    assert "file: round 2 does not count: 1 connections are not in its trace" in out


LOSING = """
import bench.worker as worker

class Losing(worker._Written):
    def missing(self, connections):
        return super().missing(connections) + (self.path.parent.name == "hello-3" and worker.Worker.rounds > 0)

class Worker(worker.Worker):
    def _round(self, name, number):
        worker.Worker.rounds = number
        return super()._round(name, number)

worker.Worker.rounds = 0
worker._Written, worker.Worker = Losing, Worker
worker.main()
"""


def test_a_revision_is_measured_beside_the_working_tree(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "run.json"
    ways = "control,no-op,file,off,file redact=None"
    assert (
        command.main(
            [*QUICK, "--apps", "hello", "--ways", ways, "--rounds", "8", "--base", "HEAD", "--json", str(file)]
        )
        == 0
    )
    figures = Figures()
    figures.take(json.loads(file.read_bytes()))
    name = figures.facts["base"]
    assert name.startswith("HEAD (")
    for way in ("bare", "control", "no-op", "file", "off"):
        assert samples(figures, "hello", way) == samples(figures, "hello", way, name) == 8
    out = " ".join(capsys.readouterr().out.split())
    assert f"What asgi-inspect adds at {name} (old), and here (new)." in out
    assert f"hello, file redact=None of {name}: this asgi-inspect has no option redact=" in out
    assert "beyond noise" in out
    assert list((repository / ".git").glob("worktrees")) == []


@pytest.mark.parametrize("name", ["nonsense", "--help", "HEAD:asgi_inspect", "HEAD^{tree}"])
def test_a_wrong_revision_is_one_sentence(name: str, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*FEW, f"--base={name}"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"bench: BASE={name} is no revision that git knows here.\n")


def test_a_revision_without_the_package(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "asgi_inspect").rename(repository / "src")
    commit(repository, "moved")
    assert command.main([*FEW, "--base=HEAD"]) == 1
    assert capsys.readouterr().err == "bench: BASE=HEAD has no asgi_inspect/ in it.\n"


def test_a_revision_in_pieces_is_one_sentence(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "asgi_inspect" / "__init__.py").write_text("from . import missing\n")
    commit(repository, "broken")
    assert command.main([*FEW, "--base=HEAD"]) == 1
    err = capsys.readouterr().err
    assert "cannot be imported: ImportError: cannot import name 'missing'" in err.splitlines()[-1]


def test_ctrl_c_gives_what_was_measured_until_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tell = Progress.tell

    def interrupted(self: Any, sentence: str) -> None:
        tell(self, sentence)
        if "websocket, round 2" in sentence:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "tell", interrupted)
    assert command.main([*FEW, "--rounds", "5"]) == 130
    out, err = capsys.readouterr()
    assert "\nhello: raw ASGI" in out
    assert "\nwebsocket: 1,000" in out
    assert "bench: interrupted; this is what was measured until then.\n" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_processes(number: signal.Signals) -> None:
    with running([sys.executable, "-m", "bench", "--only", "inside", "--apps", "hello"]) as bench:
        bench.wait_for("in process, .* rounds: trying hello")
        children = children_of(bench.pid)
        assert len(children) >= 3
        assert bench.stop(number) == 130
        assert "interrupted" in bench.stderr
        assert "Traceback" not in bench.stderr
        assert [child for child in children if Path(f"/proc/{child}").exists()] == []


def children_of(pid: int) -> list[int]:
    """By what the system tells of each process: its number, its name in brackets, its state, its parent."""
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            stat = path.read_text()
            children += [int(stat.split()[0])] if int(stat.rpartition(")")[2].split()[1]) == pid else []
    return children


def test_a_run_is_shown_again_and_put_into_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, page = tmp_path / "run.json", tmp_path / "page.md"
    page.write_text(f"Before.\n\n{command._BEGIN}\nold\n{command._END}\n\nAfter.\n")
    assert command.main([*FEW, "--json", str(file)]) == 0
    first = capsys.readouterr().out
    assert command.main(["--from", str(file), str(file), "--markdown", str(page)]) == 0
    again = capsys.readouterr().out
    assert again.split("Targets")[0] == first.split("Targets")[0]
    text = page.read_text()
    assert text.startswith(f"Before.\n\n{command._BEGIN}\n\nCPython ")
    assert text.endswith(f"\n{command._END}\n\nAfter.\n")
    assert text.index("**Targets") < text.index("**hello:")
    assert "old\n" not in text
    assert command.main(["--from", str(file), "--markdown", str(page)]) == 0
    assert page.read_text().count("**hello:") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--apps", "helo"], "there is no application 'helo'; there are: hello, "),
        (["--ways", "bare,fast"], "there is no way 'fast'; there are: bare, "),
        (["--only", "in"], "there is no part 'in'; there are: inside, outside, footprint"),
        (["--rounds", "0"], "takes a number of rounds, at least 1; not '0'"),
        (["--json", "/no/such/folder/run.json"], "/no/such/folder/run.json cannot be written"),
        (["--markdown", "no-such-page.md"], "no-such-page.md is no page with the marks"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_measured(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_another_file_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.json").write_text("[]")
    assert command.main(["--from", str(tmp_path / "other.json")]) == 1
    assert "other.json is not as --json writes it" in capsys.readouterr().err
